"""From nodes of the value graph to a TensorFlow function that computes them, from generated text only.

What a slice cannot or should not compute becomes one of its inputs: unknown calls, attributes, loops, random numbers,
ops without a TensorFlow name. So does a ``phi``: it stands for a lazy ``if`` of Python, which ``tf.where`` is not (its
branch that is not taken still has a gradient, possibly NaN); only a constant condition decides it.
"""

from __future__ import annotations

import inspect
import itertools
import keyword
import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from operator import attrgetter
from types import MappingProxyType
from typing import Any, Final

import numpy as np
import tensorflow as tf

from tf_nan_lint.analysis.named import EPSILON
from tf_nan_lint.domain.dtypes import NAMES
from tf_nan_lint.errors import TfNanLintError
from tf_nan_lint.graph.nodes import Node
from tf_nan_lint.ops import OPS
from tf_nan_lint.ops.spec import OpSpec
from tf_nan_lint.runtime.execute import Function, InputSpec, define

PRIMITIVES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "sqrt_clipped": "tf.math.sqrt(tf.math.maximum({}, 0.0))",
        "epsilon": "1e-07",
        "to_float": "tf.cast({}, tf.float32)",
        "to_double": "tf.cast({}, tf.float64)",
        "to_bfloat16": "tf.cast({}, tf.bfloat16)",
        "to_int32": "tf.cast({}, tf.int32)",
        "to_int64": "tf.cast({}, tf.int64)",
    }
)
"""Ops whose only names are Keras' old backend or TensorFlow 1, spelled from others."""

_MODULES: Final[Mapping[str, str]] = MappingProxyType({"keras": "tf.keras", "tnp": "tf.experimental.numpy"})
"""Where the families other than ``tf`` are found. Reading ``tf.keras`` imports Keras: only slices that need it do."""

_INTEGER_PARAMS: Final = frozenset(
    "indices segment_ids ids shape multiples begin size end strides paddings perm repeats depth num_classes".split()
)
_BOOLEAN_PARAMS: Final = frozenset({"condition", "mask"})
_BOOLEAN_OPS: Final = frozenset("logical_and logical_or logical_xor logical_not reduce_any reduce_all".split())
_INTEGER_OPERANDS: Final = frozenset(
    {("one_hot", 0), ("sequence_mask", 0), ("sparse_softmax_cross_entropy_with_logits", 0), ("confusion_matrix", 0)}
    | {("confusion_matrix", 1), ("scatter_nd", 0)}
)

_TENSOR_PARAMS: Final = frozenset(
    "pos_weight weights offset scale on_value off_value epsilon negative_slope alpha beta b value shift".split()
)
"""Arguments beyond the operands that are numbers or tensors, and may therefore be inputs of a slice."""

_PRECEDENCE: Final[Mapping[str, int]] = MappingProxyType(
    {"**": 14, "*": 12, "/": 12, "//": 12, "%": 12, "@": 12, "+": 11, "-": 11, "&": 9, "^": 8, "|": 7}
)
_NEGATED: Final = 13
_COMPARED: Final = 6
_ATOM: Final = 100
_MAX_INLINE: Final = 60
"""An expression longer than this gets a statement of its own."""


class SliceError(TfNanLintError):
    """A node is no operation that TensorFlow could be asked to run."""

    def __init__(self, node: Node | None, problem: str) -> None:
        super().__init__(node, problem)
        self.node = node
        self.problem = problem

    def __str__(self) -> str:
        return f"no slice of {self.node!r}: {self.problem}" if self.node is not None else f"no slice: {self.problem}"


