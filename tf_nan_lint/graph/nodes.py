"""The value graph: hash-consed nodes, the places in the source that produced them, and the guards they stand under."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tf_nan_lint.graph.scopes import Scope

STRUCTURAL = frozenset(
    "const input phi loop tuple list dict slice each item attr ref function class call host test".split()
)
"""Kinds of node that are not operators of the op table.

``const``: a literal, attr ``value``. ``input``: a parameter, attribute or anything unknown; attrs ``name``, ``kind`` (parameter,
self, attribute, element, unknown), ``key``, for parameters ``default`` and ``annotation``. ``phi``: args (condition, then, else),
one of which is computed. ``loop``: what a loop body finds in a variable; args (value before the loop,). ``tuple``, ``list``,
``dict``, ``slice``: the items (keys and values in turn). ``each``: a comprehension, args (item,). ``item``: args (container,
index). ``attr``: args (object,), attr ``name``. ``ref``: a module, function or builtin by the dotted path it is imported from,
attr ``path``. ``function``, ``class``: one of this file, attr ``key``. ``call``: an unknown call, args are its arguments, attrs
``path`` (or None), ``name``, ``key``, for objects of this file ``instance_of``. ``host``: a function of numpy, math or Python's
builtins, attr ``path``. ``test``: ``is``, ``in`` and their like.
"""


class Node:
    """One value. Two nodes of a graph are the same value exactly if they are the same object.

    ``attrs`` are (name, value) pairs, sorted by name; a value is a Node for static arguments (axis, keepdims, dtype).
    """

    __slots__ = ("args", "attrs", "id", "op")

    def __init__(self, id_: int, op: str, args: tuple[Node, ...], attrs: tuple[tuple[str, Any], ...]) -> None:
        self.id = id_
        self.op = op
        self.args = args
        self.attrs = attrs

    def attr(self, name: str, default: Any = None) -> Any:
        """The attribute called ``name``."""
        return next((value for key, value in self.attrs if key == name), default)

    @property
    def is_const(self) -> bool:
        """Whether this is a literal or a folded constant."""
        return self.op == "const"

    @property
    def value(self) -> Any:
        """The Python value of a ``const``."""
        return self.attrs[0][1]

    def walk(self) -> Iterator[Node]:
        """This node and everything it is computed from, each once, operands after their users."""
        seen = {self.id}
        stack = [self]
        while stack:
            node = stack.pop()
            yield node
            for arg in node.args:
                if arg.id not in seen:
                    seen.add(arg.id)
                    stack.append(arg)

    def __repr__(self) -> str:
        if self.op == "const":
            return repr(self.value)
        if self.op == "input":
            return str(self.attr("name"))
        attrs = "".join(f", {k}={v!r}" for k, v in self.attrs)
        return f"{self.op}({', '.join(map(repr, self.args))}{attrs})"


@dataclass(frozen=True, slots=True)
class Guard:
    """``condition`` is known to be true (``holds``) or false where a site stands.

    ``whole`` guards come from control flow (``if``, ``tf.cond``, ``assert``) and speak of the tensor as a whole; the
    others hold entry by entry.
    """

    condition: Node
    holds: bool
    whole: bool = True


@dataclass(eq=False, slots=True)
class Site:
    """A place in the source where a node is computed.

    ``expression`` is the libcst expression, ``time`` its position in the order of evaluation of ``scope`` (see
    :meth:`Scope.lookup`), ``calls`` the chain of inlined calls it was reached through.
    """

    node: Node
    expression: Any
    scope: Scope
    time: int
    guards: tuple[Guard, ...] = ()
    calls: tuple[Any, ...] = ()
    statement: Any = None
    spelling: str | None = None


@dataclass(eq=False, slots=True)
class Graph:
    """All nodes of one file and the sites that computed them."""

    nodes: list[Node] = field(default_factory=list)
    sites: list[Site] = field(default_factory=list)
    _interned: dict[Hashable, Node] = field(default_factory=dict)
    _by_node: dict[int, list[Site]] = field(default_factory=dict)

    def node(self, op: str, *args: Node, **attrs: Any) -> Node:
        """The node with this operator, these operands and attributes, made if it is new."""
        items = tuple(sorted(attrs.items()))
        key = (op, tuple(a.id for a in args), tuple((k, _key(v)) for k, v in items))
        known = self._interned.get(key)
        if known is None:
            known = self._interned[key] = Node(len(self.nodes), op, args, items)
            self.nodes.append(known)
        return known

    def find(self, op: str, *args: Node) -> Node | None:
        """The node with this operator and these operands and no attributes, if it has been made."""
        return self._interned.get((op, tuple(a.id for a in args), ()))

    def const(self, value: Any) -> Node:
        """The constant ``value``; ``1``, ``1.0`` and ``True`` are three constants."""
        return self.node("const", value=value)

    def replace(self, node: Node, by: Mapping[int, Node]) -> Node:
        """``node`` with the nodes whose ids are keys of ``by`` exchanged wherever they occur in it."""
        done: dict[int, Node] = dict(by)
        order = sorted(node.walk(), key=lambda n: n.id)
        for part in order:
            if part.id not in done:
                args = tuple(done[a.id] for a in part.args)
                unchanged = all(a is b for a, b in zip(args, part.args, strict=True))
                done[part.id] = part if unchanged else self.node(part.op, *args, **dict(part.attrs))
        return done[node.id]

    def replace_operand(self, node: Node, operand: Node, by: Node) -> Node:
        """``node`` with its own operand exchanged; what the operand is computed from stays as it is."""
        args = tuple(by if arg is operand else arg for arg in node.args)
        return self.node(node.op, *args, **dict(node.attrs))

    def add_site(self, site: Site) -> None:
        """Record where a node is computed."""
        self.sites.append(site)
        self._by_node.setdefault(site.node.id, []).append(site)

    def sites_of(self, node: Node) -> list[Site]:
        """The places that compute ``node``, in the order of evaluation."""
        return self._by_node.get(node.id, [])


def _key(value: Any) -> Hashable:
    if isinstance(value, Node):
        return ("node", value.id)
    # repr keeps 0.0 and -0.0, 1 and 1.0 and True apart, and makes NaN equal to itself.
    return (type(value).__name__, repr(value)) if isinstance(value, (int, float, str, bytes, type(None))) else value
