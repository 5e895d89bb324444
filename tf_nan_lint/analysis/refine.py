"""What a condition says about the values it tests: the guards of ``where``, ``if``, ``assert`` and their like."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from tf_nan_lint.domain.dtypes import FLOAT32, FloatDtype
from tf_nan_lint.domain.interval import ALL, EMPTY, Interval, point
from tf_nan_lint.domain.value import AbstractValue
from tf_nan_lint.graph.nodes import Graph, Guard, Node

_FLIPPED = {
    "less": "greater",
    "less_equal": "greater_equal",
    "greater": "less",
    "greater_equal": "less_equal",
}
_NEGATED = {
    "less": "greater_equal",
    "less_equal": "greater",
    "greater": "less_equal",
    "greater_equal": "less",
    "equal": "not_equal",
    "not_equal": "equal",
}


@dataclass(frozen=True, slots=True)
class Constraint:
    """A node lies in ``range`` and is none of ``excluded``."""

    range: Interval = ALL
    excluded: frozenset[float] = frozenset()

    def both(self, other: Constraint) -> Constraint:
        """What two constraints say together."""
        return Constraint(self.range.meet(other.range), self.excluded | other.excluded)

    def apply(self, value: AbstractValue, dtype: FloatDtype) -> AbstractValue:
        """``value`` where the constraint holds."""
        range_ = value.range.meet(self.range)
        for hole in self.excluded:
            if range_.low == hole:
                range_ = range_.meet(Interval(dtype.above(hole), math.inf))
            if range_.high == hole:
                range_ = range_.meet(Interval(-math.inf, dtype.below(hole)))
        narrowed = value.narrowed(range_)
        reached = tuple(r for r in narrowed.reached if r.point not in self.excluded)
        return replace(narrowed, reached=reached, excluded=value.excluded | self.excluded)


@dataclass(frozen=True, slots=True)
class Assumptions:
    """Constraints by node id, those that hold for the tensor as a whole apart, and conditions that are decided."""

    by_entry: dict[int, Constraint] = field(default_factory=dict)
    whole: dict[int, Constraint] = field(default_factory=dict)
    decided: dict[int, bool] = field(default_factory=dict)

    def constraint(self, node: Node) -> Constraint | None:
        """What is assumed of ``node`` entry by entry."""
        return self.by_entry.get(node.id)


def assume(
    graph: Graph,
    guards: Iterable[Guard],
    value: Callable[[Node], AbstractValue],
    target: FloatDtype = FLOAT32,
) -> Assumptions:
    """Turn guards into constraints; ``value`` gives what is known of a node without them."""
    found = Assumptions()
    for guard in guards:
        for node, constraint in _constraints(graph, guard.condition, guard.holds, value, target):
            for table in (found.by_entry, found.whole) if guard.whole else (found.by_entry,):
                known = table.get(node.id)
                table[node.id] = constraint if known is None else known.both(constraint)
        if guard.whole:
            found.decided[guard.condition.id] = guard.holds
    return found


def _constraints(
    graph: Graph, condition: Node, holds: bool, value: Callable[[Node], AbstractValue], target: FloatDtype
) -> list[tuple[Node, Constraint]]:
    op = condition.op
    if op == "logical_not":
        return _constraints(graph, condition.args[0], not holds, value, target)
    if (op == "logical_and" and holds) or (op == "logical_or" and not holds):
        return [found for arg in condition.args for found in _constraints(graph, arg, holds, value, target)]
    if (op == "reduce_all" and holds) or (op == "reduce_any" and not holds):
        return _constraints(graph, condition.args[0], holds, value, target)
    if op in ("cast", "identity", "stop_gradient", "expand_dims", "reshape", "squeeze") and condition.args:
        return _constraints(graph, condition.args[0], holds, value, target)
    if op in _NEGATED:
        left, right = condition.args
        return _comparison(graph, op if holds else _NEGATED[op], left, right, value, target)
    if op == "is_finite" and holds:
        limit = value(condition.args[0]).float_dtype(target).max
        return [(condition.args[0], Constraint(Interval(-limit, limit)))]
    # A number taken as a truth value.
    return [(condition, Constraint(excluded=frozenset({0.0})) if holds else Constraint(point(0.0)))]


def _comparison(
    graph: Graph, op: str, left: Node, right: Node, value: Callable[[Node], AbstractValue], target: FloatDtype
) -> list[tuple[Node, Constraint]]:
    found = []
    for name, node, other in ((op, left, right), (_FLIPPED.get(op, op), right, left)):
        if not node.is_const:
            bound = value(other)
            dtype = value(node).float_dtype(target)
            constraint = _bounded(name, bound, dtype, value(node).is_integral)
            found.append((node, constraint))
            found += _inverted(node, constraint)
    if op in _FLIPPED:
        # ``a < b`` also says that ``b - a`` is positive.
        for name, a, b in ((op, left, right), (_FLIPPED[op], right, left)):
            difference = graph.find("subtract", a, b)
            if difference is not None:
                found.append((difference, _bounded(name, AbstractValue(point(0.0)), target, False)))
    return found


_ZERO_ONLY_AT_ZERO = frozenset(
    "abs square negative sign sqrt relu norm reduce_euclidean_norm cast identity stop_gradient".split()
)


def _inverted(node: Node, constraint: Constraint) -> list[tuple[Node, Constraint]]:
    """What ``abs(x) > c`` and its like say about ``x``: it is not zero."""
    found = []
    while node.op in _ZERO_ONLY_AT_ZERO and (0.0 not in constraint.range or 0.0 in constraint.excluded):
        node = node.args[0]
        found.append((node, Constraint(excluded=frozenset({0.0}))))
    return found


def _bounded(op: str, bound: AbstractValue, dtype: FloatDtype, integral: bool) -> Constraint:
    range_ = bound.range
    if range_.is_empty:
        return Constraint(EMPTY)
    if op == "less":
        return Constraint(Interval(-math.inf, range_.high - 1 if integral else dtype.below(range_.high)))
    if op == "less_equal":
        return Constraint(Interval(-math.inf, range_.high))
    if op == "greater":
        return Constraint(Interval(range_.low + 1 if integral else dtype.above(range_.low), math.inf))
    if op == "greater_equal":
        return Constraint(Interval(range_.low, math.inf))
    if op == "equal":
        return Constraint(range_)
    return Constraint(excluded=frozenset({range_.low})) if range_.is_point else Constraint()
