from __future__ import annotations

import pytest

from tests.modules import HEAD
from tf_nan_lint import engine
from tf_nan_lint.config import Config
from tf_nan_lint.graph.source import SourceFile

LENGTH = "tf.sqrt(tf.reduce_sum(tf.square(g)))"

SILENT = {
    "a Keras optimizer": f"class A(tf.keras.optimizers.Optimizer):\n    def update_step(self, g, v):\n        v.assign_sub(g / ({LENGTH} + 1))\n",
    "an optimizer by a base of this file": (
        "from keras import optimizers\nclass Base(optimizers.Optimizer):\n    pass\n"
        f"class A(Base):\n    def scale(self, g):\n        return {LENGTH}\n"
    ),
    "an optimizer whose base cannot be seen": f"class A(X):\n    def _resource_apply_dense(self, g, v):\n        return g / {LENGTH}\n",
    "a metric": f"class A(tf.keras.metrics.Mean):\n    def update_state(self, g):\n        self.total.assign_add({LENGTH})\n",
    "a constraint": f"class A(tf.keras.constraints.Constraint):\n    def __call__(self, g):\n        return g / (1 + {LENGTH})\n",
    "the body of a custom gradient": f"@tf.custom_gradient\ndef f(g):\n    return {LENGTH}, lambda u: u\n",
    "a registered gradient": f"@tf.RegisterGradient('A')\ndef f(op, g):\n    return {LENGTH}\n",
    "a function handed to a custom gradient": (
        f"def vjp(g):\n    return {LENGTH}\n@custom_gradient(vjp_fwd=vjp)\ndef f(x):\n    return x\n"
    ),
    "a helper that only an optimizer calls": (
        f"def length(g):\n    return {LENGTH}\n"
        "class A(tf.keras.optimizers.Optimizer):\n    def clip(self, g):\n        return g / (1 + length(g))\n"
    ),
    "stop_gradient": f"def f(g):\n    return g / (1 + tf.stop_gradient({LENGTH}))\n",
    "argmax": f"def f(g):\n    return tf.argmax({LENGTH})\n",
    "a comparison": f"def f(g):\n    return {LENGTH} > 1\n",
    "assigned to a variable": f"def f(v, g):\n    v.assign({LENGTH})\n    return g\n",
    "a summary": f"def f(g):\n    tf.summary.scalar('a', {LENGTH})\n    return g\n",
    "printed": f"def f(g):\n    print({LENGTH})\n    return g\n",
    "asserted": f"def f(self, g):\n    self.assertAllClose(1.0, {LENGTH})\n",
    "random numbers": f"def f():\n    g = tf.random.normal([3])\n    return {LENGTH}\n",
    "a mask": "def f(mask):\n    return tf.sqrt(tf.reduce_sum(tf.square(mask)))\n",
    "a Python number": "def f(g, d=3):\n    return g * tf.sqrt(float(d) ** 2)\n",
}


def codes(text: str) -> list[str]:
    return [d.code for d in engine.lint(SourceFile.from_text("a.py", HEAD + text), Config(), reraise=True)]


@pytest.mark.parametrize("text", SILENT.values(), ids=SILENT)
def test_no_gradient_flows(text: str) -> None:
    assert codes(text) == []


@pytest.mark.parametrize(
    "text",
    [
        f"def f(g):\n    return {LENGTH}\n",
        f"class A(tf.keras.layers.Layer):\n    def call(self, g):\n        return {LENGTH}\n",
        f"def f(g):\n    n = {LENGTH}\n    print(n)\n    return n\n",
        f"def length(g):\n    return {LENGTH}\nclass A(tf.keras.optimizers.Optimizer):\n    def clip(self, g):\n        return length(g)\n"
        "def loss(g):\n    return length(g) + 1\n",
    ],
    ids=["a function", "a layer", "printed and returned", "a helper that a loss calls too"],
)
def test_a_gradient_flows(text: str) -> None:
    assert "TFN301" in codes(text)


def test_rules_about_values_still_speak_in_metrics() -> None:
    text = "class A(tf.keras.metrics.Mean):\n    def result(self, mask):\n        return 1.0 / tf.reduce_sum(mask)\n"
    assert codes(text) == ["TFN202"]
