"""Graphs as tests write them by hand: the founding case, and inputs by name."""

from __future__ import annotations

from tf_nan_lint.graph.nodes import Graph, Node

X = [[1, 2, 3, 4, 5, 10, -10, 14, -20], [-100, -2, -3, -4, -5, -10, 10, -14, -20]]
LAM = 5
VALUE = [[0, 0, 0, 0, 0, 10, -10, 14, -20], [-100, 0, 0, 0, 0, -10, 10, -14, -20]]
SLOPE = [[0, 0, 0, 0, 0, 1, 1, 1, 1], [1, 0, 0, 0, 0, 1, 1, 1, 1]]


def parameter(graph: Graph, name: str) -> Node:
    return graph.node("input", name=name, kind="parameter", key=1)


def dtype(graph: Graph, name: str) -> Node:
    return graph.node("ref", path=f"tensorflow.{name}")


def half(graph: Graph, operand: Node, factor: Node) -> Node:
    """``relu(u) * (v / relu(u))`` with its NaN replaced by 0, as the founding case writes each sign."""
    relu = graph.node("relu", operand)
    part = graph.node("multiply", relu, graph.node("divide", factor, relu))
    return graph.node("where", graph.node("is_nan", part), graph.node("zeros_like", part), part)


def founding(graph: Graph) -> tuple[Node, Node]:
    """The founding case before and after its repair."""
    f, lam = parameter(graph, "f"), parameter(graph, "lam")
    negated = graph.node("negative", f)
    positive = half(graph, graph.node("subtract", f, lam), f)
    negative = half(graph, graph.node("subtract", negated, lam), negated)
    before = graph.node("subtract", positive, negative)
    zeros = graph.node("zeros_like", f)
    sides = [
        graph.node("where", graph.node("greater", f, lam), f, zeros),
        graph.node("where", graph.node("greater", negated, lam), negated, zeros),
    ]
    return before, graph.node("subtract", *sides)
