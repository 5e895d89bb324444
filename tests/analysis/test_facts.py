from __future__ import annotations

import math

import pytest

from tests.modules import HEAD, module_of, operand_of, site_of
from tf_nan_lint.analysis.facts import Facts
from tf_nan_lint.domain.dtypes import FLOAT16, FLOAT32
from tf_nan_lint.domain.interval import point
from tf_nan_lint.domain.value import Grade

ZERO = point(0.0)

GUARDED = {
    "epsilon": "def f(x):\n    return tf.math.log(tf.nn.relu(x) + 1e-7)\n",
    "epsilon by its name": "def f(x, epsilon):\n    return tf.math.log(tf.nn.relu(x) + epsilon)\n",
    "epsilon as an attribute": (
        "class A:\n    def __init__(self, eps=1e-3):\n        self.eps = eps\n"
        "    def f(self, x):\n        return tf.math.log(tf.nn.relu(x) + self.eps)\n"
    ),
    "maximum": "def f(x):\n    return tf.math.log(tf.maximum(x, 1e-7))\n",
    "clip in another statement": "def f(x):\n    x = tf.clip_by_value(x, 1e-7, 1.0)\n    return tf.math.log(x)\n",
    "double where": "def f(x):\n    s = tf.where(x > 0, x, 1.0)\n    return tf.math.log(s)\n",
    "double where by equality": "def f(x):\n    return tf.math.log(tf.abs(tf.where(tf.equal(x, 0), 1.0, x)))\n",
    "if": "def f(x):\n    if x > 0:\n        return tf.math.log(x)\n    return x\n",
    "early return": "def f(x):\n    if x <= 0:\n        return x\n    return tf.math.log(x)\n",
    "early raise": "def f(x):\n    if tf.reduce_any(x <= 0):\n        raise ValueError\n    return tf.math.log(x)\n",
    "assert": "def f(x):\n    assert x > 0\n    return tf.math.log(x)\n",
    "debugging assert": "def f(x):\n    tf.debugging.assert_positive(x)\n    return tf.math.log(x)\n",
    "tf.cond": "def f(x):\n    return tf.cond(x > 0, lambda: tf.math.log(x), lambda: x)\n",
    "softplus and a floor": "def f(x):\n    return tf.math.log(tf.nn.softplus(x) + 1e-3)\n",
    "one plus a square": "def f(x):\n    return tf.math.log(1 + x * x)\n",
    "a sum of shifted exponentials": (
        "def f(x):\n    m = tf.reduce_max(x, axis=-1, keepdims=True)\n    return tf.math.log(tf.reduce_sum(tf.exp(x - m), axis=-1))\n"
    ),
    "a helper that adds it": "def safe(x):\n    return tf.nn.relu(x) + 1e-3\ndef f(x):\n    return tf.math.log(safe(x))\n",
    "an attribute that has it": (
        "class A:\n    def build(self, x):\n        self.p = tf.nn.softmax(x) + 1e-8\n"
        "    def f(self):\n        return tf.math.log(self.p)\n"
    ),
    "two guards at once": "def f(x, y):\n    if x > 0 and y > 0:\n        return tf.math.log(x)\n    return y\n",
    "the negation of or": "def f(x, y):\n    if not (x <= 0 or y <= 0):\n        return tf.math.log(x)\n    return y\n",
}


@pytest.mark.parametrize("text", GUARDED.values(), ids=GUARDED)
def test_a_guard_keeps_the_operand_from_zero(text: str) -> None:
    assert not operand_of(text, "log").may_be(ZERO)


UNGUARDED = {
    "an unknown value": "def f(x):\n    return tf.math.log(x)\n",
    "an epsilon that float32 flushes": "def f(x):\n    return tf.math.log(tf.nn.relu(x) + 1e-39)\n",
    "a guard of another value": "def f(x, y):\n    if y > 0:\n        return tf.math.log(x)\n    return y\n",
    "the other branch": "def f(x):\n    if x > 0:\n        return x\n    return tf.math.log(x)\n",
    "a where on entries, seen through a sum": "def f(x):\n    return tf.where(x > 0, tf.math.log(tf.reduce_sum(x)), 0.0)\n",
    "a condition that includes zero": "def f(x):\n    if x >= 0:\n        return tf.math.log(x)\n    return x\n",
}


@pytest.mark.parametrize("text", UNGUARDED.values(), ids=UNGUARDED)
def test_what_is_no_guard(text: str) -> None:
    assert operand_of(text, "log").may_be(ZERO)


