"""Running functions: the three modes, dtypes, missing gradients, errors, and the float64 original."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from tf_nan_lint.runtime.execute import MODES, ExecutionError, Runner, as_array, define, evaluate, rounded
from tf_nan_lint.runtime.reference import Reference

pytestmark = pytest.mark.tensorflow


@pytest.mark.parametrize("mode", MODES)
def test_values_and_gradients_of_the_sum(mode: str) -> None:
    outcome = evaluate(lambda x, y: (x * y, x > 0), [[1, 2], 3], mode)
    assert [v.tolist() for v in outcome.values] == [[3, 6], [1, 1]]
    assert [g.tolist() for g in outcome.gradients] == [[3, 3], 3]
    assert outcome.breaks == "nothing"


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
def test_float_inputs_have_the_dtype_that_is_asked_for(dtype: str) -> None:
    seen = []
    evaluate(lambda x: seen.append(x.dtype.name) or x, [0.1], "eager", dtype=dtype)
    assert seen == [dtype]


def test_masks_and_indices_keep_their_dtype() -> None:
    outcome = evaluate(
        lambda m, i, x: tf.where(m, tf.gather(x, i), 0.0), [[True, False], np.array([1, 0]), [2, 3]], "xla"
    )
    assert outcome.values[0].tolist() == [3, 0]
    assert [g.tolist() for g in outcome.gradients] == [[0, 1]]


@pytest.mark.parametrize("mode", MODES)
def test_an_unconnected_input_has_gradient_zero(mode: str) -> None:
    outcome = evaluate(lambda x, y: tf.stop_gradient(x), [[1, 2], 3], mode)
    assert [g.tolist() for g in outcome.gradients] == [[0, 0], 0]


def test_only_watched_inputs_have_a_gradient() -> None:
    outcome = evaluate(lambda x, y: x * y, [2, 3], "eager", [1])
    assert [g.tolist() for g in outcome.gradients] == [2]


def test_a_sparse_gradient_is_made_dense() -> None:
    outcome = evaluate(lambda x: tf.gather(x, [0, 0]), [[1, 2]], "graph")
    assert outcome.gradients[0].tolist() == [2, 0]


def test_a_weighted_sum_gives_a_normalised_output_a_gradient() -> None:
    plain = evaluate(tf.nn.softmax, [[0, 1, 2]], "eager")
    weighted = evaluate(tf.nn.softmax, [[0, 1, 2]], "eager", weighted=True)
    assert np.abs(plain.gradients[0]).max() < 1e-6 < np.abs(weighted.gradients[0]).max()


@pytest.mark.parametrize(
    ("function", "breaks", "broken"),
    [(tf.math.log, "value", "-inf"), (tf.sqrt, "gradient", "inf"), (tf.exp, "nothing", "0.0")],
)
def test_what_breaks_is_named_by_the_value_first(function, breaks: str, broken: str) -> None:
    outcome = evaluate(function, [0.0], "eager")
    assert (outcome.breaks, str(outcome.broken)) == (breaks, broken)


@pytest.mark.parametrize("mode", MODES)
def test_an_error_of_tensorflow_is_an_execution_error(mode: str) -> None:
    with pytest.raises(ExecutionError, match=f"cannot run this in {mode} mode"):
        evaluate(lambda x: tf.matmul(x, x), [[[1, 2, 3]]], mode)


def test_an_unknown_mode_is_refused() -> None:
    with pytest.raises(ValueError, match="eager, graph, xla"):
        Runner(tf.exp, "jit")


def test_a_runner_traces_once_for_a_shape() -> None:
    traces = []
    run = Runner(lambda x: traces.append(1) or tf.exp(x), "graph")
    for value in ([1, 2], [3, 4], [5]):
        run([value])
    assert len(traces) == 2


def test_python_branches_on_tensors_work_in_graphs() -> None:
    text = "def f(x):\n    if x > 0:\n        x = x * 2\n    return x\n"
    assert evaluate(define(text, "<branch>")["f"], [3], "graph").gradients[0].tolist() == 2


def test_python_numbers_are_floats_and_integer_arrays_are_indices() -> None:
    assert as_array([1, 2]).dtype == np.float64
    assert as_array(np.array([1, 2])).dtype == np.int32
    assert as_array([True]).dtype == np.bool_


def test_rounding_overflows_to_infinity_without_a_warning() -> None:
    assert rounded(np.array([1e5, 1.0]), "float16").tolist() == [np.inf, 1.0]


# ---- the float64 original -------------------------------------------------------------------------------------------


def test_the_original_is_computed_in_float64_though_its_code_says_float32() -> None:
    def function(x):
        return tf.cast(x > 0, tf.float32) * tf.math.log(x + tf.constant(1e-8))

    outcome = Reference(function)([1e-3])
    assert abs(outcome.values[0] - np.log(1e-3 + 1e-8)) < 1e-13
    assert abs(outcome.gradients[0] - 1 / (1e-3 + 1e-8)) < 1e-3


def test_the_original_keeps_its_branches_variables_and_layers() -> None:
    scale = tf.Variable([2.0, 3.0])
    text = "def f(x):\n    if tf.reduce_sum(x) > 0:\n        return tf.math.log(x * scale)\n    return x\n"
    function = define(text, "<scaled>")
    function["tf"], function["scale"] = tf, scale
    reference = Reference(function["f"])
    assert np.abs(reference([[1, 2]]).values[0] - np.log([2, 6])).max() < 1e-15
    assert reference([[-1, -2]]).values[0].tolist() == [-1, -2]


def test_an_op_without_float64_is_run_directly_or_not_at_all() -> None:
    def function(x):
        return tf.compat.v1.nn.fused_batch_norm(x, [1.0], [0.0])[0]

    with pytest.raises(ExecutionError):
        Reference(function)([np.ones((1, 2, 2, 1))])


def test_an_input_that_fails_does_not_spoil_the_next() -> None:
    reference = Reference(lambda x: tf.linalg.inv(x * tf.constant(3.0)))
    with pytest.raises(ExecutionError):
        reference([[[0, 0], [0, 0]]])
    assert reference([[[1, 0], [0, 1]]]).values[0].tolist() == [[1 / 3, 0], [0, 1 / 3]]
