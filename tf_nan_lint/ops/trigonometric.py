"""The circular functions and their inverses."""

from __future__ import annotations

import math
from collections.abc import Callable

from tf_nan_lint.domain.interval import Interval, point
from tf_nan_lint.ops.exponential import BEYOND_ONE, SYMMETRIC_UNIT, partial_function
from tf_nan_lint.ops.spec import (
    AbstractValue,
    Hazard,
    HazardKind,
    Operands,
    OpSpec,
    always,
    mapped,
    monotone,
    op,
    value_of,
)

PI = Interval(-math.pi, math.pi)


def _wave(operands: Operands, function: Callable[[float], float], crest: float) -> AbstractValue:
    """sin or cos; both are 1 at ``crest + 2 k pi`` and NaN at infinity."""
    operand = operands[0].range
    range_ = SYMMETRIC_UNIT
    if operand.is_empty:
        range_ = operand
    elif operand.is_finite and max(abs(operand.low), abs(operand.high)) < 1e4:
        ends = sorted(function(v) for v in (operand.low, operand.high))
        turns = ((operand.low - crest) / math.pi, (operand.high - crest) / math.pi)
        slack = 4.0 * operands.dtype.eps
        inside = range(math.ceil(turns[0] - slack), math.floor(turns[1] + slack) + 1)
        low = -1.0 if any(turn % 2 for turn in inside) else ends[0] - slack
        high = 1.0 if any(not turn % 2 for turn in inside) else ends[1] + slack
        range_ = Interval(low, high).meet(SYMMETRIC_UNIT)
    reached = mapped(operands, 0, lambda p: function(p) if p == crest else math.nan)
    return value_of(operands, range_, *reached, may_nan=not operand.is_finite)


def _sin(operands: Operands) -> AbstractValue:
    result = _wave(operands, math.sin, math.pi / 2.0)
    zero = [r for r in operands[0].reached if r.point == 0.0]
    return value_of(operands, result.range, *result.reached, *zero, may_nan=result.may_nan)


def _cos(operands: Operands) -> AbstractValue:
    return _wave(operands, math.cos, 0.0)


def _tan(operands: Operands) -> AbstractValue:
    operand = operands[0].range
    zero = [r for r in operands[0].reached if r.point == 0.0]
    if operand.within(Interval(-1.5, 1.5)):
        return value_of(operands, operand.increasing(math.tan, operands.dtype), *zero)
    return value_of(operands, Interval(-math.inf, math.inf), *zero, may_nan=not operand.is_finite)


def _acos(operands: Operands) -> AbstractValue:
    operand = operands[0].range
    range_ = operand.meet(SYMMETRIC_UNIT).decreasing(math.acos, operands.dtype)
    reached = mapped(operands, 0, lambda p: math.acos(p) if p in SYMMETRIC_UNIT else math.nan)
    return value_of(operands, range_, *reached, may_nan=not operand.within(SYMMETRIC_UNIT))


def _atan2(operands: Operands) -> AbstractValue:
    high = math.pi if operands[1].range.low <= 0.0 else math.pi / 2.0
    range_ = Interval(-high, high).increasing(float, operands.dtype)
    if operands[0].range.low > 0.0:
        range_ = Interval(0.0, range_.high)
    return value_of(operands, range_)


def _sinc(operands: Operands) -> AbstractValue:
    """sin(pi x) / (pi x): -0.21723 at its lowest, 1 at 0."""
    reached = mapped(operands, 0, lambda p: 1.0 if p == 0.0 else math.nan)
    # pi * x overflows from 1.0832e38 on in float32.
    overflow = operands[0].range.abs().high * math.pi > operands.dtype.max
    return value_of(operands, Interval(-0.21724, 1.0).increasing(float, operands.dtype), *reached, may_nan=overflow)


_SLOPE_AT_ENDS = (
    Hazard(HazardKind.DIVIDE_BY_ZERO, 0, point(1.0), value=False),
    Hazard(HazardKind.DIVIDE_BY_ZERO, 0, point(-1.0), value=False),
    *BEYOND_ONE,
)

OPS: tuple[OpSpec, ...] = (
    op("sin", "x name", "tf.math.sin tf.sin K.sin keras.ops.sin tnp.sin", transfer=_sin, elementwise=True),
    op("cos", "x name", "tf.math.cos tf.cos K.cos keras.ops.cos tnp.cos", transfer=_cos, elementwise=True),
    op("tan", "x name", "tf.math.tan tf.tan keras.ops.tan tnp.tan", transfer=_tan, elementwise=True),
    op(
        "asin",
        "x name",
        "tf.math.asin tf.asin keras.ops.arcsin tnp.arcsin",
        transfer=partial_function(math.asin, SYMMETRIC_UNIT),
        hazards=always(*_SLOPE_AT_ENDS),
        elementwise=True,
    ),
    op(
        "acos",
        "x name",
        "tf.math.acos tf.acos keras.ops.arccos tnp.arccos",
        transfer=_acos,
        hazards=always(*_SLOPE_AT_ENDS),
        elementwise=True,
    ),
    op(
        "atan",
        "x name",
        "tf.math.atan tf.atan keras.ops.arctan tnp.arctan",
        transfer=monotone(math.atan),
        elementwise=True,
    ),
    op(
        "atan2",
        "y x name",
        "tf.math.atan2 tf.atan2 keras.ops.arctan2 tnp.arctan2",
        arity=2,
        transfer=_atan2,
        # NaN only where the other operand is 0 too, which one operand cannot say.
        hazards=always(Hazard(HazardKind.DIVIDE_BY_ZERO, 0, point(0.0), value=False)),
        elementwise=True,
        keywords="x1=y x2=x",
    ),
    op(
        "angle",
        "x name",
        "tf.math.angle tf.angle keras.ops.angle tnp.angle",
        transfer=lambda operands: value_of(operands, PI.increasing(float, operands.dtype)),
        hazards=always(Hazard(HazardKind.DIVIDE_BY_ZERO, 0, point(0.0), value=False)),
        elementwise=True,
        keywords="input=x z=x",
    ),
    op(
        "sinc",
        "x",
        "keras.ops.sinc tnp.sinc",
        transfer=_sinc,
        # At 0 the kernel's where is differentiated through 0 / 0.
        hazards=always(Hazard(HazardKind.DIVIDE_BY_ZERO, 0, point(0.0), value=False)),
        elementwise=True,
    ),
)
