"""Sums, products, quotients, powers and the other operators of ordinary arithmetic."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from functools import partial

from tf_nan_lint.domain.interval import (
    ALL,
    EMPTY,
    NEGATIVE,
    NON_NEGATIVE,
    Interval,
    add_may_be_nan,
    div_may_be_nan,
    mul_may_be_nan,
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
    constant,
    mapped,
    meeting,
    op,
    polynomial_overflow,
    together,
    value_of,
)

ZERO_DIVISOR = Hazard(HazardKind.DIVIDE_BY_ZERO, 1, point(0.0))


def _add(operands: Operands) -> AbstractValue:
    left, right = operands.args
    reached: list[Reach] = []
    for index, other in ((0, right), (1, left)):
        addend = constant(other)
        if addend is not None:
            reached += mapped(operands, index, partial(operator.add, addend))
    reached += [
        together(a, b, a.point + b.point)
        for a, b in meeting(operands)
        if math.isfinite(a.point) and math.isfinite(b.point)
    ]
    return value_of(
        operands,
        left.range.add(right.range, operands.dtype),
        *reached,
        may_nan=add_may_be_nan(left.range, right.range),
    )


def _subtract(operands: Operands) -> AbstractValue:
    left, right = operands.args
    reached: list[Reach] = []
    minuend, subtrahend = constant(left), constant(right)
    if subtrahend is not None:
        reached += mapped(operands, 0, lambda p: p - subtrahend)
    elif minuend is not None:
        reached += mapped(operands, 1, lambda p: minuend - p)
    else:
        reached += [
            together(a, b, a.point - b.point)
            for a, b in meeting(operands)
            if math.isfinite(a.point) and math.isfinite(b.point)
        ]
        reached.append(operands.yields(0.0, Grade.COINCIDENT))
    return value_of(
        operands,
        left.range.sub(right.range, operands.dtype),
        *reached,
        may_nan=add_may_be_nan(left.range, -right.range),
    )


def _multiply(operands: Operands) -> AbstractValue:
    left, right = operands.args
    reached: list[Reach] = []
    for index, other in ((0, right), (1, left)):
        factor = constant(other)
        if factor is not None:
            reached += mapped(operands, index, partial(operator.mul, factor))
        elif not other.range.is_empty:
            reached += [entry for entry in operands[index].reached if entry.point == 0.0]
    reached += [
        together(a, b, a.point * b.point)
        for a, b in meeting(operands)
        if math.isfinite(a.point) and math.isfinite(b.point)
    ]
    return value_of(
        operands,
        left.range.mul(right.range, operands.dtype),
        *reached,
        may_nan=mul_may_be_nan(left.range, right.range),
    )


def _divide(operands: Operands) -> AbstractValue:
    left, right = operands.args
    divisor = constant(right)
    reached = (
        mapped(operands, 0, lambda p: p / divisor)
        if divisor
        else [entry for entry in left.reached if entry.point == 0.0]
    )
    result = value_of(
        operands,
        left.range.div(right.range, operands.dtype),
        *reached,
        may_nan=div_may_be_nan(left.range, right.range),
    )
    return _true_division(result)


def _true_division(result: AbstractValue) -> AbstractValue:
    """Integers divide to floats: ``tf.divide`` of int32 is float64, and Python's ``/`` is a float."""
    if not result.is_integral:
        return result
    return AbstractValue(result.range, result.reached, result.may_nan, None, result.host, result.rank0)


def _divide_no_nan(operands: Operands) -> AbstractValue:
    left, right = operands.args
    quotient = left.range.div(right.range, operands.dtype)
    zeros = [entry for entry in (*left.reached, *right.reached) if entry.point == 0.0]
    may_nan = not left.range.is_finite and not right.range.is_finite
    return value_of(operands, quotient.join(point(0.0)), *zeros, may_nan=may_nan)


def _floor_divide(operands: Operands) -> AbstractValue:
    left, right = operands.args
    quotient = left.range.div(right.range, operands.dtype)
    floor = quotient.increasing(lambda v: v if math.isinf(v) else math.floor(v))
    return value_of(operands, floor, may_nan=div_may_be_nan(left.range, right.range))


