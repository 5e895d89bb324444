"""What creates values, moves them about, converts them or chooses among them."""

from __future__ import annotations

import math
from dataclasses import replace

from tf_nan_lint.domain.dtypes import FLOATS, INTEGERS
from tf_nan_lint.domain.interval import ALL, EMPTY, NON_NEGATIVE, UNIT, Interval, point
from tf_nan_lint.ops.spec import (
    TOP,
    AbstractValue,
    Grade,
    Operands,
    OpSpec,
    Transfer,
    carried,
    created,
    mapped,
    op,
    strongest,
    value_of,
)

# ---- creation -------------------------------------------------------------------------------------------------------


def _constant(operands: Operands) -> AbstractValue:
    asked = operands.attrs.get("dtype")
    return _cast_to(operands, asked) if isinstance(asked, str) else operands[0]


def _filled(number: float) -> Transfer:
    return lambda operands: created(operands, point(number), operands.yields(number), dtype="float32")


def _filled_like(number: float) -> Transfer:
    return lambda operands: created(operands, point(number), operands.yields(number), dtype=operands[0].dtype)


def _full(operands: Operands) -> AbstractValue:
    value = replace(operands[1], rank0=False, host=False)
    asked = operands.attrs.get("dtype")
    return replace(value, dtype=asked) if isinstance(asked, str) else value


def _zero_or_one(operands: Operands) -> AbstractValue:
    reached = (operands.yields(0.0, whole=False), operands.yields(1.0, whole=False))
    return created(operands, UNIT, *reached, dtype="float32")


def _one_hot(operands: Operands) -> AbstractValue:
    on, off = operands.number("on_value", 1.0), operands.number("off_value", 0.0)
    if on is None or off is None:
        return created(operands, ALL, dtype="float32")
    reached = (operands.yields(off, whole=False), operands.yields(on, whole=False))
    return created(operands, point(off).join(point(on)), *reached, dtype="float32")


def _sequence_mask(operands: Operands) -> AbstractValue:
    # A sequence has at least one step.
    return created(operands, UNIT, operands.yields(0.0, whole=False), operands.yields(1.0), dtype="bool")


def _range(operands: Operands) -> AbstractValue:
    return replace(created(operands, ALL), host=True)


def _linspace(operands: Operands) -> AbstractValue:
    ends = operands[0].range.join(operands[1].range)
    reached = (*operands[0].reached, *operands[1].reached)
    return replace(value_of(operands, ends, *strongest(reached)), rank0=False)


def _random_uniform(operands: Operands) -> AbstractValue:
    """From ``minval``, which it reaches (once in 2**23 samples of float32), to below ``maxval``."""
    low, high = operands.number("minval", 0.0), operands.number("maxval", 1.0)
    if low is None or high is None:
        known = Interval(-math.inf if low is None else low, math.inf if high is None else high)
        return created(operands, known, dtype="float32")
    if (low, high) == (0.0, 1.0):
        high = operands.dtype.below(1.0)
    return created(operands, Interval(low, max(low, high)), operands.yields(low, Grade.COINCIDENT), dtype="float32")


def _random_normal(operands: Operands) -> AbstractValue:
    return created(operands, ALL, dtype="float32")


def _truncated_normal(operands: Operands) -> AbstractValue:
    """Within two standard deviations."""
    mean, deviation = operands.number("mean", 0.0), operands.number("stddev", 1.0)
    if mean is None or deviation is None:
        return created(operands, ALL, dtype="float32")
    around = Interval(mean - 2.0 * abs(deviation), mean + 2.0 * abs(deviation))
    return created(operands, around.increasing(float, operands.dtype), dtype="float32")


def _random_gamma(operands: Operands) -> AbstractValue:
    """``tf.random.gamma`` takes the maximum with the smallest normal number."""
    return created(operands, Interval(operands.dtype.tiny, math.inf), dtype="float32")


