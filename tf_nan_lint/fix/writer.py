"""Writing a node of the graph as source: names that mean it, text its author wrote, or operators in the file's spelling."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from typing import Final

import libcst as cst

from tf_nan_lint.graph import names
from tf_nan_lint.graph.build import Module
from tf_nan_lint.graph.nodes import Node, Site
from tf_nan_lint.graph.scopes import Scope
from tf_nan_lint.graph.text import text_of
from tf_nan_lint.ops import OPS
from tf_nan_lint.ops.spec import OpSpec

ATOM: Final = 14
UNARY: Final = 11
_PRECEDENCE: Final = {
    "or": 1,
    "and": 2,
    "<": 4,
    "<=": 4,
    ">": 4,
    ">=": 4,
    "|": 5,
    "^": 6,
    "&": 7,
    "+": 9,
    "-": 9,
    "*": 10,
    "/": 10,
    "//": 10,
    "%": 10,
    "@": 10,
    "**": 12,
}

_HOISTED: Final = {
    "reduce_sum": "total",
    "reduce_mean": "mean",
    "subtract": "difference",
    "square": "squared",
    "reduce_variance": "variance",
    "matmul": "product",
}
"""Names for values that a fix must hoist, by the operator that computes them; ``operand`` for the rest."""


class CannotWriteError(Exception):
    """A node has no spelling at the place where a fix needs it."""


class Writer:
    """Writes nodes as they can be read just before the statement of ``site`` is evaluated.

    ``hoisted`` collects (name, text) of values that are needed twice and must be computed before the statement;
    ``reads`` the names that were written.
    """

    def __init__(self, module: Module, site: Site) -> None:
        self.module = module
        self.site = site
        self.scope: Scope = site.scope
        self.time = site.time
        self.hoisted: dict[int, tuple[str, str]] = {}
        self.reads: set[str] = set()
        self._inside = set(_expressions(site.expression))

    def write(self, node: Node) -> tuple[str, int]:
        """Text and precedence of ``node``. Raises CannotWriteError."""
        self._hoist_shared(node)
        return self._text(node, is_root=True)

    def _hoist_shared(self, root: Node) -> None:
        uses: Counter[int] = Counter()
        nodes = {}
        for part in [root, *self._written_parts(root)]:
            for arg in self._operands(part):
                uses[arg.id] += 1
                nodes[arg.id] = arg
        for node_id in sorted(uses):
            node = nodes[node_id]
            if uses[node_id] > 1 and not self._is_cheap(node):
                if self.site.statement.line is None or self.scope.kind not in ("function", "module"):
                    raise CannotWriteError("a value would be computed twice, and there is no place to keep it")
                text, _ = self._text(node)
                self.hoisted[node.id] = self._fresh_name(node), text

    def _written_parts(self, root: Node) -> Iterator[Node]:
        """The nodes that are written as operators, below the root."""
        seen = {root.id}
        stack = [*self._operands(root)]
        while stack:
            node = stack.pop()
            if node.id in seen or self._name(node) is not None or node.is_const or self._own_text(node) is not None:
                continue
            seen.add(node.id)
            yield node
            stack.extend(self._operands(node))

    def _operands(self, node: Node) -> tuple[Node, ...]:
        return node.args

    def _is_cheap(self, node: Node) -> bool:
        """Whether computing ``node`` again costs nothing worth a name: a name, a number, one comparison of such."""
        if node.is_const or node.op == "none" or self._name(node) is not None:
            return True
        if node.op in ("ones_like", "zeros_like", "negative", "logical_not", *_COMPARED):
            return all(arg.is_const or self._name(arg) is not None or arg.id in self.hoisted for arg in node.args)
        return False

    def _fresh_name(self, node: Node) -> str:
        stem = _HOISTED.get(node.op, "operand")
        taken = {name for name, _ in self.hoisted.values()}
        scope: Scope | None = self.scope
        while scope is not None:
            taken |= scope.history.keys()
            scope = scope.parent
        name, count = stem, 2
        while name in taken:
            name, count = f"{stem}_{count}", count + 1
        return name

    # ---- text -------------------------------------------------------------------------------------------------------

    def _text(self, node: Node, *, is_root: bool = False) -> tuple[str, int]:
        if node.id in self.hoisted:
            return self.hoisted[node.id][0], ATOM
        if node.is_const:
            return _literal(node.value)
        name = self._name(node)
        if name is not None:
            self.reads.add(name)
            return name, ATOM
        own = self._own_text(node)
        if own is not None:
            return own
        row = OPS.get(node.op)
        if row is None:
            raise CannotWriteError(f"{node!r} has no name here")
        # ``x != 0`` compares identities in TensorFlow 1: the function is written instead.
        if row.symbol is not None and row.arity == len(node.args) and row.symbol not in ("==", "!="):
            return self._operator(row, node)
        return self._call(row, node)

    def _name(self, node: Node) -> str | None:
        if node.op in ("ref", "const"):
            return None
        for name in self.scope.names_of(node, self.time):
            if not name.startswith("*"):
                return name
        paths = self.scope.attributes.get(node.id)
        return min(paths) if paths else None

    def _own_text(self, node: Node) -> tuple[str, int] | None:
        """The text that computed ``node`` in this function, if it still means the same here."""
        if node.op in ("const", "input") or (node.op not in OPS and node.op not in ("item", "call", "attr")):
            return None
        for site in self.module.graph.sites_of(node):
            expression = site.expression
            if site.scope is not self.scope or not isinstance(expression, cst.BaseExpression):
                continue
            if not self._still_means(expression, site):
                continue
            text = text_of(site)
            if "\n" in text and any(mark in text for mark in "#'\""):
                continue
            for name in _names_in(expression):
                self.reads.add(name)
            return " ".join(text.split()) if "\n" in text else text, _precedence_of(expression)
        return None

    def _still_means(self, expression: cst.BaseExpression, site: Site) -> bool:
        for part in _expressions(expression):
            if isinstance(part, (cst.NamedExpr, cst.Await, cst.Yield, cst.Lambda)):
                return False
            if isinstance(part, cst.Call) and part not in self._inside and not self._is_pure(part, site):
                # An unknown call may give another result, or do something, the second time.
                return False
        for name in _names_in(expression):
            then, now = (self.scope.lookup(name, time) for time in (site.time, self.time))
            if (then is None) != (now is None) or (then and now and then.node is not now.node):
                return False
        return True

    def _is_pure(self, call: cst.Call, near: Site) -> bool:
        return any(s.expression is call and s.node.op in OPS for s in self.module.graph.sites if s.scope is near.scope)

    def _operator(self, row: OpSpec, node: Node) -> tuple[str, int]:
        symbol = row.symbol or ""
        if row.arity == 1:
            text, inner = self._text(node.args[0])
            return symbol + (text if inner >= UNARY else f"({text})"), UNARY
        own = _PRECEDENCE[symbol]
        (left, left_own), (right, right_own) = (self._text(arg) for arg in node.args)
        if left_own < own or (symbol in ("**",) and left_own <= own) or (own == 4 and left_own == 4):
            left = f"({left})"
        if right_own <= own:
            right = f"({right})"
        return f"{left} {symbol} {right}", own

    def _call(self, row: OpSpec, node: Node) -> tuple[str, int]:
        function = self.spell(row)
        if function is None:
            if row.name == "log_sigmoid":
                graph = self.module.graph
                inner = graph.node("softplus", graph.node("negative", node.args[0]))
                return self._text(graph.node("negative", inner))
            raise CannotWriteError(f"no {row.name} among the modules that this file imports")
        arguments = [self._text(arg)[0] for arg in node.args]
        for keyword, value in node.attrs:
            if isinstance(value, Node):
                arguments.append(f"{keyword}={self._static(value)}")
        return f"{function}({', '.join(arguments)})", ATOM

    def _static(self, node: Node) -> str:
        if node.op in ("tuple", "list"):
            items = ", ".join(self._static(arg) for arg in node.args)
            if node.op == "list":
                return f"[{items}]"
            return f"({items},)" if len(node.args) == 1 else f"({items})"
        if node.op == "ref":
            return self._reference(str(node.attr("path")))
        return self._text(node)[0]

    def _reference(self, path: str) -> str:
        if path.startswith("builtins."):
            return path.removeprefix("builtins.")
        for name, bound in self._references():
            if path == bound:
                return name
            if path.startswith(bound + "."):
                return name + path[len(bound) :]
        raise CannotWriteError(f"{path} is not imported here")

    def spell(self, row: OpSpec) -> str | None:
        """How this file calls the function of ``row``: in the family of the code it stands in, else any it imports."""
        family = names.family_of(self.site.spelling) if self.site.spelling else None
        used = {
            names.canonical(site.spelling)
            for site in self.module.graph.sites
            if site.spelling and site.node.op == row.name
        }
        found: list[tuple[tuple[bool, bool, int], str]] = []
        for alias, path in self._references():
            root = names.canonical(path)
            for index, name in enumerate(row.names):
                for spelled in (name, "tf1." + name.removeprefix("tf.") if name.startswith("tf.") else name):
                    if spelled == root or spelled.startswith(root + "."):
                        same = names.family_of(spelled) == family
                        ranking = (not same, spelled not in used, index)
                        found.append((ranking, alias + spelled[len(root) :]))
        if not found:
            return None
        (other_family, _, _), best = min(found)
        if other_family and family == "keras.ops" and not any(r == "tensorflow" for _, r in self._references()):
            return None
        return best

    def _references(self) -> Iterator[tuple[str, str]]:
        """(name, import path) of the modules and functions that can be read here."""
        scope: Scope | None = self.scope
        seen: set[str] = set()
        while scope is not None:
            for name in scope.history:
                binding = scope.lookup(name, self.time if scope is self.scope else None)
                if name not in seen and binding is not None and binding.node.op == "ref" and not name.startswith("*"):
                    yield name, str(binding.node.attr("path"))
            seen |= scope.history.keys()
            scope = scope.parent


_COMPARED: Final = ("greater", "greater_equal", "less", "less_equal", "equal", "not_equal")


def _literal(value: object) -> tuple[str, int]:
    if isinstance(value, float) and not math.isfinite(value):
        raise CannotWriteError("an infinity or NaN has no literal")
    negative = isinstance(value, (int, float)) and not isinstance(value, bool) and value < 0
    return repr(value), UNARY if negative else ATOM


def _expressions(root: cst.CSTNode) -> Iterator[cst.CSTNode]:
    stack = [root]
    while stack:
        node = stack.pop()
        yield node
        stack.extend(node.children)


def _names_in(expression: cst.CSTNode) -> Iterator[str]:
    """Variables that an expression reads; attribute names and keywords are none."""
    stack: list[cst.CSTNode] = [expression]
    while stack:
        node = stack.pop()
        if isinstance(node, cst.Name):
            yield node.value
        elif isinstance(node, (cst.Attribute, cst.Arg)):
            stack.append(node.value)
        else:
            stack.extend(node.children)


def _precedence_of(expression: cst.CSTNode) -> int:
    if getattr(expression, "lpar", ()) or isinstance(
        expression,
        (cst.Name, cst.Call, cst.Attribute, cst.Subscript, cst.List, cst.Dict, cst.Integer, cst.Float),
    ):
        # The text of a site leaves its own parentheses out.
        return ATOM if not getattr(expression, "lpar", ()) else _bare_precedence(expression)
    return _bare_precedence(expression)


def _bare_precedence(expression: cst.CSTNode) -> int:
    if isinstance(expression, cst.BinaryOperation):
        return _PRECEDENCE[cst.Module([]).code_for_node(expression.operator).split()[0]]
    if isinstance(expression, cst.UnaryOperation):
        return 3 if isinstance(expression.operator, cst.Not) else UNARY
    if isinstance(expression, cst.Comparison):
        return 4
    if isinstance(expression, cst.BooleanOperation):
        return 2 if isinstance(expression.operator, cst.And) else 1
    if isinstance(
        expression,
        (cst.Name, cst.Call, cst.Attribute, cst.Subscript, cst.Integer, cst.Float, cst.List, cst.Dict),
    ):
        return ATOM
    return 0


def precedence_of(expression: cst.CSTNode) -> int:
    """How tightly an expression binds, its own parentheses left out."""
    return _bare_precedence(expression)
