"""TFN207: a mask of minus infinity before a softmax

## What it does
Reports `tf.nn.softmax(scores + tf.math.log(mask))` and `tf.where(mask, scores, -inf)` under a softmax or a logsumexp.

## Why is this bad?
A row that the mask empties (a fully padded sequence) is `-inf` throughout, and its softmax is `0 / 0`: the value is NaN, and with it
the gradient of everything that shares a weight.

## Fix safety
The fix gives the masked entries a large finite penalty. A masked entry of a row that is not empty keeps the weight 0 (to the last
bit of float32); an empty row gets finite weights instead of NaN. As the caller may want to treat such rows specially, it is unsafe.

## References
- [reading_comprehension_tf#69: NaN attention on padded rows](https://github.com/stevezheng23/reading_comprehension_tf/pull/69)
"""

from __future__ import annotations

from collections.abc import Iterator

from tf_nan_lint.analysis.facts import Facts
from tf_nan_lint.diagnostics import Applicability
from tf_nan_lint.graph.nodes import Graph, Node, Site
from tf_nan_lint.graph.pattern import through
from tf_nan_lint.rules.base import Example, Finding, NearMiss, Replacement, Rewrite, Rule

_FLOOR = 1e-37
"""Its log is -85.2: small enough to weigh nothing, large enough to be a normal float32."""

_PENALTY = -1e9


class InfAsMask(Rule):
    """``softmax(scores + log(mask))``."""

    code = "TFN207"
    name = "inf-as-mask"
    summary = "a softmax over a row that a mask of -inf empties is NaN"
    ops = frozenset({"softmax", "log_softmax"})
    specificity = 28
    examples = (
        Example(
            "The log of a mask",
            bad="""import tensorflow as tf


def f(scores, mask):
    return tf.nn.softmax(scores + tf.math.log(mask), axis=-1)  # TFN207
""",
            good="""import tensorflow as tf


def f(scores, mask):
    return tf.nn.softmax(scores + tf.math.log(tf.math.maximum(mask, 1e-37)), axis=-1)  # TFN207
""",
            witness=([[1.0, 2.0]], [[0.0, 0.0]]),
            ordinary=(([[1.0, 2.0]], [[1.0, 1.0]]),),
            breaks={"eager": "value", "graph": "value", "xla": "value"},
            applicability=Applicability.UNSAFE,
            watch=(0,),
        ),
        Example(
            "tf.where with minus infinity",
            bad="""import tensorflow as tf


def f(scores, keep):
    masked = tf.where(keep > 0, scores, -float("inf"))
    return tf.nn.softmax(masked)  # TFN207
""",
            good="""import tensorflow as tf


def f(scores, keep):
    masked = tf.where(keep > 0, scores, -1000000000.0)
    return tf.nn.softmax(masked)  # TFN207
""",
            witness=([[1.0, 2.0]], [[0.0, 0.0]]),
            ordinary=(([[1.0, 2.0]], [[1.0, 1.0]]),),
            breaks={"eager": "value", "graph": "value", "xla": "value"},
            applicability=Applicability.UNSAFE,
            watch=(0,),
        ),
    )
    near_misses = (
        NearMiss(
            "a large finite penalty",
            """import tensorflow as tf


def f(scores, padding):
    return tf.nn.softmax(scores - 1e9 * padding, axis=-1)
""",
        ),
        NearMiss(
            "the mask has a floor",
            """import tensorflow as tf


def f(scores, mask):
    return tf.nn.softmax(scores + tf.math.log(mask + 1e-30), axis=-1)
""",
        ),
        NearMiss(
            "a causal mask keeps the diagonal: no row is empty",
            """import tensorflow as tf


def f(scores):
    causal = tf.linalg.band_part(tf.ones_like(scores), -1, 0)
    return tf.nn.softmax(tf.where(causal > 0, scores, -float("inf")))
""",
        ),
    )

    def check(self, site: Site, facts: Facts) -> Iterator[Finding]:
        found = _mask(site.node.args[0], facts)
        if found is None:
            return
        culprit, repaired, name = found
        at = facts.site_of(culprit, site)
        yield Finding(
            site,
            f"a row that `{facts.describe(name, at or site)}` empties is -inf throughout: its softmax is NaN",
            "E4: the name of a mask",
            at,
            "masked entries become -inf here",
            culprit,
            (
                Rewrite(
                    "Give masked entries a finite penalty",
                    (Replacement(at, repaired),) if at is not None else (),
                    Applicability.UNSAFE,
                    "an empty row gets finite weights instead of NaN",
                ),
            )
            if at is not None
            else (),
        )


def _mask(logits: Node, facts: Facts) -> tuple[Node, Node, Node] | None:
    """(the node that makes -inf, its repaired form, the mask) in an expression that a softmax is taken of."""
    graph: Graph = facts.graph
    node = through(logits)
    for part in node.args if node.op == "add" else (node,):
        part = through(part)
        if part.op == "log" and any(map(facts.is_mask, facts.origins(part.args[0], 0.0))):
            floored = graph.node("maximum", part.args[0], graph.const(_FLOOR))
            return part, graph.node("log", floored), part.args[0]
    if node.op == "where" and _is_minus_infinity(node.args[2]):
        masks = [leaf for leaf in node.args[0].walk() if leaf.op in ("input", "attr") and facts.is_mask(leaf)]
        if masks:
            condition, kept, _ = node.args
            return node, graph.node("where", condition, kept, graph.const(_PENALTY)), masks[0]
    return None


def _is_minus_infinity(node: Node) -> bool:
    node = through(node)
    return node.op == "const" and node.value == -float("inf")
