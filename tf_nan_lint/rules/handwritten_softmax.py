"""TFN405: a softmax written with exponentials

## What it does
Reports `tf.exp(x) / tf.reduce_sum(tf.exp(x), ...)` where the maximum has not been subtracted from `x`, inline or through variables
and helper functions of the module.

## Why is this bad?
In float32 one entry above 88.7 makes both parts infinite and the quotient NaN; a row whose entries all lie below -87.3 is `0 / 0`.

## Fix safety
`tf.nn.softmax(x, axis)` subtracts the maximum and computes the same. It is equal to rounding where the naive form is finite
(measured, TensorFlow 2.21). The fix is safe. It is offered where the sum keeps its dimension over one known axis.

## References
- [tf.nn.softmax](https://www.tensorflow.org/api_docs/python/tf/nn/softmax)
"""

from __future__ import annotations

from collections.abc import Iterator

from tf_nan_lint.analysis.facts import Facts
from tf_nan_lint.diagnostics import Applicability
from tf_nan_lint.graph.nodes import Node, Site
from tf_nan_lint.graph.pattern import through
from tf_nan_lint.rules.base import Example, Finding, NearMiss, Replacement, Rewrite, Rule


class HandwrittenSoftmax(Rule):
    """``exp(x) / reduce_sum(exp(x))``."""

    code = "TFN405"
    name = "handwritten-softmax"
    summary = "exp(x) / sum(exp(x)) overflows: use softmax"
    ops = frozenset({"divide"})
    specificity = 26
    examples = (
        Example(
            "Attention weights",
            bad="""import tensorflow as tf


def f(scores):
    e = tf.exp(scores)
    return e / tf.reduce_sum(e, axis=-1, keepdims=True)  # TFN405
""",
            good="""import tensorflow as tf


def f(scores):
    return tf.nn.softmax(scores, axis=-1)  # TFN405
""",
            witness=([[100.0, 0.0]],),
            ordinary=(([[1.0, -2.0], [30.0, 0.5]],),),
            breaks={"eager": "value", "graph": "value", "xla": "value"},
        ),
    )
    near_misses = (
        NearMiss(
            "the maximum is subtracted first",
            """import tensorflow as tf


def f(scores):
    e = tf.exp(scores - tf.reduce_max(scores, axis=-1, keepdims=True))
    return e / tf.reduce_sum(e, axis=-1, keepdims=True)
""",
        ),
        NearMiss(
            "the exponent is bounded on both sides",
            """import tensorflow as tf


def f(scores):
    e = tf.exp(tf.clip_by_value(scores, -20.0, 20.0))
    return e / tf.reduce_sum(e, axis=-1, keepdims=True)
""",
        ),
    )

    def check(self, site: Site, facts: Facts) -> Iterator[Finding]:
        numerator, denominator = (through(arg) for arg in site.node.args)
        if numerator.op != "exp" or denominator.op != "reduce_sum" or through(denominator.args[0]) is not numerator:
            return
        cause = facts.site_of(numerator, site)
        limit = facts.overflow(numerator, cause or site)
        if limit is None:
            return
        (exponent,) = numerator.args
        yield Finding(
            site,
            f"inf / inf is NaN where `{facts.describe(exponent, cause or site)}` > {limit:.3g}; "
            "softmax computes the same without it",
            "E3: softmax computes the same function",
            cause,
            "the exponential overflows here",
            numerator,
            tuple(_rewrites(site, exponent, denominator, facts)),
        )


def _rewrites(site: Site, exponent: Node, total: Node, facts: Facts) -> Iterator[Rewrite]:
    axis, keepdims = total.attr("axis"), total.attr("keepdims")
    kept = keepdims is not None and keepdims.is_const and keepdims.value is True
    if axis is None or not kept or not axis.is_const or not isinstance(axis.value, int):
        return
    softmax = facts.graph.node("softmax", exponent, axis=axis)
    yield Rewrite("Use `softmax`", (Replacement(site, softmax),), Applicability.SAFE)
