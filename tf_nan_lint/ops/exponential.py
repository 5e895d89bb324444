"""Exponentials, logarithms, roots and the hyperbolic functions."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType

from tf_nan_lint.domain.dtypes import FloatDtype
from tf_nan_lint.domain.interval import (
    NEGATIVE,
    NON_NEGATIVE,
    Interval,
    point,
)
from tf_nan_lint.ops.spec import (
    AbstractValue,
    Grade,
    Hazard,
    HazardKind,
    Masked,
    Operands,
    OpSpec,
    Reach,
    Transfer,
    always,
    flushed,
    mapped,
    monotone,
    op,
    value_of,
    zeros,
)

SYMMETRIC_UNIT = Interval(-1.0, 1.0)

TANH_ONE: Mapping[str, float] = MappingProxyType(
    {"float16": 4.5078, "bfloat16": 3.46875, "float32": 7.9074, "float64": 17.714}
)
"""The first argument whose tanh is 1: the kernels clamp before the exact value rounds to 1 (OPS.md §3)."""

ERF_ONE: Mapping[str, float] = MappingProxyType(
    {"float16": 2.5957, "bfloat16": 2.2032, "float32": 3.72, "float64": 5.9216}
)
"""The first argument whose erf is 1 (OPS.md §3)."""

ERFC_ZERO: Mapping[str, float] = MappingProxyType(
    {"float16": 3.9199, "bfloat16": 9.25, "float32": 9.1946, "float64": 26.544}
)
"""The first argument whose erfc is 0 (OPS.md §3)."""


def exp(value: float) -> float:
    """``exp`` that overflows to infinity."""
    return math.inf if value > 709.782712893384 else math.exp(value)


def log(value: float) -> float:
    """``log`` of a non-negative number, -inf at 0."""
    return math.log(value) if value > 0.0 else -math.inf


def exp_underflow(dtype: FloatDtype) -> float:
    """The largest argument whose exponential is 0 in ``dtype``: -87.34 in float32, -17.34 in float16."""
    return math.log(dtype.tiny / 2.0 if dtype.name == "float16" else dtype.tiny)


def exp_overflow(dtype: FloatDtype) -> float:
    """The smallest argument whose exponential is infinite in ``dtype``: 88.723 in float32, 11.094 in float16."""
    return dtype.above(math.log(dtype.max))


def _underflows(operands: Operands) -> tuple[Reach, ...]:
    if operands[0].range.low < exp_underflow(operands.dtype):
        return (operands.yields(0.0, Grade.SATURATION),)
    return ()


def _exp2(value: float) -> float:
    return math.inf if value >= 1024.0 else math.pow(2.0, value)


def _expm1(value: float) -> float:
    return math.inf if value > 709.782712893384 else math.expm1(value)


def _expm1_saturates(operands: Operands) -> tuple[Reach, ...]:
    # exp(x) is below half the gap under 1: measured -1 always from -17.329 in float32, -37.43 in float64.
    if operands[0].range.low < math.log(operands.dtype.neg_eps / 2.0) - 0.1:
        return (operands.yields(-1.0, Grade.SATURATION),)
    return ()


def _logarithm(function: Callable[[float], float], edge: float) -> Transfer:
    """The transfer function of a logarithm that is -inf at ``edge`` and NaN below it."""
    domain = Interval(edge, math.inf)

    def transfer(operands: Operands) -> AbstractValue:
        operand = flushed(operands[0].range, operands.dtype)
        reached = mapped(operands, 0, lambda p: function(p) if p >= edge else math.nan)
        range_ = operand.meet(domain).increasing(function, operands.dtype)
        return value_of(operands, range_, *reached, may_nan=operand.low < edge)

    return transfer


def _log1p(value: float) -> float:
    return math.log1p(value) if value > -1.0 else -math.inf


def _log2(value: float) -> float:
    return math.log2(value) if value > 0.0 else -math.inf


def _log10(value: float) -> float:
    return math.log10(value) if value > 0.0 else -math.inf


def _sqrt(operands: Operands) -> AbstractValue:
    operand = flushed(operands[0].range, operands.dtype)
    reached = mapped(operands, 0, lambda p: math.sqrt(p) if p >= 0.0 else math.nan)
    range_ = operand.meet(NON_NEGATIVE).increasing(math.sqrt, operands.dtype)
    return value_of(operands, range_, *reached, may_nan=operand.low < 0.0)


def _sqrt_clipped(operands: Operands) -> AbstractValue:
    operand = flushed(operands[0].range, operands.dtype).maximum(point(0.0))
    reached = mapped(operands, 0, lambda p: math.sqrt(max(p, 0.0)))
    if operands[0].range.low < 0.0:
        reached.append(operands.yields(0.0))
    return value_of(operands, operand.increasing(math.sqrt, operands.dtype), *reached)


def _rsqrt(operands: Operands) -> AbstractValue:
    operand = flushed(operands[0].range, operands.dtype)

    def rsqrt(value: float) -> float:
        return 1.0 / math.sqrt(value) if value > 0.0 else math.inf

    reached = mapped(operands, 0, lambda p: rsqrt(p) if p >= 0.0 else math.nan)
    range_ = operand.meet(NON_NEGATIVE).decreasing(rsqrt, operands.dtype)
    if 0.0 in operand:
        range_ = range_.join(point(-math.inf))  # rsqrt(-0.0)
    return value_of(operands, range_, *reached, may_nan=operand.low < 0.0)


def _cbrt(operands: Operands) -> AbstractValue:
    # The kernel is a power; a third is 0.334 in bfloat16, which is 6% off at the largest numbers.
    third = operands.dtype.round(1.0 / 3.0)

    def cbrt(value: float) -> float:
        return math.copysign(abs(value) ** third, value)

    return value_of(operands, operands[0].range.increasing(cbrt, operands.dtype), *mapped(operands, 0, cbrt))


def _multiplied(function: Callable[[float], float], edge: float) -> Transfer:
    """``x * function(y)`` that is 0 at ``x == 0`` whatever ``y`` is."""

    def transfer(operands: Operands) -> AbstractValue:
        multiplier, operand = operands[0].range, flushed(operands[1].range, operands.dtype)
        image = operand.meet(Interval(edge, math.inf)).increasing(function, operands.dtype)
        range_ = multiplier.mul(image, operands.dtype)
        if 0.0 in multiplier:
            range_ = range_.join(point(0.0))
        beyond = operand.low < edge and not (multiplier.is_point and 0.0 in multiplier)
        may_nan = beyond or (0.0 in image and not multiplier.is_finite)
        return value_of(operands, range_, *zeros(operands, 0), may_nan=may_nan)

    return transfer


def _xdivy(operands: Operands) -> AbstractValue:
    numerator, denominator = operands[0].range, operands[1].range
    range_ = numerator.div(denominator, operands.dtype)
    if 0.0 in numerator:
        range_ = range_.join(point(0.0))
    may_nan = not numerator.is_finite and not denominator.is_finite
    return value_of(operands, range_, *zeros(operands, 0), may_nan=may_nan)


def _logaddexp(operands: Operands) -> AbstractValue:
    left, right = operands[0].range, operands[1].range
    greater = left.maximum(right)
    if greater.is_empty:
        return value_of(operands, greater)
    # Between the greater operand and that plus log 2.
    range_ = Interval(greater.low, greater.high + math.log(2.0)).increasing(float, operands.dtype)
    return value_of(operands, range_)


def _sinh(value: float) -> float:
    return math.copysign(math.inf, value) if abs(value) > 710.4 else math.sinh(value)


def _cosh(value: float) -> float:
    return math.inf if abs(value) > 710.4 else math.cosh(value)


def _even(operands: Operands) -> AbstractValue:
    range_ = operands[0].range.abs().increasing(_cosh, operands.dtype).meet(Interval(1.0, math.inf))
    return value_of(operands, range_, *mapped(operands, 0, _cosh))


def _saturating(function: Callable[[float], float], first: Mapping[str, float], limit: Interval) -> Transfer:
    """An odd or decreasing function with the limits of ``limit``, exact from the argument ``first`` on."""

    def transfer(operands: Operands) -> AbstractValue:
        operand, edge = operands[0].range, first[operands.dtype.name]
        range_ = operand.increasing(function, operands.dtype).meet(limit)
        reached = mapped(operands, 0, function)
        if operand.high >= edge and not operand.is_empty:
            range_ = range_.join(point(limit.high))
            reached.append(operands.yields(limit.high, Grade.SATURATION))
        if operand.low <= -edge and not operand.is_empty:
            range_ = range_.join(point(limit.low))
            reached.append(operands.yields(limit.low, Grade.SATURATION))
        return value_of(operands, range_, *reached)

    return transfer


def _erf(operands: Operands) -> AbstractValue:
    # In float64 the kernel gives NaN from the square root of the largest number on.
    overflow = operands.dtype.name == "float64" and operands[0].range.abs().high > 1.3e154
    result = _SATURATING_ERF(operands)
    return replace(result, may_nan=result.may_nan or overflow)


def _erfc(operands: Operands) -> AbstractValue:
    operand, edge = operands[0].range, ERFC_ZERO[operands.dtype.name]
    # In the tail the error of exp(-x * x) grows with x: measured 24 units in the last place at 8.8 in float32.
    image = operand.decreasing(math.erfc, operands.dtype).increasing(float, operands.dtype)
    range_ = image.meet(Interval(0.0, 2.0))
    reached = mapped(operands, 0, math.erfc)
    if operand.high >= edge and not operand.is_empty:
        range_ = range_.join(point(0.0))
        reached.append(operands.yields(0.0, Grade.SATURATION))
    return value_of(operands, range_, *reached)


def _acosh(value: float) -> float:
    return math.inf if value == math.inf else math.acosh(value)


def _atanh(value: float) -> float:
    return math.copysign(math.inf, value) if abs(value) == 1.0 else math.atanh(value)


def partial_function(function: Callable[[float], float], domain: Interval) -> Transfer:
    """The transfer function of an increasing function that is NaN outside ``domain``."""

    def transfer(operands: Operands) -> AbstractValue:
        operand = operands[0].range
        range_ = operand.meet(domain).increasing(function, operands.dtype)
        reached = mapped(operands, 0, lambda p: function(p) if p in domain else math.nan)
        return value_of(operands, range_, *reached, may_nan=not operand.within(domain))

    return transfer


def _exp_hazards(operands: Operands) -> tuple[Hazard, ...]:
    return (Hazard(HazardKind.OVERFLOW, 0, Interval(exp_overflow(operands.dtype), math.inf)),)


def _exp2_hazards(operands: Operands) -> tuple[Hazard, ...]:
    edge = operands.dtype.above(math.log2(operands.dtype.max))
    return (Hazard(HazardKind.OVERFLOW, 0, Interval(edge, math.inf)),)


def _hyperbolic_hazards(operands: Operands) -> tuple[Hazard, ...]:
    # Half of exp(x): 89.416 in float32, 11.789 in float16.
    edge = operands.dtype.above(math.log(operands.dtype.max) + math.log(2.0))
    return (
        Hazard(HazardKind.OVERFLOW, 0, Interval(edge, math.inf)),
        Hazard(HazardKind.OVERFLOW, 0, Interval(-math.inf, -edge)),
    )


def _log_of_multiplied_hazards(edge: float) -> Callable[[Operands], tuple[Hazard, ...]]:
    """Singular in ``y`` where the multiplier is not 0; the gradient of the multiplier is the logarithm itself."""

    def hazards(operands: Operands) -> tuple[Hazard, ...]:
        if operands[0].range.is_point and 0.0 in operands[0].range:
            return ()
        beyond = Interval(-math.inf, math.nextafter(edge, -math.inf))
        return (
            Hazard(HazardKind.DIVIDE_BY_ZERO, 1, point(edge)),
            Hazard(HazardKind.INVALID, 1, beyond),
        )

    return hazards


def _xdivy_hazards(operands: Operands) -> tuple[Hazard, ...]:
    if operands[0].range.is_point and 0.0 in operands[0].range:
        return ()
    return (Hazard(HazardKind.DIVIDE_BY_ZERO, 1, point(0.0)),)


_SATURATING_ERF = _saturating(math.erf, ERF_ONE, SYMMETRIC_UNIT)

LOG_HAZARDS = always(
    Hazard(HazardKind.DIVIDE_BY_ZERO, 0, point(0.0)),
    # The gradient 1 / x of a negative number is finite.
    Hazard(HazardKind.INVALID, 0, NEGATIVE, gradient=False, masked=Masked.SAFE),
)
BEYOND_ONE = (
    Hazard(HazardKind.INVALID, 0, Interval(math.nextafter(1.0, 2.0), math.inf)),
    Hazard(HazardKind.INVALID, 0, Interval(-math.inf, math.nextafter(-1.0, -2.0))),
)

OPS: tuple[OpSpec, ...] = (
    op(
        "exp",
        "x name",
        "tf.math.exp tf.exp K.exp keras.ops.exp keras.activations.exponential tnp.exp",
        transfer=monotone(exp, NON_NEGATIVE, _underflows),
        hazards=_exp_hazards,
        elementwise=True,
    ),
    op(
        "expm1",
        "x name",
        "tf.math.expm1 tf.expm1 keras.ops.expm1 tnp.expm1",
        transfer=monotone(_expm1, Interval(-1.0, math.inf), _expm1_saturates),
        hazards=_exp_hazards,
        elementwise=True,
    ),
    op(
        "exp2",
        "x",
        "keras.ops.exp2 tnp.exp2",
        transfer=monotone(_exp2, NON_NEGATIVE),
        hazards=_exp2_hazards,
        elementwise=True,
    ),
    op(
        "log",
        "x name",
        "tf.math.log tf.log K.log keras.ops.log tnp.log",
        transfer=_logarithm(log, 0.0),
        hazards=LOG_HAZARDS,
        elementwise=True,
    ),
    op(
        "log1p",
        "x name",
        "tf.math.log1p tf.log1p keras.ops.log1p tnp.log1p",
        transfer=_logarithm(_log1p, -1.0),
        hazards=always(
            Hazard(HazardKind.DIVIDE_BY_ZERO, 0, point(-1.0)),
            Hazard(
                HazardKind.INVALID,
                0,
                Interval(-math.inf, math.nextafter(-1.0, -2.0)),
                gradient=False,
                masked=Masked.SAFE,
            ),
        ),
        elementwise=True,
    ),
    op(
        "log2",
        "x",
        "keras.ops.log2 tnp.log2",
        transfer=_logarithm(_log2, 0.0),
        hazards=LOG_HAZARDS,
        elementwise=True,
    ),
    op(
        "log10",
        "x",
        "keras.ops.log10 tnp.log10",
        transfer=_logarithm(_log10, 0.0),
        hazards=LOG_HAZARDS,
        elementwise=True,
    ),
    op(
        "sqrt",
        "x name",
        "tf.math.sqrt tf.sqrt keras.ops.sqrt tnp.sqrt",
        transfer=_sqrt,
        hazards=always(
            Hazard(HazardKind.DIVIDE_BY_ZERO, 0, point(0.0), value=False, masked=Masked.XLA),
            Hazard(HazardKind.INVALID, 0, NEGATIVE, masked=Masked.XLA),
        ),
        elementwise=True,
    ),
    op(
        "sqrt_clipped",
        "x",
        "K.sqrt",
        transfer=_sqrt_clipped,
        hazards=always(Hazard(HazardKind.DIVIDE_BY_ZERO, 0, point(0.0), value=False, masked=Masked.XLA)),
        elementwise=True,
    ),
    op(
        "rsqrt",
        "x name",
        "tf.math.rsqrt tf.rsqrt keras.ops.rsqrt",
        transfer=_rsqrt,
        hazards=always(
            Hazard(HazardKind.DIVIDE_BY_ZERO, 0, point(0.0), masked=Masked.XLA),
            Hazard(HazardKind.INVALID, 0, NEGATIVE, masked=Masked.XLA),
        ),
        elementwise=True,
    ),
    op(
        "cbrt",
        "x",
        "keras.ops.cbrt tnp.cbrt",
        transfer=_cbrt,
        hazards=always(Hazard(HazardKind.DIVIDE_BY_ZERO, 0, point(0.0), value=False)),
        elementwise=True,
    ),
    op(
        "xlogy",
        "x y name",
        "tf.math.xlogy",
        arity=2,
        transfer=_multiplied(log, 0.0),
        hazards=_log_of_multiplied_hazards(0.0),
        elementwise=True,
    ),
    op(
        "xlog1py",
        "x y name",
        "tf.math.xlog1py",
        arity=2,
        transfer=_multiplied(_log1p, -1.0),
        hazards=_log_of_multiplied_hazards(-1.0),
        elementwise=True,
    ),
    op(
        "xdivy",
        "x y name",
        "tf.math.xdivy",
        arity=2,
        transfer=_xdivy,
        hazards=_xdivy_hazards,
        elementwise=True,
    ),
    op(
        "logaddexp",
        "x y",
        "keras.ops.logaddexp tnp.logaddexp",
        arity=2,
        transfer=_logaddexp,
        elementwise=True,
        keywords="x1=x x2=y",
    ),
    op(
        "sinh",
        "x name",
        "tf.math.sinh tf.sinh keras.ops.sinh tnp.sinh",
        transfer=monotone(_sinh),
        hazards=_hyperbolic_hazards,
        elementwise=True,
    ),
    op(
        "cosh",
        "x name",
        "tf.math.cosh tf.cosh keras.ops.cosh tnp.cosh",
        transfer=_even,
        hazards=_hyperbolic_hazards,
        elementwise=True,
    ),
    op(
        "tanh",
        "x name",
        "tf.math.tanh tf.tanh tf.nn.tanh K.tanh keras.ops.tanh keras.activations.tanh tnp.tanh",
        transfer=_saturating(math.tanh, TANH_ONE, SYMMETRIC_UNIT),
        elementwise=True,
    ),
    op(
        "asinh",
        "x name",
        "tf.math.asinh tf.asinh keras.ops.arcsinh tnp.arcsinh",
        transfer=monotone(math.asinh),
        elementwise=True,
    ),
    op(
        "acosh",
        "x name",
        "tf.math.acosh tf.acosh keras.ops.arccosh tnp.arccosh",
        transfer=partial_function(_acosh, Interval(1.0, math.inf)),
        hazards=always(
            Hazard(HazardKind.DIVIDE_BY_ZERO, 0, point(1.0), value=False),
            Hazard(HazardKind.INVALID, 0, Interval(-math.inf, math.nextafter(1.0, 0.0))),
        ),
        elementwise=True,
    ),
    op(
        "atanh",
        "x name",
        "tf.math.atanh tf.atanh keras.ops.arctanh tnp.arctanh",
        transfer=partial_function(_atanh, SYMMETRIC_UNIT),
        hazards=always(
            Hazard(HazardKind.DIVIDE_BY_ZERO, 0, point(1.0)),
            Hazard(HazardKind.DIVIDE_BY_ZERO, 0, point(-1.0)),
            # The gradient 1 / (1 - x * x) is finite beyond 1.
            *(replace(hazard, gradient=False, masked=Masked.SAFE) for hazard in BEYOND_ONE),
        ),
        elementwise=True,
    ),
    op(
        "erf",
        "x name",
        "tf.math.erf tf.erf keras.ops.erf",
        transfer=_erf,
        elementwise=True,
    ),
    op("erfc", "x name", "tf.math.erfc tf.erfc keras.ops.erfc", transfer=_erfc, elementwise=True),
)
