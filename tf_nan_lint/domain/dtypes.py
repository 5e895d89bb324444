"""Limits and rounding of TensorFlow's floating-point dtypes, as measured on TensorFlow 2.21, CPU."""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class FloatDtype:
    """One floating-point dtype.

    ``max`` is the largest finite value, ``tiny`` the smallest positive value that arithmetic keeps (float16 keeps
    subnormals; the vector kernels of the others flush them to zero), ``eps`` the gap above 1 and ``neg_eps`` the
    largest power of two for which ``1 - neg_eps`` still differs from 1.
    """

    name: str
    max: float
    tiny: float
    eps: float
    neg_eps: float

    def round(self, value: float) -> float:
        """The nearest value of this dtype, ties to even; overflow gives an infinity, subnormals flush as measured."""
        if value == 0.0 or not math.isfinite(value):
            return value
        rounded = _ROUND[self.name](value)
        return math.copysign(0.0, value) if abs(rounded) < self.tiny else rounded

    def above(self, value: float) -> float:
        """The smallest value of this dtype that is greater than ``value``."""
        return -self.below(-value)

    def below(self, value: float) -> float:
        """The largest value of this dtype that is less than ``value``."""
        near = self.round(value)
        if near < value or near == -math.inf:
            return near
        if near == math.inf:
            return self.max
        if near == 0.0:
            return -self.tiny
        if near == self.tiny:
            return 0.0
        fraction, exponent = math.frexp(near)
        # The gap under a power of two is half the gap above it.
        gap = math.ldexp(self.eps, exponent - (2 if fraction == 0.5 else 1))
        return self.round(near - max(gap, self.tiny if self.name == "float16" else 0.0))


def _round_float16(value: float) -> float:
    try:
        return float(struct.unpack("<e", struct.pack("<e", value))[0])
    except OverflowError:
        return math.copysign(math.inf, value)


def _round_float32(value: float) -> float:
    try:
        return float(struct.unpack("<f", struct.pack("<f", value))[0])
    except OverflowError:
        return math.copysign(math.inf, value)


def _round_bfloat16(value: float) -> float:
    single = _round_float32(value)
    if not math.isfinite(single):
        return single
    (bits,) = struct.unpack("<I", struct.pack("<f", single))
    bits += 0x7FFF + ((bits >> 16) & 1)
    return float(struct.unpack("<f", struct.pack("<I", bits & 0xFFFF0000))[0])


_ROUND: Mapping[str, Callable[[float], float]] = MappingProxyType(
    {"float16": _round_float16, "bfloat16": _round_bfloat16, "float32": _round_float32, "float64": float}
)

FLOAT16 = FloatDtype("float16", 65504.0, 2.0**-24, 2.0**-10, 2.0**-11)
BFLOAT16 = FloatDtype("bfloat16", 3.3895313892515355e38, 2.0**-126, 2.0**-7, 2.0**-8)
FLOAT32 = FloatDtype("float32", 3.4028234663852886e38, 2.0**-126, 2.0**-23, 2.0**-24)
FLOAT64 = FloatDtype("float64", 1.7976931348623157e308, 2.0**-1022, 2.0**-52, 2.0**-53)

FLOATS: Mapping[str, FloatDtype] = MappingProxyType({d.name: d for d in (FLOAT16, BFLOAT16, FLOAT32, FLOAT64)})
"""Floating-point dtypes by the name TensorFlow gives them."""

INTEGERS = frozenset({"int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"})
"""Names of the integer dtypes."""

NAMES = frozenset(FLOATS) | INTEGERS | {"bool", "complex64", "complex128", "string"}
"""Every dtype name the analysis knows."""
