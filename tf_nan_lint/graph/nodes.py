"""The value graph: hash-consed nodes, the places in the source that produced them, and the guards they stand under."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tf_nan_lint.graph.build import Scope

STRUCTURAL = frozenset(
    {"const", "input", "phi", "loop", "tuple", "list", "dict", "item", "attr", "ref", "function", "class", "call", "none"}
)
"""Kinds of node that are not operators of the op table.

``const``: attrs ``value``. ``input``: attrs ``name``, ``kind`` (parameter, attribute, call, global, unknown), ``key``.
``phi``: args (condition, then, else). ``loop``: args (value before the loop,). ``tuple``, ``list``: args are the items.
``item``: args (container, index). ``attr``: args (object,), attrs ``name``. ``ref``: attrs ``path``, a module or
function by its canonical dotted path. ``function``, ``class``: attrs ``key``. ``call``: an unknown call.
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

    def const(self, value: Any) -> Node:
        """The constant ``value``; ``1``, ``1.0`` and ``True`` are three constants."""
        return self.node("const", value=value)

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
