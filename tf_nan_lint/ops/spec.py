"""The form of the op table: one row per behaviour, with its names, its transfer function and its hazards."""

from __future__ import annotations

import enum
from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from tf_nan_lint.domain.dtypes import FloatDtype
from tf_nan_lint.domain.interval import Interval
from tf_nan_lint.domain.value import TOP, AbstractValue, Grade, Reach

Attribute = float | int | bool | str | None
"""A static argument whose value is known: an axis, ``keepdims``, ``ord``, a dtype name."""


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

    ``polynomial`` marks overflow that needs inputs near the dtype's limit (a square, a product): a hazard in float16 only.
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

    ``args`` has one value per operand, ``attrs`` the static arguments that are known, ``dtype`` the floating-point dtype
    that the result is rounded to, ``origin`` the identity of the node, for evidence that the op itself yields.
    ``independent`` says whether its two operands share no input, so that values reached by both are reached together.
    """

    args: tuple[AbstractValue, ...]
    dtype: FloatDtype
    attrs: Mapping[str, Attribute] = field(default_factory=dict)
    origin: Hashable = None
    independent: bool = False

    def __getitem__(self, index: int) -> AbstractValue:
        return self.args[index]

    def yields(self, point: float, grade: Grade = Grade.STRUCTURAL) -> Reach:
        """Evidence that this op itself reaches ``point``."""
        return Reach(point, grade, self.origin)


Transfer = Callable[[Operands], AbstractValue]


def unknown(operands: Operands) -> AbstractValue:
    """The transfer function of an op of which only the dtype is known: that of its first operand."""
    return AbstractValue(dtype=operands[0].dtype if operands.args else None, host=_all_host(operands))


def _all_host(operands: Operands) -> bool:
    return bool(operands.args) and all(arg.host for arg in operands.args)


def no_hazards(operands: Operands) -> tuple[Hazard, ...]:
    """The hazards of an op that is finite for every finite operand."""
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
    still holds for the entry of the result. ``shape_of`` is the operand whose shape the result has (None: broadcast).
    ``source`` says where the numbers come from.
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


def value_of(operands: Operands, range_: Interval, *reached: Reach, may_nan: bool = False) -> AbstractValue:
    """The result of an elementwise op: dtype, host and rank follow from the operands."""
    dtypes = [arg.dtype for arg in operands.args if arg.dtype is not None and not arg.host]
    dtypes = dtypes or [arg.dtype for arg in operands.args if arg.dtype is not None]
    return AbstractValue(
        range=range_,
        reached=tuple(r for r in reached if r.point in range_),
        may_nan=may_nan or any(arg.may_nan for arg in operands.args),
        dtype=dtypes[0] if dtypes else None,
        host=_all_host(operands),
        rank0=all(arg.rank0 for arg in operands.args) and bool(operands.args),
    )


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
    "no_hazards",
    "op",
    "unknown",
    "value_of",
]
