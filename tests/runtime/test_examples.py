"""The check of rule examples: it says what is wrong with a wrong one, and nothing of a right one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import tensorflow as tf

from tf_nan_lint.diagnostics import Applicability
from tf_nan_lint.rules.base import Example
from tf_nan_lint.runtime.examples import ExampleError, check_example, sliced, variation
from tf_nan_lint.runtime.execute import MODES
from tf_nan_lint.runtime.slice import SliceError

pytestmark = pytest.mark.tensorflow

LOG_SIGMOID = Example(
    title="log of sigmoid",
    bad="import tensorflow as tf\n\ndef f(x):\n    return tf.math.log(tf.sigmoid(x))  # TFN402\n",
    good="import tensorflow as tf\n\ndef f(x):\n    return tf.math.log_sigmoid(x)\n",
    witness=([-100.0, 1.0],),
    ordinary=(([-3.0, 0.0, 2.0],),),
    breaks={"eager": "value"},
)


def problems(**changes: object) -> str:
    return "\n".join(check_example("TFN402", replace(LOG_SIGMOID, **changes)))


def test_a_right_example_has_no_problems() -> None:
    assert problems(breaks=dict.fromkeys(MODES, "value")) == ""


def test_a_witness_that_breaks_nothing_is_a_problem() -> None:
    found = problems(witness=([1.0],), breaks=dict.fromkeys(MODES, "value"))
    assert "in xla mode the bad code's witness breaks nothing, not value" in found


def test_a_mode_that_is_not_listed_is_not_run() -> None:
    eager_only = "import tensorflow as tf\n\ndef f(x):\n    x.numpy()\n    return tf.math.log(tf.sigmoid(x))\n"
    assert "breaks down" not in problems(bad=eager_only)
    assert "breaks down (" in problems(bad=eager_only, breaks={"graph": "value"})


def test_a_wrong_kind_of_breakage_is_a_problem() -> None:
    assert "in eager mode the bad code's witness breaks value, not gradient" in problems(breaks={"eager": "gradient"})


def test_good_code_that_breaks_is_a_problem() -> None:
    assert "in eager mode the good code's witness breaks value" in problems(good=LOG_SIGMOID.bad)


def test_a_safe_fix_that_is_another_function_is_a_problem() -> None:
    epsilon = "import tensorflow as tf\n\ndef f(x):\n    return tf.math.log(tf.sigmoid(x) + 1e-3)\n"
    assert "the float64 original's is" in problems(good=epsilon)
    assert problems(good=epsilon, applicability=Applicability.UNSAFE) == ""


def test_a_safe_fix_that_differs_at_one_ordinary_input_is_a_problem() -> None:
    hole = "import tensorflow as tf\n\ndef f(x):\n    return tf.where(x == 7.25, 1.0, tf.math.log_sigmoid(x))\n"
    assert "input 0 = [7.25]" in problems(good=hole, ordinary=(([7.25],),))


def test_without_a_fix_only_the_bad_code_is_checked() -> None:
    assert problems(good=None) == ""


def test_code_that_cannot_run_is_a_problem() -> None:
    assert "breaks down (" in problems(bad="def f(x):\n    return missing(x)\n")
    assert "defines no function 'f'" in problems(bad="def g(x):\n    return x\n")


def test_the_caller_may_bring_the_functions() -> None:
    example = replace(LOG_SIGMOID, bad="f", good="f", slice=True)
    bad = sliced("import tensorflow as tf\n\ndef f(x):\n    return tf.log(tf.sigmoid(x))\n")
    assert check_example("TFN402", example, bad_function=bad, good_function=tf.math.log_sigmoid) == []


def test_indices_are_given_by_dtype() -> None:
    example = Example(
        title="gather",
        bad="import tensorflow as tf\n\ndef f(x, i):\n    return tf.gather(tf.math.log(x), i)\n",
        good=None,
        witness=([0.0, 1.0], [1]),
    )
    assert check_example("TFN000", example, dtypes=("float32", "int32")) == []


def test_code_of_tensorflow_1_runs_through_its_slice() -> None:
    old = "import tensorflow as tf\n\ndef f(x):\n    return tf.log(tf.sigmoid(x))  # TFN402\n"
    new = "import tensorflow as tf\n\ndef f(x):\n    return tf.nn.log_softmax(x) if False else tf.log_sigmoid(x)\n"
    assert problems(bad=old, good=new, slice=True) == ""


def test_a_slice_needs_a_function_that_depends_on_its_parameters_only() -> None:
    with pytest.raises(ExampleError, match="no function 'f'"):
        sliced("def g(x):\n    return x\n")
    with pytest.raises(SliceError, match="it depends on other"):
        sliced("import tensorflow as tf\n\ndef f(x):\n    return tf.exp(x) + other(x)\n")


def test_a_slice_returns_what_the_function_returns() -> None:
    function = sliced("import tensorflow as tf\n\ndef f(x, unused):\n    return tf.log(x), tf.to_float(x > 0)\n")
    assert [float(y) for y in function(tf.constant(1.0), tf.constant(0.0))] == [0.0, 1.0]


def test_variations_stay_what_the_inputs_are() -> None:
    mask, shares, label, matrix = np.array([1.0, 0.0, 1.0]), np.array([[0.2, 0.8]]), np.array([2]), np.eye(2) * 3
    prices, probabilities = np.array([3.0, 100.0]), np.array([0.2, 0.3])
    rng = np.random.default_rng(0)
    for _ in range(20):
        varied = variation([mask, shares, label, matrix, prices, probabilities], rng)
        assert sorted(varied[0]) == [0, 1, 1]
        assert varied[1].sum() == pytest.approx(1.0)
        assert varied[2].tolist() == [2]
        np.testing.assert_array_equal(varied[3], varied[3].T)
        assert (varied[4] > 0).all()
        assert ((varied[5] >= 0) & (varied[5] <= 1)).all()
    assert varied[4].tolist() != prices.tolist()