def _modulo(operands: Operands) -> AbstractValue:
    right = operands[1].range
    bound = right.abs().high
    low = 0.0 if right.low >= 0 else -bound
    high = 0.0 if right.high <= 0 else bound
    return value_of(operands, Interval(low, high), may_nan=0.0 in right or not operands[0].range.is_finite)


def _negative(operands: Operands) -> AbstractValue:
    return value_of(operands, -operands[0].range, *mapped(operands, 0, lambda p: -p))


def _own_zero(operands: Operands) -> list[Reach]:
    """A square or magnitude is 0 where its operand is, which is ordinary even where nothing better is known of it."""
    known = operands[0].reach(0.0, Grade.SATURATION)
    return [operands.yields(0.0, Grade.COINCIDENT)] if known is None and 0.0 in operands[0].range else []


def _abs(operands: Operands) -> AbstractValue:
    reached = [*_own_zero(operands), *mapped(operands, 0, abs)]
    return value_of(operands, operands[0].range.abs(), *reached)


def _square(operands: Operands) -> AbstractValue:
    reached = [*_own_zero(operands), *mapped(operands, 0, lambda p: p * p)]
    return value_of(operands, operands[0].range.square(operands.dtype), *reached)


def _squared_difference(operands: Operands) -> AbstractValue:
    difference = operands[0].range.sub(operands[1].range, operands.dtype)
    return value_of(
        operands,
        difference.square(operands.dtype),
        operands.yields(0.0, Grade.COINCIDENT),
        may_nan=add_may_be_nan(operands[0].range, -operands[1].range),
    )


def _sign(operands: Operands) -> AbstractValue:
    sign = operands[0].range.increasing(lambda v: 0.0 if v == 0.0 else math.copysign(1.0, v))
    return value_of(operands, sign, *(r for r in operands[0].reached if r.point == 0.0))


def _maximum(operands: Operands) -> AbstractValue:
    return _extremum(operands, max, operands[0].range.maximum(operands[1].range))


def _minimum(operands: Operands) -> AbstractValue:
    return _extremum(operands, min, operands[0].range.minimum(operands[1].range))


def _extremum(operands: Operands, choose: Callable[[float, float], float], range_: Interval) -> AbstractValue:
    reached: list[Reach] = []
    for index, other in ((0, operands[1]), (1, operands[0])):
        bound = constant(other)
        if bound is not None:
            # The clamp itself is reached wherever the other operand can lie beyond it.
            if any(choose(v, bound) == bound for v in (operands[index].range.low, operands[index].range.high)):
                reached.append(operands.yields(bound))
            reached += [r for r in operands[index].reached if choose(r.point, bound) == r.point]
    return value_of(operands, range_, *reached)


def _clip(operands: Operands) -> AbstractValue:
    value, low, high = operands.args
    range_ = value.range.maximum(low.range).minimum(high.range)
    # A bound that is not known is still a guard: what it cuts off is not known either.
    fixed = constant(low) is not None and constant(high) is not None
    reached = [r for r in value.reached if fixed and r.point in range_]
    for bound, beyond in ((constant(low), value.range.low), (constant(high), value.range.high)):
        if bound is not None and (beyond <= bound if bound == constant(low) else beyond >= bound):
            reached.append(operands.yields(bound))
    return value_of(operands, range_, *reached)


def _power(operands: Operands) -> AbstractValue:
    base, exponent = operands[0].range, constant(operands[1])
    dtype = operands.dtype
    if base.is_empty or operands[1].range.is_empty:
        return value_of(operands, base.meet(operands[1].range))
    if exponent is None or math.isinf(exponent):
        # A positive base never gives a negative power; -0.0 to a negative odd one is -inf.
        negative_zero = base.low == 0 and operands[1].range.low < 0
        range_ = NON_NEGATIVE if base.low >= 0 and not negative_zero else ALL
        return value_of(operands, range_, may_nan=base.low < 0)
    whole = exponent == math.floor(exponent)
    if exponent == 0:
        return value_of(operands, point(1.0))
    if not whole:
        invalid = base.low < 0
        # -inf is raised like inf.
        base = base.meet(NON_NEGATIVE).join(point(math.inf) if base.low == -math.inf else EMPTY)
        if base.is_empty:
            return value_of(operands, base, may_nan=True)
    else:
        invalid = False
        if exponent % 2 == 0:
            base = base.abs()
    if exponent > 0:
        range_ = base.increasing(lambda v: _raise(v, exponent), dtype)
    elif 0.0 in base:
        range_ = NON_NEGATIVE if base.low >= 0 and exponent % 2 != 1 else ALL
    else:
        range_ = base.decreasing(lambda v: _raise(v, exponent), dtype)
    reached = mapped(operands, 0, lambda p: _raise(p, exponent))
    if whole and exponent > 0 and exponent % 2 == 0 and not operands[0].reached and 0.0 in base:
        reached.append(operands.yields(0.0, Grade.COINCIDENT))
    return value_of(operands, range_, *reached, may_nan=invalid)


