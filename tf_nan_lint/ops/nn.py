"""Activations, softmax and the fused losses."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

from tf_nan_lint.domain.dtypes import FLOAT32, FloatDtype
from tf_nan_lint.domain.interval import ALL, EMPTY, NEGATIVE, NON_NEGATIVE, UNIT, Interval, point
from tf_nan_lint.ops.exponential import exp, exp_overflow, exp_underflow
from tf_nan_lint.ops.reduction import MAX_TERMS
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
    mapped,
    monotone,
    no_hazards,
    op,
    polynomial_overflow,
    value_of,
    zeros,
)


def one_from(dtype: FloatDtype) -> float:
    """The first argument whose sigmoid is 1, ``log(2 / eps)``: 16.636 in float32, 7.625 in float16."""
    return math.log(2.0 / dtype.eps)


def sigmoid(value: float) -> float:
    """``1 / (1 + exp(-value))`` without overflow."""
    if value >= 0.0:
        return 1.0 / (1.0 + exp(-value))
    power = exp(value)
    return power / (1.0 + power)


def softplus(value: float) -> float:
    """``log(1 + exp(value))`` without overflow."""
    return max(value, 0.0) + math.log1p(exp(-abs(value)))


def _spread(range_: Interval) -> float:
    """The greatest difference of two entries."""
    return 0.0 if range_.is_empty or range_.is_point else range_.high - range_.low


def _softmax(operands: Operands) -> AbstractValue:
    logits, dtype = operands[0].range, operands.dtype
    if logits.is_empty:
        return value_of(operands, EMPTY)
    gap = _spread(logits)
    reached = []
    if gap > -exp_underflow(dtype):
        reached.append(operands.yields(0.0, Grade.SATURATION))
    if gap >= one_from(dtype):
        reached.append(operands.yields(1.0, Grade.SATURATION))
    # The least entry is exp(-gap) over a sum of at most MAX_TERMS terms.
    low = dtype.round(exp(-gap) / MAX_TERMS) if gap < exp_overflow(dtype) else 0.0
    return value_of(operands, Interval(low, 1.0), *reached, may_nan=not logits.is_finite)


def _log_softmax(operands: Operands) -> AbstractValue:
    logits, dtype = operands[0].range, operands.dtype
    if logits.is_empty:
        return value_of(operands, EMPTY)
    gap = _spread(logits)
    reached = [operands.yields(0.0, Grade.SATURATION)] if gap > -exp_underflow(dtype) else []
    low = Interval(-gap - math.log(MAX_TERMS), 0.0).increasing(float, dtype).low
    return value_of(operands, Interval(low, 0.0), *reached, may_nan=not logits.is_finite)


def _sigmoid(operands: Operands) -> AbstractValue:
    operand, dtype = operands[0].range, operands.dtype
    if operand.is_empty:
        return value_of(operands, EMPTY)
    range_ = operand.increasing(sigmoid, dtype).meet(UNIT)
    reached = mapped(operands, 0, sigmoid)
    if operand.high >= one_from(dtype):
        range_ = range_.join(point(1.0))
        reached.append(operands.yields(1.0, Grade.SATURATION))
    if operand.low <= -exp_overflow(dtype):
        # Under XLA it is 1 / (1 + exp(-x)): 0 from -11.1 on in float16.
        range_ = range_.join(point(0.0))
    if operand.low < exp_underflow(dtype):
        reached.append(operands.yields(0.0, Grade.SATURATION))
    return value_of(operands, range_, *reached)


def _softplus_saturates(operands: Operands) -> tuple[Reach, ...]:
    if operands[0].range.low < exp_underflow(operands.dtype):
        return (operands.yields(0.0, Grade.SATURATION),)
    return ()


def _log_sigmoid(value: float) -> float:
    return -softplus(-value)


def _log_sigmoid_saturates(operands: Operands) -> tuple[Reach, ...]:
    if operands[0].range.high > -exp_underflow(operands.dtype):
        return (operands.yields(0.0, Grade.SATURATION),)
    return ()


def _softsign(operands: Operands) -> AbstractValue:
    operand = operands[0].range

    def softsign(value: float) -> float:
        return math.copysign(1.0, value) if math.isinf(value) else value / (1.0 + abs(value))

    reached = mapped(operands, 0, softsign)
    for limit, end in ((1.0, operand.high), (-1.0, operand.low)):
        if end * limit > 4.0 / operands.dtype.eps:
            reached.append(operands.yields(limit, Grade.SATURATION))
    range_ = operand.increasing(softsign, operands.dtype).meet(Interval(-1.0, 1.0))
    return value_of(operands, range_, *reached, may_nan=not operand.is_finite)


def _relu(operands: Operands) -> AbstractValue:
    """``relu`` and Keras's variants: a slope below ``threshold``, a greatest value."""
    slope, threshold = operands.number("negative_slope", 0.0), operands.number("threshold", 0.0)
    ceiling = operands.number("max_value", math.inf)
    if slope is None or threshold is None or ceiling is None or slope < 0.0 or threshold != 0.0:
        return value_of(operands, ALL)
    if slope:
        range_ = _leaky(operands, slope)
        return value_of(operands, range_.minimum(point(ceiling)), *zeros(operands))
    return _clamped(operands, 0.0, ceiling)