def _random_count(operands: Operands) -> AbstractValue:
    return created(operands, NON_NEGATIVE, operands.yields(0.0, Grade.COINCIDENT), dtype="float32")


def _epsilon(operands: Operands) -> AbstractValue:
    """``keras.config.epsilon()``, a Python number."""
    return AbstractValue(point(1e-7), host=True)


# ---- conversion -----------------------------------------------------------------------------------------------------


def _cast(operands: Operands) -> AbstractValue:
    asked = operands.attrs.get("dtype")
    if isinstance(asked, str):
        return _cast_to(operands, asked)
    # ``x.dtype``, ``self.dtype``, ``K.floatx()``: one of floats.
    return replace(operands[0], dtype=None)


def _cast_to(operands: Operands, dtype: str) -> AbstractValue:
    value = operands[0]
    if dtype == "bool":
        low = 0.0 if 0.0 in value.range else 1.0
        high = 0.0 if value.range.within(point(0.0)) and not value.may_nan else 1.0
        range_ = EMPTY if value.range.is_empty else Interval(low, high)
        reached = mapped(operands, 0, lambda p: float(p != 0.0))
        return replace(value_of(operands, range_, *reached), dtype=dtype, may_nan=False)
    if dtype in INTEGERS:
        if not value.range.is_finite or max(abs(value.range.low), abs(value.range.high)) >= 2.0**31:
            # What does not fit is undefined: measured the smallest integer, or 0.
            reached = [r for r in value.reached if r.point == 0.0]
            return replace(value_of(operands, ALL, *reached), dtype=dtype, may_nan=False)
        range_ = value.range.increasing(lambda v: float(math.trunc(v)))
        reached = [r.moved(float(math.trunc(r.point))) for r in value.reached]
        if value.may_nan:
            range_ = ALL
        return replace(value_of(operands, range_, *strongest(reached)), dtype=dtype, may_nan=False)
    target = FLOATS.get(dtype)
    if target is None:
        return replace(value, dtype=dtype)
    reached = [r.moved(target.round(r.point)) for r in value.reached]
    return replace(value, range=value.range.rounded(target), reached=strongest(reached), dtype=dtype)


def _to(dtype: str) -> Transfer:
    return lambda operands: _cast_to(operands, dtype)


def _saturate_cast(operands: Operands) -> AbstractValue:
    asked = operands.attrs.get("dtype")
    target = FLOATS.get(asked) if isinstance(asked, str) else None
    if target is None:
        return _cast(operands)
    limits = Interval(-target.max, target.max)
    value = operands[0]
    range_ = value.range.maximum(point(limits.low)).minimum(point(limits.high)).rounded(target)
    reached = [r.moved(target.round(r.point)) for r in value.reached]
    kept = tuple(r for r in strongest(reached) if r.point in range_)
    return replace(value, range=range_, reached=kept, dtype=target.name)


def _identity(operands: Operands) -> AbstractValue:
    return operands[0]


def _nan_to_num(operands: Operands) -> AbstractValue:
    value, limit = operands[0], operands.dtype.max
    stand_ins = (operands.number("nan", 0.0), operands.number("posinf", limit), operands.number("neginf", -limit))
    range_ = value.range.maximum(point(-limit)).minimum(point(limit))
    for stand_in in stand_ins:
        range_ = range_.join(ALL if stand_in is None else point(stand_in))
    reached = [r for r in value.reached if math.isfinite(r.point)]
    return replace(value_of(operands, range_, *reached), may_nan=False)


# ---- movement -------------------------------------------------------------------------------------------------------


def _joined(operands: Operands) -> AbstractValue:
    """Entries of all operands side by side."""
    if not operands.args:
        return TOP
    whole = operands[0]
    for part in operands.args[1:]:
        whole = whole.join(part)
    # What one part reaches, the others need not.
    return replace(whole, rank0=False, reached=tuple(replace(r, whole=False) for r in whole.reached))