def _raise(base: float, exponent: float) -> float:
    if base < 0 and exponent != math.floor(exponent):
        return math.nan
    try:
        return math.pow(base, exponent)
    except OverflowError:
        return -math.inf if base < 0 and exponent % 2 == 1 else math.inf
    except ValueError:  # 0 to a negative power
        return math.inf


def _power_hazards(operands: Operands) -> tuple[Hazard, ...]:
    exponent = constant(operands[1])
    if exponent is None or math.isinf(exponent):
        return (Hazard(HazardKind.OVERFLOW, 1, Interval(128.0, math.inf)),) if not operands[1].host else ()
    hazards: list[Hazard] = []
    if exponent != math.floor(exponent):
        hazards.append(Hazard(HazardKind.INVALID, 0, NEGATIVE))
    if exponent < 0:
        hazards.append(Hazard(HazardKind.DIVIDE_BY_ZERO, 0, point(0.0)))
    elif exponent < 1:
        # x ** 0 too: its gradient is 0 * 0 ** -1.
        hazards.append(Hazard(HazardKind.DIVIDE_BY_ZERO, 0, point(0.0), value=False))
    elif exponent > 1:
        hazards.append(polynomial_overflow(operands, exponent))
    return tuple(hazards)


def _square_hazards(operands: Operands) -> tuple[Hazard, ...]:
    return (polynomial_overflow(operands, 2.0),)


def _reciprocal(operands: Operands) -> AbstractValue:
    # An estimate and one Newton step: measured one unit off the correctly rounded quotient.
    quotient = point(1.0).div(operands[0].range, operands.dtype)
    return value_of(operands, quotient.increasing(float, operands.dtype))


def _reciprocal_no_nan(operands: Operands) -> AbstractValue:
    quotient = point(1.0).div(operands[0].range, operands.dtype)
    zeros = [r for r in operands[0].reached if r.point == 0.0]
    return value_of(operands, quotient.join(point(0.0)), *zeros)


def _rounding(function: Callable[[float], float]) -> Transfer:
    def transfer(operands: Operands) -> AbstractValue:
        whole = operands[0].range.increasing(lambda v: v if math.isinf(v) else float(function(v)))
        return value_of(operands, whole, *mapped(operands, 0, lambda p: p if math.isinf(p) else float(function(p))))

    return transfer