def _clamped(operands: Operands, low: float, high: float) -> AbstractValue:
    """A clip to two constants, each reached on a whole region."""
    operand = operands[0].range
    range_ = operand.maximum(point(low)).minimum(point(high))
    reached = [r for r in operands[0].reached if low <= r.point <= high]
    if operand.low < low:
        reached.append(operands.yields(low))
    if operand.high > high:
        reached.append(operands.yields(high))
    return value_of(operands, range_, *reached)


def _relu6(operands: Operands) -> AbstractValue:
    return _clamped(operands, 0.0, 6.0)


def _leaky(operands: Operands, slope: float) -> Interval:
    operand = operands[0].range
    below = operand.meet(NEGATIVE)
    # The kernel keeps its slope in float32.
    image = below.mul(point(slope).join(point(FLOAT32.round(slope)))).increasing(float, operands.dtype)
    return image.join(operand.meet(NON_NEGATIVE))


def _leaky_relu(operands: Operands) -> AbstractValue:
    slope = operands.number("negative_slope", 0.2)
    range_ = _leaky(operands, slope) if slope is not None and slope > 0.0 else ALL
    return value_of(operands, range_, *zeros(operands))


def _elu(operands: Operands) -> AbstractValue:
    alpha = operands.number("alpha", 1.0)
    if alpha is None or alpha < 0.0:
        return value_of(operands, ALL, *zeros(operands))

    def elu(value: float) -> float:
        return value if value >= 0.0 else alpha * math.expm1(value)

    reached = mapped(operands, 0, elu)
    if operands[0].range.low < math.log(operands.dtype.neg_eps / 2.0) - 0.1:
        reached.append(operands.yields(operands.dtype.round(-alpha), Grade.SATURATION))
    return value_of(operands, _by_difference(operands, elu), *reached)


def _by_difference(operands: Operands, function: Callable[[float], float]) -> Interval:
    """The image under ``elu`` or ``selu``: ``exp(x) - 1`` in their kernels, off by units in the last place of 1."""
    image, slack = operands[0].range.increasing(function, operands.dtype), 8.0 * operands.dtype.eps
    if image.is_empty:
        return image
    low = image.low - slack if image.low < 0.0 else image.low
    return Interval(low, min(image.high + slack, 0.0) if image.high < 0.0 else image.high).rounded(operands.dtype)


def _selu(operands: Operands) -> AbstractValue:
    scale, alpha = 1.0507009873554805, 1.6732632423543772

    def selu(value: float) -> float:
        return scale * (value if value >= 0.0 else alpha * math.expm1(value))

    return value_of(operands, _by_difference(operands, selu), *zeros(operands))


