"""TFN408: the log of one minus a squared tanh

## What it does
Reports `tf.math.log(1 - tf.tanh(x)**2)`: the correction of a squashed Gaussian policy, or the Jacobian of a flow.

## Why is this bad?
In float32 `tanh(x)` is exactly 1 from `x = 7.91` on: the log is `-inf`, and the gradient NaN.

## Fix safety
`2 * (log(2) - x - softplus(-2 * x))` is the same function. Close to saturation the original has lost its digits (it differs by up
to 5.7% at `x = 7.9`, and there it is wrong: compared with float64). Close to 0, where the value is 0, both differ by less than 5e-7.
The fix is safe for all `x` up to 1e38.

## References
- [garage#1174: log-probability of a tanh-squashed normal](https://github.com/rlworkgroup/garage/issues/1174)
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from tf_nan_lint.analysis.facts import Facts
from tf_nan_lint.diagnostics import Applicability
from tf_nan_lint.domain.interval import point
from tf_nan_lint.graph.nodes import Node, Site
from tf_nan_lint.graph.pattern import one_minus, through
from tf_nan_lint.rules.base import Example, Finding, NearMiss, Replacement, Rewrite, Rule


class LogOfTanhSquare(Rule):
    """``log(1 - tanh(x)**2)``."""

    code = "TFN408"
    name = "log-of-tanh-square"
    summary = "log(1 - tanh(x)**2) is -inf where tanh saturates"
    ops = frozenset({"log", "log1p"})
    specificity = 26
    examples = (
        Example(
            "A squashed Gaussian policy",
            bad="""import tensorflow as tf


def f(x):
    return tf.math.log(1. - tf.tanh(x) ** 2)  # TFN408
""",
            good="""import tensorflow as tf


def f(x):
    return 2 * (0.6931471805599453 - x - tf.math.softplus(-2 * x))  # TFN408
""",
            witness=([12.0, 0.3],),
            ordinary=(([1.2, 0.3, -0.5],),),
            breaks={"eager": "value", "graph": "value", "xla": "value"},
            rtol=1e-4,
            atol=5e-6,
        ),
    )
    near_misses = (
        NearMiss(
            "an epsilon that float32 can see",
            """import tensorflow as tf


def f(x):
    return tf.math.log(1. - tf.tanh(x) ** 2 + 1e-6)
""",
        ),
        NearMiss(
            "the argument is bounded away from saturation",
            """import tensorflow as tf


def f(x):
    return tf.math.log(1. - tf.tanh(tf.clip_by_value(x, -3., 3.)) ** 2)
""",
        ),
    )

    def check(self, site: Site, facts: Facts) -> Iterator[Finding]:
        tanh = _tanh(site.node)
        if tanh is None or not _is_singular(site, facts):
            return
        (x,) = tanh.args
        cause = facts.site_of(tanh, site)
        graph = facts.graph
        softplus = graph.node("softplus", graph.node("multiply", graph.const(-2), x))
        inner = graph.node("subtract", graph.node("subtract", graph.const(math.log(2.0)), x), softplus)
        yield Finding(
            site,
            f"log of zero where tanh saturates: -inf with a NaN gradient where |`{facts.describe(x, cause or site)}`| > 7.9",
            "E3: 2 * (log(2) - x - softplus(-2x)) computes the same function",
            cause,
            "tanh saturates here",
            site.node,
            (
                Rewrite(
                    "Use `2 * (log(2) - x - softplus(-2 * x))`",
                    (Replacement(site, graph.node("multiply", graph.const(2), inner)),),
                    Applicability.SAFE,
                ),
            ),
        )


def _is_singular(site: Site, facts: Facts) -> bool:
    return facts.at(site, site.node.args[0]).may_be(point(0.0 if site.node.op == "log" else -1.0))


def _tanh(node: Node) -> Node | None:
    operand = through(node.args[0])
    if node.op == "log1p":
        squared: Node | None = operand.args[0] if operand.op == "negative" else None
    else:
        squared = one_minus(operand)
    if squared is None or squared.op != "square" or through(squared.args[0]).op != "tanh":
        return None
    return through(squared.args[0])
