"""The activation function this project began with, in every spelling its author might have used."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tf_nan_lint import engine
from tf_nan_lint.config import Config
from tf_nan_lint.diagnostics import Applicability
from tf_nan_lint.graph.source import SourceFile

SAFE_ONLY = Config()
A = [[1, 2, 3, 4, 5, 10, -10, 14, -20], [-100, -2, -3, -4, -5, -10, 10, -14, -20]]
VALUE = [[0, 0, 0, 0, 0, 10, -10, 14, -20], [-100, 0, 0, 0, 0, -10, 10, -14, -20]]
GRADIENT = [[0, 0, 0, 0, 0, 1, 1, 1, 1], [1, 0, 0, 0, 0, 1, 1, 1, 1]]

BODY = """
def s_lamda_activation(f, lam):
    positive = tf.nn.relu(f - lam)
    positive = positive * (f/positive)
    positive = tf.where(tf.is_nan(positive), tf.zeros_like(positive), positive)
    negative = tf.nn.relu((-f) - lam)
    negative = negative * (f/negative)
    negative = tf.where(tf.is_nan(negative), tf.zeros_like(negative), negative)
    return positive + negative
"""

FIXED = """
def s_lamda_activation(f, lam):
    positive = tf.where(f > lam, f, tf.zeros_like(f))
    negative = tf.where(-f > lam, f, tf.zeros_like(f))
    return positive + negative
"""

SCRIPT = """
a = tf.constant([[1., 2., 10.]])
x = s_lamda_activation(a, 5)
with tf.Session() as session:
    print(session.run(x))