def _dipping(function: Callable[[float], float], lowest: float) -> Transfer:
    """A function that falls to its minimum at ``lowest``, then rises; -inf * 0 is NaN (OPS.md §1)."""

    def transfer(operands: Operands) -> AbstractValue:
        operand, dtype = operands[0].range, operands.dtype
        if operand.is_empty:
            return value_of(operands, EMPTY)
        falling = operand.meet(Interval(-math.inf, lowest)).decreasing(function, dtype)
        rising = operand.meet(Interval(lowest, math.inf)).increasing(function, dtype)
        # Products of functions that are each off by units in the last place of 1; some constants are of float32.
        slack = 4.0 * max(dtype.eps, FLOAT32.eps)
        joined = falling.join(rising)
        range_ = Interval(
            min(joined.low, dtype.round(joined.low - slack)),
            max(joined.high, dtype.round(joined.high + slack)),
        )
        reached = zeros(operands)
        if operand.low < 2.0 * exp_underflow(dtype):
            reached.append(operands.yields(0.0, Grade.SATURATION))
        return value_of(operands, range_, *reached, may_nan=operand.low == -math.inf)

    return transfer


def _silu(value: float) -> float:
    return 0.0 if value == -math.inf else value * sigmoid(value)


def _gelu(value: float) -> float:
    return 0.0 if value == -math.inf else 0.5 * value * math.erfc(-value / math.sqrt(2.0))


def _mish(value: float) -> float:
    return 0.0 if value == -math.inf else value * math.tanh(softplus(value))


_dipping_silu = _dipping(_silu, -1.2784645)


def _silu_transfer(operands: Operands) -> AbstractValue:
    # tf.nn.silu's ``beta``: x * sigmoid(beta * x).
    if operands.number("beta", 1.0) != 1.0:
        return value_of(operands, ALL, *zeros(operands))
    return _dipping_silu(operands)


def _gelu_hazards(operands: Operands) -> tuple[Hazard, ...]:
    """The tanh form cubes its operand: the gradient is NaN from 256 on in float16, 1.8e19 in float32."""
    if operands.attrs.get("approximate") is not True:
        return ()
    edge = math.sqrt(operands.dtype.max)
    return (
        Hazard(HazardKind.OVERFLOW, 0, Interval(edge, math.inf), value=False, polynomial=True),
        Hazard(HazardKind.OVERFLOW, 0, Interval(-math.inf, -edge), value=False, polynomial=True),
    )


def _hard_sigmoid(operands: Operands) -> AbstractValue:
    """Keras 3: ``relu6(x + 3) / 6``; Keras 2: ``clip(0.2 x + 0.5, 0, 1)``. Both hold."""
    operand = operands[0].range
    if operand.is_empty:
        return value_of(operands, EMPTY)
    flat, steep = operand.increasing(lambda v: v / 6.0 + 0.5), operand.increasing(lambda v: 0.2 * v + 0.5)
    slack = 4.0 * operands.dtype.eps
    either = flat.join(steep)
    range_ = Interval(either.low - slack, either.high + slack).maximum(point(0.0)).minimum(point(1.0))
    reached = []
    if operand.low <= -3.0:
        reached.append(operands.yields(0.0))
    if operand.high >= 3.0:
        reached.append(operands.yields(1.0))
    return value_of(operands, range_.rounded(operands.dtype), *reached)


def _squareplus(operands: Operands) -> AbstractValue:
    """``(x + sqrt(x**2 + 4)) / 2``: cancels to 0 for negative numbers, overflows with the square."""
    operand, dtype = operands[0].range, operands.dtype
    edge, b = math.sqrt(dtype.max), operands.number("b", 4.0)
    if operand.is_empty or b is None:
        return value_of(operands, operand if operand.is_empty else NON_NEGATIVE)

    def squareplus(value: float) -> float:
        return (value + math.hypot(value, math.sqrt(max(b, 0.0)))) / 2.0 if math.isfinite(value) else max(value, 0.0)

    slack = 4.0 * dtype.eps * (1.0 + min(max(abs(operand.low), abs(operand.high)), edge))
    low, high = max(squareplus(operand.low) - slack, 0.0), squareplus(operand.high) + slack
    if max(abs(operand.low), operand.high) >= edge * (1.0 - dtype.eps):
        high = math.inf
    reached = []
    if operand.low < -math.sqrt(8.0 * max(b, 0.0) / dtype.eps):
        reached.append(operands.yields(0.0, Grade.SATURATION))
    return value_of(operands, Interval(low, high).rounded(dtype), *reached, may_nan=operand.low == -math.inf)


