"""What names mean where: bindings in the order of evaluation, statements, and the functions a file can call."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import libcst as cst

if TYPE_CHECKING:
    from tf_nan_lint.graph.nodes import Guard, Node
    from tf_nan_lint.graph.source import Definition, Region


@dataclass(eq=False, slots=True)
class Statement:
    """One statement: its libcst node, the line it stands on where that holds only it, and what it binds."""

    node: cst.CSTNode
    line: cst.SimpleStatementLine | None
    scope: Scope
    time: int
    bindings: list[Binding] = field(default_factory=list)


@dataclass(eq=False, slots=True)
class Binding:
    """``name`` means ``node`` from ``time`` on.

    ``kind`` is what bound it: ``assign`` (a statement of its own that binds nothing else), ``join`` (branches that meet;
    ``sources`` are the bindings they bring) or ``other``. ``reads`` are the expressions that read this very binding.
    """

    name: str
    node: Node
    time: int
    kind: str
    statement: Statement | None = None
    sources: tuple[Binding, ...] = ()
    reads: list[cst.BaseExpression] = field(default_factory=list)

    def read_by(self, expression: cst.BaseExpression) -> None:
        """Record that ``expression`` reads this binding, and with it what a join was made of."""
        seen: set[int] = set()
        stack = [self]
        while stack:
            binding = stack.pop()
            if id(binding) not in seen:
                seen.add(id(binding))
                binding.reads.append(expression)
                stack.extend(binding.sources)


@dataclass(eq=False, slots=True)
class Scope:
    """The names of one function (or the module, a class body, a lambda) as its statements are followed.

    ``bindings`` is the state at the point that has been reached; ``history`` keeps every binding in the order of time, so
    that :meth:`lookup` can answer for any point. ``captured`` are names that nested functions read, ``attributes`` the
    attribute expressions that were read, by node. ``calls`` is the chain of calls this body was inlined through.
    """

    kind: str
    name: str
    region: Region
    parent: Scope | None = None
    definition: Definition | None = None
    owner: Definition | None = None
    calls: tuple[cst.CSTNode, ...] = ()
    decorators: tuple[Node, ...] = ()
    bindings: dict[str, Binding] = field(default_factory=dict)
    history: dict[str, list[Binding]] = field(default_factory=dict)
    captured: set[str] = field(default_factory=set)
    attributes: dict[int, set[str]] = field(default_factory=dict)
    outside: set[str] = field(default_factory=set)
    guards: list[Guard] = field(default_factory=list)
    returns: list[tuple[tuple[Guard, ...], Node]] = field(default_factory=list)
    node: cst.CSTNode | None = None

    def bind(self, binding: Binding) -> None:
        """Make ``binding`` what its name means from here on."""
        self.bindings[binding.name] = binding
        self.history.setdefault(binding.name, []).append(binding)

    def restore(self, bindings: dict[str, Binding], time: int) -> None:
        """Go back to an earlier state, at the start of another branch."""
        for name in self.bindings.keys() | bindings.keys():
            old = bindings.get(name)
            if old is not self.bindings.get(name) and old is not None:
                again = Binding(name, old.node, time, "join", old.statement, (old,))
                self.history.setdefault(name, []).append(again)
        self.bindings = dict(bindings)

    def lookup(self, name: str, time: int | None = None) -> Binding | None:
        """What ``name`` means in this scope, now or just before ``time``; enclosing scopes are not asked."""
        if time is None:
            return self.bindings.get(name)
        known = self.history.get(name, [])
        index = bisect_left(known, time, key=lambda b: b.time)
        return known[index - 1] if index else None

    def names_of(self, node: Node, time: int) -> Iterator[str]:
        """Names that mean ``node`` just before ``time``, in this scope or an enclosing one."""
        scope: Scope | None = self
        hidden: set[str] = set()
        while scope is not None:
            at = time if scope is self else None
            for name in scope.history:
                binding = scope.lookup(name, at)
                if name not in hidden and binding is not None and binding.node is node:
                    yield name
            hidden |= scope.history.keys()
            scope = scope.parent

    @property
    def function(self) -> Scope:
        """The function this scope belongs to: itself, or what encloses a lambda or comprehension."""
        scope = self
        while scope.kind in ("lambda", "comprehension") and scope.parent is not None:
            scope = scope.parent
        return scope

    @property
    def qualified_name(self) -> str:
        """The dotted name of the function or class, without ``<locals>``."""
        if self.definition is not None:
            return self.definition.qualified_name
        if self.parent is None or self.parent.kind == "module":
            return self.name
        return f"{self.parent.qualified_name}.{self.name}"


@dataclass(eq=False, slots=True)
class Closure:
    """A function of this file as a value: its libcst node, where it was defined, and the object it is bound to."""

    node: cst.FunctionDef | cst.Lambda
    region: Region
    scope: Scope
    definition: Definition | None = None
    owner: Definition | None = None
    instance: Node | None = None
