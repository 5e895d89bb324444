"""Agreement of a repair with its original: wrong repairs are refuted with a counter-example, right ones are not."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from tests.runtime.graphs import LAM, SLOPE, VALUE, X, founding
from tf_nan_lint.graph.nodes import Graph
from tf_nan_lint.runtime.agree import compare
from tf_nan_lint.runtime.execute import MODES, Function, evaluate
from tf_nan_lint.runtime.slice import slice_of

pytestmark = pytest.mark.tensorflow


def kinds(before: Function, after: Function, *inputs: object, **options: object) -> set[str]:
    return {example.kind for example in compare(before, after, [[x] for x in inputs], **options).counter_examples}


# ---- repairs that must be refuted -----------------------------------------------------------------------------------


def test_a_wrong_repair_is_refuted_with_an_input() -> None:
    agreement = compare(tf.math.log, lambda x: tf.math.log(x + 0.01), [[[1.0, 2.0]]], modes=["eager"], names=["x"])
    first = agreement.counter_examples[0]
    assert not agreement.agrees
    assert first.inputs == ([1.0, 2.0],)
    assert str(first) == "eager: the value[0] is 0.00995032117, the float64 original's is 0, at x = [1. 2.]"


def test_a_clip_kills_gradients() -> None:
    def clipped(x):
        return tf.math.log(tf.clip_by_value(x, 1e-7, 1.0))

    found = compare(tf.math.log, clipped, [[[1e-8, 0.5]]], modes=["graph"])
    assert {example.kind for example in found.counter_examples} == {"value", "dead gradient"}
    assert "is dead: 0 where the float64 original's is" in str(found)


def test_a_missing_gradient_is_a_dead_one() -> None:
    assert kinds(tf.exp, lambda x: tf.stop_gradient(tf.exp(x)), [0.0, 1.0]) == {"dead gradient"}


def test_a_gradient_is_compared_although_the_sum_of_outputs_is_constant() -> None:
    assert kinds(tf.nn.softmax, lambda x: tf.stop_gradient(tf.nn.softmax(x)), [[0.0, 1.0]]) == {"dead gradient"}


def test_a_repair_that_still_breaks_on_the_witness_is_refuted() -> None:
    found = compare(tf.math.log, tf.math.log, [[1.0]], witnesses=[[0.0]])
    assert {(e.kind, e.mode) for e in found.counter_examples} == {("not finite", mode) for mode in MODES}
    assert "is still -inf" in str(found)


def test_a_repair_must_be_finite_where_the_original_is() -> None:
    assert kinds(tf.nn.softplus, lambda x: tf.math.log(1.0 + tf.exp(x)), [100.0]) == {"not finite"}


def test_a_gradient_that_breaks_in_xla_only_is_seen() -> None:
    found = compare(tf.nn.relu, lambda x: tf.where(x > 0, tf.square(tf.sqrt(x)), 0.0), [[[0.0, 4.0]]])
    assert {(e.kind, e.mode) for e in found.counter_examples} == {("not finite", "xla")}


def test_another_shape_is_refuted() -> None:
    assert kinds(tf.exp, lambda x: tf.exp(x)[None], [1.0]) == {"shape"}
    assert kinds(tf.exp, lambda x: (tf.exp(x), x), [1.0]) == {"shape"}


def test_a_repair_that_cannot_run_is_refuted() -> None:
    assert kinds(tf.exp, lambda x: tf.matmul(x, x), [1.0]) == {"error"}


def test_nothing_compared_is_no_agreement() -> None:
    found = compare(lambda x: tf.matmul(x, x), tf.exp, [[[1.0]]])
    assert not found.agrees
    assert found.skipped == MODES
    assert str(found) == "could not be compared: no mode runs the original"


def test_float16_is_as_strict_as_float16_can_be() -> None:
    assert kinds(tf.exp, lambda x: tf.exp(x) + 0.01, [1.0], dtype="float16", modes=["eager"]) == set()
    assert kinds(tf.exp, lambda x: tf.exp(x) + 0.1, [1.0], dtype="float16", modes=["eager"]) == {"value"}


# ---- repairs that agree ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16", "float64"])
def test_log_softmax_is_the_log_of_softmax(dtype: str) -> None:
    rng = np.random.default_rng(0)
    inputs = [[rng.normal(0, 3, (2, 4))], [[[100.0, 0.0, 0.0, -100.0]] * 2]]
    agreement = compare(
        lambda x: tf.math.log(tf.nn.softmax(x)), tf.nn.log_softmax, inputs, witnesses=inputs[1:], dtype=dtype
    )
    assert agreement.agrees, str(agreement)
    assert str(agreement) == "agrees with the float64 original in 9 runs"


def test_log_sigmoid_is_the_log_of_sigmoid() -> None:
    inputs = [[np.linspace(-30, 30, 101)], [[-100.0, -90.0]]]
    agreement = compare(lambda x: tf.math.log(tf.sigmoid(x)), tf.math.log_sigmoid, inputs, witnesses=[[-100.0]])
    assert agreement.agrees, str(agreement)


def test_a_number_too_large_for_the_dtype_may_be_infinite() -> None:
    assert kinds(tf.exp, lambda x: tf.exp(x / 2) * tf.exp(x / 2), [100.0]) == set()


def test_the_founding_case_is_repaired_safely() -> None:
    before, after = (slice_of([node]) for node in founding(Graph()))
    repaired = after.compile()
    for mode in MODES:
        outcome = evaluate(repaired, [X, LAM], mode)
        np.testing.assert_array_equal(outcome.values[0], VALUE)
        np.testing.assert_array_equal(outcome.gradients[0], SLOPE)
    agreement = compare(before.compile(), repaired, [[X, LAM]], witnesses=[[X, LAM]], names=before.inputs)
    assert agreement.agrees, str(agreement)