OPS: tuple[OpSpec, ...] = (
    op(
        "add",
        "x y name",
        "tf.math.add tf.add keras.ops.add tnp.add",
        arity=2,
        transfer=_add,
        elementwise=True,
        keywords="x1=x x2=y",
        symbol="+",
    ),
    op(
        "subtract",
        "x y name",
        "tf.math.subtract tf.subtract tf.sub keras.ops.subtract tnp.subtract",
        arity=2,
        transfer=_subtract,
        elementwise=True,
        keywords="x1=x x2=y",
        symbol="-",
    ),
    op(
        "multiply",
        "x y name",
        "tf.math.multiply tf.multiply tf.mul keras.ops.multiply tnp.multiply",
        arity=2,
        transfer=_multiply,
        elementwise=True,
        keywords="x1=x x2=y",
        symbol="*",
    ),
    op(
        "multiply_no_nan",
        "x y name",
        "tf.math.multiply_no_nan",
        arity=2,
        transfer=_multiply,
        elementwise=True,
    ),
    op(
        "divide",
        "x y name",
        "tf.math.divide tf.divide tf.div tf.truediv tf.math.truediv tf.realdiv "
        "keras.ops.divide keras.ops.true_divide tnp.divide tnp.true_divide",
        arity=2,
        transfer=_divide,
        hazards=always(ZERO_DIVISOR),
        elementwise=True,
        keywords="x1=x x2=y",
        symbol="/",
    ),
    op(
        "divide_no_nan",
        "x y name",
        "tf.math.divide_no_nan tf.div_no_nan keras.ops.divide_no_nan",
        arity=2,
        transfer=_divide_no_nan,
        elementwise=True,
        keywords="x1=x x2=y",
    ),
    op(
        "floor_divide",
        "x y name",
        "tf.math.floordiv tf.floordiv tf.floor_div keras.ops.floor_divide tnp.floor_divide",
        arity=2,
        transfer=_floor_divide,
        hazards=always(ZERO_DIVISOR),
        elementwise=True,
        keywords="x1=x x2=y",
        symbol="//",
    ),
    op(
        "floormod",
        "x y name",
        "tf.math.floormod tf.math.mod tf.floormod tf.mod keras.ops.mod tnp.mod",
        arity=2,
        transfer=_modulo,
        elementwise=True,
        keywords="x1=x x2=y",
        symbol="%",
    ),
    op(
        "pow",
        "x y name",
        "tf.math.pow tf.pow keras.ops.power tnp.power K.pow",
        arity=2,
        transfer=_power,
        hazards=_power_hazards,
        elementwise=True,
        keywords="x1=x x2=y a=y",
        symbol="**",
    ),
    op(
        "negative",
        "x name",
        "tf.math.negative tf.negative tf.neg keras.ops.negative tnp.negative",
        transfer=_negative,
        elementwise=True,
        symbol="-",
    ),
    op(
        "abs",
        "x name",
        "tf.math.abs tf.abs tf.complex_abs K.abs keras.ops.abs keras.ops.absolute tnp.abs tnp.absolute",
        transfer=_abs,
        elementwise=True,
    ),
    op(
        "square",
        "x name",
        "tf.math.square tf.square K.square keras.ops.square tnp.square",
        transfer=_square,
        hazards=_square_hazards,
        elementwise=True,
    ),
    op(
        "squared_difference",
        "x y name",
        "tf.math.squared_difference tf.squared_difference",
        arity=2,
        transfer=_squared_difference,
        elementwise=True,
    ),
    op("sign", "x name", "tf.math.sign tf.sign K.sign keras.ops.sign tnp.sign", transfer=_sign, elementwise=True),
    op(
        "reciprocal",
        "x name",
        "tf.math.reciprocal tf.reciprocal tf.inv keras.ops.reciprocal tnp.reciprocal",
        transfer=_reciprocal,
        hazards=always(Hazard(HazardKind.DIVIDE_BY_ZERO, 0, point(0.0), masked=Masked.XLA)),
        elementwise=True,
    ),
    op(
        "reciprocal_no_nan",
        "x name",
        "tf.math.reciprocal_no_nan",
        transfer=_reciprocal_no_nan,
        elementwise=True,
    ),
    op(
        "maximum",
        "x y name",
        "tf.math.maximum tf.maximum K.maximum keras.ops.maximum tnp.maximum",
        arity=2,
        transfer=_maximum,
        elementwise=True,
        keywords="x1=x x2=y",
    ),
    op(
        "minimum",
        "x y name",
        "tf.math.minimum tf.minimum K.minimum keras.ops.minimum tnp.minimum",
        arity=2,
        transfer=_minimum,
        elementwise=True,
        keywords="x1=x x2=y",
    ),
    op(
        "clip_by_value",
        "x low high name",
        "tf.clip_by_value K.clip keras.ops.clip tnp.clip",
        arity=3,
        transfer=_clip,
        elementwise=True,
        keywords="t=x clip_value_min=low clip_value_max=high min_value=low max_value=high x_min=low x_max=high "
        "a=x a_min=low a_max=high",
    ),
    op(
        "floor",
        "x name",
        "tf.math.floor tf.floor keras.ops.floor tnp.floor",
        transfer=_rounding(math.floor),
        elementwise=True,
    ),
    op(
        "ceil",
        "x name",
        "tf.math.ceil tf.ceil keras.ops.ceil tnp.ceil",
        transfer=_rounding(math.ceil),
        elementwise=True,
    ),
    op(
        "round",
        "x name",
        "tf.math.round tf.round tf.math.rint K.round keras.ops.round tnp.round",
        transfer=_rounding(round),
        elementwise=True,
        keywords="a=x",
    ),
)
