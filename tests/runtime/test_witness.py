"""The search for inputs that break a function, and that it finds none where there is none."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from tests.runtime.graphs import founding
from tf_nan_lint.graph.nodes import Graph
from tf_nan_lint.runtime.execute import InputSpec, evaluate
from tf_nan_lint.runtime.slice import slice_of
from tf_nan_lint.runtime.witness import Witness, search, simplicity

pytestmark = pytest.mark.tensorflow

X = InputSpec("x")


# ---- where there is nothing to find ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("function", "specs"),
    [
        pytest.param(tf.nn.softplus, [X], id="a stable primitive"),
        pytest.param(lambda x: tf.math.log(tf.maximum(x, 1e-6)), [X], id="a guarded operand"),
        pytest.param(
            lambda p: tf.math.log(1.0 - p), [InputSpec("p", low=0.0, high=0.75)], id="a range that excludes 1"
        ),
        pytest.param(lambda x, eps: 1.0 / (tf.abs(x) + eps), [X, InputSpec("eps", low=0.1, high=0.1)], id="a default"),
    ],
)
def test_a_safe_function_has_no_witness(function, specs) -> None:
    assert search(function, specs, modes=["eager", "graph"], budget=200) is None


def test_a_function_that_never_runs_has_no_witness() -> None:
    assert search(lambda x: tf.matmul(x, x, missing=1), [X], budget=20) is None
    assert search(lambda: tf.constant(np.nan), []) is None


def test_the_largest_uniform_number_is_not_one_in_any_dtype() -> None:
    below_one = InputSpec("u", low=0.0, high=float(np.nextafter(1.0, 0.0)))
    assert search(lambda u: tf.math.log(1.0 - u), [below_one], modes=["eager"], dtype="bfloat16", budget=100) is None


# ---- scalars --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("function", "text"),
    [
        (tf.math.log, "x = 0.0 -> value -inf"),
        (tf.sqrt, "x = 0.0 -> gradient inf"),
        (lambda x: tf.math.log(tf.sigmoid(x)), "x = -90.0 -> value -inf"),
        (lambda x: tf.where(x > 0, tf.sqrt(x), 0.0), "x = 0.0 -> gradient nan (xla only)"),
        (lambda x: tf.math.log(1.0 - x * x + 1e-8), "x = 1.0 -> value -inf (graph and xla only)"),
    ],
    ids=["log", "sqrt", "log of sigmoid", "masked sqrt", "a guard that graphs fold away"],
)
def test_the_simplest_number_is_found(function, text: str) -> None:
    # Below 0 log and sqrt are not even defined.
    low = -100.0 if "-90" in text else 0.0
    assert str(search(function, [InputSpec("x", low=low, high=1.0)])) == text


def test_the_founding_case_breaks_where_both_inputs_are_equal() -> None:
    before, after = (slice_of([node]) for node in founding(Graph()))
    witness = search(before.compile(), before.specs, constants=before.constants)
    assert str(witness) == "f = 0.0, lam = 0.0 -> gradient nan"
    assert search(after.compile(), after.specs, budget=60) is None


def test_a_given_value_of_one_input_leads_to_the_other() -> None:
    before, _ = (slice_of([node]) for node in founding(Graph()))
    specs = [before.specs[0], InputSpec("lam", low=5.0, high=5.0)]
    witness = search(before.compile(), specs, modes=["eager"])
    assert witness is not None
    assert (witness.what, witness.inputs["lam"]) == ("gradient", 5.0)


def test_constants_of_the_code_are_tried() -> None:
    witness = search(lambda x: 1.0 / (x - 7.25), [X], constants=[7.25], modes=["eager"])
    assert witness is not None
    assert dict(witness.inputs) == {"x": 7.25}


def test_many_inputs_are_sampled() -> None:
    specs = [InputSpec(name) for name in "abcde"]
    witness = search(lambda a, b, c, d, e: (a - b) / (c - d) + e, specs, modes=["eager"])
    assert witness is not None
    assert set(witness.inputs.values()) == {0.0}


# ---- tensors --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("function", "count", "what"),
    [
        pytest.param(lambda x: tf.norm(x, axis=-1), 1, "gradient", id="a zero vector"),
        pytest.param(lambda x: tf.math.reduce_std(x, axis=1), 1, "gradient", id="a constant row"),
        pytest.param(lambda x: tf.math.log(tf.nn.softmax(x)), 1, "value", id="distant logits"),
        pytest.param(lambda x, y: tf.norm(x - y, axis=-1), 2, "gradient", id="equal vectors"),
        pytest.param(lambda x: tf.norm(x[:, None] - x[None], axis=-1), 1, "gradient", id="a distance to oneself"),
        pytest.param(lambda x, w: tf.math.log(tf.nn.relu(tf.matmul(x, w))), 2, "value", id="matrices"),
        pytest.param(lambda x: tf.sqrt(tf.nn.max_pool2d(x, 2, 2, "SAME")), 1, "gradient", id="images"),
    ],
)
def test_shapes_are_found_without_being_told(function, count: int, what: str) -> None:
    witness = search(function, [InputSpec(name) for name in "xyz"[:count]], modes=["eager"])
    assert witness is not None
    assert witness.what == what
    outcome = evaluate(function, list(witness.inputs.values()), "eager")
    assert outcome.breaks == what


def test_a_witness_is_shrunk_to_few_entries() -> None:
    witness = search(lambda x: tf.math.log(tf.nn.softmax(x)), [X], modes=["eager"])
    assert str(witness) == "x = [-100.0, 0.0] -> value -inf"


def test_an_entry_that_breaks_alone_is_shown_alone() -> None:
    def function(x):
        return tf.where((x > 0.3) & (x < 0.31), 1.0 / tf.zeros_like(x), x)

    witness = search(function, [InputSpec("x", shape=None)], modes=["eager"], seed=1)
    assert witness is not None
    assert isinstance(witness.inputs["x"], float)
    assert evaluate(function, [witness.inputs["x"]], "eager").breaks == witness.what


def test_masks_and_labels_have_their_own_values() -> None:
    def mean(x, mask):
        return tf.reduce_sum(tf.where(mask, x, 0.0)) / tf.reduce_sum(tf.cast(mask, tf.float32))

    assert str(search(mean, [X, InputSpec("mask", "bool")])) == "x = 0.0, mask = False -> value nan"

    def entropy(labels, x):
        return tf.gather(tf.math.log(tf.nn.softmax(x)), labels, axis=1, batch_dims=1)

    witness = search(entropy, [InputSpec("labels", "int"), X], modes=["eager"])
    assert witness is not None
    assert witness.what == "value"


def test_a_given_shape_is_kept() -> None:
    witness = search(lambda x: tf.norm(x, axis=-1), [InputSpec("x", shape=(1, 2))], modes=["eager"])
    assert witness is not None
    assert witness.inputs["x"] == [[0.0, 0.0]]


def test_a_gradient_leads_to_an_overflow_that_no_special_value_has() -> None:
    # exp overflows from 88.7; every input is a sum that special values keep below it.
    def function(x):
        return tf.exp(tf.reduce_sum(x * tf.constant([[1.0, -1.0, 1.0], [-1.0, 1.0, -1.0]]), axis=[0, 1]) * 0.4)

    witness = search(function, [InputSpec("x", shape=(2, 3), low=-50.0, high=50.0)], modes=["eager"], budget=900)
    assert witness is not None
    assert witness.result == "inf"


def test_the_same_seed_gives_the_same_witness() -> None:
    found = {str(search(lambda x: 1.0 / tf.norm(x - 0.5), [X], modes=["eager"], seed=3)) for _ in range(2)}
    assert len(found) == 1


# ---- printing -------------------------------------------------------------------------------------------------------


def test_a_witness_prints_as_an_equation() -> None:
    witness = Witness({"f": 5.0, "lam": 5.0}, "gradient", "nan", ("eager", "graph", "xla"))
    assert str(witness) == "f = 5.0, lam = 5.0 -> gradient nan"


def test_zero_is_simpler_than_integers_and_they_than_fractions() -> None:
    numbers = [0.5, -1.0, 100.0, 0.0, 1.0, 1e-8, 5.0]
    assert sorted(numbers, key=simplicity) == [0.0, 1.0, -1.0, 5.0, 100.0, 0.5, 1e-8]
