"""Reductions over axes and segments, norms and counts."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from tf_nan_lint.domain.dtypes import FloatDtype
from tf_nan_lint.domain.interval import (
    ALL,
    NON_NEGATIVE,
    UNIT,
    Interval,
    add_may_be_nan,
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
    op,
    polynomial_overflow,
    strongest,
    value_of,
    zeros,
)

MAX_TERMS = 2.0**31
"""No axis is longer."""

_ORDINARY_TERMS = 2.0**10
"""Terms of a mean that float16 is expected to add without overflow (1000 times 100 overflows: OPS.md §6)."""

_SUM_ERROR = 256.0
"""Units in the last place by which a mean of many rounded terms was seen to be off, with a margin."""


def total(terms: Interval, dtype: FloatDtype) -> Interval:
    """Sums of one or more ``terms``: they never fall below a positive term."""
    if terms.is_empty:
        return terms
    low = terms.low if terms.low >= 0.0 else terms.low * MAX_TERMS
    high = terms.high if terms.high <= 0.0 else terms.high * MAX_TERMS
    return Interval(low, high).rounded(dtype)


def _roughly(range_: Interval, dtype: FloatDtype) -> Interval:
    """``range_`` widened by the error of a sum; powers of two and 0 are summed without one."""
    if range_.is_empty:
        return range_

    def off(value: float) -> float:
        exact = not math.isfinite(value) or value == 0.0 or abs(math.frexp(value)[0]) == 0.5
        return 0.0 if exact else _SUM_ERROR * dtype.eps * abs(value)

    return Interval(range_.low - off(range_.low), range_.high + off(range_.high)).rounded(dtype)


def _average(range_: Interval, dtype: FloatDtype) -> Interval:
    """Means of numbers in ``range_``; the sum under the mean may overflow."""
    if range_.is_empty:
        return range_
    limit = dtype.max / (_ORDINARY_TERMS if dtype.name == "float16" else MAX_TERMS)
    rough = _roughly(range_, dtype)
    return Interval(-math.inf if rough.low < -limit else rough.low, math.inf if rough.high > limit else rough.high)


def _whole(reached: Iterable[Reach]) -> Iterator[Reach]:
    """The evidence that all entries at once equal a value."""
    return (entry for entry in reached if entry.whole)


def _sum(operands: Operands) -> AbstractValue:
    range_ = total(operands[0].range, operands.dtype)
    return value_of(operands, range_, *_whole(zeros(operands)), may_nan=add_may_be_nan(range_, range_))


def _add_n(operands: Operands) -> AbstractValue:
    if not operands.args:
        return AbstractValue()
    range_ = operands[0].range
    may_nan = False
    for term in operands.args[1:]:
        may_nan = may_nan or add_may_be_nan(range_, term.range)
        range_ = range_.add(term.range, operands.dtype)
    return value_of(operands, range_, may_nan=may_nan)


def _cumulated(neutral: float, whole: Transfer) -> Transfer:
    """Every partial result; ``exclusive=True`` begins with the neutral element."""

    def transfer(operands: Operands) -> AbstractValue:
        result = whole(operands)
        if operands.attrs.get("exclusive", False) is False or operands[0].range.is_empty:
            return result
        return replace(
            result,
            range=result.range.join(point(neutral)),
            reached=strongest((*result.reached, operands.yields(neutral))),
        )

    return transfer


def _mean(operands: Operands) -> AbstractValue:
    # Entries that are all equal have their own value as mean.
    terms = operands[0].range
    range_ = _average(terms, operands.dtype)
    return value_of(operands, range_, *_whole(operands[0].reached), may_nan=add_may_be_nan(range_, range_))


def _extreme(operands: Operands) -> AbstractValue:
    return value_of(operands, operands[0].range, *_whole(operands[0].reached))


def _product(operands: Operands) -> AbstractValue:
    factors = operands[0].range
    reached = list(zeros(operands))
    if factors.is_empty:
        range_ = factors
    elif factors.within(Interval(-1.0, 1.0)):
        range_ = UNIT if factors.low >= 0.0 else Interval(-1.0, 1.0)
        if not factors.within(point(1.0)) and not factors.within(point(-1.0)):
            # 200 factors of 0.5 underflow.
            reached.append(operands.yields(0.0, Grade.SATURATION))
    elif factors.low >= 1.0:
        range_ = Interval(1.0, math.inf)
    else:
        range_ = NON_NEGATIVE if factors.low >= 0.0 else ALL
        if 0.0 in factors:
            reached.append(operands.yields(0.0, Grade.COINCIDENT))
    # 1e30 * 1e30 * 0 is NaN whatever the dtype; a product of numbers within [-1, 1] does not overflow.
    may_nan = mul_may_be_nan(range_, factors.join(range_))
    return value_of(operands, range_, *reached, may_nan=may_nan)


def _quantified(operands: Operands) -> AbstractValue:
    reached = operands[0].reached or (operands.yields(0.0), operands.yields(1.0))
    result = value_of(operands, operands[0].range.meet(UNIT), *reached)
    return replace(result, dtype="bool", may_nan=False)


def _deviation(power: int) -> Transfer:
    """Standard deviation and variance: at most half the spread, 0 for equal entries."""

    def transfer(operands: Operands) -> AbstractValue:
        operand, dtype = operands[0].range, operands.dtype
        if operand.is_empty:
            return value_of(operands, operand)
        if not _average(operand, dtype).is_finite:
            return value_of(operands, NON_NEGATIVE, operands.yields(0.0, Grade.COINCIDENT), may_nan=True)
        half = (operand.high - operand.low) / 2.0
        square = _average(Interval(0.0, half).square(), dtype)
        error = _SUM_ERROR * dtype.eps * max(abs(operand.low), abs(operand.high))
        high = square.high + half * error + error * error if math.isfinite(square.high) else math.inf
        range_ = Interval(0.0, dtype.round(high if power == 2 else math.sqrt(high) + error))
        return value_of(operands, range_, operands.yields(0.0, Grade.COINCIDENT))

    return transfer


def _logsumexp(operands: Operands) -> AbstractValue:
    terms = operands[0].range
    if terms.is_empty:
        return value_of(operands, terms)
    range_ = Interval(terms.low, terms.high + math.log(MAX_TERMS)).increasing(float, operands.dtype)
    return value_of(operands, range_)


def _order(operands: Operands) -> float | None:
    """The order of a norm: 2 where it is not given, None where it is not known."""
    return 2.0 if operands.attrs.get("ord") in ("euclidean", "fro") else operands.number("ord", 2.0)


def _survives(magnitude: float, order: float, dtype: FloatDtype) -> bool:
    """Whether the power of a magnitude keeps its precision: neither 0 nor subnormal."""
    return magnitude == math.inf or magnitude > (dtype.tiny / dtype.eps) ** (1.0 / order)


def _norm(operands: Operands) -> AbstractValue:
    size = operands[0].range.abs()
    if size.is_empty:
        return value_of(operands, size)
    order = _order(operands)
    if order == math.inf:
        return value_of(operands, size, *zeros(operands))
    # Not below any entry, where its power does not underflow.
    low = 0.0
    if order is not None and order >= 1.0 and _survives(size.low, order, operands.dtype):
        low = size.low * (1.0 - 16.0 * operands.dtype.eps)
    reached = [*zeros(operands)]
    if 0.0 in size:
        reached.append(operands.yields(0.0, Grade.COINCIDENT))
    return value_of(operands, Interval(low, math.inf), *strongest(reached))


def _norm_hazards(operands: Operands) -> tuple[Hazard, ...]:
    """Of the whole vector: its operand is at 0 where every entry is."""
    order = _order(operands)
    if order is None or order in (1.0, math.inf):
        return ()
    # Other orders are powers, whose gradients test nothing.
    masked = Masked.XLA if order == 2.0 else Masked.UNSAFE
    return (Hazard(HazardKind.DIVIDE_BY_ZERO, 0, point(0.0), value=False, masked=masked),)


def _global_norm(operands: Operands) -> AbstractValue:
    reached = strongest([*zeros(operands), operands.yields(0.0, Grade.COINCIDENT)]) if operands.args else ()
    return value_of(operands, NON_NEGATIVE, *reached)


def _count(operands: Operands) -> AbstractValue:
    high = 0.0 if operands[0].range.within(point(0.0)) else math.inf
    reached = [operands.yields(0.0)] if 0.0 in operands[0].range else []
    low = 0.0 if 0.0 in operands[0].range or operands[0].may_nan else 1.0
    asked = operands.attrs.get("dtype", "int64")
    result = value_of(operands, Interval(low, high), *reached)
    return replace(result, dtype=asked if isinstance(asked, str) else None, may_nan=False)


def _index(operands: Operands) -> AbstractValue:
    return replace(value_of(operands, NON_NEGATIVE), dtype="int64", may_nan=False)


def _l2_loss(operands: Operands) -> AbstractValue:
    reached = strongest([*zeros(operands), operands.yields(0.0, Grade.COINCIDENT)])
    return value_of(operands, NON_NEGATIVE, *(reached if 0.0 in operands[0].range else ()))


def _square_hazards(operands: Operands) -> tuple[Hazard, ...]:
    return (polynomial_overflow(operands, 2.0),)


def _normalized(operands: Operands) -> AbstractValue:
    operand = operands[0].range
    # A component is rounded twice: one of a single-entry vector was measured above 1.
    slack = 1.0 + 4.0 * operands.dtype.eps
    range_ = Interval(-slack if operand.low < 0.0 else 0.0, slack if operand.high > 0.0 else 0.0)
    if _normalized_hazards(operands):
        # The sum of squares underflows long before the entries are 0.
        range_ = Interval(math.inf * range_.low if range_.low else 0.0, math.inf * range_.high if range_.high else 0.0)
        return value_of(operands, operand if operand.is_empty else range_, *zeros(operands), may_nan=True)
    may_nan = not operand.is_finite
    return value_of(operands, operand if operand.is_empty else range_, *zeros(operands), may_nan=may_nan)


def _normalized_hazards(operands: Operands) -> tuple[Hazard, ...]:
    """The default epsilon, 1e-12, is 0 in float16: 0 * inf at a zero vector."""
    epsilon = operands.number("epsilon", 1e-12)
    lost = epsilon is not None and operands.dtype.round(epsilon) == 0.0
    if lost and not _survives(operands[0].range.abs().low, 2.0, operands.dtype):
        return (Hazard(HazardKind.DIVIDE_BY_ZERO, 0, point(0.0)),)
    return ()


def _with_gaps(whole: Transfer, gap: float = 0.0) -> Transfer:
    """A reduction over segments: a segment without entries gives ``gap``."""

    def transfer(operands: Operands) -> AbstractValue:
        data = replace(operands, args=operands.args[:1])
        result = whole(data)
        return replace(
            result,
            range=result.range.join(point(gap)),
            reached=strongest((*result.reached, operands.yields(gap))),
        )

    return transfer


def _matrix_count(operands: Operands) -> AbstractValue:
    asked = operands.attrs.get("dtype", "int32")
    return AbstractValue(
        NON_NEGATIVE, (operands.yields(0.0, whole=False),), dtype=asked if isinstance(asked, str) else None
    )


def _reduction(
    name: str,
    names: str,
    transfer: Transfer,
    hazards: Callable[[Operands], tuple[Hazard, ...]] | None = None,
) -> OpSpec:
    """A row with the parameters that every reduction has."""
    return op(
        name,
        "x axis keepdims name",
        names,
        transfer=transfer,
        hazards=hazards or always(),
        keywords="input_tensor=x input=x a=x reduction_indices=axis keep_dims=keepdims",
    )


def _segments(name: str, names: str, transfer: Transfer) -> OpSpec:
    params = "x segment_ids num_segments name" if name.startswith("unsorted") else "x segment_ids name"
    return op(name, params, names, arity=2, transfer=_with_gaps(transfer), keywords="data=x")


_ZERO_SPREAD = always(
    # Of equal entries: the operand's values do not matter, so the point stands for their spread.
    Hazard(HazardKind.DIVIDE_BY_ZERO, 0, point(0.0), value=False, masked=Masked.XLA)
)

OPS: tuple[OpSpec, ...] = (
    _reduction("reduce_sum", "tf.reduce_sum tf.math.reduce_sum K.sum keras.ops.sum tnp.sum", _sum),
    _reduction("reduce_mean", "tf.reduce_mean tf.math.reduce_mean K.mean keras.ops.mean tnp.mean", _mean),
    _reduction(
        "reduce_max",
        "tf.reduce_max tf.math.reduce_max K.max keras.ops.max keras.ops.amax tnp.max tnp.amax",
        _extreme,
    ),
    _reduction(
        "reduce_min",
        "tf.reduce_min tf.math.reduce_min K.min keras.ops.min keras.ops.amin tnp.min tnp.amin",
        _extreme,
    ),
    _reduction("reduce_prod", "tf.reduce_prod tf.math.reduce_prod K.prod keras.ops.prod tnp.prod", _product),
    _reduction("reduce_any", "tf.reduce_any tf.math.reduce_any K.any keras.ops.any tnp.any", _quantified),
    _reduction("reduce_all", "tf.reduce_all tf.math.reduce_all K.all keras.ops.all tnp.all", _quantified),
    _reduction("reduce_std", "tf.math.reduce_std K.std keras.ops.std tnp.std", _deviation(1), _ZERO_SPREAD),
    _reduction("reduce_variance", "tf.math.reduce_variance K.var keras.ops.var tnp.var", _deviation(2)),
    _reduction(
        "reduce_logsumexp",
        "tf.reduce_logsumexp tf.math.reduce_logsumexp K.logsumexp keras.ops.logsumexp",
        _logsumexp,
    ),
    op(
        "norm",
        "x ord axis keepdims name",
        "tf.norm tf.linalg.norm keras.ops.norm",
        transfer=_norm,
        hazards=_norm_hazards,
        keywords="tensor=x keep_dims=keepdims",
    ),
    _reduction(
        "reduce_euclidean_norm",
        "tf.math.reduce_euclidean_norm",
        _norm,
        always(Hazard(HazardKind.DIVIDE_BY_ZERO, 0, point(0.0), value=False)),
    ),
    op(
        "global_norm",
        "t_list name",
        "tf.linalg.global_norm tf.global_norm",
        arity=-1,
        transfer=_global_norm,
        hazards=always(Hazard(HazardKind.DIVIDE_BY_ZERO, 0, point(0.0), value=False, masked=Masked.XLA)),
    ),
    op(
        "count_nonzero",
        "x axis keepdims dtype name",
        "tf.math.count_nonzero tf.count_nonzero keras.ops.count_nonzero tnp.count_nonzero",
        transfer=_count,
        keywords="input=x input_tensor=x a=x reduction_indices=axis keep_dims=keepdims",
    ),
    op(
        "cumsum",
        "x axis exclusive reverse name",
        "tf.cumsum tf.math.cumsum K.cumsum keras.ops.cumsum tnp.cumsum",
        transfer=_cumulated(0.0, _sum),
        keywords="a=x",
    ),
    op(
        "cumprod",
        "x axis exclusive reverse name",
        "tf.math.cumprod tf.cumprod K.cumprod keras.ops.cumprod tnp.cumprod",
        transfer=_cumulated(1.0, _product),
        keywords="a=x",
    ),
    op("add_n", "inputs name", "tf.add_n tf.math.add_n", arity=-1, transfer=_add_n),
    op("l2_loss", "x name", "tf.nn.l2_loss", transfer=_l2_loss, hazards=_square_hazards, keywords="t=x"),
    op(
        "moments",
        "x axis shift keepdims name",
        "tf.nn.moments keras.ops.moments",
        keywords="axes=axis keep_dims=keepdims",
        transfer=lambda operands: value_of(operands, ALL),
    ),
    op(
        "argmax",
        "x axis output_type name",
        "tf.math.argmax tf.argmax tf.arg_max K.argmax keras.ops.argmax tnp.argmax",
        transfer=_index,
        keywords="input=x a=x dimension=axis",
    ),
    op(
        "argmin",
        "x axis output_type name",
        "tf.math.argmin tf.argmin tf.arg_min K.argmin keras.ops.argmin tnp.argmin",
        transfer=_index,
        keywords="input=x a=x dimension=axis",
    ),
    op(
        "top_k",
        "x k sorted index_type name",
        "tf.math.top_k tf.nn.top_k keras.ops.top_k",
        transfer=lambda operands: AbstractValue(ALL),
        keywords="input=x",
    ),
    _segments("segment_sum", "tf.math.segment_sum tf.segment_sum keras.ops.segment_sum", _sum),
    _segments(
        "unsorted_segment_sum",
        "tf.math.unsorted_segment_sum tf.unsorted_segment_sum",
        _sum,
    ),
    _segments("segment_mean", "tf.math.segment_mean tf.segment_mean", _mean),
    _segments("unsorted_segment_mean", "tf.math.unsorted_segment_mean tf.unsorted_segment_mean", _mean),
    _segments("segment_max", "tf.math.segment_max tf.segment_max", _extreme),
    _segments("segment_min", "tf.math.segment_min tf.segment_min", _extreme),
    op(
        "l2_normalize",
        "x axis epsilon name",
        "tf.math.l2_normalize tf.nn.l2_normalize tf.linalg.l2_normalize K.l2_normalize",
        transfer=_normalized,
        hazards=_normalized_hazards,
        keywords="dim=axis",
    ),
    op(
        "linalg_normalize",
        "x ord axis name",
        "tf.linalg.normalize",
        # A pair: the vectors and their norms.
        transfer=lambda operands: value_of(operands, ALL, may_nan=0.0 in operands[0].range),
        hazards=always(Hazard(HazardKind.DIVIDE_BY_ZERO, 0, point(0.0))),
        keywords="tensor=x",
    ),
    op(
        "confusion_matrix",
        "labels predictions num_classes weights dtype name",
        "tf.math.confusion_matrix tf.confusion_matrix",
        arity=2,
        transfer=_matrix_count,
    ),
)