def _pad(operands: Operands) -> AbstractValue:
    mode = operands.attrs.get("mode", "CONSTANT")
    if isinstance(mode, str) and mode.upper() in ("REFLECT", "SYMMETRIC"):
        return carried(operands)
    border = operands.number("constant_values", 0.0)
    inside = carried(operands)
    if border is None:
        return replace(inside, range=ALL)
    border_value = AbstractValue(point(border), (operands.yields(border, whole=False),), dtype=inside.dtype, host=True)
    return inside.join(border_value)


def _scattered(operands: Operands) -> AbstractValue:
    """Sums of updates, and 0 where there is none."""
    updates = operands[1].range
    low, high = (0.0 if updates.low >= 0.0 else -math.inf), (0.0 if updates.high <= 0.0 else math.inf)
    return replace(operands[1], range=Interval(low, high), reached=(operands.yields(0.0),), rank0=False)


# ---- shapes ---------------------------------------------------------------------------------------------------------


def _extent(operands: Operands) -> AbstractValue:
    return AbstractValue(NON_NEGATIVE, dtype="int32", host=True)


def _extent_scalar(operands: Operands) -> AbstractValue:
    return AbstractValue(NON_NEGATIVE, dtype="int32", host=True, rank0=True)


# ---- conditions -----------------------------------------------------------------------------------------------------


def _truth(operands: Operands, always: bool = False, never: bool = False) -> AbstractValue:
    """A truth value, each reached unless the ranges decide."""
    if always or never:
        result = value_of(operands, point(float(always)))
    else:
        result = value_of(operands, UNIT, operands.yields(0.0), operands.yields(1.0))
    return replace(result, dtype="bool", may_nan=False)


def _no_nan(operands: Operands) -> bool:
    return not any(arg.may_nan or arg.range.is_empty for arg in operands.args)


def _less(operands: Operands) -> AbstractValue:
    left, right = operands[0].range, operands[1].range
    return _truth(operands, _no_nan(operands) and left.high < right.low, left.low >= right.high)


def _less_equal(operands: Operands) -> AbstractValue:
    left, right = operands[0].range, operands[1].range
    return _truth(operands, _no_nan(operands) and left.high <= right.low, left.low > right.high)


def _greater(operands: Operands) -> AbstractValue:
    return _less(replace(operands, args=operands.args[::-1]))


def _greater_equal(operands: Operands) -> AbstractValue:
    return _less_equal(replace(operands, args=operands.args[::-1]))


def _equal(operands: Operands) -> AbstractValue:
    left, right = operands[0].range, operands[1].range
    return _truth(operands, never=left.meet(right).is_empty)


def _not_equal(operands: Operands) -> AbstractValue:
    left, right = operands[0].range, operands[1].range
    return _truth(operands, always=left.meet(right).is_empty)


def _logical_not(operands: Operands) -> AbstractValue:
    truth = operands[0].range
    return _truth(operands, truth.within(point(0.0)), truth.within(point(1.0)))


def _logical_and(operands: Operands) -> AbstractValue:
    truths = [arg.range for arg in operands.args]
    return _truth(operands, all(t == point(1.0) for t in truths), any(t == point(0.0) for t in truths))


def _logical_or(operands: Operands) -> AbstractValue:
    truths = [arg.range for arg in operands.args]
    return _truth(operands, any(t == point(1.0) for t in truths), all(t == point(0.0) for t in truths))


def _undecided(operands: Operands) -> AbstractValue:
    return _truth(operands)


def _where(operands: Operands) -> AbstractValue:
    """One of the two; the analysis narrows each by the condition first."""
    return operands[1].join(operands[2])


def _comparison(name: str, symbol: str, names: str, transfer: Transfer) -> OpSpec:
    return op(
        name,
        "x y name",
        names,
        arity=2,
        transfer=transfer,
        elementwise=True,
        keywords="x1=x x2=y",
        symbol=symbol,
    )


