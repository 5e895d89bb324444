"""TFN204: an inverse trigonometric function of a computed cosine

## What it does
Reports `tf.acos` and `tf.asin` of a quotient, a product or a scalar product, also through helper functions of the module.

## Why is this bad?
The cosine of two equal vectors is 1 in exact arithmetic and rounds above it in about 17% of random float32 pairs (measured,
TensorFlow 2.21): `acos` of it is NaN. At exactly 1 the value is fine and the gradient infinite.

## Fix safety
The fix clips the argument to `1 - 1e-7` on both sides. It changes angles smaller than 5e-4 and leaves their gradient 0, so it is
unsafe. `tf.atan2` of the sine and the cosine has neither problem.

## References
- [GPflow#409: NaN in the arc-cosine kernel](https://github.com/GPflow/GPflow/issues/409)
"""

from __future__ import annotations

from collections.abc import Iterator

from tf_nan_lint.analysis.facts import Facts
from tf_nan_lint.diagnostics import Applicability
from tf_nan_lint.domain.interval import Interval
from tf_nan_lint.graph.nodes import Site
from tf_nan_lint.graph.pattern import through
from tf_nan_lint.rules.base import Example, Finding, NearMiss, Replacement, Rewrite, Rule

_COSINES = frozenset("divide multiply matmul reduce_sum einsum tensordot divide_no_nan".split())
_BOUND = 1 - 1e-7


class InverseTrigOutOfDomain(Rule):
    """``acos(a / b)``."""

    code = "TFN204"
    name = "inverse-trig-out-of-domain"
    summary = "a computed cosine rounds beyond 1, and its acos is NaN"
    ops = frozenset({"acos", "asin"})
    specificity = 8
    examples = (
        Example(
            "The angle between two vectors",
            bad="""import tensorflow as tf


def f(a, b):
    a = tf.math.l2_normalize(a, axis=-1)
    b = tf.math.l2_normalize(b, axis=-1)
    return tf.acos(tf.reduce_sum(a * b, axis=-1))  # TFN204
""",
            good="""import tensorflow as tf


def f(a, b):
    a = tf.math.l2_normalize(a, axis=-1)
    b = tf.math.l2_normalize(b, axis=-1)
    return tf.acos(tf.clip_by_value(tf.reduce_sum(a * b, axis=-1), -0.9999999, 0.9999999))  # TFN204
""",
            witness=([[6.0, 3.0, 2.0]], [[6.0, 3.0, 2.0]]),
            ordinary=(([[1.0, 2.0, 3.0]], [[-1.0, 0.5, 2.0]]),),
            breaks={"eager": "value", "graph": "value", "xla": "value"},
            applicability=Applicability.UNSAFE,
        ),
    )
    near_misses = (
        NearMiss(
            "clipped inside the domain",
            """import tensorflow as tf


def f(a, b):
    return tf.acos(tf.clip_by_value(tf.reduce_sum(a * b, axis=-1), -0.999999, 0.999999))
""",
        ),
        NearMiss(
            "nothing is known of the argument",
            """import tensorflow as tf


def f(cosine):
    return tf.acos(cosine)
""",
        ),
        NearMiss(
            "a tanh scaled to the inside of the domain",
            """import tensorflow as tf


def f(x):
    return tf.asin(0.99 * tf.tanh(x))
""",
        ),
    )

    def check(self, site: Site, facts: Facts) -> Iterator[Finding]:
        (operand,) = site.node.args
        value = facts.at(site, operand)
        if value.host or through(operand).op not in _COSINES or value.range.within(Interval(-1.0, 1.0)):
            return
        graph = facts.graph
        clipped = graph.node("clip_by_value", operand, graph.const(-_BOUND), graph.const(_BOUND))
        yield Finding(
            site,
            f"`{facts.describe(operand, site)}` rounds beyond 1 for parallel vectors: {site.node.op} of it is NaN",
            "E1: a computed cosine exceeds 1 by rounding",
            facts.site_of(operand, site),
            "the cosine is computed here",
            site.node,
            (
                Rewrite(
                    "Clip the argument",
                    (Replacement(site, graph.node(site.node.op, clipped)),),
                    Applicability.UNSAFE,
                    "angles below 5e-4 are changed, and their gradient becomes 0",
                ),
            ),
        )