"""

SPELLINGS = {
    "TF1, as its author wrote it": ("import tensorflow as tf\n", BODY, SCRIPT),
    "tensorflow.compat.v1": ("import tensorflow.compat.v1 as tf\n", BODY, SCRIPT),
    "TF2": ("import tensorflow as tf\n", BODY.replace("tf.is_nan", "tf.math.is_nan"), ""),
}


def findings(text: str, config: Config = SAFE_ONLY) -> list[tuple[str, int, int]]:
    found = engine.lint(SourceFile.from_text("case.py", text), config, reraise=True)
    return [(d.code, d.span.start.line, d.cause.span.start.line if d.cause else 0) for d in found]


def fixed(text: str, config: Config = SAFE_ONLY) -> str:
    return engine.fix(SourceFile.from_text("case.py", text), config, reraise=True).text


@pytest.mark.parametrize(("head", "body", "tail"), SPELLINGS.values(), ids=SPELLINGS)
def test_two_reports_with_the_division_as_their_cause(head: str, body: str, tail: str) -> None:
    assert findings(head + body + tail) == [("TFN101", 6, 5), ("TFN101", 9, 8)]


@pytest.mark.parametrize(("head", "body", "tail"), SPELLINGS.values(), ids=SPELLINGS)
def test_the_fix_leaves_the_closed_form_and_a_second_run_nothing(head: str, body: str, tail: str) -> None:
    once = fixed(head + body + tail)
    assert once == head + FIXED + tail
    assert fixed(once) == once
    assert findings(once) == []


def test_in_tensorflow_1_an_unknown_threshold_makes_the_fix_unsafe() -> None:
    text = "import tensorflow.compat.v1 as tf\n" + BODY
    source = SourceFile.from_text("case.py", text)
    assert {d.fix.applicability for d in engine.lint(source, SAFE_ONLY) if d.fix} == {Applicability.UNSAFE}
    assert all("broadcast" in d.fix.reason for d in engine.lint(source, SAFE_ONLY) if d.fix)
    assert fixed(text) == text
    assert fixed(text, replace(SAFE_ONLY, unsafe_fixes=True)) == "import tensorflow.compat.v1 as tf\n" + FIXED


HEAD = "import tensorflow as tf\n\n\n"
ZEROED = "tf.where(f > lam, f, tf.zeros_like(f))"
VARIANTS = {
    "other names": (
        "def g(u, k):\n    q = tf.nn.relu(u - k)\n    q = q * (u / q)\n"
        "    return tf.where(tf.math.is_nan(q), tf.zeros_like(q), q)\n",
        "def g(u, k):\n    return tf.where(u > k, u, tf.zeros_like(u))\n",
    ),
    "tf.divide and tf.multiply": (
        "def g(f, lam):\n    p = tf.nn.relu(tf.subtract(f, lam))\n    p = tf.multiply(p, tf.divide(f, p))\n"
        "    p = tf.where(tf.math.is_nan(p), tf.zeros_like(p), p)\n    return p\n",
        f"def g(f, lam):\n    p = {ZEROED}\n    return p\n",
    ),
    "the mask through is_finite, negated": (
        "def g(f, lam):\n    p = tf.nn.relu(f - lam)\n    p = (f / p) * p\n"
        "    p = tf.where(~tf.math.is_finite(p), tf.zeros_like(p), p)\n    return p\n",
        f"def g(f, lam):\n    p = {ZEROED}\n    return p\n",
    ),
    "is_finite with the branches exchanged": (
        "def g(f, lam):\n    p = tf.nn.relu(f - lam)\n    p = p * f / p\n"
        "    return tf.where(tf.math.is_finite(p), p, tf.zeros_like(p))\n",
        f"def g(f, lam):\n    return {ZEROED}\n",
    ),
    "comments between the statements": (
        "def g(f, lam):\n    # shrink\n    p = tf.nn.relu(f - lam)\n    # restore\n    p = p * (f / p)  # magnitude\n"
        "    p = tf.where(tf.math.is_nan(p), tf.zeros_like(p), p)  # no NaN\n    return p\n",
        f"def g(f, lam):\n    # shrink\n    # restore\n    # magnitude\n    p = {ZEROED}  # no NaN\n    return p\n",
    ),
    "a Keras layer": (
        "class Shrink(tf.keras.layers.Layer):\n    def __init__(self, lam):\n        super().__init__()\n"
        "        self.lam = lam\n\n    def call(self, f):\n        p = tf.nn.relu(f - self.lam)\n        p = p * (f / p)\n"
        "        return tf.where(tf.math.is_nan(p), tf.zeros_like(p), p)\n",
        "class Shrink(tf.keras.layers.Layer):\n    def __init__(self, lam):\n        super().__init__()\n"
        "        self.lam = lam\n\n    def call(self, f):\n"
        "        return tf.where(f > self.lam, f, tf.zeros_like(f))\n",
    ),
    "one expression": (
        "def g(f, lam):\n    p = tf.nn.relu(f - lam)\n"
        "    return tf.where(tf.math.is_nan(p * (f / p)), tf.zeros_like(f), p * (f / p))\n",
        f"def g(f, lam):\n    return {ZEROED}\n",
    ),
    "the value is still read afterwards": (
        "def g(f, lam):\n    p = tf.nn.relu(f - lam)\n    q = p * (f / p)\n"
        "    q = tf.where(tf.math.is_nan(q), tf.zeros_like(q), q)\n    return p, q\n",
        f"def g(f, lam):\n    p = tf.nn.relu(f - lam)\n    q = {ZEROED}\n    return p, q\n",
    ),
}


@pytest.mark.parametrize(("before", "after"), VARIANTS.values(), ids=VARIANTS)
def test_variants_are_found_and_repaired(before: str, after: str) -> None:
    assert [code for code, *_ in findings(HEAD + before)] == ["TFN101"]
    assert fixed(HEAD + before) == HEAD + after
    assert findings(HEAD + after) == []


def test_the_activation_applied_twice() -> None:
    text = (
        HEAD
        + BODY.replace("tf.is_nan", "tf.math.is_nan").lstrip()
        + ("\n\ndef twice(f):\n    return s_lamda_activation(s_lamda_activation(f, 5.), 1.)\n")
    )
    assert [code for code, *_ in findings(text)] == ["TFN101", "TFN101"]
    assert FIXED.strip() in fixed(text)


@pytest.mark.tensorflow
def test_on_tensorflow_every_gradient_was_nan_and_is_now_zero_or_one() -> None:
    import numpy as np

    from tf_nan_lint.analysis.facts import Facts
    from tf_nan_lint.graph.build import build
    from tf_nan_lint.runtime.execute import evaluate
    from tf_nan_lint.runtime.slice import slice_of

    def returned(text: str):  # type: ignore[no-untyped-def]
        source = SourceFile.from_text("case.py", text)
        outline = source.outline()
        module = build(source, outline, list(outline.functions()))
        assert Facts(module)
        scope = next(s for s in module.scopes if s.name == "s_lamda_activation" and not s.calls)
        return slice_of([scope.returns[-1][1]])

    # TensorFlow 2 cannot import the spelling of 2017; the slice of its graph can be executed.
    head, body, tail = SPELLINGS["TF1, as its author wrote it"]
    for mode in ("eager", "graph", "xla"):
        for text, expected in ((head + body + tail, np.full((2, 9), np.nan)), (fixed(head + body + tail), GRADIENT)):
            piece = returned(text)
            inputs = {"f": np.array(A, np.float32), "lam": np.float32(5)}
            outcome = evaluate(
                piece.compile(), [inputs[name] for name in piece.inputs], mode, watch=[piece.inputs.index("f")]
            )
            np.testing.assert_array_equal(outcome.values[0], VALUE)
            np.testing.assert_array_equal(outcome.gradients[0], expected)
