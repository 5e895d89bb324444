"""The form of the op table: one row per behaviour, with its names, its transfer function and its hazards."""

from __future__ import annotations

import enum
import math
from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from tf_nan_lint.domain.dtypes import FloatDtype
from tf_nan_lint.domain.interval import ALL, Interval
from tf_nan_lint.domain.value import TOP, AbstractValue, Grade, Reach, strongest

Attribute = float | int | bool | str | None
"""A static argument: an axis, ``keepdims``, ``ord``, a dtype name. None is ``None``, or not known."""


class HazardKind(enum.Enum):
    """The IEEE 754 exception that a singular operand raises."""

    INVALID = "invalid"
    DIVIDE_BY_ZERO = "divide-by-zero"
    OVERFLOW = "overflow"


class Masked(enum.Enum):
    """In which modes the gradient is NaN although the upstream gradient is 0: what a masked branch gets."""

    SAFE = "finite"
    XLA = "NaN under jit_compile=True only"
    UNSAFE = "NaN in every mode"


@dataclass(frozen=True, slots=True)
class Hazard:
    """Operand ``operand`` inside ``singular`` makes the op's value or its gradient non-finite.

    ``polynomial`` marks overflow that needs inputs near the dtype's limit (a square, a product): a hazard in float16
    only.
    """

    kind: HazardKind
    operand: int
    singular: Interval
    value: bool = True
    gradient: bool = True
    masked: Masked = Masked.UNSAFE
    polynomial: bool = False


@dataclass(frozen=True, slots=True)
class Operands:
    """What a transfer function sees of one application of its op.

    ``args`` has one value per operand, ``attrs`` the static arguments that are given, ``dtype`` the floating-point
    dtype that the result is rounded to, ``origin`` the identity of the node, for evidence that the op itself yields.
    ``independent`` says whether its two operands share no input, so that values reached by both are reached together.
    """

    args: tuple[AbstractValue, ...]
    dtype: FloatDtype
    attrs: Mapping[str, Attribute] = field(default_factory=dict)
    origin: Hashable = None
    independent: bool = False

    def __getitem__(self, index: int) -> AbstractValue:
        return self.args[index]

    def number(self, name: str, default: float) -> float | None:
        """A numeric argument, ``default`` where it is not given, None where its value is not known."""
        value = self.attrs.get(name, default)
        return None if value is None or isinstance(value, str) or math.isnan(value) else float(value)

    def yields(self, point: float, grade: Grade = Grade.STRUCTURAL, *, whole: bool = True) -> Reach:
        """Evidence that this op itself reaches ``point``."""
        return Reach(point, grade, self.origin, point, whole)


Transfer = Callable[[Operands], AbstractValue]


def unknown(operands: Operands) -> AbstractValue:
    """The transfer function of an op of which only the dtype is known: that of its first operand."""
    return AbstractValue(dtype=operands[0].dtype if operands.args else None, host=_all_host(operands))


def _all_host(operands: Operands) -> bool:
    return bool(operands.args) and all(arg.host for arg in operands.args)


def no_hazards(operands: Operands) -> tuple[Hazard, ...]:
    """The hazards of an op that is finite for every finite operand."""
    return ()


def no_evidence(operands: Operands) -> tuple[Reach, ...]:
    """The evidence of an op that reaches no value of its own."""
    return ()


def always(*hazards: Hazard) -> Callable[[Operands], tuple[Hazard, ...]]:
    """Hazards that do not depend on the other operands."""
    return lambda operands: hazards


@dataclass(frozen=True, slots=True)
class OpSpec:
    """One row of the op table.

    ``params`` are the parameters in positional order, the first ``arity`` of them tensors (``arity`` -1: all positional
    arguments are operands). ``names`` are the public spellings as ``family.path`` (families: see ``graph/names.py``);
    the first one of a family is the one fixes write. ``keywords`` maps other keyword spellings to ``params``.
    ``symbol`` is Python's operator where there is one. ``elementwise`` ops act entry by entry: a condition on an entry
    still holds for the entry of the result. ``pure`` ops give the same value for the same operands; the others (random
    numbers, variables) a new one at every call. ``source`` says where the numbers come from.
    """

    name: str
    arity: int
    params: tuple[str, ...]
    names: tuple[str, ...]
    transfer: Transfer = unknown
    hazards: Callable[[Operands], tuple[Hazard, ...]] = no_hazards
    elementwise: bool = False
    keywords: Mapping[str, str] = field(default_factory=dict)
    symbol: str | None = None
    source: str = "facts/OPS.md (TensorFlow 2.21)"
    pure: bool = True

    def name_in(self, family: str) -> str | None:
        """The preferred path of this op in a family (``"tf"`` → ``"math.log"``), or None where it has no name there."""
        prefix = family + "."
        return next((name.removeprefix(prefix) for name in self.names if name.startswith(prefix)), None)


def op(
    name: str,
    params: str,
    names: str,
    *,
    arity: int = 1,
    transfer: Transfer = unknown,
    hazards: Callable[[Operands], tuple[Hazard, ...]] = no_hazards,
    elementwise: bool = False,
    keywords: str = "",
    symbol: str | None = None,
    source: str = "facts/OPS.md (TensorFlow 2.21)",
    pure: bool = True,
) -> OpSpec:
    """A row in its written form: ``params`` and ``names`` separated by blanks, ``keywords`` as ``other=param``."""
    pairs = dict(pair.split("=") for pair in keywords.split())
    return OpSpec(
        name,
        arity,
        tuple(params.split()),
        tuple(names.split()),
        transfer,
        hazards,
        elementwise,
        MappingProxyType(pairs),
        symbol,
        source,
        pure,
    )


