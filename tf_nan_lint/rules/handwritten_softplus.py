"""TFN403: a softplus written as the log of one plus an exponential

## What it does
Reports `tf.math.log(1 + tf.exp(x))`, `tf.math.log1p(tf.exp(x))` and the functions built from them (Mish and friends) where `x` is
not bounded from above.

## Why is this bad?
`exp(x)` overflows from `x = 88.73` on (float32): the value is infinite, and the gradient is `inf / inf`, NaN. In float16 that
happens from `x = 11.1` on.

## Fix safety
`tf.nn.softplus(x)` is the same function. Values differ by at most 1.2e-7 where both are finite (measured, TensorFlow 2.21,
float32), and in favour of softplus: for `x < -17` the naive form has lost every digit. The fix is safe.

## References
- [tf.nn.softplus](https://www.tensorflow.org/api_docs/python/tf/nn/softplus)
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from tf_nan_lint.analysis.facts import Facts
from tf_nan_lint.diagnostics import Applicability
from tf_nan_lint.domain.interval import Interval
from tf_nan_lint.graph.nodes import Node, Site
from tf_nan_lint.graph.pattern import is_number, through, unordered
from tf_nan_lint.rules.base import Example, Finding, NearMiss, Replacement, Rewrite, Rule


class HandwrittenSoftplus(Rule):
    """``log(1 + exp(x))``."""

    code = "TFN403"
    name = "handwritten-softplus"
    summary = "log(1 + exp(x)) overflows: use softplus"
    ops = frozenset({"log", "log1p"})
    specificity = 26
    examples = (
        Example(
            "As in the textbook",
            bad="""import tensorflow as tf


def f(x):
    return tf.math.log(1.0 + tf.exp(x))  # TFN403
""",
            good="""import tensorflow as tf


def f(x):
    return tf.math.softplus(x)  # TFN403
""",
            witness=([100.0, 0.0],),
            ordinary=(([-2.0, 0.5, 30.0],),),
            breaks={"eager": "value", "graph": "value", "xla": "value"},
        ),
        Example(
            "Mish, with log1p and the exponential in a variable",
            bad="""import tensorflow as tf


def f(x):
    e = tf.exp(x)
    return x * tf.tanh(tf.math.log1p(e))  # TFN403
""",
            good="""import tensorflow as tf


def f(x):
    return x * tf.tanh(tf.math.softplus(x))  # TFN403
""",
            witness=([100.0, 0.0],),
            ordinary=(([-2.0, 0.5, 30.0],),),
        ),
    )
    near_misses = (
        NearMiss(
            "the exponent is never positive: this is how softplus itself is computed",
            """import tensorflow as tf


def f(x):
    return tf.nn.relu(x) + tf.math.log1p(tf.exp(-tf.abs(x)))
""",
        ),
        NearMiss(
            "the exponent is clipped",
            """import tensorflow as tf


def f(x):
    return tf.math.log(1.0 + tf.exp(tf.minimum(x, 30.0)))
""",
        ),
    )

    def check(self, site: Site, facts: Facts) -> Iterator[Finding]:
        exponential = _exponential(site.node)
        if exponential is None:
            return
        cause = facts.site_of(exponential, site)
        (exponent,) = exponential.args
        limit = facts.overflow(exponential, cause or site)
        if limit is None:
            return
        if facts.is_protected(site, exponent, Interval(limit, math.inf)) and not facts.differentiated(site):
            return  # its value is chosen where it is finite, and its gradient is somebody else's
        name = facts.describe(exponent, cause or site)
        softplus = facts.graph.node("softplus", exponent)
        yield Finding(
            site,
            f"exp overflows where `{name}` > {limit:.3g}: the value is inf and the gradient NaN; "
            "softplus computes the same without it",
            "E3: softplus computes the same function",
            cause,
            "the exponential overflows here",
            exponential,
            (Rewrite("Use `softplus`", (Replacement(site, softplus),), Applicability.SAFE),),
        )


def _exponential(node: Node) -> Node | None:
    (operand,) = node.args
    operand = through(operand)
    if node.op == "log1p":
        return operand if operand.op == "exp" else None
    for one, other in unordered(operand, "add"):
        if is_number(one, 1) and through(other).op == "exp":
            return through(other)
    return None
