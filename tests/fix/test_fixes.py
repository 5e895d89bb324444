"""Fixes on code as people lay it out: what they leave, what they keep, and when there is none."""

from __future__ import annotations

import ast

import pytest

from tests.modules import HEAD
from tf_nan_lint import engine
from tf_nan_lint.config import Config
from tf_nan_lint.diagnostics import Edit, Position, Span
from tf_nan_lint.fix.apply import apply
from tf_nan_lint.graph.source import SourceFile

CONFIG = Config(unsafe_fixes=True)


def fixed(text: str) -> str:
    return engine.fix(SourceFile.from_text("a.py", text), CONFIG, reraise=True).text


LAYOUTS = {
    "a one-line function": (
        "def f(z): return tf.math.log(tf.nn.softmax(z))\n",
        "def f(z): return tf.nn.log_softmax(z)\n",
    ),
    "two statements on a line keep the first": (
        "def f(z):\n    p = tf.nn.softmax(z); l = tf.math.log(p); return l\n",
        "def f(z):\n    p = tf.nn.softmax(z); l = tf.nn.log_softmax(z); return l\n",
    ),
    "no newline at the end": (
        "def f(z):\n    p = tf.nn.softmax(z)\n    return tf.math.log(p)",
        "def f(z):\n    return tf.nn.log_softmax(z)",
    ),
    "tabs": (
        "def f(z):\n\tp = tf.nn.softmax(z)\n\treturn tf.math.log(p)\n",
        "def f(z):\n\treturn tf.nn.log_softmax(z)\n",
    ),
    "carriage returns": (
        "def f(z):\r\n    p = tf.nn.softmax(z)\r\n    return tf.math.log(p)\r\n",
        "def f(z):\r\n    return tf.nn.log_softmax(z)\r\n",
    ),
    "a variable with other readers stays": (
        "def f(z):\n    p = tf.nn.softmax(z)\n    return tf.math.log(p), p\n",
        "def f(z):\n    p = tf.nn.softmax(z)\n    return tf.nn.log_softmax(z), p\n",
    ),
    "a variable that a nested function reads stays": (
        "def f(z):\n    p = tf.nn.softmax(z)\n    def g():\n        return p\n    return tf.math.log(p), g\n",
        "def f(z):\n    p = tf.nn.softmax(z)\n    def g():\n        return p\n    return tf.nn.log_softmax(z), g\n",
    ),
    "the comment of a removed statement stays": (
        "def f(z):\n    p = tf.nn.softmax(z)  # probabilities\n    return tf.math.log(p)\n",
        "def f(z):\n    # probabilities\n    return tf.nn.log_softmax(z)\n",
    ),
    "an unknown call is moved, not repeated": (
        "def f(m, x):\n    return tf.math.log(tf.nn.softmax(m(x)))\n",
        "def f(m, x):\n    return tf.nn.log_softmax(m(x))\n",
    ),
    "parentheses by precedence": (
        "def f(z):\n    return 3 * tf.math.log(1 - tf.sigmoid(z + 1))\n",
        "def f(z):\n    return 3 * tf.math.log_sigmoid(-(z + 1))\n",
    ),
    "a value that is needed twice is computed once": (
        "def f(a, b):\n    return tf.sqrt(tf.reduce_sum(tf.square(a - b)))\n",
        "def f(a, b):\n    total = tf.reduce_sum(tf.square(a - b))\n    return tf.where(total > 0, tf.sqrt(tf.where(total > 0, total, tf.ones_like(total))), tf.zeros_like(total))\n",
    ),
    "its name does not clash": (
        "def f(a, b, total):\n    return total * tf.sqrt(tf.reduce_sum(tf.square(a - b)))\n",
        "def f(a, b, total):\n    total_2 = tf.reduce_sum(tf.square(a - b))\n    return total * tf.where(total_2 > 0, tf.sqrt(tf.where(total_2 > 0, total_2, tf.ones_like(total_2))), tf.zeros_like(total_2))\n",
    ),
}


@pytest.mark.parametrize(("before", "after"), LAYOUTS.values(), ids=LAYOUTS)
def test_a_fix_keeps_the_layout(before: str, after: str) -> None:
    result = fixed(HEAD + before)
    assert result == HEAD + after
    ast.parse(result)
    assert fixed(result) == result


