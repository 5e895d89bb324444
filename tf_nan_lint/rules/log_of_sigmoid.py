"""TFN402: the log of a sigmoid, or of one minus a sigmoid

## What it does
Reports `tf.math.log(tf.sigmoid(z))` and `tf.math.log(1 - tf.sigmoid(z))`, also through a variable, an attribute or a helper
function of the same module: the halves of a binary cross-entropy written by hand.

## Why is this bad?
In float32 `sigmoid(z)` is exactly 1 from `z = 16.64` on, so `log(1 - sigmoid(z))` is `-inf` for a logit that training reaches
easily; `sigmoid(z)` is 0 below `z = -87.34`. The gradient is NaN at both.

## Fix safety
`tf.math.log_sigmoid(z)` and `tf.math.log_sigmoid(-z)` are the same functions. The first pair differs by at most 3.6e-7
(measured, float32). The second differs by up to 2.4% where the sigmoid is close to 1, and there the original is wrong: compared
with float64, `log_sigmoid(-z)` is right to 4e-7. The fix is safe.

## References
- [tf.math.log_sigmoid](https://www.tensorflow.org/api_docs/python/tf/math/log_sigmoid)
- [tf.nn.sigmoid_cross_entropy_with_logits](https://www.tensorflow.org/api_docs/python/tf/nn/sigmoid_cross_entropy_with_logits)
"""

from __future__ import annotations

from collections.abc import Iterator

from tf_nan_lint.analysis.facts import Facts
from tf_nan_lint.diagnostics import Applicability
from tf_nan_lint.domain.interval import point
from tf_nan_lint.graph.nodes import Site
from tf_nan_lint.graph.pattern import one_minus, through
from tf_nan_lint.rules.base import Example, Finding, NearMiss, Replacement, Rewrite, Rule


class LogOfSigmoid(Rule):
    """``log(sigmoid(z))`` and ``log(1 - sigmoid(z))``."""

    code = "TFN402"
    name = "log-of-sigmoid"
    summary = "log of a sigmoid is -inf where it saturates: use log_sigmoid"
    ops = frozenset({"log"})
    specificity = 25
    examples = (
        Example(
            "Binary cross-entropy by hand",
            bad="""import tensorflow as tf


def f(z, y):
    p = tf.sigmoid(z)
    return -(y * tf.math.log(p) + (1 - y) * tf.math.log(1 - p))  # TFN402 TFN402
""",
            good="""import tensorflow as tf


def f(z, y):
    return -(y * tf.math.log_sigmoid(z) + (1 - y) * tf.math.log_sigmoid(-z))  # TFN402 TFN402
""",
            witness=([20.0, 0.5], [0.0, 1.0]),
            ordinary=(([2.0, -0.5, 1.5], [0.0, 1.0, 0.3]),),
            breaks={"eager": "value", "graph": "value", "xla": "value"},
            watch=(0,),
        ),
    )
    near_misses = (
        NearMiss(
            "clipped on both sides, by a constant that float32 can see",
            """import tensorflow as tf


def f(z):
    p = tf.clip_by_value(tf.sigmoid(z), 1e-6, 1 - 1e-6)
    return tf.math.log(p) + tf.math.log(1 - p)
""",
        ),
        NearMiss(
            "an epsilon inside the log",
            """import tensorflow as tf


def f(z):
    return tf.math.log(tf.sigmoid(z) + 1e-7)
""",
        ),
    )

    def check(self, site: Site, facts: Facts) -> Iterator[Finding]:
        (operand,) = site.node.args
        operand = through(operand)
        complement = one_minus(operand)
        sigmoid = complement if complement is not None else operand
        if sigmoid.op != "sigmoid" or not facts.at(site, operand).may_be(point(0.0)):
            return
        graph = facts.graph
        cause = facts.site_of(sigmoid, site)
        (logits,) = sigmoid.args
        name = facts.describe(logits, cause or site)
        if complement is None:
            limit, argument = f"`{name}` < -87", logits
        else:
            limit, argument = f"`{name}` > 16.6", graph.node("negative", logits)
        yield Finding(
            site,
            f"log of a sigmoid that saturates: -inf with a NaN gradient where {limit}; "
            "log_sigmoid computes the same without it",
            "E3: log_sigmoid computes the same function",
            cause,
            "the sigmoid saturates here",
            site.node,
            (
                Rewrite(
                    "Use `log_sigmoid`",
                    (Replacement(site, graph.node("log_sigmoid", argument)),),
                    Applicability.SAFE,
                ),
            ),
        )
