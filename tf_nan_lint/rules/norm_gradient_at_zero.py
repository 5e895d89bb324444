"""TFN302: the gradient of a norm at zero

## What it does
Reports the Euclidean `tf.norm`, `keras.ops.norm` and `tf.math.reduce_euclidean_norm` of a difference, a gradient or a parameter
that is differentiated.

## Why is this bad?
The norm is the square root of a sum of squares. For a zero vector (two equal points, a vanished critic gradient, a pruned column of a
kernel) the derivative of the root is infinite and that of the squares 0: the gradient is NaN, the value a harmless 0.

## Fix safety
The fix writes the norm as the root of the sum of squares, and takes the root of 1 where the sum is 0 (a double `where`). Values are
identical, gradients too wherever they were finite, and 0 at the origin. It is safe.

## References
- [tensorflow#12071: gradient of tf.norm at 0](https://github.com/tensorflow/tensorflow/issues/12071)
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from tf_nan_lint.analysis.facts import Facts
from tf_nan_lint.diagnostics import Applicability
from tf_nan_lint.domain.interval import point
from tf_nan_lint.graph.nodes import Node, Site
from tf_nan_lint.graph.pattern import guarded_root, through
from tf_nan_lint.rules.base import Example, Finding, NearMiss, Replacement, Rewrite, Rule


class NormGradientAtZero(Rule):
    """``tf.norm(x)`` where ``x`` may be a zero vector."""

    code = "TFN302"
    name = "norm-gradient-at-zero"
    summary = "the gradient of a Euclidean norm is NaN for a zero vector"
    ops = frozenset({"norm", "reduce_euclidean_norm"})
    specificity = 10
    examples = (
        Example(
            "A penalty on the columns of a kernel",
            bad="""import tensorflow as tf


def f(kernel):
    return 0.01 * tf.reduce_sum(tf.norm(kernel, axis=1))  # TFN302
""",
            good="""import tensorflow as tf


def f(kernel):
    total = tf.reduce_sum(tf.math.square(kernel), axis=1)
    return 0.01 * tf.reduce_sum(tf.where(total > 0, tf.math.sqrt(tf.where(total > 0, total, tf.ones_like(total))), tf.zeros_like(total)))  # TFN302
""",
            witness=([[0.0, 0.0], [1.0, 2.0]],),
            ordinary=(([[1.0, 2.0], [3.0, 4.0]],),),
        ),
    )
    near_misses = (
        NearMiss(
            "nothing says that the vector can be zero",
            """import tensorflow as tf


def f(rotation):
    return tf.norm(rotation, axis=-1)
""",
        ),
        NearMiss(
            "the 1-norm has a finite gradient",
            """import tensorflow as tf


def f(x):
    return tf.norm(x, ord=1, axis=-1)
""",
        ),
        NearMiss(
            "only compared",
            """import tensorflow as tf


def f(x):
    return tf.norm(x) > 1.0
""",
        ),
        NearMiss(
            "an optimizer clips by it",
            """import tensorflow as tf


class Clipped(tf.keras.optimizers.SGD):
    def apply_gradients(self, pairs):
        return [g / tf.maximum(tf.norm(g), 1.0) for g, _ in pairs]
""",
        ),
        NearMiss(
            "no gradient flows through stop_gradient",
            """import tensorflow as tf


def f(x):
    return x * tf.stop_gradient(tf.norm(x))
""",
        ),
    )

    def check(self, site: Site, facts: Facts) -> Iterator[Finding]:
        (operand,) = site.node.args
        value = facts.at(site, operand)
        if value.host or not value.may_be(point(0.0)) or not _is_euclidean(site.node):
            return
        if not _may_vanish(operand) or not facts.varies(operand) or not facts.differentiated(site):
            return
        if any(user.op == "divide" and user.args[1] is site.node for user in facts.users(site.node)):
            return  # a division by zero, and another rule's
        graph = facts.graph
        squared = graph.node("reduce_sum", graph.node("square", operand), **_without_order(site.node))
        guarded = guarded_root(graph, squared)
        yield Finding(
            site,
            f"gradient is NaN where `{facts.describe(operand, site)}` is all zero: a norm is the root of a sum of squares",
            "E1: the sum of squares reaches 0",
            facts.site_of(operand, site),
            "a zero vector comes from here",
            site.node,
            (Rewrite("Take the root of 1 where the norm is 0", (Replacement(site, guarded),), Applicability.SAFE),),
        )


_VANISHING = re.compile(
    r".*(kernel|weights?|filters?|grad(ient)?s?|slopes?|embeddings?|diff(erence)?s?|residuals?|delta|displacement)\d*"
)
"""Names of what is a zero vector for ordinary inputs: parameters, gradients, differences."""


def _may_vanish(operand: Node) -> bool:
    """Whether a zero vector is ordinary: a difference, a gradient, a parameter."""
    node = through(operand)
    while node.op in ("item", "reshape", "expand_dims", "squeeze", "transpose", "cast"):
        node = node.args[0]
    if node.op in ("subtract", "relu", "multiply"):
        return True
    return node.op in ("input", "attr", "call") and _VANISHING.fullmatch(str(node.attr("name")).lower()) is not None


def _is_euclidean(node: Node) -> bool:
    order, axis = node.attr("ord"), node.attr("axis")
    if order is None:
        return True
    if not order.is_const:
        return False
    vectors = axis is not None and axis.is_const and isinstance(axis.value, int)
    return order.value in ("euclidean", None) or (order.value == "fro") or (order.value == 2 and vectors)


def _without_order(node: Node) -> dict[str, Node]:
    return {name: value for name, value in node.attrs if name != "ord"}