@dataclass(frozen=True, slots=True)
class Slice:
    """A TensorFlow function that computes some nodes of a graph.

    ``source`` is its Python text, ``specs`` what its parameters may be, ``nodes`` what they stand for, ``constants``
    the numbers that occur in it.
    """

    source: str
    specs: tuple[InputSpec, ...]
    nodes: tuple[Node, ...]
    constants: tuple[float, ...]

    @property
    def inputs(self) -> tuple[str, ...]:
        """The names of the parameters, in order."""
        return tuple(spec.name for spec in self.specs)

    def compile(self) -> Function:
        """The function. Only generated text is executed, which holds nothing of the user's but names and literals."""
        modules = [f"{name} = {path}\n" for name, path in _MODULES.items() if f"{name}." in self.source]
        text = "".join(["import tensorflow as tf\n", *modules, "\n\n", self.source])
        function: Function = define(text, f"<slice {next(_serial)}>")["sliced"]
        return function


_serial = itertools.count()


def slice_of(outputs: Sequence[Node], parameters: Sequence[Node] = ()) -> Slice:
    """The slice that computes ``outputs``: one value, or a tuple of several.

    ``parameters`` come first among its inputs, used or not, so that the slices of an original and of its repair take
    the same arguments (pass the ``nodes`` of the first one to the second). The other inputs follow in the order in
    which the code introduces them.

    Raises:
        SliceError: an output is no operation, or one that cannot be run.
    """
    if not outputs:
        raise SliceError(None, "no output is asked for")
    plan = _Plan()
    roots = [_decided(node) for node in outputs]
    for root in roots:
        plan.add(root)
        if root.id not in plan.calls:
            raise SliceError(root, "it is no operation that TensorFlow can be asked to run")
    found = [node for node in plan.inputs.values() if node not in parameters]
    nodes = (*parameters, *sorted(found, key=lambda node: node.id))
    names = _unique(_readable(node) for node in nodes)
    specs = tuple(_spec(name, node, plan.kinds.get(node.id, "float")) for name, node in zip(names, nodes, strict=True))
    texts = {node.id: _Text(name) for name, node in zip(names, nodes, strict=True)}
    return Slice(plan.emit(roots, names, texts), specs, nodes, tuple(dict.fromkeys(plan.constants)))


def _decided(node: Node) -> Node:
    """The branch that a ``phi`` with a constant condition takes."""
    while node.op == "phi" and node.args[0].is_const:
        node = node.args[1] if node.args[0].value else node.args[2]
    return node


@dataclass(frozen=True, slots=True)
class _Text:
    """Source of an expression and how tightly it binds."""

    text: str
    precedence: int = _ATOM

    def within(self, precedence: int) -> str:
        return f"({self.text})" if self.precedence < precedence else self.text


@dataclass(frozen=True, slots=True)
class _Call:
    """How a node is written: a template or callee, and its arguments as (keyword or None, node)."""

    callee: str
    arguments: tuple[tuple[str | None, Node], ...]
    row: OpSpec | None = None
    as_list: bool = False
    extra: tuple[str, ...] = ()

    @property
    def operands(self) -> tuple[Node, ...]:
        return tuple(node for _, node in self.arguments)


