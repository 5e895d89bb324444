"""The algebra of fixes, on graphs that are written by hand."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable

import pytest

from tf_nan_lint.fix.simplify import cancel, condition_of, simplify
from tf_nan_lint.graph.nodes import Graph, Node

Made = Callable[[Graph, Node, Node], Node]


def inputs(graph: Graph) -> tuple[Node, Node]:
    return tuple(graph.node("input", name=name, kind="parameter", key=1) for name in ("x", "y"))  # type: ignore[return-value]


def relu(g: Graph, x: Node) -> Node:
    return g.node("relu", x)


def compared(op: str, operand: Callable[[Graph, Node, Node], Node]) -> Made:
    return lambda g, x, y: g.node(op, operand(g, x, y), g.const(0))


CONDITIONS: dict[str, tuple[Made, str]] = {
    "relu is positive where its operand is": (compared("greater", lambda g, x, y: relu(g, x)), "greater(x, 0)"),
    "relu is not 0 where its operand is positive": (
        compared("not_equal", lambda g, x, y: relu(g, x)),
        "greater(x, 0)",
    ),
    "relu6 too": (compared("greater", lambda g, x, y: g.node("relu6", x)), "greater(x, 0)"),
    "the maximum with 0": (compared("greater", lambda g, x, y: g.node("maximum", x, g.const(0.0))), "greater(x, 0)"),
    "the maximum with 0 the other way round": (
        compared("greater", lambda g, x, y: g.node("maximum", g.const(0), x)),
        "greater(x, 0)",
    ),
    "a difference is positive where the first is larger": (
        compared("greater", lambda g, x, y: g.node("subtract", x, y)),
        "greater(x, y)",
    ),
    "a difference is negative where the first is smaller": (
        compared("less", lambda g, x, y: g.node("subtract", x, y)),
        "less(x, y)",
    ),
    "a difference is not 0": (
        compared("not_equal", lambda g, x, y: g.node("subtract", x, y)),
        "not_equal(x, y)",
    ),
    "a negative is positive": (compared("greater", lambda g, x, y: g.node("negative", x)), "less(x, 0)"),
    "a magnitude is not 0": (compared("not_equal", lambda g, x, y: g.node("abs", x)), "not_equal(x, 0)"),
    "a square is positive": (compared("greater", lambda g, x, y: g.node("square", x)), "not_equal(x, 0)"),
    "relu of a difference": (
        compared("not_equal", lambda g, x, y: relu(g, g.node("subtract", x, y))),
        "greater(x, y)",
    ),
    "relu of a negative": (compared("greater", lambda g, x, y: relu(g, g.node("negative", x))), "less(x, 0)"),
    "the square of a difference": (
        compared("greater", lambda g, x, y: g.node("square", g.node("subtract", x, y))),
        "not_equal(x, y)",
    ),
    # what must stay
    "relu is never negative": (compared("less", lambda g, x, y: relu(g, x)), "less(relu(x), 0)"),
    "a square is never negative": (compared("less", lambda g, x, y: g.node("square", x)), "less(square(x), 0)"),
    "the maximum with another number": (
        compared("greater", lambda g, x, y: g.node("maximum", x, g.const(1))),
        "greater(maximum(x, 1), 0)",
    ),
    "the maximum of two unknown values": (
        compared("greater", lambda g, x, y: g.node("maximum", x, y)),
        "greater(maximum(x, y), 0)",
    ),
    "a comparison with another number": (
        lambda g, x, y: g.node("greater", relu(g, x), g.const(1)),
        "greater(relu(x), 1)",
    ),
    "at least 0": (compared("greater_equal", lambda g, x, y: relu(g, x)), "greater_equal(relu(x), 0)"),
    "equal to 0": (compared("equal", lambda g, x, y: g.node("square", x)), "equal(square(x), 0)"),
    "something else": (lambda g, x, y: g.node("is_nan", x), "is_nan(x)"),
}


@pytest.mark.parametrize(("made", "expected"), CONDITIONS.values(), ids=CONDITIONS)
def test_conditions(made: Made, expected: str) -> None:
    graph = Graph()
    x, y = inputs(graph)
    condition = made(graph, x, y)
    simplest = condition_of(graph, condition)
    assert repr(simplest) == expected
    assert condition_of(graph, simplest) is simplest


NUMBERS = (-math.inf, -2.0, -1.0, -0.0, 0.0, 0.5, 1.0, 2.0, math.inf)
PYTHON: dict[str, Callable[..., float]] = {
    "relu": lambda a: max(a, 0.0),
    "relu6": lambda a: min(max(a, 0.0), 6.0),
    "maximum": max,
    "subtract": lambda a, b: a - b,
    "negative": lambda a: -a,
    "abs": abs,
    "square": lambda a: a * a,
    "greater": lambda a, b: a > b,
    "less": lambda a, b: a < b,
    "greater_equal": lambda a, b: a >= b,
    "not_equal": lambda a, b: a != b,
    "equal": lambda a, b: a == b,
    "is_nan": math.isnan,
}


def computed(node: Node, values: dict[str, float]) -> float:
    if node.is_const:
        return float(node.value)
    if node.op == "input":
        return values[str(node.attr("name"))]
    return PYTHON[node.op](*(computed(arg, values) for arg in node.args))


@pytest.mark.parametrize("made", [made for made, _ in CONDITIONS.values()], ids=CONDITIONS)
def test_a_condition_holds_for_the_same_numbers_in_its_simplest_form(made: Made) -> None:
    graph = Graph()
    x, y = inputs(graph)
    condition = made(graph, x, y)
    for a, b in itertools.product(NUMBERS, NUMBERS):
        if math.isinf(a) and a == b:
            continue  # their difference is NaN: fixes speak of finite operands
        values = {"x": a, "y": b}
        assert computed(condition_of(graph, condition), values) == computed(condition, values), values


CANCELLED: dict[str, tuple[Made, str]] = {
    "p * (f / p)": (lambda g, p, f: g.node("multiply", p, g.node("divide", f, p)), "y"),
    "(f / p) * p": (lambda g, p, f: g.node("multiply", g.node("divide", f, p), p), "y"),
    "(p * f) / p": (lambda g, p, f: g.node("divide", g.node("multiply", p, f), p), "y"),
    "(f * p) / p": (lambda g, p, f: g.node("divide", g.node("multiply", f, p), p), "y"),
    "p * (p / f) stays": (
        lambda g, p, f: g.node("multiply", p, g.node("divide", p, f)),
        "multiply(x, divide(x, y))",
    ),
    "f / p stays": (lambda g, p, f: g.node("divide", f, p), "divide(y, x)"),
    "f * (p / f), which f need not allow": (
        lambda g, p, f: g.node("multiply", f, g.node("divide", p, f)),
        "multiply(y, divide(x, y))",
    ),
    "p * (f / p) + 1 stays": (
        lambda g, p, f: g.node("add", g.node("multiply", p, g.node("divide", f, p)), g.const(1)),
        "add(multiply(x, divide(y, x)), 1)",
    ),
}


@pytest.mark.parametrize(("made", "expected"), CANCELLED.values(), ids=CANCELLED)
def test_what_is_not_0_cancels(made: Made, expected: str) -> None:
    graph = Graph()
    x, y = inputs(graph)
    assert repr(cancel(graph, made(graph, x, y), x)) == expected


def test_a_choice_is_simplified_in_its_condition_its_value_and_the_shape_of_its_zeros() -> None:
    graph = Graph()
    f, lam = inputs(graph)
    p = relu(graph, graph.node("subtract", f, lam))
    product = graph.node("multiply", p, graph.node("divide", f, p))
    chosen = graph.node("where", graph.node("not_equal", p, graph.const(0)), product, graph.node("zeros_like", product))
    assert repr(simplify(graph, chosen)) == "where(greater(x, y), x, zeros_like(x))"


def test_other_zeros_keep_their_shape() -> None:
    graph = Graph()
    f, other = inputs(graph)
    product = graph.node("multiply", f, graph.node("divide", f, f))
    zeros = graph.node("zeros_like", other)
    chosen = graph.node("where", graph.node("not_equal", f, graph.const(0)), product, zeros)
    assert repr(simplify(graph, chosen)) == "where(not_equal(x, 0), x, zeros_like(y))"


def test_nothing_cancels_where_the_condition_says_something_else() -> None:
    graph = Graph()
    x, y = inputs(graph)
    product = graph.node("multiply", x, graph.node("divide", y, x))
    chosen = graph.node("where", graph.node("not_equal", y, graph.const(0)), product, y)
    assert simplify(graph, chosen) is chosen


def test_only_choices_are_simplified() -> None:
    graph = Graph()
    x, _ = inputs(graph)
    condition = graph.node("greater", relu(graph, x), graph.const(0))
    assert simplify(graph, condition) is condition
