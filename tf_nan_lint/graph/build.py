"""From libcst to the value graph: a descent over the statements and expressions we know.

What is not understood becomes an ``input``, never an error: the analysis then knows nothing of it.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

import libcst as cst

from tf_nan_lint.graph import names
from tf_nan_lint.graph.nodes import Graph, Guard, Node, Site
from tf_nan_lint.graph.scopes import Binding, Closure, Scope, Statement
from tf_nan_lint.graph.source import Definition, Outline, SourceFile
from tf_nan_lint.ops import OPS
from tf_nan_lint.ops.spec import OpSpec

MAX_CALL_DEPTH: Final = 4
"""How many calls deep a function of the same file is followed."""

MAX_INLINED: Final = 400
"""How many calls are followed in one file, so that a web of helpers stays cheap."""

_BINARY: Final[Mapping[type[cst.CSTNode], str]] = MappingProxyType(
    {
        cst.Add: "add",
        cst.Subtract: "subtract",
        cst.Multiply: "multiply",
        cst.Divide: "divide",
        cst.FloorDivide: "floor_divide",
        cst.Modulo: "floormod",
        cst.Power: "pow",
        cst.MatrixMultiply: "matmul",
        cst.BitAnd: "logical_and",
        cst.BitOr: "logical_or",
        cst.BitXor: "logical_xor",
        cst.AddAssign: "add",
        cst.SubtractAssign: "subtract",
        cst.MultiplyAssign: "multiply",
        cst.DivideAssign: "divide",
        cst.FloorDivideAssign: "floor_divide",
        cst.ModuloAssign: "floormod",
        cst.PowerAssign: "pow",
        cst.MatrixMultiplyAssign: "matmul",
    }
)

_DUNDERS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "__add__": "add",
        "__sub__": "subtract",
        "__mul__": "multiply",
        "__truediv__": "divide",
        "__div__": "divide",
        "__pow__": "pow",
        "__neg__": "negative",
        "__abs__": "abs",
    }
)

_COMPARISONS: Final[Mapping[type[cst.CSTNode], str]] = MappingProxyType(
    {
        cst.LessThan: "less",
        cst.LessThanEqual: "less_equal",
        cst.GreaterThan: "greater",
        cst.GreaterThanEqual: "greater_equal",
        cst.Equal: "equal",
        cst.NotEqual: "not_equal",
    }
)

_FOLD: Final[Mapping[str, Callable[..., Any]]] = MappingProxyType(
    {
        "add": operator.add,
        "subtract": operator.sub,
        "multiply": operator.mul,
        "divide": operator.truediv,
        "floor_divide": operator.floordiv,
        "floormod": operator.mod,
        "pow": operator.pow,
        "negative": operator.neg,
        "less": operator.lt,
        "less_equal": operator.le,
        "greater": operator.gt,
        "greater_equal": operator.ge,
        "equal": operator.eq,
        "not_equal": operator.ne,
    }
)

_CONSTANTS: Final[Mapping[str, float]] = MappingProxyType(
    {
        f"{module}.{name}": value
        for module in ("np", "math", "tf.experimental.numpy", "tnp")
        for name, value in (
            ("pi", math.pi),
            ("e", math.e),
            ("inf", math.inf),
            ("Inf", math.inf),
            ("nan", math.nan),
            ("NaN", math.nan),
        )
    }
)

_FINFO: Final[Mapping[str, Mapping[str, float]]] = MappingProxyType(
    {
        "float16": {"eps": 2.0**-10, "tiny": 2.0**-14, "max": 65504.0, "min": -65504.0},
        "float32": {
            "eps": 2.0**-23,
            "tiny": 2.0**-126,
            "max": 3.4028234663852886e38,
            "min": -3.4028234663852886e38,
        },
        "float64": {
            "eps": 2.0**-52,
            "tiny": 2.0**-1022,
            "max": 1.7976931348623157e308,
            "min": -1.7976931348623157e308,
        },
    }
)

_ASSERTIONS: Final[Mapping[str, tuple[str, float | None]]] = MappingProxyType(
    {
        "assert_positive": ("greater", 0.0),
        "assert_negative": ("less", 0.0),
        "assert_non_negative": ("greater_equal", 0.0),
        "assert_non_positive": ("less_equal", 0.0),
        "assert_less": ("less", None),
        "assert_less_equal": ("less_equal", None),
        "assert_greater": ("greater", None),
        "assert_greater_equal": ("greater_equal", None),
        "assert_none_equal": ("not_equal", None),
    }
)
"""``tf.debugging.assert_*`` and its TF1 twins: the condition that holds afterwards, and the second operand if fixed."""

_HOST_ATTRIBUTES: Final = frozenset({"shape", "ndim", "dtype", "rank", "name", "size"})


@dataclass(eq=False, slots=True)
class Module:
    """The value graph of one file: what was built, and by which scopes.

    ``callers`` are the scopes that call a function of the file, ``arguments`` what they pass for a parameter, both by the
    identity of its libcst node; ``gradients`` are the functions that are handed to a decorator (``custom_gradient``).
    """

    source: SourceFile
    graph: Graph
    scope: Scope
    scopes: list[Scope]
    uses_tf1: bool
    bases: dict[int, tuple[str, ...]]
    callers: dict[int, list[Scope]]
    arguments: dict[tuple[int, str], list[Node]]
    gradients: set[int]

    def bases_of(self, owner: Definition) -> tuple[str, ...]:
        """The dotted paths of all base classes of a class of this file, those of its local bases included."""
        return self.bases.get(id(owner), ())


def build(source: SourceFile, outline: Outline, functions: Sequence[Definition]) -> Module:
    """Build the graph of the module's statements and of ``functions``, with what they call and read."""
    builder = _Builder(source, outline)
    builder.run_module()
    for definition in functions:
        builder.scope_of(definition)
    builder.run_deferred()
    bases = {id(scope.owner): builder.base_paths(scope.owner) for scope in builder.scopes if scope.owner is not None}
    return Module(
        source,
        builder.graph,
        builder.module_scope,
        builder.scopes,
        builder.uses_tf1,
        bases,
        builder.callers,
        builder.arguments,
        builder.gradients,
    )


@dataclass(eq=False, slots=True)
class _Flow:
    """Whether the statements that were followed leave their block by ``return``, ``raise``, ``break`` or ``continue``."""

    ended: bool = False
    guards: list[Guard] = field(default_factory=list)


