"""TFN401: the log of a softmax

## What it does
Reports `tf.math.log(tf.nn.softmax(z))`, also through a variable, an attribute or a helper function of the same module.

## Why is this bad?
A softmax entry is exactly 0 as soon as its logit is about 87 below the largest one (measured: 86.65 in float32). Its log is
`-inf`, the loss is infinite or NaN, and the gradient is NaN. Well before that, the logarithm of a tiny probability has lost its
accuracy.

## Fix safety
`tf.nn.log_softmax(z)` is the same function, computed as `z - max - log(sum(exp(z - max)))`. On random rows both differ by less
than 3e-6 (measured, float32); where the naive form is finite and they differ by more, the naive form is the one that is wrong.
The fix is safe.

## References
- [tf.nn.log_softmax](https://www.tensorflow.org/api_docs/python/tf/nn/log_softmax)
- [models#181: NaN loss from log(softmax)](https://github.com/tensorflow/models/pull/181)
"""

from __future__ import annotations

from collections.abc import Iterator

from tf_nan_lint.analysis.facts import Facts
from tf_nan_lint.diagnostics import Applicability
from tf_nan_lint.domain.interval import point
from tf_nan_lint.graph.nodes import Node, Site
from tf_nan_lint.graph.pattern import through
from tf_nan_lint.rules.base import Example, Finding, NearMiss, Replacement, Rewrite, Rule

_ZERO = point(0.0)
_SELECTIONS = frozenset(
    "item gather gather_nd boolean_mask slice_ reshape expand_dims squeeze transpose concat".split()
)


class LogOfSoftmax(Rule):
    """``log(softmax(z))``."""

    code = "TFN401"
    name = "log-of-softmax"
    summary = "log of a softmax is -inf where an entry underflows: use log_softmax"
    ops = frozenset({"log"})
    specificity = 25
    examples = (
        Example(
            "Cross entropy by hand, through a variable",
            bad="""import tensorflow as tf


def f(logits, onehot):
    probs = tf.nn.softmax(logits)
    return -tf.reduce_sum(onehot * tf.math.log(probs), axis=-1)  # TFN401
""",
            good="""import tensorflow as tf


def f(logits, onehot):
    return -tf.reduce_sum(onehot * tf.nn.log_softmax(logits), axis=-1)  # TFN401
""",
            witness=([[0.0, 200.0, 1.0]], [[1.0, 0.0, 0.0]]),
            ordinary=(([[0.0, 2.0, 1.0], [1.0, 2.0, 3.0]], [[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]),),
            breaks={"eager": "value", "graph": "value", "xla": "value"},
            watch=(0,),
        ),
        Example(
            "keras.ops, with an axis",
            bad="""from keras import ops


def f(scores):
    return ops.log(ops.softmax(scores, axis=0))  # TFN401
""",
            good="""from keras import ops


def f(scores):
    return ops.log_softmax(scores, axis=0)  # TFN401
""",
            witness=([[0.0], [300.0]],),
            ordinary=(([[0.0, 1.0], [2.0, -1.0]],),),
            breaks={"eager": "value", "graph": "value", "xla": "value"},
        ),
    )
    near_misses = (
        NearMiss(
            "an epsilon keeps the argument of the log away from 0",
            """import tensorflow as tf


def f(logits):
    return tf.math.log(tf.nn.softmax(logits) + 1e-8)
""",
        ),
        NearMiss(
            "the probabilities are clipped first",
            """import tensorflow as tf


def f(logits):
    probs = tf.clip_by_value(tf.nn.softmax(logits), 1e-7, 1.0)
    return tf.math.log(probs)
""",
        ),
    )

    def check(self, site: Site, facts: Facts) -> Iterator[Finding]:
        (operand,) = site.node.args
        softmax = _selected(operand)
        if softmax.op != "softmax" or not facts.at(site, operand).may_be(_ZERO):
            return
        cause = facts.site_of(softmax, site)
        logits = facts.describe(softmax.args[0], cause or site)
        direct = through(operand) is softmax
        replacement = facts.graph.node("log_softmax", *softmax.args, **dict(softmax.attrs))
        rewrites = (
            (Rewrite("Use `log_softmax`", (Replacement(site, replacement),), Applicability.SAFE),) if direct else ()
        )
        yield Finding(
            site,
            f"log of a softmax: -inf with a NaN gradient where an entry of `{logits}` is 87 below the largest; "
            "log_softmax computes the same without it",
            "E3: log_softmax computes the same function",
            cause,
            "the softmax underflows to 0 here",
            site.node,
            rewrites,
        )


def _selected(node: Node) -> Node:
    node = through(node)
    while node.op in _SELECTIONS and node.args:
        node = through(node.args[0])
    return node
