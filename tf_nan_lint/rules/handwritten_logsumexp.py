"""TFN404: the log of a sum of exponentials

## What it does
Reports `tf.math.log(tf.reduce_sum(tf.exp(x), ...))` where the maximum has not been subtracted from `x`.

## Why is this bad?
In float32 one entry above 88.7 makes the sum infinite, and a row whose entries all lie below -87.3 makes it 0: the log is
infinite, and the gradient NaN.

## Fix safety
`tf.reduce_logsumexp(x, ...)` subtracts the maximum, computes the same and adds it again. Where the naive form is finite both agree
to rounding (measured, TensorFlow 2.21). The fix is safe; `axis` and `keepdims` are carried over.

## References
- [tf.reduce_logsumexp](https://www.tensorflow.org/api_docs/python/tf/math/reduce_logsumexp)
"""

from __future__ import annotations

from collections.abc import Iterator

from tf_nan_lint.analysis.facts import Facts
from tf_nan_lint.diagnostics import Applicability
from tf_nan_lint.graph.nodes import Site
from tf_nan_lint.graph.pattern import through
from tf_nan_lint.rules.base import Example, Finding, NearMiss, Replacement, Rewrite, Rule


class HandwrittenLogsumexp(Rule):
    """``log(reduce_sum(exp(x)))``."""

    code = "TFN404"
    name = "handwritten-logsumexp"
    summary = "log(sum(exp(x))) overflows: use reduce_logsumexp"
    ops = frozenset({"log"})
    specificity = 26
    examples = (
        Example(
            "Over the last axis",
            bad="""import tensorflow as tf


def f(x):
    return tf.math.log(tf.reduce_sum(tf.exp(x), axis=-1, keepdims=True))  # TFN404
""",
            good="""import tensorflow as tf


def f(x):
    return tf.reduce_logsumexp(x, axis=-1, keepdims=True)  # TFN404
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


def f(x):
    m = tf.reduce_max(x, axis=-1, keepdims=True)
    return m + tf.math.log(tf.reduce_sum(tf.exp(x - m), axis=-1, keepdims=True))
""",
        ),
        NearMiss(
            "the exponent is bounded",
            """import tensorflow as tf


def f(x):
    return tf.math.log(tf.reduce_sum(tf.exp(tf.tanh(x)), axis=-1))
""",
        ),
    )

    def check(self, site: Site, facts: Facts) -> Iterator[Finding]:
        total = through(site.node.args[0])
        if total.op != "reduce_sum" or through(total.args[0]).op != "exp":
            return
        exponential = through(total.args[0])
        cause = facts.site_of(exponential, site)
        limit = facts.overflow(exponential, cause or site)
        if limit is None:
            return
        (exponent,) = exponential.args
        name = facts.describe(exponent, cause or site)
        stable = facts.graph.node("reduce_logsumexp", exponent, **dict(total.attrs))
        yield Finding(
            site,
            f"exp overflows where `{name}` > {limit:.3g}, and the sum is 0 where all of it is below -{limit:.3g}: "
            "the gradient is NaN; reduce_logsumexp computes the same without it",
            "E3: reduce_logsumexp computes the same function",
            cause,
            "the exponential overflows here",
            exponential,
            (Rewrite("Use `reduce_logsumexp`", (Replacement(site, stable),), Applicability.SAFE),),
        )