def _movement(name: str, params: str, names: str, *, arity: int = 1, keywords: str = "") -> OpSpec:
    """A row of an op whose result holds entries of its first operand only."""
    return op(
        name,
        params,
        names,
        arity=arity,
        transfer=carried,
        keywords="input=x tensor=x value=x a=x t=x " + keywords,
    )


OPS: tuple[OpSpec, ...] = (
    op(
        "constant",
        "x dtype shape name",
        "tf.constant K.constant",
        transfer=_constant,
        keywords="value=x",
    ),
    op(
        "convert_to_tensor",
        "x dtype dtype_hint name",
        "tf.convert_to_tensor keras.ops.convert_to_tensor keras.ops.array K.convert_to_tensor tnp.array tnp.asarray",
        transfer=_constant,
        keywords="value=x val=x a=x",
    ),
    op(
        "zeros",
        "shape dtype name",
        "tf.zeros K.zeros keras.ops.zeros tnp.zeros",
        arity=0,
        transfer=_filled(0.0),
    ),
    op("ones", "shape dtype name", "tf.ones K.ones keras.ops.ones tnp.ones", arity=0, transfer=_filled(1.0)),
    op(
        "zeros_like",
        "x dtype name",
        "tf.zeros_like K.zeros_like keras.ops.zeros_like tnp.zeros_like",
        transfer=_filled_like(0.0),
        keywords="input=x tensor=x a=x",
    ),
    op(
        "ones_like",
        "x dtype name",
        "tf.ones_like K.ones_like keras.ops.ones_like tnp.ones_like",
        transfer=_filled_like(1.0),
        keywords="input=x tensor=x a=x",
    ),
    op("fill", "shape x name", "tf.fill", arity=2, transfer=_full, keywords="dims=shape value=x"),
    op(
        "full",
        "shape x dtype",
        "keras.ops.full tnp.full",
        arity=2,
        transfer=_full,
        keywords="fill_value=x",
    ),
    op(
        "full_like",
        "x value dtype",
        "keras.ops.full_like tnp.full_like",
        arity=2,
        transfer=_full,
        keywords="fill_value=value a=x",
    ),
    op(
        "eye",
        "num_rows num_columns batch_shape dtype name",
        "tf.eye tf.linalg.eye K.eye keras.ops.eye keras.ops.identity tnp.eye tnp.identity",
        arity=0,
        transfer=_zero_or_one,
        keywords="N=num_rows M=num_columns n=num_rows size=num_rows",
    ),
    op(
        "one_hot",
        "x depth on_value off_value axis dtype name",
        "tf.one_hot K.one_hot keras.ops.one_hot",
        transfer=_one_hot,
        keywords="indices=x num_classes=depth",
    ),
    op(
        "sequence_mask",
        "x maxlen dtype name",
        "tf.sequence_mask",
        transfer=_sequence_mask,
        keywords="lengths=x",
    ),
    op(
        "range",
        "start limit delta dtype name",
        "tf.range K.arange keras.ops.arange tnp.arange",
        arity=0,
        transfer=_range,
        keywords="stop=limit step=delta",
    ),
    op(
        "linspace",
        "start stop num name axis",
        "tf.linspace tf.lin_space keras.ops.linspace tnp.linspace",
        arity=2,
        transfer=_linspace,
    ),
    op(
        "random_uniform",
        "shape minval maxval dtype seed name",
        "tf.random.uniform tf.random_uniform K.random_uniform keras.random.uniform",
        arity=0,
        transfer=_random_uniform,
        pure=False,
    ),
    op(
        "stateless_uniform",
        "shape seed minval maxval dtype name",
        "tf.random.stateless_uniform",
        arity=0,
        transfer=_random_uniform,
        pure=False,
    ),
    op(
        "random_normal",
        "shape mean stddev dtype seed name",
        "tf.random.normal tf.random_normal K.random_normal keras.random.normal",
        arity=0,
        transfer=_random_normal,
        pure=False,
    ),
    op(
        "truncated_normal",
        "shape mean stddev dtype seed name",
        "tf.random.truncated_normal tf.truncated_normal K.truncated_normal keras.random.truncated_normal",
        arity=0,
        transfer=_truncated_normal,
        pure=False,
    ),
    op(
        "random_gamma",
        "shape alpha beta dtype seed name",
        "tf.random.gamma tf.random_gamma",
        arity=0,
        transfer=_random_gamma,
        pure=False,
    ),
    op(
        "random_poisson",
        "shape lam dtype seed name",
        "tf.random.poisson",
        arity=0,
        transfer=_random_count,
        pure=False,
    ),
    op(
        "variable",
        "initial_value trainable validate_shape caching_device name variable_def dtype",
        "tf.Variable",
        arity=0,
        transfer=lambda operands: created(operands, ALL),
        pure=False,
    ),
    op(
        "get_variable",
        "name shape dtype initializer regularizer trainable",
        "tf.get_variable",
        arity=0,
        transfer=lambda operands: created(operands, ALL, dtype="float32"),
        pure=False,
    ),
    op(
        "keras_variable",
        "initial_value dtype name constraint",
        "K.variable",
        arity=0,
        transfer=lambda operands: created(operands, ALL, dtype="float32"),
        keywords="value=initial_value",
        pure=False,
    ),
    op(
        "epsilon",
        "",
        "K.epsilon keras.config.epsilon",
        arity=0,
        transfer=_epsilon,
    ),
    op(
        "cast",
        "x dtype name",
        "tf.cast K.cast keras.ops.cast",
        transfer=_cast,
        elementwise=True,
    ),
    op(
        "saturate_cast",
        "x dtype name",
        "tf.saturate_cast keras.ops.saturate_cast",
        transfer=_saturate_cast,
        elementwise=True,
        keywords="value=x",
    ),
    op("to_float", "x name", "tf.to_float K.cast_to_floatx", transfer=_to("float32"), elementwise=True),
    op("to_double", "x name", "tf.to_double", transfer=_to("float64"), elementwise=True),
    op("to_bfloat16", "x name", "tf.to_bfloat16", transfer=_to("bfloat16"), elementwise=True),
    op("to_int32", "x name", "tf.to_int32", transfer=_to("int32"), elementwise=True),
    op("to_int64", "x name", "tf.to_int64", transfer=_to("int64"), elementwise=True),
    op(
        "identity",
        "x name",
        "tf.identity keras.ops.copy keras.activations.linear tnp.copy",
        transfer=_identity,
        elementwise=True,
        keywords="input=x a=x",
    ),
    op(
        "stop_gradient",
        "x name",
        "tf.stop_gradient K.stop_gradient keras.ops.stop_gradient",
        transfer=_identity,
        elementwise=True,
        keywords="input=x variable=x variables=x",
    ),
    op(
        "check_numerics",
        "x message name",
        "tf.debugging.check_numerics tf.check_numerics tf.debugging.assert_all_finite tf.verify_tensor_all_finite",
        transfer=_identity,
        elementwise=True,
        keywords="tensor=x t=x msg=message",
    ),
    op(
        "nan_to_num",
        "x nan posinf neginf",
        "keras.ops.nan_to_num",
        transfer=_nan_to_num,
        elementwise=True,
    ),
    _movement(
        "reshape", "x shape name", "tf.reshape K.reshape keras.ops.reshape tnp.reshape", keywords="newshape=shape"
    ),
    _movement("flatten", "x", "K.flatten K.batch_flatten keras.ops.ravel tnp.ravel"),
    _movement(
        "expand_dims",
        "x axis name",
        "tf.expand_dims K.expand_dims keras.ops.expand_dims tnp.expand_dims",
        keywords="dim=axis",
    ),
    _movement(
        "squeeze", "x axis name", "tf.squeeze K.squeeze keras.ops.squeeze tnp.squeeze", keywords="squeeze_dims=axis"
    ),
    _movement(
        "transpose",
        "x perm conjugate name",
        "tf.transpose K.transpose K.permute_dimensions keras.ops.transpose tnp.transpose",
        keywords="axes=perm pattern=perm",
    ),
    _movement(
        "swapaxes",
        "x axis1 axis2",
        "keras.ops.swapaxes keras.ops.moveaxis tnp.swapaxes tnp.moveaxis",
        keywords="source=axis1 destination=axis2",
    ),
    _movement(
        "tile",
        "x multiples name",
        "tf.tile K.tile keras.ops.tile tnp.tile",
        keywords="n=multiples repeats=multiples reps=multiples",
    ),
    _movement(
        "repeat",
        "x repeats axis name",
        "tf.repeat K.repeat_elements keras.ops.repeat tnp.repeat",
        keywords="rep=repeats",
    ),
    _movement(
        "broadcast_to", "x shape name", "tf.broadcast_to keras.ops.broadcast_to tnp.broadcast_to", keywords="array=x"
    ),
    _movement(
        "reverse", "x axis name", "tf.reverse tf.reverse_v2 K.reverse keras.ops.flip tnp.flip", keywords="axes=axis m=x"
    ),
    _movement("roll", "x shift axis name", "tf.roll keras.ops.roll tnp.roll"),
    _movement(
        "gather",
        "x indices validate_indices axis batch_dims name",
        "tf.gather K.gather keras.ops.take tnp.take",
        arity=2,
        keywords="params=x reference=x",
    ),
    _movement("gather_nd", "x indices batch_dims name", "tf.gather_nd", arity=2, keywords="params=x"),
    _movement(
        "take_along_axis", "x indices axis", "keras.ops.take_along_axis tnp.take_along_axis", arity=2, keywords="arr=x"
    ),
    _movement("embedding_lookup", "x ids max_norm name", "tf.nn.embedding_lookup", arity=2, keywords="params=x"),
    _movement("boolean_mask", "x mask axis name", "tf.boolean_mask", arity=2),
    _movement(
        "slice_",
        "x begin size name",
        "tf.slice keras.ops.slice",
        keywords="input_=x inputs=x start_indices=begin shape=size",
    ),
    _movement(
        "strided_slice",
        "x begin end strides begin_mask end_mask ellipsis_mask new_axis_mask shrink_axis_mask var name",
        "tf.strided_slice",
        keywords="input_=x",
    ),
    _movement(
        "split",
        "x num_or_size_splits axis num name",
        "tf.split keras.ops.split tnp.split",
        keywords="indices_or_sections=num_or_size_splits ary=x",
    ),
    _movement("unstack", "x num axis name", "tf.unstack keras.ops.unstack"),
    _movement("sort", "x axis direction name", "tf.sort keras.ops.sort tnp.sort", keywords="values=x"),
    _movement("random_shuffle", "x seed name", "tf.random.shuffle tf.random_shuffle"),
    _movement(
        "max_pool",
        "x ksize strides padding data_format name",
        "tf.nn.max_pool tf.nn.max_pool2d tf.nn.max_pool1d tf.nn.max_pool3d keras.ops.max_pool",
        keywords="inputs=x pool_size=ksize",
    ),
    op(
        "concat",
        "values axis name",
        "tf.concat K.concatenate keras.ops.concatenate tnp.concatenate",
        arity=-1,
        transfer=_joined,
        keywords="tensors=values xs=values arys=values",
    ),
    op(
        "stack",
        "values axis name",
        "tf.stack tf.pack tf.parallel_stack K.stack keras.ops.stack tnp.stack",
        arity=-1,
        transfer=_joined,
        keywords="x=values arrays=values",
    ),
    op(
        "pad",
        "x paddings mode constant_values name",
        "tf.pad keras.ops.pad tnp.pad",
        transfer=_pad,
        keywords="tensor=x array=x pad_width=paddings",
    ),
    op(
        "scatter_nd",
        "indices updates shape",
        "tf.scatter_nd keras.ops.scatter",
        arity=2,
        transfer=_scattered,
        keywords="values=updates",
    ),
    op(
        "shape",
        "x out_type name",
        "tf.shape K.shape K.int_shape keras.ops.shape tnp.shape",
        transfer=_extent,
        keywords="input=x a=x",
    ),
    op("size", "x out_type name", "tf.size keras.ops.size tnp.size", transfer=_extent_scalar, keywords="input=x"),
    op("rank", "x name", "tf.rank K.ndim keras.ops.ndim tnp.ndim", transfer=_extent_scalar, keywords="input=x a=x"),
    _comparison("less", "<", "tf.math.less tf.less K.less keras.ops.less tnp.less", _less),
    _comparison(
        "less_equal",
        "<=",
        "tf.math.less_equal tf.less_equal K.less_equal keras.ops.less_equal tnp.less_equal",
        _less_equal,
    ),
    _comparison("greater", ">", "tf.math.greater tf.greater K.greater keras.ops.greater tnp.greater", _greater),
    _comparison(
        "greater_equal",
        ">=",
        "tf.math.greater_equal tf.greater_equal K.greater_equal keras.ops.greater_equal tnp.greater_equal",
        _greater_equal,
    ),
    _comparison("equal", "==", "tf.math.equal tf.equal K.equal keras.ops.equal tnp.equal", _equal),
    _comparison(
        "not_equal", "!=", "tf.math.not_equal tf.not_equal K.not_equal keras.ops.not_equal tnp.not_equal", _not_equal
    ),
    op(
        "logical_and",
        "x y name",
        "tf.math.logical_and tf.logical_and keras.ops.logical_and tnp.logical_and",
        arity=2,
        transfer=_logical_and,
        elementwise=True,
        keywords="x1=x x2=y",
        symbol="&",
    ),
    op(
        "logical_or",
        "x y name",
        "tf.math.logical_or tf.logical_or keras.ops.logical_or tnp.logical_or",
        arity=2,
        transfer=_logical_or,
        elementwise=True,
        keywords="x1=x x2=y",
        symbol="|",
    ),
    op(
        "logical_xor",
        "x y name",
        "tf.math.logical_xor tf.logical_xor keras.ops.logical_xor tnp.logical_xor",
        arity=2,
        transfer=_undecided,
        elementwise=True,
        keywords="x1=x x2=y",
        symbol="^",
    ),
    op(
        "logical_not",
        "x name",
        "tf.math.logical_not tf.logical_not keras.ops.logical_not tnp.logical_not",
        transfer=_logical_not,
        elementwise=True,
        symbol="~",
    ),
    op("is_nan", "x name", "tf.math.is_nan tf.is_nan keras.ops.isnan tnp.isnan", transfer=_undecided, elementwise=True),
    op("is_inf", "x name", "tf.math.is_inf tf.is_inf keras.ops.isinf tnp.isinf", transfer=_undecided, elementwise=True),
    op(
        "is_finite",
        "x name",
        "tf.math.is_finite tf.is_finite keras.ops.isfinite tnp.isfinite",
        transfer=_undecided,
        elementwise=True,
    ),
    op(
        "where",
        "condition x y name",
        "tf.where tf.where_v2 K.switch keras.ops.where tnp.where",
        arity=3,
        transfer=_where,
        elementwise=True,
        keywords="then_expression=x else_expression=y x1=x x2=y",
    ),
    op(
        "cond",
        "pred true_fn false_fn name",
        "tf.cond keras.ops.cond K.cond",
        transfer=lambda operands: TOP,
        keywords="fn1=true_fn fn2=false_fn",
    ),
    op("unique", "x out_idx name", "tf.unique", transfer=lambda operands: TOP),
)