class _Builder:
    def __init__(self, source: SourceFile, outline: Outline) -> None:
        self.source = source
        self.outline = outline
        self.graph = Graph()
        self.module_scope = Scope("module", "", outline.module)
        self.scope = self.module_scope
        self.scopes = [self.module_scope]
        self.statement: Statement | None = None
        self.time = 0
        self.uses_tf1 = False
        self.closures: dict[int, Closure] = {}
        self.definitions = {d.name: d for d in outline.definitions}
        self.built: dict[int, Scope] = {}
        self.class_scopes: dict[int, Scope] = {}
        self.in_progress: set[object] = set()
        self.deferred: list[Closure] = []
        self.inlined: dict[object, Node] = {}
        self.call_stack: list[cst.CSTNode] = []
        self.fresh = 0
        self.callers: dict[int, list[Scope]] = {}
        self.arguments: dict[tuple[int, str], list[Node]] = {}
        self.gradients: set[int] = set()
        self.lazy: set[int] = set()

    # ---- scopes -----------------------------------------------------------------------------------------------------

    def tick(self) -> int:
        self.time += 1
        return self.time

    def run_module(self) -> None:
        for definition in self.outline.definitions:
            kind = "class" if definition.is_class else "function"
            node = self.graph.node(kind, key=definition.qualified_name)
            self.bind(definition.name, node, kind="other")
        self.statements(self.outline.module.body)

    def run_deferred(self) -> None:
        while self.deferred:
            closure = self.deferred.pop()
            if id(closure.node) not in self.lazy:
                self.enter(closure, None, {})

    def scope_of(self, definition: Definition) -> Scope:
        """The scope of a function or method whose parameters are unknown, built at the first call."""
        known = self.built.get(id(definition))
        if known is not None:
            return known
        statement = definition.statement()
        assert isinstance(statement, cst.FunctionDef)
        closure = Closure(statement, definition.region, self.module_scope, definition, definition.parent)
        return self.enter(closure, None, {})

    def enter(self, closure: Closure, args: Sequence[Node] | None, keywords: Mapping[str, Node]) -> Scope:
        """Follow the body of ``closure``; its parameters are inputs where ``args`` is None."""
        node = closure.node
        kind = "function" if isinstance(node, cst.FunctionDef) else "lambda"
        name = node.name.value if isinstance(node, cst.FunctionDef) else "<lambda>"
        calls = tuple(self.call_stack) if args is not None else ()
        scope = Scope(kind, name, closure.region, closure.scope, closure.definition, closure.owner, calls)
        scope.node = node
        if args is not None:
            scope.guards.extend(self.scope.guards)
            self.callers.setdefault(id(node), []).append(self.scope)
        elif closure.definition is not None:
            self.built[id(closure.definition)] = scope
        self.scopes.append(scope)
        outer, self.scope = self.scope, scope
        statement, self.statement = self.statement, Statement(node, None, scope, self.tick())
        try:
            if isinstance(node, cst.FunctionDef):
                scope.decorators = tuple(self.decorator(d) for d in node.decorators)
            self.parameters(closure, args, keywords)
            if isinstance(node, cst.FunctionDef):
                self.block(node.body)
            else:
                scope.returns.append(((), self.expression(node.body)))
        finally:
            self.scope, self.statement = outer, statement
        return scope

    def decorator(self, decorator: cst.Decorator) -> Node:
        expression = decorator.decorator
        if not isinstance(expression, cst.Call):
            return self.expression(expression)
        for argument in expression.args:
            handed = self.expression(argument.value)
            closure = self.closure_of(handed) if handed.op == "function" else None
            if closure is not None:
                self.gradients.add(id(closure.node))
        return self.expression(expression.func)

    def parameters(self, closure: Closure, args: Sequence[Node] | None, keywords: Mapping[str, Node]) -> None:
        parameters = closure.node.params
        positional = [*parameters.posonly_params, *parameters.params]
        values = list(args or ())
        is_method = closure.owner is not None and closure.definition is not None
        if is_method and positional and not self.is_static():
            instance = closure.instance
            if instance is None:
                instance = self.graph.node(
                    "input",
                    name=positional[0].name.value,
                    kind="self",
                    key=closure.owner.qualified_name,  # type: ignore[union-attr]
                )
            self.bind(positional[0].name.value, instance, kind="parameter")
            positional = positional[1:]
        for index, parameter in enumerate((*positional, *parameters.kwonly_params)):
            name = parameter.name.value
            given = args is not None and (name in keywords or index < min(len(values), len(positional)))
            if given:
                node = keywords[name] if name in keywords else values[index]
                self.arguments.setdefault((id(closure.node), name), []).append(node)
            else:
                node = self.parameter(closure, parameter, is_call=args is not None)
            self.bind(name, node, kind="parameter")
        for star in (parameters.star_arg, parameters.star_kwarg):
            if isinstance(star, cst.Param):
                self.bind(star.name.value, self.unknown(star.name.value), kind="parameter")

    def is_static(self) -> bool:
        return any(d.op == "ref" and d.attr("path") == "builtins.staticmethod" for d in self.scope.decorators)

    def parameter(self, closure: Closure, parameter: cst.Param, *, is_call: bool) -> Node:
        name = parameter.name.value
        default = None
        if parameter.default is not None:
            outer, self.scope = self.scope, closure.scope
            try:
                default = self.expression(parameter.default)
            finally:
                self.scope = outer
            if is_call and (default.is_const or default.op in ("ref", "function")):
                return default
        attrs: dict[str, Any] = {"name": name, "kind": "parameter", "key": id(closure.node)}
        if default is not None:
            attrs["default"] = default
        if parameter.annotation is not None:
            attrs["annotation"] = self.source_of(parameter.annotation.annotation)
        return self.graph.node("input", **attrs)

    def source_of(self, node: cst.CSTNode) -> str:
        return cst.Module([]).code_for_node(node)

    # ---- names ------------------------------------------------------------------------------------------------------

    def bind(self, name: str, node: Node, *, kind: str = "other", sources: tuple[Binding, ...] = ()) -> Binding:
        scope = self.scope
        binding = Binding(name, node, self.tick(), kind, self.statement, sources)
        if name in scope.outside:
            # ``global`` and ``nonlocal`` names change behind the back of their own scope.
            binding.node = self.unknown(name)
        scope.bind(binding)
        if self.statement is not None and kind != "join":
            self.statement.bindings.append(binding)
        return binding

    def unknown(self, name: str, kind: str = "unknown") -> Node:
        self.fresh += 1
        return self.graph.node("input", name=name, kind=kind, key=-self.fresh)

    def read(self, name: str, expression: cst.BaseExpression) -> Node:
        scope: Scope | None = self.scope
        while scope is not None:
            binding = scope.lookup(name) if scope.kind != "class" or scope is self.scope else None
            if binding is not None:
                binding.read_by(expression)
                if scope is not self.scope:
                    scope.captured.add(name)
                return binding.node
            scope = scope.parent
        star = self.star_import(name)
        if star is not None:
            return star
        return self.graph.node("ref", path=f"builtins.{name}")

    def star_import(self, name: str) -> Node | None:
        for binding_name, binding in self.module_scope.bindings.items():
            if binding_name.startswith("*"):
                path = f"{binding.node.attr('path')}.{name}"
                if names.op_of(path) is not None:
                    return self.graph.node("ref", path=path)
        return None

    # ---- statements -------------------------------------------------------------------------------------------------

    def block(self, suite: cst.BaseSuite) -> _Flow:
        if isinstance(suite, cst.SimpleStatementSuite):
            return self.small_statements(suite.body, None)
        return self.statements(suite.body)

    def statements(self, body: Sequence[cst.CSTNode]) -> _Flow:
        flow = _Flow()
        depth = len(self.scope.guards)
        for statement in body:
            if isinstance(statement, cst.SimpleStatementLine):
                inner = self.small_statements(statement.body, statement)
            else:
                inner = self.compound(statement)
            # What a statement makes sure of holds for the rest of its block.
            self.scope.guards.extend(inner.guards)
            if inner.ended:
                flow.ended = True
                break
        flow.guards = self.scope.guards[depth:] if not flow.ended else []
        del self.scope.guards[depth:]
        return flow

    def small_statements(self, body: Sequence[cst.BaseSmallStatement], line: cst.SimpleStatementLine | None) -> _Flow:
        flow = _Flow()
        for small in body:
            self.statement = Statement(small, line if len(body) == 1 else None, self.scope, self.tick())
            handler = self._SMALL.get(type(small))
            inner = handler(self, small) if handler else None
            if inner is not None:
                flow.ended |= inner.ended
                flow.guards += inner.guards
        return flow

    def compound(self, statement: cst.CSTNode) -> _Flow:
        self.statement = Statement(statement, None, self.scope, self.tick())
        handler = self._COMPOUND.get(type(statement))
        return (handler(self, statement) if handler else None) or _Flow()

    def expr_statement(self, statement: cst.Expr) -> _Flow | None:
        guards = self.assertion(self.expression(statement.value))
        return _Flow(guards=guards) if guards else None

    def assertion(self, node: Node) -> list[Guard]:
        """What holds after a call of ``tf.debugging.assert_*``."""
        if node.op != "call" or node.attr("path") is None:
            return []
        function = str(node.attr("path")).rpartition(".")[2]
        if function == "Assert" and node.args:
            return [Guard(node.args[0], True)]
        known = _ASSERTIONS.get(function)
        if known is None or len(node.args) < (1 if known[1] is not None else 2):
            return []
        second = self.graph.const(known[1]) if known[1] is not None else node.args[1]
        return [Guard(self.graph.node(known[0], node.args[0], second), True)]

    def assign(self, statement: cst.Assign) -> None:
        node = self.expression(statement.value)
        alone = len(statement.targets) == 1 and isinstance(statement.targets[0].target, cst.Name)
        for target in statement.targets:
            self.target(target.target, node, kind="assign" if alone else "other")

    def annotated_assign(self, statement: cst.AnnAssign) -> None:
        if statement.value is not None:
            self.target(statement.target, self.expression(statement.value))

    def augmented_assign(self, statement: cst.AugAssign) -> None:
        name = _BINARY.get(type(statement.operator))
        left, right = self.expression(statement.target), self.expression(statement.value)
        node = self.apply(OPS[name], (left, right), {}, statement, None) if name else self.unknown("augmented")
        self.target(statement.target, node)

    def target(self, target: cst.CSTNode, node: Node, *, kind: str = "other") -> None:
        if isinstance(target, cst.Name):
            self.bind(target.value, node, kind=kind)
        elif isinstance(target, (cst.Tuple, cst.List)):
            elements = [element.value for element in target.elements]
            starred = any(isinstance(element, cst.StarredElement) for element in target.elements)
            for index, element in enumerate(elements):
                self.target(element, self.unknown("item") if starred else self.item(node, self.graph.const(index)))
        elif isinstance(target, cst.Attribute):
            self.expression(target.value)
            path = _dotted(target)
            if path is not None:
                self.bind(path, node)
        elif isinstance(target, cst.Subscript):
            self.expression(target)
            path = _dotted(target.value)
            if path is not None:
                # The container has changed: what was known of it no longer holds.
                self.bind(path, self.unknown(path))

    def import_(self, statement: cst.Import) -> None:
        for alias in statement.names:
            path = _dotted(alias.name) or ""
            if alias.asname is not None and isinstance(alias.asname.name, cst.Name):
                self.bind(alias.asname.name.value, self.graph.node("ref", path=path))
            else:
                root = path.partition(".")[0]
                self.bind(root, self.graph.node("ref", path=root))

    def import_from(self, statement: cst.ImportFrom) -> None:
        module = "." * len(statement.relative) + (_dotted(statement.module) or "" if statement.module else "")
        if isinstance(statement.names, cst.ImportStar):
            self.bind(f"*{module}", self.graph.node("ref", path=module))
            return
        for alias in statement.names:
            name = _dotted(alias.name) or ""
            bound = alias.asname.name.value if alias.asname and isinstance(alias.asname.name, cst.Name) else name
            path = f"{module}.{name}" if not module.endswith(".") else module + name
            if name in names.TF_ROOTS and not path.startswith(("tensorflow.", "keras.", "tf_keras.")):
                # TensorFlow itself, passed on by a module of the project.
                path = "tensorflow.compat.v1" if name == "tf1" else "tensorflow"
            self.bind(bound, self.graph.node("ref", path=path))

    def return_(self, statement: cst.Return) -> _Flow:
        node = self.expression(statement.value) if statement.value is not None else self.graph.const(None)
        self.scope.returns.append((tuple(self.scope.guards), node))
        return _Flow(ended=True)

    def raise_(self, statement: cst.Raise) -> _Flow:
        if statement.exc is not None:
            self.expression(statement.exc)
        return _Flow(ended=True)

    def leave(self, statement: cst.CSTNode) -> _Flow:
        return _Flow(ended=True)

    def assert_(self, statement: cst.Assert) -> _Flow:
        return _Flow(guards=[Guard(self.expression(statement.test), True)])

    def outside_names(self, statement: cst.Global | cst.Nonlocal) -> None:
        self.scope.outside.update(item.name.value for item in statement.names)

    def delete(self, statement: cst.Del) -> None:
        self.scope.captured.update(_stored_names(statement.target))

    def if_(self, statement: cst.If) -> _Flow:
        condition = self.expression(statement.test)
        then_flow, else_flow = self.branch(
            condition,
            lambda: self.block(statement.body),
            lambda: self.orelse(statement.orelse),
        )
        if then_flow.ended and else_flow.ended:
            return _Flow(ended=True)
        if then_flow.ended:
            return _Flow(guards=[Guard(condition, False), *else_flow.guards])
        if else_flow.ended:
            return _Flow(guards=[Guard(condition, True), *then_flow.guards])
        return _Flow()

    def orelse(self, orelse: cst.If | cst.Else | None) -> _Flow:
        if isinstance(orelse, cst.If):
            return self.compound(orelse)
        return self.block(orelse.body) if orelse is not None else _Flow()

    def branch(self, condition: Node, then: Callable[[], _Flow], otherwise: Callable[[], _Flow]) -> tuple[_Flow, _Flow]:
        """Follow both branches of a decision and join what they bind."""
        scope = self.scope
        before = dict(scope.bindings)
        flows = []
        states = []
        for holds, follow in ((True, then), (False, otherwise)):
            scope.guards.append(Guard(condition, holds))
            flows.append(follow())
            scope.guards.pop()
            states.append(dict(scope.bindings))
            scope.restore(before, self.tick())
        if flows[0].ended or flows[1].ended:
            state = states[1] if flows[0].ended else states[0]
            for name, binding in state.items():
                if binding is not before.get(name):
                    self.bind(name, binding.node, kind="join", sources=(binding,))
        else:
            self.join(condition, states[0], states[1])
        return flows[0], flows[1]

    def join(self, condition: Node, then: Mapping[str, Binding], otherwise: Mapping[str, Binding]) -> None:
        for name in [*then, *(n for n in otherwise if n not in then)]:
            left, right = then.get(name), otherwise.get(name)
            if left is right or (left is None and right is None):
                continue
            if left is None or right is None:
                binding = left or right
                assert binding is not None
                self.bind(name, binding.node, kind="join", sources=(binding,))
            elif left.node is right.node:
                self.bind(name, left.node, kind="join", sources=(left, right))
            else:
                node = self.graph.node("phi", condition, left.node, right.node)
                self.bind(name, node, kind="join", sources=(left, right))

    def for_(self, statement: cst.For) -> _Flow:
        iterated = self.expression(statement.iter)
        self.loop(statement, lambda: self.target(statement.target, self.element(iterated, statement.target)), None)
        return self.orelse(statement.orelse)

    def while_(self, statement: cst.While) -> _Flow:
        self.loop(statement, lambda: None, statement.test)
        return self.orelse(statement.orelse)

    def loop(self, statement: cst.For | cst.While, start: Callable[[], None], test: cst.BaseExpression | None) -> None:
        before = dict(self.scope.bindings)
        for name in sorted(_stored_names(statement.body)):
            known = before.get(name)
            node = self.graph.node("loop", *((known.node,) if known else ()), key=id(statement), name=name)
            self.bind(name, node, kind="join", sources=(known,) if known else ())
        heads = dict(self.scope.bindings)
        start()
        condition = self.expression(test) if test is not None else self.unknown("iterates")
        guards = [Guard(condition, True)] if test is not None else []
        self.scope.guards.extend(guards)
        self.block(statement.body)
        del self.scope.guards[len(self.scope.guards) - len(guards) :]
        after = dict(self.scope.bindings)
        for name, head in heads.items():
            last = after.get(name)
            if last is not None and last is not head:
                # What the body leaves is what its next round starts from.
                head.sources = (*head.sources, last)
                for read in head.reads:
                    last.reads.append(read)
        self.join(condition, after, heads)

    def element(self, iterated: Node, target: cst.CSTNode) -> Node:
        name = target.value if isinstance(target, cst.Name) else "element"
        if iterated.op in ("list", "tuple") and iterated.args and all(a.is_const for a in iterated.args):
            node = iterated.args[0]
            for other in iterated.args[1:]:
                node = self.graph.node("phi", self.unknown("which"), node, other)
            return node
        if iterated.op == "host":
            return self.graph.node("host", iterated, path="element", key=id(target))
        return self.unknown(name, "element")

    def with_(self, statement: cst.With) -> _Flow:
        guards: list[Guard] = []
        for item in statement.items:
            node = self.expression(item.item)
            if node.op == "call" and str(node.attr("path")).endswith("control_dependencies"):
                for argument in node.args:
                    for checked in argument.args if argument.op in ("list", "tuple") else (argument,):
                        guards += self.assertion(checked)
            if item.asname is not None:
                self.target(item.asname.name, self.graph.node("item", node, self.graph.const("__enter__")))
        self.scope.guards.extend(guards)
        flow = self.block(statement.body)
        del self.scope.guards[len(self.scope.guards) - len(guards) :]
        if not flow.ended:
            # What has been asserted stays true behind the block.
            flow.guards = [*guards, *flow.guards]
        return flow

    def try_(self, statement: cst.Try | cst.TryStar) -> _Flow:
        before = dict(self.scope.bindings)
        flow = self.block(statement.body)
        if statement.orelse is not None:
            flow = self.block(statement.orelse.body)
        ended = flow.ended
        for handler in statement.handlers:
            state = dict(self.scope.bindings)
            self.scope.restore(before, self.tick())
            if handler.type is not None:
                self.expression(handler.type)
            if handler.name is not None:
                self.target(handler.name.name, self.unknown("error"))
            handled = self.block(handler.body)
            if handled.ended:
                self.scope.restore(state, self.tick())
            elif not ended:
                self.join(self.unknown("raised"), state, dict(self.scope.bindings))
            ended = ended and handled.ended
        if statement.finalbody is not None:
            ended |= self.block(statement.finalbody.body).ended
        return _Flow(ended=ended)

    def match_(self, statement: cst.Match) -> _Flow:
        self.expression(statement.subject)
        before = dict(self.scope.bindings)
        states = []
        for case in statement.cases:
            for name in _captured_names(case.pattern):
                self.bind(name, self.unknown(name))
            if not self.block(case.body).ended:
                states.append(dict(self.scope.bindings))
            self.scope.restore(before, self.tick())
        for state in states:
            self.join(self.unknown("matches"), state, dict(self.scope.bindings))
        return _Flow()

    def function_definition(self, statement: cst.FunctionDef) -> None:
        if self.scope.kind in ("module", "class") and self._is_outlined(statement):
            return
        owner = self.scope.owner if self.scope.kind == "class" else None
        closure = Closure(statement, self.scope.region, self.scope, owner=owner)
        self.bind(statement.name.value, self.function(closure))
        self.deferred.append(closure)

    def _is_outlined(self, statement: cst.CSTNode) -> bool:
        """Whether the outline has this definition: only where the whole file is one region."""
        return any(d.node is statement for d in self.outline.definitions)

    def class_definition(self, statement: cst.ClassDef) -> None:
        if self._is_outlined(statement):
            return
        # A class inside a function: its methods are followed, its instances are unknown.
        scope = Scope("class", statement.name.value, self.scope.region, self.scope)
        outer, self.scope = self.scope, scope
        try:
            self.block(statement.body)
        finally:
            self.scope = outer
        self.bind(statement.name.value, self.unknown(statement.name.value))

    def function(self, closure: Closure) -> Node:
        node = self.graph.node("function", key=id(closure.node), bound=closure.instance)
        self.closures[node.id] = closure
        return node

    # ---- expressions ------------------------------------------------------------------------------------------------

    def expression(self, node: cst.CSTNode) -> Node:
        handler = self._EXPRESSIONS.get(type(node))
        return handler(self, node) if handler else self.unknown(type(node).__name__.lower())

    def name(self, expression: cst.Name) -> Node:
        if expression.value in ("True", "False", "None"):
            return self.graph.const({"True": True, "False": False, "None": None}[expression.value])
        return self.read(expression.value, expression)

    def attribute(self, expression: cst.Attribute) -> Node:
        name = expression.attr.value
        path = _dotted(expression)
        if path is not None:
            binding = self.scope.lookup(path)
            if binding is not None:
                self.expression(expression.value)
                binding.read_by(expression)
                return binding.node
        value = self.expression(expression.value)
        node = self.member(value, name)
        if path is not None and node.op != "ref":
            self.scope.attributes.setdefault(node.id, set()).add(path)
        return node

    def member(self, value: Node, name: str) -> Node:
        if value.op == "ref":
            path = f"{value.attr('path')}.{name}"
            family, _, rest = names.canonical(path).partition(".")
            if family == "tf" and rest in names.TF1_ONLY:
                self.uses_tf1 = True
            constant = _CONSTANTS.get(names.canonical(path))
            if constant is not None:
                return self.graph.const(constant)
            limits = _FINFO.get(str(value.attr("path")).rpartition(".")[2], {})
            return self.graph.const(limits[name]) if name in limits else self.graph.node("ref", path=path)
        if value.op == "host" and name in ("eps", "tiny", "max", "min") and value.args:
            limits = _FINFO.get(str(value.args[0].attr("path", "")).rpartition(".")[2], _FINFO["float32"])
            if str(value.attr("path")).endswith("finfo"):
                return self.graph.const(limits[name])
        owner = self.class_of(value)
        if owner is not None:
            return self.class_member(owner, name, value)
        return self.graph.node("attr", value, name=name)

    def class_of(self, value: Node) -> Definition | None:
        """The local class that ``value`` is an instance of."""
        name = value.attr("key") if value.op == "input" and value.attr("kind") == "self" else value.attr("instance_of")
        return self.definition(str(name)) if name is not None else None

    def definition(self, qualified: str) -> Definition | None:
        found: Definition | None = None
        members = self.definitions
        for part in qualified.split("."):
            found = members.get(part)
            if found is None:
                return None
            members = found.members
        return found

    def class_member(self, owner: Definition, name: str, instance: Node) -> Node:
        for definition in self.lineage(owner):
            member = definition.members.get(name)
            if member is not None and not member.is_class:
                statement = member.statement()
                assert isinstance(statement, cst.FunctionDef)
                closure = Closure(statement, member.region, self.module_scope, member, definition, instance)
                function = self.function(closure)
                if any(_dotted(d.decorator) in ("property", "cached_property") for d in statement.decorators):
                    return self.call_closure(closure, (), {}, statement) or self.unknown(name, "attribute")
                return function
            assigned = self.assigned_in(definition, name)
            if assigned is not None:
                return assigned
        return self.graph.node("input", name=name, kind="attribute", key=owner.qualified_name)

    def lineage(self, owner: Definition) -> Iterator[Definition]:
        """The class and its bases of the same file, in the order attributes are looked up."""
        seen: set[int] = set()
        queue = [owner]
        while queue:
            definition = queue.pop(0)
            if id(definition) not in seen:
                seen.add(id(definition))
                yield definition
                for base in self.bases(definition):
                    known = self.definitions.get(base.rpartition(".")[2])
                    if known is not None and known.is_class:
                        queue.append(known)

    def bases(self, definition: Definition) -> list[str]:
        statement = definition.statement()
        assert isinstance(statement, cst.ClassDef)
        return [path for argument in statement.bases if (path := _dotted(argument.value)) is not None]

    def base_paths(self, owner: Definition) -> tuple[str, ...]:
        """Where the bases of ``owner`` are imported from, and the names of those of this file."""
        paths = []
        for definition in self.lineage(owner):
            paths.append(definition.name)
            for base in self.bases(definition):
                root, _, rest = base.partition(".")
                binding = self.module_scope.lookup(root)
                is_ref = binding is not None and binding.node.op == "ref"
                path = str(binding.node.attr("path")) if is_ref and binding is not None else root
                paths.append(f"{path}.{rest}" if rest else path)
        return tuple(paths)

    def assigned_in(self, owner: Definition, name: str) -> Node | None:
        """The join of what the class body and the methods of ``owner`` assign to ``self.name``."""
        key = (owner.qualified_name, name)
        if key in self.in_progress:
            return self.graph.node("input", name=name, kind="attribute", key=owner.qualified_name)
        self.in_progress.add(key)
        try:
            found: list[Node] = []
            body = self.class_scope(owner).lookup(name)
            if body is not None:
                found.append(body.node)
            for method in owner.members.values():
                if not method.is_class and method.mentions.may_store(name):
                    scope = self.scope_of(method)
                    first = next(iter(scope.history), None)
                    found += [b.node for b in scope.history.get(f"{first}.{name}", ()) if b.kind != "join"]
        finally:
            self.in_progress.discard(key)
        if not found:
            return None
        known = dict.fromkeys(n for n in found if not (n.is_const and n.value is None))
        nodes = list(known) or found[:1]
        node = nodes[0]
        for other in nodes[1:]:
            node = self.graph.node("phi", self.unknown("assigned"), node, other)
        return node

    def class_scope(self, owner: Definition) -> Scope:
        scope = self.class_scopes.get(id(owner))
        if scope is None:
            scope = Scope("class", owner.name, owner.region, self.module_scope, owner, owner)
            self.class_scopes[id(owner)] = scope
            outer, self.scope = self.scope, scope
            statement, self.statement = self.statement, None
            try:
                body = owner.statement().body
                if isinstance(body, cst.IndentedBlock):
                    self.statements([s for s in body.body if isinstance(s, cst.SimpleStatementLine)])
            finally:
                self.scope, self.statement = outer, statement
        return scope

    def number(self, expression: cst.Integer | cst.Float) -> Node:
        text = expression.value.replace("_", "")
        return self.graph.const(float(text) if isinstance(expression, cst.Float) else int(text, 0))

    def string(self, expression: cst.SimpleString | cst.ConcatenatedString) -> Node:
        value = expression.evaluated_value
        return self.graph.const(value) if value is not None else self.unknown("string")

    def formatted_string(self, expression: cst.FormattedString) -> Node:
        for part in expression.parts:
            if isinstance(part, cst.FormattedStringExpression):
                self.expression(part.expression)
        return self.unknown("string")

    def binary(self, expression: cst.BinaryOperation) -> Node:
        # Long sums are deep on their left side: walked down and up again without recursion.
        spine = [expression]
        while isinstance(spine[-1].left, cst.BinaryOperation):
            spine.append(spine[-1].left)
        node = self.expression(spine[-1].left)
        for operation in reversed(spine):
            right = self.expression(operation.right)
            name = _BINARY.get(type(operation.operator))
            row = OPS.get(name) if name else None
            node = self.apply(row, (node, right), {}, operation, None) if row else self.unknown("operation")
        return node

    def unary(self, expression: cst.UnaryOperation) -> Node:
        value = self.expression(expression.expression)
        if isinstance(expression.operator, cst.Minus):
            return self.apply(OPS["negative"], (value,), {}, expression, None)
        if isinstance(expression.operator, (cst.Not, cst.BitInvert)):
            if value.is_const and isinstance(expression.operator, cst.Not):
                return self.graph.const(not value.value)
            return self.apply(OPS["logical_not"], (value,), {}, expression, None)
        return value

    def comparison(self, expression: cst.Comparison) -> Node:
        left = self.expression(expression.left)
        parts = []
        for comparison in expression.comparisons:
            right = self.expression(comparison.comparator)
            name = _COMPARISONS.get(type(comparison.operator))
            if name is not None:
                parts.append(self.apply(OPS[name], (left, right), {}, expression, None))
            else:
                kind = type(comparison.operator).__name__
                parts.append(self.graph.node("test", left, right, kind=kind))
            left = right
        node = parts[0]
        for part in parts[1:]:
            node = self.graph.node("logical_and", node, part)
        return node

    def boolean(self, expression: cst.BooleanOperation) -> Node:
        left, right = self.expression(expression.left), self.expression(expression.right)
        name = "logical_and" if isinstance(expression.operator, cst.And) else "logical_or"
        return self.apply(OPS[name], (left, right), {}, expression, None)

    def conditional(self, expression: cst.IfExp) -> Node:
        condition = self.expression(expression.test)
        self.scope.guards.append(Guard(condition, True))
        then = self.expression(expression.body)
        self.scope.guards[-1] = Guard(condition, False)
        otherwise = self.expression(expression.orelse)
        self.scope.guards.pop()
        return then if then is otherwise else self.graph.node("phi", condition, then, otherwise)

    def sequence(self, expression: cst.Tuple | cst.List | cst.Set) -> Node:
        items = [self.expression(element.value) for element in expression.elements]
        if any(isinstance(element, cst.StarredElement) for element in expression.elements):
            return self.unknown("sequence")
        return self.graph.node("tuple" if isinstance(expression, cst.Tuple) else "list", *items)

    def dictionary(self, expression: cst.Dict) -> Node:
        items: list[Node] = []
        for element in expression.elements:
            value = self.expression(element.value)
            key = self.expression(element.key) if isinstance(element, cst.DictElement) else self.unknown("key")
            items += [key, value]
        return self.graph.node("dict", *items)

    def comprehension(self, expression: cst.BaseSimpleComp | cst.DictComp) -> Node:
        scope = Scope("comprehension", "<comprehension>", self.scope.region, self.scope, calls=self.scope.calls)
        outer, self.scope = self.scope, scope
        self.scopes.append(scope)
        scope.guards = list(outer.guards)
        try:
            clause: cst.CompFor | None = expression.for_in
            while clause is not None:
                self.target(clause.target, self.element(self.expression(clause.iter), clause.target))
                for condition in clause.ifs:
                    scope.guards.append(Guard(self.expression(condition.test), True))
                clause = clause.inner_for_in
            if isinstance(expression, cst.DictComp):
                self.expression(expression.key)
                item = self.expression(expression.value)
            else:
                item = self.expression(expression.elt)
        finally:
            self.scope = outer
        return self.graph.node("each", item)

    def lambda_(self, expression: cst.Lambda) -> Node:
        closure = Closure(expression, self.scope.region, self.scope)
        self.deferred.append(closure)
        return self.function(closure)

    def named(self, expression: cst.NamedExpr) -> Node:
        node = self.expression(expression.value)
        self.target(expression.target, node)
        return node

    def awaited(self, expression: cst.Await | cst.Yield) -> Node:
        value = expression.expression if isinstance(expression, cst.Await) else expression.value
        if isinstance(value, cst.BaseExpression):
            self.expression(value)
        return self.unknown("awaited")

    def subscript(self, expression: cst.Subscript) -> Node:
        value = self.expression(expression.value)
        indices = []
        for element in expression.slice:
            if isinstance(element.slice, cst.Index):
                indices.append(self.expression(element.slice.value))
            elif isinstance(element.slice, cst.Slice):
                parts = (element.slice.lower, element.slice.upper, element.slice.step)
                nodes = [self.expression(p) if p is not None else self.graph.const(None) for p in parts]
                indices.append(self.graph.node("slice", *nodes))
        index = indices[0] if len(indices) == 1 else self.graph.node("tuple", *indices)
        node = self.item(value, index)
        if node.op == "item":
            self.site(node, expression, None)
        return node

    def item(self, value: Node, index: Node) -> Node:
        if value.op in ("tuple", "list") and index.is_const and isinstance(index.value, int):
            if -len(value.args) <= index.value < len(value.args):
                return value.args[index.value]
        elif value.op == "dict" and index.is_const:
            for key, item in zip(value.args[::2], value.args[1::2], strict=True):
                if key is index:
                    return item
        elif value.op == "phi":
            left, right = (self.item(arg, index) for arg in value.args[1:])
            if left.op != "item" and right.op != "item":
                return left if left is right else self.graph.node("phi", value.args[0], left, right)
        return self.graph.node("item", value, index)

    # ---- calls ------------------------------------------------------------------------------------------------------

    def call(self, expression: cst.Call) -> Node:
        function = expression.func
        receiver: Node | None = None
        if isinstance(function, cst.Attribute) and function.attr.value in _DUNDERS:
            receiver = self.expression(function.value)
            row = OPS[_DUNDERS[function.attr.value]]
            operands = (receiver, *(self.expression(a.value) for a in expression.args))
            if len(operands) == row.arity:
                return self.apply(row, operands, {}, expression, None)
        callee = self.expression(function)
        args: list[Node] = []
        keywords: dict[str, Node] = {}
        starred = False
        for argument in expression.args:
            value = self.expression(argument.value)
            if argument.star:
                starred = True
            elif argument.keyword is not None:
                keywords[argument.keyword.value] = value
            else:
                args.append(value)
        result: Node | None = None
        if starred:
            result = None
        elif callee.op == "ref":
            result = self.call_path(str(callee.attr("path")), args, keywords, expression)
        elif callee.op == "function":
            result = self.call_function(callee, args, keywords, expression)
        elif callee.op == "class":
            self.fresh += 1
            return self.graph.node(
                "call", *args, instance_of=callee.attr("key"), key=-self.fresh, path=None, name="instance"
            )
        elif self.class_of(callee) is not None:
            owner = self.class_of(callee)
            assert owner is not None
            method = next((m for m in ("call", "__call__", "forward") if m in owner.members), None)
            if method is not None:
                result = self.call_function(self.class_member(owner, method, callee), args, keywords, expression)
        if result is None:
            self.fresh += 1
            path = callee.attr("path") if callee.op == "ref" else None
            name = _dotted(function) or "call"
            values = (*args, *keywords.values())
            result = self.graph.node(
                "call", *values, callee=callee, name=name.rpartition(".")[2], key=-self.fresh, path=path
            )
            self.site(result, expression, path)
        return result

    def call_function(
        self, callee: Node, args: Sequence[Node], keywords: Mapping[str, Node], expression: cst.CSTNode
    ) -> Node | None:
        closure = self.closure_of(callee)
        return self.call_closure(closure, args, keywords, expression) if closure is not None else None

    def closure_of(self, callee: Node) -> Closure | None:
        """The function of this file that a ``function`` node stands for."""
        closure = self.closures.get(callee.id)
        if closure is None:
            definition = self.definition(str(callee.attr("key")))
            if definition is None or definition.is_class:
                return None
            statement = definition.statement()
            assert isinstance(statement, cst.FunctionDef)
            closure = Closure(statement, definition.region, self.module_scope, definition)
        return closure

    def call_closure(
        self, closure: Closure, args: Sequence[Node], keywords: Mapping[str, Node], expression: cst.CSTNode
    ) -> Node | None:
        """The value of a call of a function of this file, or None where it is not followed."""
        bound = closure.instance.id if closure.instance else None
        key = (
            id(closure.node),
            bound,
            tuple(a.id for a in args),
            tuple((k, v.id) for k, v in sorted(keywords.items())),
        )
        guards = tuple((g.condition.id, g.holds) for g in self.scope.guards)
        known = self.inlined.get((key, guards))
        if known is not None:
            return known
        busy = ("call", id(closure.node))
        if busy in self.in_progress or len(self.call_stack) >= MAX_CALL_DEPTH or len(self.inlined) >= MAX_INLINED:
            return None
        if isinstance(closure.node, cst.FunctionDef) and closure.node.asynchronous is not None:
            return None
        self.in_progress.add(busy)
        self.call_stack.append(expression)
        try:
            scope = self.enter(closure, args, keywords)
        finally:
            self.call_stack.pop()
            self.in_progress.discard(busy)
        node = self.returned(scope, len(self.scope.guards))
        self.inlined[key, guards] = node
        return node

    def returned(self, scope: Scope, base: int) -> Node:
        """The join of what a function returns; the last return is what remains when no earlier one is taken."""
        if not scope.returns:
            return self.graph.const(None)
        _, node = scope.returns[-1]
        for guards, earlier in reversed(scope.returns[:-1]):
            if earlier is node:
                continue
            guard = guards[-1] if len(guards) > base else None
            if guard is None:
                node = self.graph.node("phi", self.unknown("returns"), earlier, node)
            else:
                pair = (earlier, node) if guard.holds else (node, earlier)
                node = self.graph.node("phi", guard.condition, *pair)
        return node

    def call_path(self, path: str, args: list[Node], keywords: dict[str, Node], expression: cst.Call) -> Node | None:
        row = names.op_of(path)
        if row is not None:
            if row.name == "where" and len(args) + len(keywords) == 1:
                return None
            if row.name == "cond":
                return self.call_cond(args, keywords, expression)
            return self.call_op(row, args, keywords, expression, path)
        if names.is_host(path):
            return self.call_host(names.canonical(path), args, keywords)
        if path.startswith("builtins."):
            return self.call_builtin(path.removeprefix("builtins."), args, keywords, expression)
        return None

    def call_op(
        self, row: OpSpec, args: list[Node], keywords: dict[str, Node], expression: cst.Call, path: str
    ) -> Node | None:
        bound: dict[str, Node] = dict(zip(row.params, args, strict=False))
        if len(args) > len(row.params) and row.arity >= 0:
            return None
        for keyword, value in keywords.items():
            name = row.keywords.get(keyword, keyword)
            if name not in bound:
                bound[name] = value
        if row.arity < 0:
            first = bound.pop(row.params[0], None)
            if first is None:
                return None
            operands = first.args if first.op in ("list", "tuple") else (first,)
        else:
            wanted = row.params[: row.arity]
            if any(name not in bound for name in wanted):
                return None
            operands = tuple(bound.pop(name) for name in wanted)
        attrs = {name: value for name, value in bound.items() if name != "name" and name in row.params}
        return self.apply(row, operands, attrs, expression, path)

    def call_cond(self, args: list[Node], keywords: dict[str, Node], expression: cst.Call) -> Node | None:
        values = dict(zip(("pred", "true_fn", "false_fn"), args, strict=False))
        values |= {{"fn1": "true_fn", "fn2": "false_fn"}.get(k, k): v for k, v in keywords.items()}
        if not {"pred", "true_fn", "false_fn"} <= values.keys():
            return None
        condition = values["pred"]
        results = []
        for holds, name in ((True, "true_fn"), (False, "false_fn")):
            function = values[name]
            if function.op != "function":
                return None
            closure = self.closure_of(function)
            if closure is not None:
                # Called here, under its condition, and nowhere else.
                self.lazy.add(id(closure.node))
            self.scope.guards.append(Guard(condition, holds))
            result = self.call_function(function, (), {}, expression)
            self.scope.guards.pop()
            if result is None:
                return None
            results.append(result)
        return results[0] if results[0] is results[1] else self.graph.node("phi", condition, *results)

    def call_host(self, path: str, args: list[Node], keywords: dict[str, Node]) -> Node:
        function = getattr(math, path.partition(".")[2], None)
        if callable(function) and args and not keywords and all(_is_number(a) for a in args):
            try:
                value = function(*(a.value for a in args))
            except (ValueError, OverflowError, TypeError):
                value = None
            if isinstance(value, (int, float)):
                return self.graph.const(value)
        return self.graph.node("host", *args, *keywords.values(), path=path)

    def call_builtin(self, name: str, args: list[Node], keywords: dict[str, Node], expression: cst.Call) -> Node | None:
        is_literal = len(args) == 1 and (_is_number(args[0]) or (args[0].is_const and isinstance(args[0].value, str)))
        if name in ("float", "int") and is_literal:
            try:
                return self.graph.const(float(args[0].value) if name == "float" else int(args[0].value))
            except (ValueError, OverflowError):
                return None  # float("x"), int(inf): an error of the program, when it gets there
        row = {"abs": "abs", "pow": "pow", "max": "maximum", "min": "minimum"}.get(name)
        if row is not None and len(args) == OPS[row].arity and not keywords:
            return self.apply(OPS[row], tuple(args), {}, expression, None)
        if name in (
            "float",
            "int",
            "len",
            "range",
            "bool",
            "str",
            "isinstance",
            "hasattr",
            "round",
            "ord",
            "hash",
            "id",
        ):
            return self.graph.node("host", *args, path=f"builtins.{name}")
        return None

    # ---- operators --------------------------------------------------------------------------------------------------

    def apply(
        self,
        row: OpSpec,
        operands: tuple[Node, ...],
        attrs: Mapping[str, Node],
        expression: cst.CSTNode,
        path: str | None,
    ) -> Node:
        """The application of an operator, in its canonical form, with its place in the source."""
        folded = self.fold(row, operands)
        if folded is not None:
            return folded
        name = row.name
        if (name == "multiply" and operands[0] is operands[1]) or (
            name == "pow" and _is_number(operands[1]) and operands[1].value == 2
        ):
            name, operands = "square", operands[:1]
        elif name == "reduce_euclidean_norm" and path is None:
            name = "norm"
        distinct: dict[str, Any] = dict(attrs)
        if not row.pure:
            # Two draws of random numbers are two values.
            self.fresh += 1
            distinct["key"] = -self.fresh
        node = self.graph.node(name, *operands, **distinct)
        self.site(node, expression, path)
        return node

    def fold(self, row: OpSpec, operands: tuple[Node, ...]) -> Node | None:
        function = _FOLD.get(row.name)
        if function is None or not all(_is_number(operand) for operand in operands):
            return None
        try:
            value = function(*(operand.value for operand in operands))
        except (ArithmeticError, ValueError):
            return None
        too_large = isinstance(value, int) and abs(value) > 1 << 1023
        return None if isinstance(value, complex) or too_large else self.graph.const(value)

    def site(self, node: Node, expression: cst.CSTNode, path: str | None) -> None:
        if self.statement is None:
            return
        self.graph.add_site(
            Site(
                node,
                expression,
                self.scope,
                self.statement.time,
                tuple(self.scope.guards),
                self.scope.calls,
                self.statement,
                path,
            )
        )

    _SMALL: Final[Mapping[type[cst.CSTNode], Callable[..., _Flow | None]]] = MappingProxyType(
        {
            cst.Expr: expr_statement,
            cst.Assign: assign,
            cst.AnnAssign: annotated_assign,
            cst.AugAssign: augmented_assign,
            cst.Import: import_,
            cst.ImportFrom: import_from,
            cst.Return: return_,
            cst.Raise: raise_,
            cst.Break: leave,
            cst.Continue: leave,
            cst.Assert: assert_,
            cst.Global: outside_names,
            cst.Nonlocal: outside_names,
            cst.Del: delete,
        }
    )
    _COMPOUND: Final[Mapping[type[cst.CSTNode], Callable[..., _Flow | None]]] = MappingProxyType(
        {
            cst.If: if_,
            cst.For: for_,
            cst.While: while_,
            cst.With: with_,
            cst.Try: try_,
            cst.TryStar: try_,
            cst.Match: match_,
            cst.FunctionDef: function_definition,
            cst.ClassDef: class_definition,
        }
    )
    _EXPRESSIONS: Final[Mapping[type[cst.CSTNode], Callable[..., Node]]] = MappingProxyType(
        {
            cst.Name: name,
            cst.Attribute: attribute,
            cst.Integer: number,
            cst.Float: number,
            cst.SimpleString: string,
            cst.ConcatenatedString: string,
            cst.FormattedString: formatted_string,
            cst.BinaryOperation: binary,
            cst.UnaryOperation: unary,
            cst.Comparison: comparison,
            cst.BooleanOperation: boolean,
            cst.IfExp: conditional,
            cst.Tuple: sequence,
            cst.List: sequence,
            cst.Set: sequence,
            cst.Dict: dictionary,
            cst.ListComp: comprehension,
            cst.SetComp: comprehension,
            cst.GeneratorExp: comprehension,
            cst.DictComp: comprehension,
            cst.Lambda: lambda_,
            cst.NamedExpr: named,
            cst.Await: awaited,
            cst.Yield: awaited,
            cst.Subscript: subscript,
            cst.Call: call,
        }
    )


