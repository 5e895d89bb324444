"""Singular operations inside an expression: shared by the rules about guards that act too late."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tf_nan_lint.analysis.context import STOPS
from tf_nan_lint.analysis.facts import Facts
from tf_nan_lint.domain.interval import point
from tf_nan_lint.graph.nodes import Graph, Node, Site
from tf_nan_lint.ops.spec import Hazard, HazardKind, Masked

_VERBS = {
    "divide": "it divides by `{}`",
    "reciprocal": "it takes the reciprocal of `{}`",
    "log": "it takes the log of `{}`",
    "sqrt": "it takes the square root of `{}`",
    "rsqrt": "it takes the reciprocal square root of `{}`",
    "pow": "it raises `{}` to a power",
    "exp": "it exponentiates `{}`",
}


@dataclass(frozen=True, slots=True)
class SingularOp:
    """An operation, the operand that makes it singular, and where it does."""

    node: Node
    operand: Node
    hazard: Hazard
    verb: str

    @property
    def reach(self) -> str:
        """What the operand does to the operation, as the end of a sentence."""
        if self.hazard.kind is HazardKind.OVERFLOW:
            return f"can exceed {self.hazard.singular.low:.4g}"
        if self.hazard.singular.is_point:
            return f"can be {self.hazard.singular.low:g}"
        return "can be negative" if self.hazard.singular.high < 0 else "can leave its domain"


def breaks_under_mask(hazard: Hazard, facts: Facts) -> bool:
    """Whether the gradient is NaN behind a mask, in some mode that may be used."""
    if hazard.polynomial and facts.target.name != "float16":
        return False
    return hazard.masked is Masked.UNSAFE or (hazard.masked is Masked.XLA and facts.xla)


def singular_ops(value: Node, near: Site, facts: Facts) -> Iterator[SingularOp]:
    """The operations ``value`` is computed by whose operand can make them singular, the nearest first."""
    seen = {value.id}
    queue = [value]
    while queue:
        node = queue.pop(0)
        if node.op in STOPS:
            continue
        site = facts.site_of(node, near)
        if site is not None:
            for hazard in facts.hazards(site):
                if hazard.operand >= len(node.args) or not breaks_under_mask(hazard, facts):
                    continue
                operand = node.args[hazard.operand]
                known = facts.at(site, operand)
                if not known.host and not known.is_integral and known.may_be(hazard.singular):
                    verb = _VERBS.get(node.op, f"it computes `{node.op}` of `{{}}`")
                    yield SingularOp(node, operand, hazard, verb.format(facts.describe(operand, site)))
        for arg in node.args if node.op not in ("input", "call", "loop", "item") else ():
            if arg.id not in seen:
                seen.add(arg.id)
                queue.append(arg)


def zero_test(graph: Graph, singular: SingularOp) -> Node | None:
    """The condition under which the operation is not singular, where one comparison with 0 says it."""
    if singular.hazard.singular != point(0.0):
        return None
    return graph.node("not_equal", singular.operand, graph.const(0))