REACHED = {
    "relu": ("tf.nn.relu(x)", Grade.STRUCTURAL),
    "a count": ("tf.reduce_sum(tf.cast(x > 0, tf.float32))", Grade.STRUCTURAL),
    "one minus a softmax": ("1.0 - tf.nn.softmax(x)", Grade.SATURATION),
    "the sum of a mask": ("tf.reduce_sum(mask)", Grade.NAMED),
    "a product with a mask": ("tf.reduce_sum(x * mask)", Grade.NAMED),
    "precision and recall": ("(lambda t: t / (a + 1) + t / (b + 1))(tf.reduce_sum(mask))", Grade.NAMED),
    "two counts of different things": ("tf.reduce_sum(mask) + tf.reduce_sum(tf.cast(x > 0, tf.float32))", Grade.NAMED),
    "the square of an unknown value": ("tf.square(x)", Grade.COINCIDENT),
    "an unknown value": ("x", None),
    "a mask and its complement": ("mask + (1.0 - mask)", None),
    "a mask smoothed by its complement": ("mask + (1.0 - mask) * 0.3", None),
    "rows of a one-hot tensor": ("tf.reduce_sum(tf.one_hot(x, 3), axis=-1)", None),
    "the selected part of a padded tensor": ("tf.pad(x, [[1, 1]])[1:-1]", None),
}


@pytest.mark.parametrize(("expression", "grade"), REACHED.values(), ids=REACHED)
def test_evidence_of_zero(expression: str, grade: Grade | None) -> None:
    zero = operand_of(f"def f(x, mask, a, b):\n    return tf.math.log({expression})\n", "log").reach(0.0)
    assert (zero.grade if zero else None) == grade


HOST = {
    "the size of a batch": "tf.cast(tf.shape(x)[0], tf.float32)",
    "an attribute of a shape": "x.shape[-1]",
    "len": "len(x)",
    "a parameter with a number as default": "rate",
    "a parameter annotated as a number": "depth",
    "numpy": "np.sqrt(n)",
}


@pytest.mark.parametrize("expression", HOST.values(), ids=HOST)
def test_host_arithmetic(expression: str) -> None:
    text = f"import numpy as np\ndef f(x, n, depth: int, rate=0.1):\n    return tf.divide(1.0, {expression})\n"
    assert operand_of(text, "divide", 1).host


def test_the_difference_from_the_maximum_is_never_positive() -> None:
    value = operand_of("def f(x):\n    return tf.exp(x - tf.reduce_max(x, axis=-1, keepdims=True))\n", "exp")
    assert value.range.high == 0.0


def test_ranges_are_those_of_the_dtype() -> None:
    text = (
        "def f(x):\n    y = tf.cast(x, tf.float16)\n    return tf.math.log(1.0 - tf.clip_by_value(y, 0.0, 1 - 1e-4))\n"
    )
    assert operand_of(text, "log").may_be(ZERO), "1 - 1e-4 is 1 in float16"
    assert not operand_of(text.replace("float16", "float32"), "log").may_be(ZERO)


def test_the_target_dtype_is_that_of_unknown_tensors() -> None:
    module = module_of(HEAD + "def f(x):\n    return tf.math.log(tf.nn.relu(x) + 1e-9)\n")
    site = next(s for s in module.graph.sites if s.node.op == "log")
    assert not Facts(module, FLOAT32).at(site, site.node.args[0]).may_be(ZERO)
    assert Facts(module, FLOAT16).at(site, site.node.args[0]).may_be(ZERO), "1e-9 is 0 in float16"


def test_a_condition_excludes_a_point() -> None:
    value = operand_of("def f(x, y):\n    if y != 0:\n        return tf.divide(x, y)\n    return x\n", "divide", 1)
    assert 0.0 in value.excluded
    assert not value.may_be(ZERO)
    assert value.may_be(point(1.0))


def test_a_value_that_is_chosen_where_it_is_finite_is_protected() -> None:
    site, facts = site_of("def f(x, y):\n    q = tf.divide(x, y)\n    return tf.where(y > 0, q * 2, 0.0)\n", "divide")
    assert facts.is_protected(site, site.node.args[1], ZERO)
    site, facts = site_of("def f(x, y):\n    q = tf.divide(x, y)\n    return q + tf.where(y > 0, q, 0.0)\n", "divide")
    assert not facts.is_protected(site, site.node.args[1], ZERO)


def test_many_conditions_stay_cheap() -> None:
    body = "".join(f"    x = tf.where(c{i} > 0, x + 1, x)\n" for i in range(60))
    value = operand_of(f"def f(x, {', '.join(f'c{i}' for i in range(60))}):\n{body}    return tf.math.log(x)\n", "log")
    assert value.range.high == math.inf


def test_long_chains_of_statements_stay_cheap() -> None:
    body = "    a = tf.square(x)\n" + "    a = a + 1.\n" * 3000
    value = operand_of(f"def f(x):\n{body}    return tf.math.log(a)\n", "log")
    assert value.range.low == 3000.0
    assert len(value.reached) <= 8
