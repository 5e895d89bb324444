"""TFN301: the gradient of a square root at zero

## What it does
Reports `tf.sqrt` of a value that reaches exactly 0: a sum or mean of squares, a squared distance, `relu`, `maximum(x, 0)`.

## Why is this bad?
The derivative of `sqrt` at 0 is infinite. A sum of squares is 0 for a zero vector, for two equal points, for a critic whose
gradient vanishes; the chain rule then multiplies the infinity by the 0 of the square, and the gradient is NaN while the value is
a harmless 0. One such entry in a batch turns all weights to NaN.

## Fix safety
The fix takes the root of 1 where the operand is 0 and puts the 0 back afterwards (a double `where`). Values are identical, and so
are the gradients wherever they were finite; at 0 the gradient becomes 0. It is safe.

## References
- [keras-io#910: WGAN-GP, gradient norm of zero](https://github.com/keras-team/keras-io/issues/910)
- [tensorflow#12071: gradient of tf.norm at 0](https://github.com/tensorflow/tensorflow/issues/12071)
"""

from __future__ import annotations

from collections.abc import Iterator

from tf_nan_lint.analysis.facts import Facts
from tf_nan_lint.diagnostics import Applicability
from tf_nan_lint.domain.value import Grade
from tf_nan_lint.graph.nodes import Site
from tf_nan_lint.graph.pattern import guarded_root
from tf_nan_lint.rules.base import Example, Finding, NearMiss, Replacement, Rewrite, Rule

_SOURCES = frozenset(
    "square squared_difference abs relu relu6 maximum clip_by_value reduce_variance reduce_std norm pow exp l2_loss "
    "reduce_euclidean_norm".split()
)
"""Ops whose own zero is evidence: not a difference of two unknown values, which need not meet."""


class SqrtGradientAtZero(Rule):
    """``sqrt(s)`` where ``s`` reaches 0."""

    code = "TFN301"
    name = "sqrt-gradient-at-zero"
    summary = "sqrt of a value that reaches 0 has an infinite gradient there"
    ops = frozenset({"sqrt", "sqrt_clipped"})
    specificity = 10
    examples = (
        Example(
            "The length of a vector",
            bad="""import tensorflow as tf


def f(x):
    squared = tf.reduce_sum(tf.square(x), axis=-1)
    return tf.sqrt(squared)  # TFN301
""",
            good="""import tensorflow as tf


def f(x):
    squared = tf.reduce_sum(tf.square(x), axis=-1)
    return tf.where(squared > 0, tf.sqrt(tf.where(squared > 0, squared, tf.ones_like(squared))), tf.zeros_like(squared))  # TFN301
""",
            witness=([[0.0, 0.0], [3.0, 4.0]],),
            ordinary=(([[1.0, 2.0], [3.0, 4.0]],),),
        ),
        Example(
            "The distance of two points that may meet",
            bad="""import tensorflow as tf


def f(a, b):
    return tf.sqrt(tf.reduce_sum(tf.square(a - b), axis=-1))  # TFN301
""",
            good="""import tensorflow as tf


def f(a, b):
    total = tf.reduce_sum(tf.square(a - b), axis=-1)
    return tf.where(total > 0, tf.sqrt(tf.where(total > 0, total, tf.ones_like(total))), tf.zeros_like(total))  # TFN301
""",
            witness=([[1.0, 2.0]], [[1.0, 2.0]]),
            ordinary=(([[1.0, 2.0], [3.0, 4.0]], [[0.5, 1.0], [2.0, -1.0]]),),
        ),
    )
    near_misses = (
        NearMiss(
            "an epsilon inside the root",
            """import tensorflow as tf


def f(x):
    return tf.sqrt(tf.reduce_sum(tf.square(x), axis=-1) + 1e-12)
""",
        ),
        NearMiss(
            "clamped above zero",
            """import tensorflow as tf


def f(x, y):
    return tf.sqrt(tf.maximum(tf.reduce_sum(tf.math.squared_difference(x, y), axis=-1), 1e-12))
""",
        ),
        NearMiss(
            "the second moment of an optimizer is never differentiated",
            """import tensorflow as tf


class Adam(tf.keras.optimizers.Optimizer):
    def update_step(self, gradient, variable, learning_rate):
        v = tf.reduce_mean(tf.square(gradient))
        variable.assign_sub(learning_rate * gradient / (tf.sqrt(v) + 1e-7))
""",
        ),
        NearMiss(
            "a Python number",
            """import tensorflow as tf


def f(x, depth):
    return x * tf.sqrt(float(depth) ** 2)
""",
        ),
        NearMiss(
            "only compared, so no gradient flows",
            """import tensorflow as tf


def f(x, radius):
    return tf.sqrt(tf.reduce_sum(tf.square(x), axis=-1)) < radius
""",
        ),
    )

    def check(self, site: Site, facts: Facts) -> Iterator[Finding]:
        (operand,) = site.node.args
        value = facts.at(site, operand)
        zero = value.reach(0.0)
        if (
            zero is None
            or value.host
            or value.is_integral
            or zero.grade is Grade.NAMED
            or not isinstance(zero.origin, int)
        ):
            return
        origin = facts.graph.nodes[zero.origin]
        if origin.op not in _SOURCES or not facts.differentiated(site):
            return
        cause = facts.site_of(origin, site)
        graph = facts.graph
        guarded = guarded_root(graph, operand, site.node.op)
        yield Finding(
            site,
            f"gradient is NaN where `{facts.describe(operand, site)}` is 0: the derivative of sqrt is infinite there",
            f"E1: the operand reaches 0 ({zero.grade.name.lower()}, by `{origin.op}`)",
            cause,
            f"`{facts.describe(origin, cause)}` is 0 here" if cause is not None else "",
            site.node,
            (
                Rewrite(
                    "Take the root of 1 where the operand is 0",
                    (Replacement(site, guarded),),
                    Applicability.SAFE,
                ),
            ),
        )