@dataclass(eq=False, slots=True)
class _Plan:
    """Which nodes a slice computes and how, which are its inputs, and the order of everything."""

    calls: dict[int, _Call] = field(default_factory=dict)
    inputs: dict[int, Node] = field(default_factory=dict)
    kinds: dict[int, str] = field(default_factory=dict)
    constants: list[float] = field(default_factory=list)
    order: list[Node] = field(default_factory=list)
    uses: Counter[int] = field(default_factory=Counter)

    def add(self, root: Node) -> None:
        """Plan ``root`` and all it needs, operands before their users, without recursion."""
        self.uses[root.id] += 1
        stack = [(root, False)]
        done = {node.id for node in self.order} | set(self.inputs)
        while stack:
            node, ready = stack.pop()
            if node.id in done:
                continue
            if ready:
                done.add(node.id)
                self.order.append(node)
                continue
            call = self.calls.get(node.id) or _call(node)
            if call is None:
                done.add(node.id)
                if not _is_literal(node):
                    self.inputs[node.id] = node
                elif node.is_const and isinstance(node.value, (int, float)):
                    self.constants.append(float(node.value))
                continue
            self.calls[node.id] = call
            stack.append((node, True))
            for index, operand in reversed(list(enumerate(call.operands))):
                self.uses[operand.id] += 1
                self._type(call, index, operand)
                stack.append((operand, False))

    def _type(self, call: _Call, index: int, operand: Node) -> None:
        if call.row is None:
            return
        param = call.row.params[index] if index < len(call.row.params) else call.row.params[0]
        if param in _BOOLEAN_PARAMS or call.row.name in _BOOLEAN_OPS:
            self.kinds[operand.id] = "bool"
        elif param in _INTEGER_PARAMS or (call.row.name, index) in _INTEGER_OPERANDS:
            self.kinds.setdefault(operand.id, "int")

    def emit(self, roots: Sequence[Node], names: Sequence[str], texts: dict[int, _Text]) -> str:
        """The text of the function."""
        lines = []
        fresh = (name for i in itertools.count(1) if (name := f"v{i}") not in names)
        for node in self.order:
            text = _write(node, self.calls[node.id], texts)
            is_list = self.calls[node.id].row is None and self.calls[node.id].as_list
            if not is_list and (self.uses[node.id] > 1 or len(text.text) > _MAX_INLINE):
                name = next(fresh)
                lines.append(f"    {name} = {text.text}")
                text = _Text(name)
            texts[node.id] = text
        result = ", ".join(texts[root.id].text for root in roots)
        return "\n".join([f"def sliced({', '.join(names)}):", *lines, f"    return {result}", ""])


def _call(node: Node) -> _Call | None:
    """How to write ``node`` from its operands, or None for literals and what becomes an input."""
    if node.op == "phi":
        decided = _decided(node)
        return _Call("{}", ((None, decided),)) if decided is not node else None
    if node.op in ("list", "tuple"):
        return _Call("", tuple((None, arg) for arg in node.args), as_list=True)
    if node.op == "item":
        index = _index(node.args[1])
        container = node.args[0]
        is_computed = container.op in OPS and _call(container) is not None
        return _Call(f"{{}}[{index}]", ((None, container),)) if index is not None and is_computed else None
    if _is_dtype(node):
        return _Call("{}.dtype", ((None, node.args[0]),))
    row = OPS.get(node.op)
    if row is None or not row.pure or node.op == "cond":
        return None
    if node.op in PRIMITIVES:
        return _Call(PRIMITIVES[node.op], tuple((None, arg) for arg in node.args))
    given = {name: value for name, value in node.attrs if name != "name"}
    return next((call for path in row.names if (call := _spelled(row, path, node.args, given)) is not None), None)


def _spelled(row: OpSpec, path: str, operands: Sequence[Node], given: Mapping[str, Any]) -> _Call | None:
    """The call of ``row`` by the name ``path``, or None where TensorFlow has no such name or argument."""
    signature = _signature(path)
    if signature is None:
        return None
    names, is_open = signature
    if row.arity >= 0 and len(operands) > len(names) and not is_open:
        return None
    arguments: list[tuple[str | None, Node]] = []
    extra = []
    for index, operand in enumerate(operands):
        keyword_ = None
        if row.arity >= 0 and not is_open:
            own = _keyword(row, row.params[index], names) if index < len(row.params) else None
            keyword_ = own if own is not None and names[index] != own else None
        arguments.append((keyword_, operand))
    for name, value in given.items():
        own = _keyword(row, name, names)
        if own is None:
            return None
        if not isinstance(value, Node):
            extra.append(f"{own}={value!r}")
            continue
        static = _static(value)
        if static is not None:
            extra.append(f"{own}={static}")
        elif name in _TENSOR_PARAMS or _is_computed(value):
            arguments.append((own, value))
        else:
            return None
    return _Call(path, tuple(arguments), row, row.arity < 0, tuple(extra))