def _dotted(node: cst.CSTNode | None) -> str | None:
    """``a.b.c`` as text, or None for anything else."""
    parts: list[str] = []
    while isinstance(node, cst.Attribute):
        parts.append(node.attr.value)
        node = node.value
    if not isinstance(node, cst.Name):
        return None
    parts.append(node.value)
    return ".".join(reversed(parts))


def _is_number(node: Node) -> bool:
    return node.is_const and isinstance(node.value, (int, float)) and not isinstance(node.value, str)


def _stored_names(root: cst.CSTNode) -> set[str]:
    """Names (and dotted names) that the statements below ``root`` bind; nested functions are not entered."""
    found: set[str] = set()
    stack: list[tuple[cst.CSTNode, bool]] = [(root, isinstance(root, cst.BaseExpression))]
    while stack:
        node, is_target = stack.pop()
        if is_target:
            if isinstance(node, (cst.Tuple, cst.List)):
                stack.extend((element.value, True) for element in node.elements)
            elif isinstance(node, cst.Subscript):
                stack.append((node.value, True))
            else:
                path = _dotted(node)
                if path is not None:
                    found.add(path)
            continue
        if isinstance(node, (cst.FunctionDef, cst.ClassDef)):
            found.add(node.name.value)
            continue
        if isinstance(node, cst.Lambda):
            continue
        if isinstance(node, cst.Assign):
            stack.extend((target.target, True) for target in node.targets)
        elif isinstance(node, (cst.AugAssign, cst.AnnAssign, cst.For, cst.NamedExpr)):
            stack.append((node.target, True))
        elif isinstance(node, cst.AsName):
            stack.append((node.name, True))
        if isinstance(
            node,
            (
                cst.BaseStatement,
                cst.BaseSuite,
                cst.BaseSmallStatement,
                cst.BaseExpression,
                cst.Else,
                cst.WithItem,
                cst.ExceptHandler,
                cst.Finally,
                cst.Arg,
                cst.MatchCase,
            ),
        ):
            stack.extend((child, False) for child in node.children)
    return found


def _captured_names(pattern: cst.CSTNode) -> set[str]:
    """Names that a ``case`` pattern binds."""
    found: set[str] = set()
    stack = [pattern]
    while stack:
        node = stack.pop()
        if (isinstance(node, cst.MatchAs) and node.name is not None) or (
            isinstance(node, cst.MatchStar) and isinstance(node.name, cst.Name)
        ):
            found.add(node.name.value)
        stack.extend(child for child in node.children if not isinstance(child, cst.BaseExpression))
    return found
