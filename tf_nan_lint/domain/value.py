"""What the analysis knows of one tensor: an over-approximation (range) and an under-approximation (reached)."""

from __future__ import annotations

import enum
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, replace

from tf_nan_lint.domain import dtypes
from tf_nan_lint.domain.dtypes import FLOAT32, FloatDtype
from tf_nan_lint.domain.interval import ALL, Interval


class Grade(enum.IntEnum):
    """How easily ordinary inputs produce a value; the order is the order of strength.

    ``COINCIDENT``: at single ordinary points only (the square of an unknown value at 0, the difference of two unknown
    values where they meet). ``SATURATION``: by large inputs (softmax, sigmoid, tanh, exp). ``NAMED``: by what the name
    of an input says (a mask, a probability). ``STRUCTURAL``: on a whole region of ordinary inputs (relu, a clip bound,
    the count of a mask).
    """

    COINCIDENT = 1
    SATURATION = 2
    NAMED = 3
    STRUCTURAL = 4


@dataclass(frozen=True, slots=True)
class Reach:
    """Ordinary inputs make an entry equal ``point``.

    ``origin`` identifies the graph node that yields it, by being ``seed`` itself; ``whole`` says that all entries can equal
    ``point`` at once (those of a mask can, those of a one-hot row cannot).
    """

    point: float
    grade: Grade
    origin: Hashable = None
    seed: float | None = None
    whole: bool = True

    def moved(self, point: float) -> Reach:
        """The same evidence seen through an op that maps the value to ``point``."""
        return replace(self, point=point)


@dataclass(frozen=True, slots=True)
class AbstractValue:
    """Everything known of the entries of one tensor.

    ``range`` holds every non-NaN entry but those ``excluded``, ``reached`` values that do occur, ``may_nan`` says whether
    an entry can be NaN for finite inputs, ``dtype`` is TensorFlow's name or None, ``host`` marks Python numbers,
    shapes and the like, ``rank0`` what is known to be a scalar.
    """

    range: Interval = ALL
    reached: tuple[Reach, ...] = ()
    may_nan: bool = False
    dtype: str | None = None
    host: bool = False
    rank0: bool = False
    excluded: frozenset[float] = frozenset()

    def may_be(self, singular: Interval) -> bool:
        """Whether some entry can lie in ``singular``."""
        met = self.range.meet(singular)
        return not met.is_empty and not (met.is_point and met.low in self.excluded)

    def float_dtype(self, default: FloatDtype = FLOAT32) -> FloatDtype:
        """The floating-point dtype to compute with, ``default`` where it is unknown."""
        return dtypes.FLOATS.get(self.dtype or "", default)

    @property
    def is_integral(self) -> bool:
        """Whether the dtype is an integer or bool."""
        return self.dtype in dtypes.INTEGERS or self.dtype == "bool"

    def reach(self, point: float, at_least: Grade = Grade.COINCIDENT) -> Reach | None:
        """The strongest evidence that ``point`` is reached, if any is at least of the grade asked for."""
        found = [r for r in self.reached if r.point == point and r.grade >= at_least]
        return max(found, key=lambda r: r.grade, default=None)

    def narrowed(self, to: Interval) -> AbstractValue:
        """The same value where it is known to lie in ``to``."""
        met = self.range.meet(to)
        return replace(self, range=met, reached=tuple(r for r in self.reached if r.point in met))

    def join(self, other: AbstractValue) -> AbstractValue:
        """What holds of a value that is one or the other; either may be reached."""
        if self.is_bottom:
            return other
        if other.is_bottom:
            return self
        return AbstractValue(
            range=self.range.join(other.range),
            reached=strongest((*self.reached, *other.reached)),
            may_nan=self.may_nan or other.may_nan,
            dtype=self.dtype if self.dtype == other.dtype else self.dtype or other.dtype,
            host=self.host and other.host,
            rank0=self.rank0 and other.rank0,
            excluded=frozenset(p for p in self.excluded if p in other.excluded or p not in other.range)
            | frozenset(p for p in other.excluded if p not in self.range),
        )

    @property
    def is_bottom(self) -> bool:
        """Whether no entry exists at all: the branch is never taken."""
        return self.range.is_empty and not self.may_nan


def strongest(reached: Iterable[Reach]) -> tuple[Reach, ...]:
    """One entry per point, the strongest, in the order of first appearance."""
    best: dict[float, Reach] = {}
    for entry in reached:
        known = best.get(entry.point)
        if known is None or (entry.whole, entry.grade) > (known.whole, known.grade):
            best[entry.point] = entry
    return tuple(best.values())


TOP = AbstractValue()
"""An input of which nothing is known."""
