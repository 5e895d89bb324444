"""Patterns over the graph: small functions that look through what does not change a value."""

from __future__ import annotations

import math
from collections.abc import Iterator

from tf_nan_lint.graph.nodes import Graph, Node

_SAME = frozenset("identity stop_gradient check_numerics constant".split())


def through(node: Node) -> Node:
    """``node`` without identities around it."""
    while node.op in _SAME and node.args:
        node = node.args[0]
    return node


def is_number(node: Node, value: float) -> bool:
    """Whether ``node`` is this number, as a literal, ``tf.constant`` or a tensor of ones or zeros."""
    node = through(node)
    if node.op == "const" and isinstance(node.value, (int, float)):
        return bool(node.value == value)
    return (value == 1 and node.op in ("ones_like", "ones")) or (value == 0 and node.op in ("zeros_like", "zeros"))


def is_nan_constant(node: Node) -> bool:
    """Whether ``node`` is a literal NaN."""
    node = through(node)
    return node.op == "const" and isinstance(node.value, float) and math.isnan(node.value)


def has_infinity(node: Node) -> bool:
    """Whether a literal infinity or NaN takes part in ``node``."""
    return any(
        part.is_const and isinstance(part.value, float) and not math.isfinite(part.value) for part in node.walk()
    )


def one_minus(node: Node) -> Node | None:
    """``x`` of ``1 - x``."""
    if node.op == "subtract" and is_number(node.args[0], 1):
        return through(node.args[1])
    return None


def negated(graph: Graph, node: Node) -> Node:
    """``-node``, in its simplest form."""
    if node.op == "negative":
        return node.args[0]
    if node.op == "const" and isinstance(node.value, (int, float)):
        return graph.const(-node.value)
    return graph.node("negative", node)


def positive_root(graph: Graph, squared: Node, root: str = "sqrt") -> tuple[Node, Node]:
    """(``squared > 0``, the square root of ``squared`` there and of 1 elsewhere): finite, with a finite gradient.

    ``root`` is the op that the file knows: ``tf.sqrt``, or ``K.sqrt``, which clips.
    """
    positive = graph.node("greater", squared, graph.const(0))
    return positive, graph.node(root, graph.node("where", positive, squared, graph.node("ones_like", squared)))


def guarded_root(graph: Graph, squared: Node, root: str = "sqrt") -> Node:
    """The square root of ``squared``, which is not negative, with the gradient 0 where it is 0 (a double ``where``)."""
    positive, safe = positive_root(graph, squared, root)
    return graph.node("where", positive, safe, graph.node("zeros_like", squared))


def unordered(node: Node, op: str) -> Iterator[tuple[Node, Node]]:
    """The operands of a commutative operator in both orders."""
    if node.op == op and len(node.args) == 2:
        yield node.args[0], node.args[1]
        yield node.args[1], node.args[0]