def _squareplus_hazards(operands: Operands) -> tuple[Hazard, ...]:
    high = polynomial_overflow(operands, 2.0)
    return (high, replace(high, singular=Interval(-math.inf, -high.singular.low)))


def _of_logits(operands: Operands, range_: Interval, *reached: Reach) -> AbstractValue:
    """A loss: labels may be integers, the result has the dtype of the logits."""
    may_nan = any(not arg.range.is_finite for arg in operands.args[1:])
    result = value_of(operands, range_, *reached, may_nan=may_nan)
    return replace(result, dtype=operands[1].dtype, host=operands[1].host)


def _binary_cross_entropy(operands: Operands) -> AbstractValue:
    labels, logits = operands[0].range, operands[1].range
    range_ = NON_NEGATIVE if labels.within(UNIT) else ALL
    saturates = max(abs(logits.low), abs(logits.high)) > -exp_underflow(operands.dtype)
    return _of_logits(operands, range_, *([operands.yields(0.0, Grade.SATURATION)] if saturates else []))


def _cross_entropy(operands: Operands) -> AbstractValue:
    labels, logits = operands[0], operands[1].range
    range_ = NON_NEGATIVE if labels.range.low >= 0.0 or labels.is_integral else ALL
    saturates = _spread(logits) > -exp_underflow(operands.dtype)
    return _of_logits(operands, range_, *([operands.yields(0.0, Grade.SATURATION)] if saturates else []))


def _sparse_cross_entropy(operands: Operands) -> AbstractValue:
    saturates = _spread(operands[1].range) > -exp_underflow(operands.dtype)
    evidence = [operands.yields(0.0, Grade.SATURATION)] if saturates else []
    return _of_logits(operands, NON_NEGATIVE, *evidence)


def _weighted_cross_entropy(operands: Operands) -> AbstractValue:
    positive = operands[0].range.within(UNIT) and operands[2].range.low >= 0.0
    return _of_logits(operands, NON_NEGATIVE if positive else ALL)


def _dropout(operands: Operands) -> AbstractValue:
    """Some entries become 0, the others grow; no entry does at inference."""
    operand = operands[0].range
    low, high = (0.0 if operand.low >= 0.0 else -math.inf), (0.0 if operand.high <= 0.0 else math.inf)
    range_ = EMPTY if operand.is_empty else Interval(low, high)
    return value_of(operands, range_, *zeros(operands), operands.yields(0.0, Grade.COINCIDENT))


def _batch_normalization(operands: Operands) -> AbstractValue:
    finite = all(arg.range.is_finite for arg in operands.args)
    variance, epsilon = operands[2].range, operands.number("epsilon", 1e-3)
    positive = epsilon is not None and variance.low + epsilon >= operands.dtype.tiny
    return replace(value_of(operands, ALL, may_nan=not (finite and positive)), rank0=False)


def _batch_normalization_hazards(operands: Operands) -> tuple[Hazard, ...]:
    epsilon = operands.number("epsilon", 1e-3)
    if epsilon is None or operands.dtype.round(epsilon) != 0.0:
        return ()
    return (Hazard(HazardKind.DIVIDE_BY_ZERO, 2, point(0.0), masked=Masked.XLA),)


def _activation(
    name: str,
    names: str,
    transfer: Transfer,
    *,
    params: str = "x name",
    keywords: str = "",
    hazards: Callable[[Operands], tuple[Hazard, ...]] = no_hazards,
) -> OpSpec:
    """A row of an elementwise function, with the names that its operand has."""
    return op(
        name,
        params,
        names,
        transfer=transfer,
        hazards=hazards,
        elementwise=True,
        keywords="features=x " + keywords,
    )


