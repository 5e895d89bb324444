"""TFN406: a sigmoid or a hyperbolic tangent written with exponentials

## What it does
Reports `1 / (1 + tf.exp(-x))`, `tf.exp(x) / (1 + tf.exp(x))` and `(exp(x) - exp(-x)) / (exp(x) + exp(-x))` where `x` is not bounded.

## Why is this bad?
`1 / (1 + exp(-x))` has a finite value everywhere, and a NaN gradient for `x < -88.7`: the derivative multiplies 0 by the infinite
exponential. `exp(x) / (1 + exp(x))` is `inf / inf`, NaN, for `x > 88.7`, and so is the tangent on both sides.

## Fix safety
`tf.sigmoid(x)` and `tf.tanh(x)` are the same functions; values differ by at most 3.6e-7 where both are finite (measured,
TensorFlow 2.21, float32). The fix is safe.

## References
- [tf.math.sigmoid](https://www.tensorflow.org/api_docs/python/tf/math/sigmoid)
"""

from __future__ import annotations

from collections.abc import Iterator

from tf_nan_lint.analysis.facts import Facts
from tf_nan_lint.diagnostics import Applicability
from tf_nan_lint.graph.nodes import Graph, Node, Site
from tf_nan_lint.graph.pattern import is_number, negated, through, unordered
from tf_nan_lint.rules.base import Example, Finding, NearMiss, Replacement, Rewrite, Rule


class HandwrittenSigmoid(Rule):
    """``1 / (1 + exp(-x))`` and its relatives."""

    code = "TFN406"
    name = "handwritten-sigmoid"
    summary = "a sigmoid or tanh by exponentials overflows: use sigmoid or tanh"
    ops = frozenset({"divide", "reciprocal"})
    specificity = 26
    examples = (
        Example(
            "The logistic function",
            bad="""import tensorflow as tf


def f(x):
    return 1.0 / (1.0 + tf.exp(-x))  # TFN406
""",
            good="""import tensorflow as tf


def f(x):
    return tf.math.sigmoid(x)  # TFN406
""",
            witness=([-100.0, 0.0],),
            ordinary=(([-2.0, 0.5, 30.0],),),
        ),
        Example(
            "tanh",
            bad="""from tensorflow.keras import backend as K


def f(x):
    return (K.exp(x) - K.exp(-x)) / (K.exp(x) + K.exp(-x))  # TFN406
""",
            good="""from tensorflow.keras import backend as K


def f(x):
    return K.tanh(x)  # TFN406
""",
            witness=([100.0, 0.0],),
            ordinary=(([-2.0, 0.5, 8.0],),),
            breaks={"eager": "value", "graph": "value", "xla": "value"},
        ),
    )
    near_misses = (
        NearMiss(
            "the exponent is never positive",
            """import tensorflow as tf


def f(x):
    return 1.0 / (1.0 + tf.exp(-tf.abs(x)))
""",
        ),
        NearMiss(
            "a Python number",
            """import math

import tensorflow as tf


def f(x, step=3):
    return x * (1.0 / (1.0 + math.exp(-step)))
""",
        ),
    )

    def check(self, site: Site, facts: Facts) -> Iterator[Finding]:
        found = _formula(facts.graph, site.node)
        if found is None:
            return
        replacement, exponential = found
        cause = facts.site_of(exponential, site)
        limit = facts.overflow(exponential, cause or site)
        if limit is None or not facts.differentiated(site):
            return
        (exponent,) = exponential.args
        yield Finding(
            site,
            f"exp overflows where `{facts.describe(exponent, cause or site)}` > {limit:.3g}, and the gradient is NaN there; "
            f"{replacement.op} computes the same without it",
            f"E3: {replacement.op} computes the same function",
            cause,
            "the exponential overflows here",
            exponential,
            (Rewrite(f"Use `{replacement.op}`", (Replacement(site, replacement),), Applicability.SAFE),),
        )


def _formula(graph: Graph, node: Node) -> tuple[Node, Node] | None:
    """(stable form, the exponential that overflows) of a quotient."""
    numerator, denominator = (graph.const(1), node.args[0]) if node.op == "reciprocal" else node.args
    numerator, denominator = through(numerator), through(denominator)
    for one, other in unordered(denominator, "add"):
        exponential = through(other)
        if is_number(one, 1) and exponential.op == "exp":
            if is_number(numerator, 1):
                return graph.node("sigmoid", negated(graph, exponential.args[0])), exponential
            if numerator is exponential:
                return graph.node("sigmoid", exponential.args[0]), exponential
    if numerator.op == "subtract" and all(through(arg).op == "exp" for arg in numerator.args):
        rising, falling = (through(arg) for arg in numerator.args)
        if falling.args[0] is not negated(graph, rising.args[0]) and rising.args[0] is not negated(
            graph, falling.args[0]
        ):
            return None
        for left, right in unordered(denominator, "add"):
            if left is rising and right is falling:
                return graph.node("tanh", rising.args[0]), rising
    return None