@pytest.mark.parametrize(
    "reader",
    ["assert z, p", "print(f'{p}')", "return locals()", "yield from g(p)", "raise E from p"],
)
def test_a_variable_that_is_read_in_any_way_stays(reader: str) -> None:
    text = f"def f(z):\n    p = tf.nn.softmax(z)\n    l = tf.math.log(p)\n    {reader}\n"
    assert "p = tf.nn.softmax(z)" in fixed(HEAD + text)
    assert "l = tf.nn.log_softmax(z)" in fixed(HEAD + text)


UNTOUCHED = {
    "the operand means something else by now": "def f(z):\n    p = tf.nn.softmax(z)\n    z = z * 2\n    return tf.math.log(p) + z\n",
    "a comment inside of the expression": "def f(z):\n    return tf.math.log(  # stable?\n        tf.nn.softmax(z))\n",
    "the operand is an unknown call of another statement": "def f(m, x):\n    p = tf.nn.softmax(m(x))\n    return tf.math.log(p)\n",
    "a lambda has no place for a shared value": "f = lambda d: tf.sqrt(tf.reduce_sum(tf.square(d - 1.)))\n",
}


@pytest.mark.parametrize("text", UNTOUCHED.values(), ids=UNTOUCHED)
def test_there_is_no_fix_where(text: str) -> None:
    found = engine.lint(SourceFile.from_text("a.py", HEAD + text), CONFIG, reraise=True)
    assert found
    assert all(d.fix is None for d in found)
    assert fixed(HEAD + text) == HEAD + text


SPELLINGS = {
    "the backend has no log_sigmoid": (
        "from tensorflow.keras import backend as K\ndef f(z):\n    return K.log(K.sigmoid(z))\n",
        "from tensorflow.keras import backend as K\ndef f(z):\n    return -K.softplus(-z)\n",
    ),
    "keras.ops alone": (
        "from keras import ops\ndef f(z):\n    return ops.log(ops.sigmoid(z))\n",
        "from keras import ops\ndef f(z):\n    return ops.log_sigmoid(z)\n",
    ),
    "TensorFlow 1": (
        "import tensorflow as tf\nx = tf.placeholder(tf.float32)\nloss = tf.log(tf.nn.softmax(x))\n",
        "import tensorflow as tf\nx = tf.placeholder(tf.float32)\nloss = tf.nn.log_softmax(x)\n",
    ),
    "a module of TensorFlow": (
        "from tensorflow import math as tfm, nn\ndef f(z):\n    return tfm.log(nn.softmax(z))\n",
        "from tensorflow import math as tfm, nn\ndef f(z):\n    return nn.log_softmax(z)\n",
    ),
    "imported inside of the function": (
        "def f(z):\n    import tensorflow as T\n    return T.math.log(T.nn.softmax(z))\n",
        "def f(z):\n    import tensorflow as T\n    return T.nn.log_softmax(z)\n",
    ),
}


@pytest.mark.parametrize(("before", "after"), SPELLINGS.values(), ids=SPELLINGS)
def test_a_fix_is_spelled_as_the_file_is(before: str, after: str) -> None:
    assert fixed(before) == after


def test_a_file_that_knows_keras_ops_alone_never_gets_tensorflow() -> None:
    text = "from keras import ops\ndef f(kernel):\n    return ops.sum(ops.norm(kernel, axis=1))\n"
    assert "tf" not in fixed(text)
    assert fixed(text) != text


def span(first: int, start: int, last: int, end: int) -> Span:
    return Span(Position(first, start), Position(last, end))


def test_edits_are_applied_in_order_and_may_touch() -> None:
    lines = ["abc\n", "def\n"]
    edits = [Edit(span(2, 0, 2, 1), "X"), Edit(span(1, 1, 1, 2), ""), Edit(span(1, 3, 2, 0), "")]
    assert apply(lines, edits) == "acXef\n"


def test_overlapping_edits_are_an_error() -> None:
    with pytest.raises(ValueError, match="overlap"):
        apply(["abc\n"], [Edit(span(1, 0, 1, 2), ""), Edit(span(1, 1, 1, 3), "")])


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (span(1, 0, 1, 2), span(1, 2, 1, 3), False),
        (span(1, 0, 1, 2), span(1, 1, 1, 3), True),
        (span(1, 1, 1, 1), span(1, 1, 1, 1), True),
        (span(1, 0, 2, 0), span(1, 5, 1, 6), True),
    ],
)
def test_overlaps(one: Span, other: Span, expected: bool) -> None:
    assert one.overlaps(other) is expected
    assert other.overlaps(one) is expected