OPS: tuple[OpSpec, ...] = (
    op(
        "softmax",
        "x axis name",
        "tf.nn.softmax tf.math.softmax K.softmax keras.ops.softmax keras.activations.softmax",
        transfer=_softmax,
        keywords="logits=x dim=axis",
    ),
    op(
        "log_softmax",
        "x axis name",
        "tf.nn.log_softmax tf.math.log_softmax keras.ops.log_softmax keras.activations.log_softmax",
        transfer=_log_softmax,
        keywords="logits=x dim=axis",
    ),
    _activation(
        "sigmoid",
        "tf.math.sigmoid tf.sigmoid tf.nn.sigmoid K.sigmoid keras.ops.sigmoid keras.activations.sigmoid",
        _sigmoid,
    ),
    _activation(
        "log_sigmoid",
        "tf.math.log_sigmoid tf.log_sigmoid keras.ops.log_sigmoid keras.activations.log_sigmoid",
        monotone(_log_sigmoid, Interval(-math.inf, 0.0), _log_sigmoid_saturates),
    ),
    _activation(
        "softplus",
        "tf.math.softplus tf.nn.softplus K.softplus keras.ops.softplus keras.activations.softplus",
        monotone(softplus, NON_NEGATIVE, _softplus_saturates),
    ),
    _activation(
        "softsign",
        "tf.math.softsign tf.nn.softsign K.softsign keras.ops.softsign keras.activations.softsign",
        _softsign,
    ),
    _activation(
        "relu",
        "tf.nn.relu K.relu keras.ops.relu keras.activations.relu",
        _relu,
        params="x negative_slope max_value threshold",
        keywords="alpha=negative_slope",
    ),
    _activation("relu6", "tf.nn.relu6 keras.ops.relu6 keras.activations.relu6", _relu6),
    _activation("elu", "tf.nn.elu K.elu keras.ops.elu keras.activations.elu", _elu, params="x alpha"),
    _activation("selu", "tf.nn.selu keras.ops.selu keras.activations.selu", _selu),
    _activation(
        "leaky_relu",
        "tf.nn.leaky_relu keras.ops.leaky_relu keras.activations.leaky_relu",
        _leaky_relu,
        params="x negative_slope name",
        keywords="alpha=negative_slope",
    ),
    _activation(
        "silu",
        "tf.nn.silu tf.nn.swish keras.ops.silu keras.ops.swish keras.activations.silu keras.activations.swish",
        _silu_transfer,
        params="x beta",
    ),
    _activation(
        "gelu",
        "tf.nn.gelu keras.ops.gelu keras.activations.gelu",
        _dipping(_gelu, -0.7517916),
        params="x approximate name",
        hazards=_gelu_hazards,
    ),
    _activation("mish", "keras.activations.mish", _dipping(_mish, -1.1924058), params="x"),
    _activation(
        "hard_sigmoid",
        "K.hard_sigmoid keras.ops.hard_sigmoid keras.activations.hard_sigmoid",
        _hard_sigmoid,
        params="x",
    ),
    _activation(
        "squareplus",
        "keras.ops.squareplus keras.activations.squareplus",
        _squareplus,
        params="x b",
        hazards=_squareplus_hazards,
    ),
    op(
        "sigmoid_cross_entropy_with_logits",
        "labels logits name",
        "tf.nn.sigmoid_cross_entropy_with_logits",
        arity=2,
        transfer=_binary_cross_entropy,
        elementwise=True,
        keywords="targets=labels",
    ),
    op(
        "softmax_cross_entropy_with_logits",
        "labels logits axis name",
        "tf.nn.softmax_cross_entropy_with_logits tf.nn.softmax_cross_entropy_with_logits_v2",
        arity=2,
        transfer=_cross_entropy,
        keywords="dim=axis",
    ),
    op(
        "sparse_softmax_cross_entropy_with_logits",
        "labels logits name",
        "tf.nn.sparse_softmax_cross_entropy_with_logits",
        arity=2,
        transfer=_sparse_cross_entropy,
    ),
    op(
        "weighted_cross_entropy_with_logits",
        "labels logits pos_weight name",
        "tf.nn.weighted_cross_entropy_with_logits",
        arity=3,
        transfer=_weighted_cross_entropy,
        elementwise=True,
        keywords="targets=labels",
    ),
    op(
        "dropout",
        "x rate noise_shape seed name",
        "tf.nn.dropout K.dropout keras.random.dropout",
        transfer=_dropout,
        keywords="inputs=x level=rate",
        pure=False,
    ),
    op(
        "batch_normalization",
        "x mean variance offset scale epsilon name",
        "tf.nn.batch_normalization keras.ops.batch_normalization",
        arity=3,
        transfer=_batch_normalization,
        hazards=_batch_normalization_hazards,
        keywords="variance_epsilon=epsilon",
    ),
)
