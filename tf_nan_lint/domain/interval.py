"""Closed intervals of floats, infinities included: the over-approximation of what a tensor's entries can be."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from tf_nan_lint.domain.dtypes import FLOAT64, FloatDtype


@dataclass(frozen=True, slots=True)
class Interval:
    """All floats ``x`` with ``low <= x <= high``; ``EMPTY`` holds none. NaN is never a member.

    Arithmetic is sound for operations rounded to ``dtype``: a correctly rounded operation is monotone, so rounding
    the exact bound gives the tightest bound of the rounded results.
    """

    low: float
    high: float

    def __post_init__(self) -> None:
        if math.isnan(self.low) or math.isnan(self.high):
            raise ValueError(f"NaN is no bound: [{self.low}, {self.high}]")

    @property
    def is_empty(self) -> bool:
        """Whether no value is a member."""
        return self.low > self.high

    @property
    def is_point(self) -> bool:
        """Whether exactly one value is a member."""
        return self.low == self.high

    @property
    def is_finite(self) -> bool:
        """Whether neither infinity is a member."""
        return not self.is_empty and math.isfinite(self.low) and math.isfinite(self.high)

    def __contains__(self, value: float) -> bool:
        return self.low <= value <= self.high

    def within(self, other: Interval) -> bool:
        """Whether every member is one of ``other``."""
        return self.is_empty or (other.low <= self.low and self.high <= other.high)

    def join(self, other: Interval) -> Interval:
        """The smallest interval that holds both."""
        if self.is_empty:
            return other
        if other.is_empty:
            return self
        return Interval(min(self.low, other.low), max(self.high, other.high))

    def meet(self, other: Interval) -> Interval:
        """The common members."""
        met = Interval(max(self.low, other.low), min(self.high, other.high))
        return EMPTY if met.is_empty else met

    def widen(self, newer: Interval) -> Interval:
        """``newer`` with every bound that still moves sent to infinity, so that iteration ends."""
        if self.is_empty:
            return newer
        if newer.is_empty:
            return self
        return Interval(
            self.low if self.low <= newer.low else -math.inf,
            self.high if self.high >= newer.high else math.inf,
        )

    def rounded(self, dtype: FloatDtype) -> Interval:
        """The interval of the members after rounding to ``dtype``."""
        return self if self.is_empty else Interval(dtype.round(self.low), dtype.round(self.high))

    def __neg__(self) -> Interval:
        return EMPTY if self.is_empty else Interval(-self.high, -self.low)

    def add(self, other: Interval, dtype: FloatDtype = FLOAT64) -> Interval:
        """Sums; ``inf - inf`` is NaN and no member (see :func:`add_may_be_nan`)."""
        if self.is_empty or other.is_empty:
            return EMPTY
        low, high = self.low + other.low, self.high + other.high
        return Interval(-math.inf if math.isnan(low) else low, math.inf if math.isnan(high) else high).rounded(dtype)

    def sub(self, other: Interval, dtype: FloatDtype = FLOAT64) -> Interval:
        """Differences."""
        return self.add(-other, dtype)

    def mul(self, other: Interval, dtype: FloatDtype = FLOAT64) -> Interval:
        """Products; ``0 * inf`` is NaN and no member (see :func:`mul_may_be_nan`)."""
        if self.is_empty or other.is_empty:
            return EMPTY
        corners = [_product(a, b) for a in (self.low, self.high) for b in (other.low, other.high)]
        return Interval(min(corners), max(corners)).rounded(dtype)

    def div(self, other: Interval, dtype: FloatDtype = FLOAT64) -> Interval:
        """Quotients; division by zero of either sign gives every value."""
        if self.is_empty or other.is_empty:
            return EMPTY
        if 0.0 in other:
            return ALL
        corners = [_quotient(a, b) for a in (self.low, self.high) for b in (other.low, other.high)]
        return Interval(min(corners), max(corners)).rounded(dtype)

    def maximum(self, other: Interval) -> Interval:
        """Element-wise maxima."""
        if self.is_empty or other.is_empty:
            return EMPTY
        return Interval(max(self.low, other.low), max(self.high, other.high))

    def minimum(self, other: Interval) -> Interval:
        """Element-wise minima."""
        return -(-self).maximum(-other)

    def abs(self) -> Interval:
        """Magnitudes."""
        if self.is_empty:
            return EMPTY
        low = 0.0 if 0.0 in self else min(abs(self.low), abs(self.high))
        return Interval(low, max(abs(self.low), abs(self.high)))

    def square(self, dtype: FloatDtype = FLOAT64) -> Interval:
        """Squares."""
        magnitude = self.abs()
        return magnitude.mul(magnitude, dtype)

    def increasing(self, function: Callable[[float], float], dtype: FloatDtype = FLOAT64) -> Interval:
        """The image under an increasing function, widened outward by the few units its kernels may be off.

        ``function`` takes any float of the interval, infinities included, and returns no NaN.
        """
        return EMPTY if self.is_empty else Interval(_down(function(self.low), dtype), _up(function(self.high), dtype))

    def decreasing(self, function: Callable[[float], float], dtype: FloatDtype = FLOAT64) -> Interval:
        """The image under a decreasing function, widened outward as in :meth:`increasing`."""
        return EMPTY if self.is_empty else Interval(_down(function(self.high), dtype), _up(function(self.low), dtype))


def add_may_be_nan(left: Interval, right: Interval) -> bool:
    """Whether some sum is ``inf - inf``."""
    return (math.inf in left and -math.inf in right) or (-math.inf in left and math.inf in right)


def mul_may_be_nan(left: Interval, right: Interval) -> bool:
    """Whether some product is ``0 * inf``."""
    infinite = [math.inf in side or -math.inf in side for side in (left, right)]
    return (0.0 in left and infinite[1]) or (0.0 in right and infinite[0])


def div_may_be_nan(left: Interval, right: Interval) -> bool:
    """Whether some quotient is ``0 / 0`` or ``inf / inf``."""
    both_infinite = all(math.inf in side or -math.inf in side for side in (left, right))
    return (0.0 in left and 0.0 in right) or both_infinite


_ULPS = 16
"""Units in the last place by which TensorFlow's kernels were measured to be off (erfc: 9), rounded up."""


def _down(value: float, dtype: FloatDtype) -> float:
    if value == 0.0 or not math.isfinite(value):
        return value
    return dtype.below(value - _ULPS * dtype.eps * abs(value))


def _up(value: float, dtype: FloatDtype) -> float:
    return -_down(-value, dtype)


def _product(a: float, b: float) -> float:
    return 0.0 if a == 0.0 or b == 0.0 else a * b


def _quotient(a: float, b: float) -> float:
    if math.isinf(b):
        return 0.0 if math.isfinite(a) else math.copysign(math.inf, a) * math.copysign(1.0, b)
    return a / b


ALL = Interval(-math.inf, math.inf)
EMPTY = Interval(math.inf, -math.inf)
ZERO = Interval(0.0, 0.0)
UNIT = Interval(0.0, 1.0)
NON_NEGATIVE = Interval(0.0, math.inf)
NEGATIVE = Interval(-math.inf, -math.ulp(0.0))


def point(value: float) -> Interval:
    """The interval that holds ``value`` alone."""
    return Interval(value, value)
