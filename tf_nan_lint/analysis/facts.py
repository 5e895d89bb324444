"""From the graph to facts: one abstract value per node, computed on demand, under the guards that hold."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from tf_nan_lint.analysis import context, named
from tf_nan_lint.analysis.refine import Assumptions, Constraint, assume
from tf_nan_lint.domain.dtypes import FLOAT32, FLOATS, NAMES, FloatDtype
from tf_nan_lint.domain.interval import NON_NEGATIVE, Interval, point
from tf_nan_lint.domain.value import TOP, AbstractValue, Grade, Reach, strongest
from tf_nan_lint.graph import names, text
from tf_nan_lint.graph.build import Module
from tf_nan_lint.graph.nodes import Graph, Guard, Node, Site
from tf_nan_lint.ops import OPS
from tf_nan_lint.ops.spec import Attribute, Hazard, HazardKind, Operands

MOVES: Final = frozenset(
    "identity stop_gradient reshape expand_dims squeeze transpose tile broadcast_to repeat reverse roll cast constant "
    "check_numerics item gather gather_nd boolean_mask slice_".split()
)
"""Ops that hand on entries of their first operand and compute nothing."""

MAX_GUARDS: Final = 5
"""How many conditions are kept apart in one evaluation; further ones are joined over."""


class Facts:
    """What is known of the values of one module.

    ``target`` is the floating-point dtype of tensors whose dtype is unknown, ``xla`` whether code may be compiled with
    ``jit_compile=True``, where ``sqrt`` and ``rsqrt`` are not safe under a mask.
    """

    def __init__(self, module: Module, target: FloatDtype = FLOAT32, *, xla: bool = True) -> None:
        self.module = module
        self.graph: Graph = module.graph
        self.target = target
        self.xla = xla
        self._plain: dict[int, AbstractValue] = {}
        self._guarded: dict[tuple[int, tuple[tuple[int, bool, bool], ...]], AbstractValue] = {}
        self._assumptions: dict[tuple[tuple[int, bool, bool], ...], Assumptions] = {}
        self._ancestors: dict[int, int] = {}
        self._touched: dict[tuple[int, bool, bool], int] = {}
        self._input_mask: int | None = None
        self._users: dict[int, list[Node]] | None = None
        self._evaluating: set[int] = set()
        self._escapes: frozenset[int] | None = None

    # ---- values -----------------------------------------------------------------------------------------------------

    def value(self, node: Node, guards: tuple[Guard, ...] = ()) -> AbstractValue:
        """What is known of ``node`` where ``guards`` hold."""
        relevant = self._relevant(node, guards)
        return self._under(node, relevant) if relevant else self._plain_value(node)

    def at(self, site: Site, node: Node) -> AbstractValue:
        """What is known of ``node`` where ``site`` stands."""
        return self.value(node, site.guards)

    def hazards(self, site: Site) -> tuple[Hazard, ...]:
        """The hazards of the operation at ``site``, given what its other operands are there."""
        row = OPS.get(site.node.op)
        return row.hazards(self._operands(site.node, site.guards)) if row is not None else ()

    def reaches(
        self, site: Site, operand: Node, singular: Interval, at_least: Grade = Grade.COINCIDENT
    ) -> Reach | None:
        """Evidence that ``operand`` takes a value inside ``singular`` where ``site`` stands."""
        found = [r for r in self.at(site, operand).reached if r.point in singular and r.grade >= at_least]
        return max(found, key=lambda r: r.grade, default=None)

    def _plain_value(self, node: Node) -> AbstractValue:
        known = self._plain.get(node.id)
        if known is not None:
            return known
        # Operands first, without recursion: long sums would be deep.
        stack = [node]
        while stack:
            top = stack[-1]
            if top.id in self._plain:
                stack.pop()
                continue
            waiting = [arg for arg in top.args if arg.id not in self._plain]
            if waiting and len(stack) < 10_000:
                stack.extend(waiting)
                continue
            stack.pop()
            self._plain[top.id] = self._evaluate(top, ())
        return self._plain[node.id]

    def _under(self, node: Node, guards: tuple[Guard, ...]) -> AbstractValue:
        key = node.id, _key(guards)
        known = self._guarded.get(key)
        if known is not None:
            return known
        assumptions = self._assume(guards)
        value = self._evaluate(node, guards)
        constraint = assumptions.constraint(node)
        if constraint is not None:
            value = constraint.apply(value, value.float_dtype(self.target))
        self._guarded[key] = value
        return value

    def _assume(self, guards: tuple[Guard, ...]) -> Assumptions:
        key = _key(guards)
        known = self._assumptions.get(key)
        if known is None:
            known = assume(self.graph, guards, self._plain_value, self.target)
            self._assumptions[key] = known
        return known

    def _relevant(self, node: Node, guards: tuple[Guard, ...]) -> tuple[Guard, ...]:
        """The guards that speak of something ``node`` is computed from, in a fixed order and without repetition."""
        if not guards:
            return ()
        mask = self._ancestor_mask(node)
        kept: dict[tuple[int, bool, bool], Guard] = {}
        for guard in guards:
            key = guard.condition.id, guard.holds, guard.whole
            touched = self._touched.get(key)
            if touched is None:
                tables = self._assume((guard,))
                touched = sum(1 << node_id for node_id in {*tables.by_entry, *tables.decided})
                self._touched[key] = touched
            if mask & touched:
                kept[key] = guard
        return tuple(kept[k] for k in sorted(kept))[:MAX_GUARDS]

    def _ancestor_mask(self, node: Node) -> int:
        known = self._ancestors.get(node.id)
        if known is None:
            stack = [node]
            while stack:
                top = stack[-1]
                waiting = [arg for arg in top.args if arg.id not in self._ancestors]
                if waiting:
                    stack.extend(waiting)
                    continue
                stack.pop()
                mask = 1 << top.id
                for arg in top.args:
                    mask |= self._ancestors[arg.id]
                self._ancestors[top.id] = mask
            known = self._ancestors[node.id]
        return known

    def _evaluate(self, node: Node, guards: tuple[Guard, ...]) -> AbstractValue:
        structural = getattr(self, f"_{node.op}", None) if node.op in _HANDLED else None
        if structural is not None:
            value: AbstractValue = structural(node, guards)
            return value
        row = OPS.get(node.op)
        if row is None:
            return TOP
        operands = self._operands(node, guards)
        return self._related(node, row.transfer(operands), guards)

    def _operands(self, node: Node, guards: tuple[Guard, ...]) -> Operands:
        row = OPS[node.op]
        kept = guards if row.elementwise else tuple(g for g in guards if g.whole)
        args = tuple(self.value(arg, kept) for arg in node.args)
        known = [
            FLOATS[a.dtype] for a in sorted(args, key=lambda a: a.host) if a.dtype is not None and a.dtype in FLOATS
        ]
        dtype = known[0] if known else self.target
        # A Python number takes the dtype of the tensor it meets.
        args = tuple(_as_dtype(arg, dtype) if arg.host else arg for arg in args)
        attrs = {name: self._attribute(value) for name, value in node.attrs}
        independent = len(node.args) == 2 and not self.share_inputs(*node.args)
        return Operands(args, dtype, attrs, node.id, independent)

    def _attribute(self, value: object) -> Attribute:
        if not isinstance(value, Node):
            return None
        if value.is_const:
            literal = value.value
            return literal if isinstance(literal, (int, float, bool, str)) else None
        if value.op == "ref":
            name = str(value.attr("path")).rpartition(".")[2]
            return {"float": "float32", "int": "int32"}.get(name, name) if name in NAMES | {"float", "int"} else None
        if value.op == "attr" and value.attr("name") in ("dtype", "base_dtype"):
            return self._plain_value(value.args[0]).dtype
        return None

    def share_inputs(self, one: Node, other: Node) -> bool:
        """Whether some input takes part in both."""
        if self._input_mask is None:
            self._input_mask = sum(1 << n.id for n in self.graph.nodes if n.op in ("input", "call", "loop"))
        return bool(self._ancestor_mask(one) & self._ancestor_mask(other) & self._input_mask)

    # ---- kinds of node that are no operators ------------------------------------------------------------------------

    def _const(self, node: Node, guards: tuple[Guard, ...]) -> AbstractValue:
        value = node.value
        if isinstance(value, (bool, int, float)):
            try:
                number = self.target.round(float(value)) if isinstance(value, float) else float(value)
            except OverflowError:
                return AbstractValue(host=True, rank0=True)
            if math.isnan(number):
                return AbstractValue(may_nan=True, host=True, rank0=True)
            return AbstractValue(
                point(number), (Reach(number, Grade.STRUCTURAL, node.id, number),), host=True, rank0=True
            )
        return AbstractValue(host=True)

    def _input(self, node: Node, guards: tuple[Guard, ...]) -> AbstractValue:
        name = str(node.attr("name"))
        default = node.attr("default")
        given = self.module.arguments.get((node.attr("key"), name), []) if node.attr("kind") == "parameter" else []
        if given and node.id not in self._evaluating:
            self._evaluating.add(node.id)  # what a function passes to itself depends on its own parameter
            numbers = all(self._is_number(argument) for argument in given)
            self._evaluating.discard(node.id)
            if numbers:
                return AbstractValue(host=True, rank0=True)
        if default is not None and default.is_const and isinstance(default.value, (int, float)):
            known = self._const(default, ())
            positive = known.range.low > 0 and named.EPSILON.fullmatch(name) is not None
            range_ = Interval(self.target.tiny, math.inf) if positive else TOP.range
            return AbstractValue(range_, known.reached, host=True, rank0=True)
        if named.EPSILON.fullmatch(name):
            return AbstractValue(Interval(self.target.tiny, math.inf), rank0=True, host=True)
        annotation = node.attr("annotation")
        if annotation is not None and named.NUMBERS.fullmatch(annotation):
            return AbstractValue(host=True, rank0=True)
        return AbstractValue(reached=_named(name, node.id))

    def _is_number(self, argument: Node) -> bool:
        """Whether a caller passes a number: a literal, or a scalar tensor."""
        if argument.op == "input" and argument.attr("kind") == "parameter":
            return False  # of another caller, or this very one: nothing is known
        return self._plain_value(argument).rank0

    def _phi(self, node: Node, guards: tuple[Guard, ...]) -> AbstractValue:
        return self._choice(node, guards, whole=True)

    def _where(self, node: Node, guards: tuple[Guard, ...]) -> AbstractValue:
        return self._choice(node, guards, whole=False)

    def _choice(self, node: Node, guards: tuple[Guard, ...], *, whole: bool) -> AbstractValue:
        condition, then, otherwise = node.args
        decided = self._assume(guards).decided.get(condition.id) if guards else None
        branches = []
        for holds, branch in ((True, then), (False, otherwise)):
            if decided is None or decided is holds:
                added = (*guards, Guard(condition, holds, whole)) if len(guards) < MAX_GUARDS else guards
                branches.append(self.value(branch, added))
        value = branches[0]
        for other in branches[1:]:
            value = value.join(other)
        return value

    def _loop(self, node: Node, guards: tuple[Guard, ...]) -> AbstractValue:
        if not node.args:
            return TOP
        start = self.value(node.args[0], guards)
        return AbstractValue(dtype=start.dtype, host=start.host, rank0=start.rank0)

    def _host(self, node: Node, guards: tuple[Guard, ...]) -> AbstractValue:
        path = str(node.attr("path"))
        if path in ("builtins.float", "builtins.int") and node.args:
            return replace(self.value(node.args[0], guards), host=True)
        return AbstractValue(NON_NEGATIVE if path == "builtins.len" else TOP.range, host=True)

    def _test(self, node: Node, guards: tuple[Guard, ...]) -> AbstractValue:
        return AbstractValue(Interval(0.0, 1.0), dtype="bool", host=True)

    def _item(self, node: Node, guards: tuple[Guard, ...]) -> AbstractValue:
        container, index = node.args
        if index.is_const and isinstance(index.value, str):
            return AbstractValue(reached=_named(index.value, node.id))
        if container.op in ("call", "dict", "function", "class", "ref"):
            return TOP
        return self._selected(container, self.value(container, tuple(g for g in guards if g.whole)))

    def _selected(self, container: Node, value: AbstractValue) -> AbstractValue:
        """Some entries of ``container``: if it was put together from parts, they need not be those that reach a value."""
        while container.op in MOVES and container.args:
            container = container.args[0]
        return replace(value, reached=()) if container.op in ("concat", "stack", "pad", "list", "tuple") else value

    def _attr(self, node: Node, guards: tuple[Guard, ...]) -> AbstractValue:
        name = node.attr("name")
        if name in ("shape", "ndim", "rank", "dtype", "size"):
            return AbstractValue(NON_NEGATIVE, host=True)
        owner = self._plain_value(node.args[0])
        if owner.host:
            return AbstractValue(host=True)
        if name == "T":
            return self.value(node.args[0], guards)
        return AbstractValue(reached=_named(str(name), node.id))

    def _each(self, node: Node, guards: tuple[Guard, ...]) -> AbstractValue:
        return self.value(node.args[0])

    def _tuple(self, node: Node, guards: tuple[Guard, ...]) -> AbstractValue:
        value: AbstractValue | None = None
        for arg in node.args:
            item = self.value(arg, tuple(g for g in guards if g.whole))
            value = item if value is None else value.join(item)
        return replace(value, rank0=False) if value is not None else TOP

    _list = _tuple

    def _ref(self, node: Node, guards: tuple[Guard, ...]) -> AbstractValue:
        name = str(node.attr("path")).rpartition(".")[2]
        # An imported constant: EPSILON, _EPS. Other imported numbers are unknown Python values.
        if named.EPSILON.fullmatch(name):
            return AbstractValue(Interval(self.target.tiny, math.inf), host=True, rank0=True)
        return AbstractValue(host=name.isupper())

    # ---- relations between nodes ------------------------------------------------------------------------------------

    def _related(self, node: Node, value: AbstractValue, guards: tuple[Guard, ...]) -> AbstractValue:
        """What follows from how operands are related, which no transfer function can see."""
        if node.op in ("gather", "gather_nd", "boolean_mask", "slice_"):
            return self._selected(node.args[0], value)
        if node.op in _KEEPS_NONZERO and all(
            not self.value(arg, guards).may_be(point(0.0)) for arg in node.args[: _KEEPS_NONZERO[node.op]]
        ):
            value = Constraint(excluded=frozenset({0.0})).apply(value, value.float_dtype(self.target))
        if node.op == "subtract":
            left, right = (unmoved(arg) for arg in node.args)
            for extremum, op, other, sign in (
                (right, "reduce_max", left, -1),
                (right, "reduce_min", left, 1),
            ):
                if extremum.op == op and unmoved(extremum.args[0]) is other:
                    range_ = NON_NEGATIVE if sign > 0 else -NON_NEGATIVE
                    zero = Reach(0.0, Grade.STRUCTURAL, node.id, 0.0)
                    return replace(value, range=value.range.meet(range_), reached=strongest((zero, *value.reached)))
            if left.op == "reduce_max" and right.op == "reduce_min" and unmoved(left.args[0]) is unmoved(right.args[0]):
                return replace(value, range=value.range.meet(NON_NEGATIVE))
        if node.op == "reduce_sum" and node.args:
            terms = unmoved(node.args[0])
            pairs = terms.args[0] if terms.op == "cast" else terms
            if pairs.op == "equal" and any(
                unmoved_transpose(a) is unmoved(b) for a, b in (pairs.args, reversed(pairs.args))
            ):
                # Every label is equal to itself: no row of the comparison is empty.
                return value.narrowed(Interval(1.0, math.inf))
            if terms.op == "exp":
                shifted = terms.args[0]
                largest = unmoved(shifted.args[1]) if shifted.op == "subtract" else shifted
                if largest.op == "reduce_max" and unmoved(largest.args[0]) is unmoved(shifted.args[0]):
                    # The largest entry contributes exp(0).
                    return value.narrowed(Interval(1.0, math.inf))
        return value

    # ---- places ---------------------------------------------------------------------------------------------------

    def describe(self, node: Node, near: Site) -> str:
        """``node`` as its author calls it near ``near``."""
        return text.describe(self.graph, node, near)

    def line(self, site: Site) -> int:
        """The line of a site, from 1."""
        return text.line_of(site)

    def site_of(self, node: Node, near: Site) -> Site | None:
        """Where ``node`` was computed, in the same function as ``near`` if it was computed there."""
        sites = self.graph.sites_of(node)
        return next((s for s in sites if s.scope is near.scope), sites[0] if sites else None)

    def differentiated(self, site: Site) -> bool:
        """Whether a gradient may flow through the operation at ``site``: some input of it wants one, and some use gives it."""
        return (
            context.is_differentiated(self.module, site)
            and context.carries_gradient(site.node, self._is_data)
            and context.is_used(site.node, self._all_users(), context.STOPS, lambda n: False, self._escaping())
        )

    def is_used(self, site: Site) -> bool:
        """Whether some use of the value at ``site`` would notice that it is not finite: not only comparisons look at it."""
        return context.is_used(
            site.node,
            self._all_users(),
            context.VALUE_STOPS,
            lambda n: self._plain_value(n).is_integral,
            self._escaping(),
        )

    def _escaping(self) -> frozenset[int]:
        """The ids of values that leave their function: returned, or assigned to an attribute."""
        if self._escapes is None:
            returned = {
                node.id for scope in self.module.scopes for _, node in scope.returns if scope.kind == "function"
            }
            stored = {
                binding.node.id
                for scope in self.module.scopes
                for name, bindings in scope.history.items()
                if "." in name
                for binding in bindings
            }
            self._escapes = frozenset(returned | stored)
        return self._escapes

    def state(self, reach: Reach, near: Site) -> str:
        """The cause of some evidence as a clause: ```mask` is 0``, ```a > b` is false``."""
        if not isinstance(reach.origin, int):
            return "it is"
        origin = self.graph.nodes[reach.origin]
        seed = reach.point if reach.seed is None else reach.seed
        is_truth = origin.op in OPS and self._plain_value(origin).dtype == "bool"
        value = {0.0: "false", 1.0: "true"}.get(seed, f"{seed:g}") if is_truth else f"{seed:g}"
        return f"`{self.describe(origin, near)}` is {value}"

    def _is_data(self, leaf: Node) -> bool:
        if leaf.op in ("input", "attr") and named.MASK.fullmatch(str(leaf.attr("name")).lstrip("_").lower()):
            return True
        return leaf.op in ("input", "item", "attr", "loop", "cast") and (
            (known := self._plain_value(leaf)).host or known.is_integral
        )

    def varies(self, node: Node) -> bool:
        """Whether ``node`` is computed from an input, and not from random numbers and constants alone."""
        stack, seen = [node], {node.id}
        while stack:
            part = stack.pop()
            if context.is_random(part):
                continue
            if part.op in ("input", "call", "loop", "attr", "variable"):
                return True
            fresh = [arg for arg in part.args if arg.id not in seen]
            seen.update(arg.id for arg in fresh)
            stack.extend(fresh)
        return False

    def is_probability(self, node: Node) -> bool:
        """Whether ``node`` is an input whose name says probability."""
        node = unmoved(node)
        name = str(node.attr("name")).lstrip("_").lower()
        return node.op in ("input", "attr") and named.PROBABILITY.fullmatch(name) is not None

    def overflow(self, exponential: Node, near: Site) -> float | None:
        """The exponent from which ``exponential`` overflows, if its exponent can get there."""
        site = self.site_of(exponential, near) or near
        exponent = self.at(site, exponential.args[0])
        if self._is_negative_quotient(exponential.args[0], site) or _is_shifted(exponential.args[0]):
            return None
        for hazard in OPS[exponential.op].hazards(self._operands(exponential, site.guards)):
            if hazard.kind is HazardKind.OVERFLOW and exponent.may_be(hazard.singular) and not exponent.host:
                return hazard.singular.low
        return None

    def _is_negative_quotient(self, node: Node, site: Site) -> bool:
        """Whether ``node`` is like ``-x**2 / (2 * sigma**2)``: never positive, whatever its divisor."""
        if node.op == "negative" and node.args[0].op == "divide":
            dividend, divisor = (self.at(site, arg).range for arg in node.args[0].args)
            return dividend.low >= 0 and divisor.low >= 0
        if node.op != "divide":
            return False
        dividend, divisor = (self.at(site, arg).range for arg in node.args)
        return dividend.high <= 0 and divisor.low >= 0

    def is_wrapper(self, site: Site) -> bool:
        """Whether the function around ``site`` only gives the operation another name: ``def log(x): return tf.math.log(x)``."""
        scope = site.scope.function
        if not any(node is site.node for _, node in scope.returns) or site.node.op not in OPS:
            return False
        if not all(unmoved(arg).op in ("input", "const", "call", "cast", "phi") for arg in site.node.args):
            return False
        names = {name.rpartition(".")[2] for name in OPS[site.node.op].names}
        own = [scope.name, scope.owner.name if scope.owner is not None else ""]
        return any(name.strip("_").lower() in names for name in own)

    def origins(self, node: Node, point: float) -> list[Node]:
        """The nodes that make ``node`` reach ``point``."""
        reached = self._plain_value(node).reached
        return [self.graph.nodes[r.origin] for r in reached if r.point == point and isinstance(r.origin, int)]

    def is_tensorflow(self, site: Site) -> bool:
        """Whether the function that ``site`` calls belongs to TensorFlow or Keras."""
        return names.family_of(str(site.node.attr("path"))) is not None

    def is_mask(self, node: Node) -> bool:
        """Whether ``node`` is an input whose name says mask, label or weight."""
        name = node.args[1].value if node.op == "item" and node.args[1].is_const else node.attr("name")
        return named.MASK.fullmatch(str(name).lstrip("_").lower()) is not None

    def is_protected(self, site: Site, operand: Node, singular: Interval, depth: int = 6) -> bool:
        """Whether every use of the value at ``site`` chooses it only where ``operand`` is not singular.

        Such a value is not seen where it is not finite (its gradient still is).
        """
        return self._protected(site.node, site, operand, singular, depth)

    def _protected(self, node: Node, site: Site, operand: Node, singular: Interval, depth: int) -> bool:
        users = self.users(node)
        if not users or not depth:
            return False
        for user in users:
            if user.op == "where" and node is not user.args[0]:
                condition, then, otherwise = user.args
                if any(
                    test.args[0] is node for test in condition.walk() if test.op in ("is_nan", "is_inf", "is_finite")
                ):
                    continue
                sides = [holds for holds, branch in ((True, then), (False, otherwise)) if branch is node]
                guards = [(*site.guards, Guard(condition, holds, whole=False)) for holds in sides]
                if all(not self.value(operand, g).may_be(singular) for g in guards):
                    continue
            elif user.op in ("is_nan", "is_inf", "is_finite", "nan_to_num") or (
                (user.op in MOVES or (user.op in OPS and OPS[user.op].elementwise))
                and self._protected(user, site, operand, singular, depth - 1)
            ):
                continue
            return False
        return True

    # ---- users ------------------------------------------------------------------------------------------------------

    def users(self, node: Node) -> list[Node]:
        """The nodes that have ``node`` as an operand."""
        return self._all_users().get(node.id, [])

    def _all_users(self) -> dict[int, list[Node]]:
        if self._users is None:
            self._users = {}
            for user in self.graph.nodes:
                for arg in dict.fromkeys(user.args):
                    self._users.setdefault(arg.id, []).append(user)
        return self._users


_HANDLED: Final[Mapping[str, bool]] = dict.fromkeys(
    "const input phi where loop host test item attr each tuple list ref".split(), True
)


_KEEPS_NONZERO: Final[Mapping[str, int]] = {
    "square": 1,
    "abs": 1,
    "negative": 1,
    "sqrt": 1,
    "sign": 1,
    "cast": 1,
    "identity": 1,
    "multiply": 2,
    "divide": 1,
}
"""Ops that are not 0 where that many of their operands are not, underflow aside."""


def unmoved_transpose(node: Node) -> Node | None:
    """What is transposed, if ``node`` is a transpose."""
    while node.op in MOVES and node.args:
        if node.op == "transpose":
            return unmoved(node.args[0])
        node = node.args[0]
    return None


def unmoved(node: Node) -> Node:
    """What ``node`` hands on, without the reshapes, casts and identities around it."""
    while (
        node.op in MOVES
        and node.op not in ("item", "gather", "gather_nd", "boolean_mask", "slice_", "cast")
        and node.args
    ):
        node = node.args[0]
    return node


def _is_shifted(exponent: Node) -> bool:
    """Whether a maximum is subtracted from ``exponent``, in whatever disguise."""
    return exponent.op == "subtract" and any(
        part.op == "reduce_max" and unmoved(part.args[0]) is unmoved(exponent.args[0])
        for part in exponent.args[1].walk()
    )


def _as_dtype(value: AbstractValue, dtype: FloatDtype) -> AbstractValue:
    reached = tuple(r.moved(dtype.round(r.point)) for r in value.reached)
    return replace(value, range=value.range.rounded(dtype), reached=reached)


def _named(name: str, origin: int) -> tuple[Reach, ...]:
    name = name.lstrip("_").lower()
    if named.PROBABILITY.fullmatch(name):
        return Reach(0.0, Grade.NAMED, origin, 0.0), Reach(1.0, Grade.NAMED, origin, 1.0)
    if named.MASK.fullmatch(name):
        return Reach(0.0, Grade.NAMED, origin, 0.0), Reach(1.0, Grade.NAMED, origin, 1.0)
    return ()


def _key(guards: tuple[Guard, ...]) -> tuple[tuple[int, bool, bool], ...]:
    return tuple((g.condition.id, g.holds, g.whole) for g in guards)


__all__ = ["MOVES", "Constraint", "Facts", "unmoved"]