def _is_computed(node: Node) -> bool:
    """Whether an argument can be written without a new input: a shape made of sizes, the value of an operation."""
    if node.op in ("list", "tuple"):
        return all(arg.is_const or _is_computed(arg) for arg in node.args)
    return _call(node) is not None


def _is_dtype(node: Node) -> bool:
    return node.op == "attr" and node.attr("name") in ("dtype", "base_dtype")


@lru_cache(maxsize=1024)
def _signature(path: str) -> tuple[tuple[str, ...], bool] | None:
    """The parameters of a public function and whether it takes any number of them; None where it does not exist."""
    family, _, rest = path.partition(".")
    if family not in ("tf", *_MODULES):
        return None
    try:
        _, _, whole = f"{_MODULES.get(family, family)}.{rest}".partition(".")
        parameters = inspect.signature(attrgetter(whole)(tf)).parameters.values()
    except (AttributeError, ValueError, TypeError):
        return None
    is_open = any(p.kind is inspect.Parameter.VAR_POSITIONAL for p in parameters)
    return tuple(p.name for p in parameters), is_open


def _keyword(row: OpSpec, param: str, names: Sequence[str]) -> str | None:
    """What a function with parameters ``names`` calls the parameter ``param`` of its row."""
    spellings = (param, *(other for other, own in row.keywords.items() if own == param))
    return next((name for name in spellings if name in names), None)


def _is_literal(node: Node) -> bool:
    return _static(node) is not None


def _static(node: Node) -> str | None:
    """Source of a node that is known before the function runs: a literal or a dtype."""
    if node.is_const:
        return _literal(node.value)
    if node.op in ("list", "tuple"):
        items = [_static(arg) for arg in node.args]
        return None if None in items else f"[{', '.join(item for item in items if item is not None)}]"
    if node.op == "ref":
        name = str(node.attr("path")).rpartition(".")[2]
        return f"tf.{name}" if name in NAMES else {"float": "tf.float32", "int": "tf.int32"}.get(name)
    return None


def _literal(value: object) -> str | None:
    if isinstance(value, (np.generic, np.ndarray)):
        value = value.tolist()
    if isinstance(value, float) and not math.isfinite(value):
        return f"float('{value}')"
    return repr(value) if isinstance(value, (bool, int, float, str, bytes, list, tuple, type(None))) else None


def _index(node: Node) -> str | None:
    """Source of a static index: an integer, a slice with integer ends, or several of them."""
    if node.is_const and (node.value is None or isinstance(node.value, int)):
        return repr(node.value)
    if node.op == "slice":
        parts = [_index(arg) for arg in node.args]
        if None in parts:
            return None
        text = ":".join("" if part == "None" else str(part) for part in parts)
        return text.removesuffix(":") if text.count(":") == 2 else text
    if node.op == "tuple":
        parts = [_index(arg) for arg in node.args]
        return None if None in parts else ", ".join(str(part) for part in parts)
    return None


def _write(node: Node, call: _Call, texts: Mapping[int, _Text]) -> _Text:
    parts = [texts[o.id] if o.id in texts else _Text(_static(o) or "None", _literal_binding(o)) for o in call.operands]
    row = call.row
    if row is None:
        if call.as_list:
            return _Text(f"[{', '.join(part.text for part in parts)}]")
        if call.callee == "{}":
            return parts[0]
        has_suffix = call.callee.startswith("{}")
        return _Text(call.callee.format(*(part.within(_ATOM) if has_suffix else part.text for part in parts)))
    tensors = any(not o.is_const and o.op not in ("list", "tuple") for o in call.operands)
    plain = tensors and not call.extra and all(word is None for word, _ in call.arguments)
    if row.symbol is not None and plain and len(parts) == row.arity:
        return _operation(row.symbol, parts)
    words = [word for word, _ in call.arguments]
    if call.as_list:
        positional = [part.text for part, word in zip(parts, words, strict=True) if word is None]
        named = [f"{word}={part.text}" for part, word in zip(parts, words, strict=True) if word is not None]
        arguments = [f"[{', '.join(positional)}]", *named]
    else:
        arguments = [
            part.text if word is None else f"{word}={part.text}" for part, word in zip(parts, words, strict=True)
        ]
    return _Text(f"{call.callee}({', '.join([*arguments, *call.extra])})")