class OpTable(Mapping[str, OpSpec]):
    """All rows, by canonical name and by public spelling. Filled once, at import."""

    def __init__(self, *families: tuple[OpSpec, ...]) -> None:
        self._rows: dict[str, OpSpec] = {}
        self._spellings: dict[str, OpSpec] = {}
        for row in (row for family in families for row in family):
            if row.name in self._rows:
                raise ValueError(f"two rows are called {row.name!r}")
            self._rows[row.name] = row
            for name in row.names:
                if name in self._spellings:
                    raise ValueError(f"{name!r} is a spelling of {row.name!r} and of {self._spellings[name].name!r}")
                self._spellings[name] = row

    def __getitem__(self, name: str) -> OpSpec:
        return self._rows[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    def spelled(self, name: str) -> OpSpec | None:
        """The row of a public spelling such as ``"tf.math.log"``."""
        return self._spellings.get(name)

    @property
    def spellings(self) -> Mapping[str, OpSpec]:
        """Every public spelling."""
        return MappingProxyType(self._spellings)


MAX_REACHED = 8
"""How many values that are reached are kept for one tensor: the evidence of long sums would grow with their length."""


def value_of(operands: Operands, range_: Interval, *reached: Reach, may_nan: bool = False) -> AbstractValue:
    """The result of an elementwise op: dtype, host and rank follow from the operands."""
    dtypes = [arg.dtype for arg in operands.args if arg.dtype is not None and not arg.host]
    dtypes = dtypes or [arg.dtype for arg in operands.args if arg.dtype is not None]
    return AbstractValue(
        range=range_,
        reached=strongest(r for r in reached if r.point in range_)[:MAX_REACHED],
        may_nan=may_nan or any(arg.may_nan for arg in operands.args),
        dtype=dtypes[0] if dtypes else None,
        host=_all_host(operands),
        rank0=all(arg.rank0 for arg in operands.args) and bool(operands.args),
    )


def carried(operands: Operands, index: int = 0) -> AbstractValue:
    """The result of an op that only moves entries of operand ``index``: what is reached stays reached."""
    return replace(operands[index], rank0=False)


def created(operands: Operands, range_: Interval, *reached: Reach, dtype: str | None = None) -> AbstractValue:
    """A new tensor, of the dtype that the call asks for, or ``dtype``."""
    asked = operands.attrs.get("dtype", dtype)
    return AbstractValue(range_, reached, dtype=asked if isinstance(asked, str) else None)


def constant(value: AbstractValue) -> float | None:
    """The only value an operand can have, or None."""
    return value.range.low if value.range.is_point and not value.may_nan else None


def mapped(operands: Operands, index: int, function: Callable[[float], float]) -> list[Reach]:
    """What operand ``index`` reaches, seen through ``function``; where that is NaN it reaches nothing."""
    images = ((operands.dtype.round(function(entry.point)), entry) for entry in operands[index].reached)
    return [entry.moved(image) for image, entry in images if not math.isnan(image)]


def meeting(operands: Operands) -> list[tuple[Reach, Reach]]:
    """Pairs of values that both operands reach for the same input."""
    return [
        (a, b)
        for a in operands[0].reached
        for b in operands[1].reached
        if operands.independent or (a.origin is not None and (a.origin, a.seed) == (b.origin, b.seed))
    ]


def together(one: Reach, other: Reach, point: float) -> Reach:
    """The evidence that two values which are reached for the same input give ``point``."""
    return Reach(point, min(one.grade, other.grade), one.origin, one.seed, one.whole and other.whole)


def zeros(operands: Operands, index: int = 0) -> list[Reach]:
    """The evidence that operand ``index`` reaches 0."""
    return [entry for entry in operands[index].reached if entry.point == 0.0]


def monotone(
    function: Callable[[float], float],
    within: Interval = ALL,
    sharpen: Callable[[Operands], tuple[Reach, ...]] = no_evidence,
) -> Transfer:
    """The transfer function of an increasing function without singularities, whose results lie in ``within``."""

    def transfer(operands: Operands) -> AbstractValue:
        range_ = operands[0].range.increasing(function, operands.dtype).meet(within)
        return value_of(operands, range_, *mapped(operands, 0, function), *sharpen(operands))

    return transfer


def flushed(range_: Interval, dtype: FloatDtype) -> Interval:
    """``range_`` with 0 where it begins or ends among the subnormals, which the kernels read as 0."""
    low = 0.0 if 0.0 < range_.low < dtype.tiny else range_.low
    high = 0.0 if -dtype.tiny < range_.high < 0.0 else range_.high
    return Interval(low, high)


def polynomial_overflow(operands: Operands, degree: float) -> Hazard:
    """The overflow of a power of operand 0, a hazard in float16 only."""
    edge = operands.dtype.max ** (1.0 / degree)
    return Hazard(HazardKind.OVERFLOW, 0, Interval(edge, math.inf), polynomial=True)


__all__ = [
    "TOP",
    "AbstractValue",
    "Attribute",
    "Grade",
    "Hazard",
    "HazardKind",
    "Interval",
    "Masked",
    "OpSpec",
    "OpTable",
    "Operands",
    "Reach",
    "Transfer",
    "always",
    "carried",
    "constant",
    "created",
    "flushed",
    "mapped",
    "meeting",
    "monotone",
    "no_evidence",
    "no_hazards",
    "op",
    "polynomial_overflow",
    "strongest",
    "unknown",
    "value_of",
    "zeros",
]
