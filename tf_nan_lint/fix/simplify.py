"""The algebra that fixes use: each step keeps the value for finite operands, under the condition it stands under.

- ``p * (f / p)`` and ``(f * p) / p`` are ``f`` where ``p != 0``;
- ``relu(u) != 0``, ``relu(u) > 0`` and ``maximum(u, 0) > 0`` are ``u > 0``;
- ``a - b > 0`` is ``a > b`` (subnormal differences excluded: TensorFlow flushes them to 0);
- ``abs(u) != 0`` and ``u * u != 0`` are ``u != 0`` (for squares: no underflow).
"""

from __future__ import annotations

from tf_nan_lint.graph.nodes import Graph, Node
from tf_nan_lint.graph.pattern import is_number, unordered

_ORDERINGS = {
    "greater": "less",
    "less": "greater",
    "greater_equal": "less_equal",
    "less_equal": "greater_equal",
}


def simplify(graph: Graph, node: Node) -> Node:
    """``node`` with every ``where(p != 0, value, other)`` in it brought to its simplest form."""
    if node.op != "where":
        return node
    condition, then, otherwise = node.args
    nonzero = condition.args[0] if condition.op == "not_equal" and is_number(condition.args[1], 0) else None
    value = cancel(graph, then, nonzero) if nonzero is not None else then
    if otherwise.op == "zeros_like" and otherwise.args[0] is then:
        # Shape and dtype of the whole come from the value, whatever it is written as.
        otherwise = graph.node("zeros_like", value)
    return graph.node("where", condition_of(graph, condition), value, otherwise)


def cancel(graph: Graph, node: Node, nonzero: Node) -> Node:
    """``node`` where ``nonzero`` is not 0: it cancels against itself in products of quotients."""
    for factor, quotient in unordered(node, "multiply"):
        if factor is nonzero and quotient.op == "divide" and quotient.args[1] is nonzero:
            return quotient.args[0]
    if node.op == "divide" and node.args[1] is nonzero:
        for factor, other in unordered(node.args[0], "multiply"):
            if factor is nonzero:
                return other
    return node


def condition_of(graph: Graph, condition: Node) -> Node:
    """A comparison with 0 in its simplest form."""
    while True:
        simpler = _step(graph, condition)
        if simpler is condition:
            return condition
        condition = simpler


def _step(graph: Graph, condition: Node) -> Node:
    if condition.op not in ("greater", "less", "not_equal") or not is_number(condition.args[1], 0):
        return condition
    tested, zero = condition.args
    if condition.op in ("greater", "not_equal"):
        if tested.op in ("relu", "relu6"):
            return graph.node("greater", tested.args[0], zero)
        for bound, inner in unordered(tested, "maximum"):
            if is_number(bound, 0):
                return graph.node("greater", inner, zero)
        if tested.op in ("abs", "square"):
            return graph.node("not_equal", tested.args[0], zero)
    if tested.op == "subtract":
        return graph.node(condition.op, *tested.args)
    if tested.op == "negative" and condition.op in _ORDERINGS:
        return graph.node(_ORDERINGS[condition.op], tested.args[0], zero)
    return condition