def _literal_binding(node: Node) -> int:
    # -1.0 ** x is -(1.0 ** x).
    is_negative = node.is_const and isinstance(node.value, (int, float)) and math.copysign(1.0, node.value) < 0
    return _NEGATED if is_negative else _ATOM


def _operation(symbol: str, parts: Sequence[_Text]) -> _Text:
    if len(parts) == 1:
        return _Text(f"{symbol}{parts[0].within(_NEGATED)}", _NEGATED)
    precedence = _PRECEDENCE.get(symbol, _COMPARED)
    # Powers group to the right, the others to the left, comparisons not at all.
    left = precedence + 1 if symbol == "**" or precedence == _COMPARED else precedence
    right = precedence if symbol == "**" else precedence + 1
    return _Text(f"{parts[0].within(left)} {symbol} {parts[1].within(right)}", precedence)


def _readable(node: Node) -> str:
    """A name for an input, from what the code calls it."""
    name = node.attr("name")
    if isinstance(name, Node):
        name = name.value if name.is_const else None
    if node.op == "item":
        index = node.args[1]
        if index.is_const and isinstance(index.value, str):
            name = index.value
        else:
            name = f"{_readable(node.args[0])}_{index.value}" if index.is_const else f"{_readable(node.args[0])}_item"
    elif node.op == "attr" and node.args[0].attr("kind") != "self" and node.args[0].op in ("input", "call", "attr"):
        name = f"{_readable(node.args[0])}_{name}"
    elif node.op in ("ref", "host"):
        name = str(node.attr("path")).rpartition(".")[2]
    elif node.op == "phi":
        name = "choice"
    text = re.sub(r"\W", "_", str(name or node.op)).strip("_") or "x"
    text = f"x{text}" if text[0].isdigit() else text
    return f"{text}_" if keyword.iskeyword(text) or text in ("tf", "keras", "tnp", "sliced", "float") else text


def _unique(names: Iterable[str]) -> list[str]:
    found: dict[str, None] = {}
    for name in names:
        numbered = (f"{name}_{i}" for i in itertools.count(2))
        found[next(n for n in itertools.chain([name], numbered) if n not in found)] = None
    return list(found)


def _spec(name: str, node: Node, kind: str) -> InputSpec:
    low, high = _range(name, node)
    return InputSpec(name, kind, low, high)


def _range(name: str, node: Node) -> tuple[float, float]:
    """What an input can be without contradicting the code."""
    default = node.attr("default")
    if isinstance(default, Node) and default.is_const and isinstance(default.value, (int, float)):
        # A parameter that callers leave out: its default is what runs.
        return float(default.value), float(default.value)
    if EPSILON.fullmatch(name):
        return 1e-7, 1e-7
    if node.op in ("random_uniform", "stateless_uniform"):
        ends = [_number(node.attr("minval"), 0.0), _number(node.attr("maxval"), 1.0)]
        return ends[0], math.nextafter(ends[1], ends[0]) if ends[1] > ends[0] else ends[1]
    if node.op in ("zeros", "ones"):
        return (0.0, 0.0) if node.op == "zeros" else (1.0, 1.0)
    if node.op in ("random_gamma", "random_poisson"):
        return 0.0, math.inf
    is_size = node.op == "host" and node.attr("path") == "builtins.len"
    is_size |= node.op == "item" and node.args[0].op == "attr" and node.args[0].attr("name") == "shape"
    return (1.0, math.inf) if is_size else (-math.inf, math.inf)


def _number(value: object, default: float) -> float:
    if isinstance(value, Node):
        value = value.value if value.is_const else default
    return float(value) if isinstance(value, (int, float)) else default
