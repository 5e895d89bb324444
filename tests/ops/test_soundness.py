"""Every transfer function and hazard of the op table, against the real TensorFlow.

One call of TensorFlow evaluates an op at many points of many intervals: vector kernels are what real programs run, and
scalar ones keep subnormals that vectors flush.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import pairwise
from typing import Any

import pytest

from tests.ops.test_table import resolve
from tf_nan_lint.domain.dtypes import FLOATS, FloatDtype
from tf_nan_lint.domain.interval import ALL, Interval, point
from tf_nan_lint.ops import OPS
from tf_nan_lint.ops.spec import AbstractValue, Attribute, Grade, Hazard, Masked, Operands, OpSpec

np = pytest.importorskip("numpy")
pytestmark = pytest.mark.tensorflow

INTERVALS = 160
POINTS = 10
SPECIAL = (0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 3.0, -3.0, 6.0, 17.0, -17.0, 88.0, -88.0, 90.0, -90.0, 1e19, -1e19)
BOOLEAN = frozenset({"logical_and", "logical_or", "logical_xor", "logical_not"})
UNTRIED = {
    "cast": "takes a dtype: tested by itself",
    "saturate_cast": "takes a dtype: tested by itself",
    "to_float": "TensorFlow 1 only",
    "to_double": "TensorFlow 1 only",
    "to_bfloat16": "TensorFlow 1 only",
    "to_int32": "TensorFlow 1 only",
    "to_int64": "TensorFlow 1 only",
    "angle": "its gradient and range are those of complex numbers: tested by itself",
    "check_numerics": "raises where a value is not finite",
    "where": "takes a condition: tested by itself",
    "sigmoid_cross_entropy_with_logits": "takes named arguments: tested by itself",
    "weighted_cross_entropy_with_logits": "takes named arguments: tested by itself",
}


def function(row: OpSpec) -> Callable[..., Any]:
    """The op in the installed TensorFlow or Keras."""
    found = next((f for name in row.names if (f := resolve(name)) is not None), None)
    assert found is not None
    return found


@lru_cache
def samples(dtype_name: str, seed: int) -> tuple[tuple[Interval, ...], Any]:
    """Intervals whose ends are numbers of the dtype, and points in each, as an array of a row per interval."""
    dtype, draw = FLOATS[dtype_name], np.random.default_rng(seed)
    special = [dtype.round(v) for v in (*SPECIAL, dtype.tiny, -dtype.tiny, dtype.max, -dtype.max, math.inf, -math.inf)]

    def number() -> float:
        kind = draw.integers(5)
        if kind < 2:
            return float(draw.choice(special))
        if kind == 2:
            return dtype.round(float(draw.normal() * 3.0))
        if kind == 3:
            return dtype.round(float(draw.uniform(-1.0, 1.0)))
        return dtype.round(float(draw.choice((-1.0, 1.0)) * 2.0 ** draw.uniform(-20.0, 14.0)))

    intervals, rows = [ALL, Interval(-dtype.max, dtype.max)], []
    while len(intervals) < INTERVALS:
        low, high = sorted((number(), number()))
        intervals.append(Interval(low, low if draw.integers(12) == 0 else high))
    for interval in intervals:
        low, high = (max(min(v, dtype.max), -dtype.max) for v in (interval.low, interval.high))
        row = [interval.low, interval.high, *(v for v in special if v in interval)]
        row = [row[i] for i in draw.permutation(len(row))[: POINTS // 2]]
        while len(row) < POINTS:
            share = draw.uniform() ** float(draw.choice((1, 8)))
            share = share if draw.integers(2) else 1.0 - share
            value = dtype.round(low * (1.0 - share) + high * share)
            row.append(min(max(value, interval.low), interval.high))
        rows.append(row)
    return tuple(intervals), np.array(rows)


def flush(value: float, dtype: FloatDtype) -> float:
    return math.copysign(0.0, value) if abs(value) < dtype.tiny else value


def check(row: OpSpec, result: AbstractValue, values: Any, dtype: FloatDtype, operands: tuple[object, ...]) -> None:
    """Every computed value is in the range, and NaN only where that was said."""
    for value in np.asarray(values, dtype=np.float64).ravel():
        if math.isnan(value):
            assert result.may_nan, (row.name, operands, "NaN", result)
        else:
            assert flush(float(value), dtype) in result.range, (row.name, operands, float(value), result.range)


def transferred(
    row: OpSpec, intervals: tuple[Interval, ...], limits: FloatDtype, /, **attrs: Attribute
) -> AbstractValue:
    args = tuple(AbstractValue(range=i, dtype=limits.name) for i in intervals)
    return row.transfer(Operands(args, limits, attrs, origin=row.name))


def elementwise(arity: int) -> list[Any]:
    rows = (row for row in OPS.values() if row.elementwise and row.arity == arity and row.name not in UNTRIED)
    return [pytest.param(row, id=row.name) for row in rows]


def apply(call: Callable[..., Any], row: OpSpec, dtype: FloatDtype, *arrays: Any) -> Any:
    import tensorflow as tf

    kind = tf.bool if row.name in BOOLEAN else dtype.name
    tensors = [tf.constant(a.astype(bool) if kind is tf.bool else a, kind) for a in arrays]
    return tf.cast(call(*tensors), tf.float64).numpy()


@pytest.mark.parametrize("dtype_name", ["float32", "float16", "bfloat16", "float64"])
@pytest.mark.parametrize("row", elementwise(1))
def test_unary_ops_stay_in_their_range(row: OpSpec, dtype_name: str) -> None:
    dtype = FLOATS[dtype_name]
    intervals, points = samples(dtype_name, zlib.crc32(row.name.encode()) % 5)
    values = apply(function(row), row, dtype, points)
    for interval, inputs, outputs in zip(intervals, points, values, strict=True):
        if row.name in BOOLEAN:
            interval = Interval(float(inputs.all()), float(inputs.any()))
        check(row, transferred(row, (interval,), dtype), outputs, dtype, (interval, inputs))


@pytest.mark.parametrize("dtype_name", ["float32", "float16"])
@pytest.mark.parametrize("row", elementwise(2))
def test_binary_ops_stay_in_their_range(row: OpSpec, dtype_name: str) -> None:
    dtype = FLOATS[dtype_name]
    (lefts, xs), (rights, ys) = samples(dtype_name, 11), samples(dtype_name, 12)
    for shift in (0, 1, 2):
        others, zs = rights[shift:] + rights[:shift], np.roll(ys, -shift, axis=0)
        values = apply(function(row), row, dtype, xs, zs)
        for left, right, x, y, outputs in zip(lefts, others, xs, zs, values, strict=True):
            pair = (left, right)
            if row.name in BOOLEAN:
                pair = (Interval(float(x.all()), float(x.any())), Interval(float(y.all()), float(y.any())))
            check(row, transferred(row, pair, dtype), outputs, dtype, (*pair, x, y))


@pytest.mark.parametrize("dtype_name", ["float32", "float16"])
@pytest.mark.parametrize("exponent", [-2.0, -1.0, -0.5, 0.0, 0.3, 0.5, 1.0, 1.5, 2.0, 3.0, 7.0])
def test_powers_with_a_constant_exponent_stay_in_their_range(exponent: float, dtype_name: str) -> None:
    import tensorflow as tf

    dtype = FLOATS[dtype_name]
    exponent = dtype.round(exponent)
    intervals, points = samples(dtype_name, 13)
    values = apply(lambda x: tf.pow(x, tf.cast(exponent, x.dtype)), OPS["pow"], dtype, points)
    for interval, inputs, outputs in zip(intervals, points, values, strict=True):
        check(
            OPS["pow"], transferred(OPS["pow"], (interval, point(exponent)), dtype), outputs, dtype, (interval, inputs)
        )


def test_clips_stay_in_their_range() -> None:
    import tensorflow as tf

    dtype = FLOATS["float32"]
    intervals, points = samples("float32", 14)
    for low, high in ((0.0, 1.0), (1e-7, math.inf), (-1.0, 1.0)):
        values = apply(lambda x, a=low, b=high: tf.clip_by_value(x, a, b), OPS["clip_by_value"], dtype, points)
        for interval, inputs, outputs in zip(intervals, points, values, strict=True):
            ranges = (interval, point(dtype.round(low)), point(dtype.round(high)))
            check(
                OPS["clip_by_value"],
                transferred(OPS["clip_by_value"], ranges, dtype),
                outputs,
                dtype,
                (interval, inputs),
            )


REDUCTIONS: dict[str, dict[str, Any]] = {
    **{
        name: {}
        for name in (
            "reduce_sum reduce_mean reduce_max reduce_min reduce_prod reduce_std reduce_variance reduce_logsumexp sort "
            "reduce_euclidean_norm norm softmax log_softmax l2_normalize cumsum cumprod count_nonzero argmax argmin"
        ).split()
    },
    "norm(ord=1)": {"ord": 1.0},
    "norm(ord=inf)": {"ord": math.inf},
    "norm(ord=3)": {"ord": 3.0},
    "cumsum(exclusive)": {"exclusive": True},
    "cumprod(exclusive)": {"exclusive": True},
}


@pytest.mark.parametrize("dtype_name", ["float32", "float16"])
@pytest.mark.parametrize("name", REDUCTIONS)
def test_reductions_stay_in_their_range(name: str, dtype_name: str) -> None:
    row, dtype, attrs = OPS[name.partition("(")[0]], FLOATS[dtype_name], REDUCTIONS[name]
    intervals, points = samples(dtype_name, 15)
    call = partial(function(row), axis=-1, **attrs)
    for width in (1, 3, POINTS):
        values = apply(call, row, dtype, points[:, :width])
        for interval, inputs, outputs in zip(intervals, points, values, strict=True):
            check(row, transferred(row, (interval,), dtype, **attrs), outputs, dtype, (interval, inputs[:width]))


@pytest.mark.parametrize("name", ["reduce_sum", "reduce_mean", "reduce_std", "reduce_variance", "norm"])
def test_long_reductions_stay_in_their_range(name: str) -> None:
    row, dtype, draw = OPS[name], FLOATS["float32"], np.random.default_rng(0)
    for low, high in ((0.1, 0.1), (0.7, 0.7), (0.0, 1.0), (1.0, 1.0), (-3.3, -3.3), (0.999999, 1.0)):
        inputs = draw.uniform(low, high, (3, 20011)).astype(np.float32)
        interval = Interval(float(inputs.min()), float(inputs.max()))
        values = apply(partial(function(row), axis=-1), row, dtype, inputs)
        check(row, transferred(row, (interval,), dtype), values, dtype, (interval,))


@pytest.mark.parametrize("name", ["matmul", "tensordot", "matvec"])
def test_products_of_matrices_stay_in_their_range(name: str) -> None:
    row, dtype = OPS[name], FLOATS["float32"]
    (lefts, xs), (rights, ys) = samples("float32", 16), samples("float32", 17)
    for left, right, x, y in zip(lefts, rights, xs, ys, strict=True):
        column = y if name == "matvec" else y[:, None]
        extra = (1,) if name == "tensordot" else ()
        values = apply(lambda a, b, e=extra: function(row)(a, b, *e), row, dtype, x[None, :], column)
        check(row, transferred(row, (left, right), dtype), values, dtype, (left, right, x, y))


def test_sums_that_overflow_to_both_sides_are_nan() -> None:
    import tensorflow as tf

    large = tf.repeat(tf.constant([[3e38], [-3e38]]), 64, axis=1)
    assert math.isnan(tf.reduce_sum(tf.reduce_sum(large, axis=1)).numpy())
    result = transferred(OPS["matmul"], (Interval(-3e38, 3e38), point(2.0)), FLOATS["float32"])
    assert result.may_nan
    assert transferred(OPS["reduce_sum"], (Interval(-3e38, 3e38),), FLOATS["float32"]).may_nan
    assert not transferred(OPS["matmul"], (Interval(-1.0, 1.0), Interval(0.0, 1.0)), FLOATS["float32"]).may_nan


def test_sum_of_several_tensors_stays_in_its_range() -> None:
    import tensorflow as tf

    row, dtype = OPS["add_n"], FLOATS["float32"]
    (lefts, xs), (rights, ys) = samples("float32", 18), samples("float32", 19)
    values = apply(lambda a, b: tf.add_n([a, b, b]), row, dtype, xs, ys)
    for left, right, outputs in zip(lefts, rights, values, strict=True):
        check(row, transferred(row, (left, right, right), dtype), outputs, dtype, (left, right))


LOSSES = (
    "sigmoid_cross_entropy_with_logits",
    "softmax_cross_entropy_with_logits",
    "sparse_softmax_cross_entropy_with_logits",
    "weighted_cross_entropy_with_logits",
)


@pytest.mark.parametrize("name", LOSSES)
def test_losses_stay_in_their_range(name: str) -> None:
    import tensorflow as tf

    row, dtype, draw = OPS[name], FLOATS["float32"], np.random.default_rng(3)
    intervals, points = samples("float32", 20)
    with_infinities = np.abs(points).max(axis=1) == math.inf
    labels = draw.uniform(0.0, 1.0, points.shape)
    if name.startswith("sparse"):
        labels = draw.integers(0, points.shape[1], points.shape[0])
    wanted = tf.constant(labels, tf.int32 if name.startswith("sparse") else tf.float32)
    extra = {"pos_weight": 2.0} if name.startswith("weighted") else {}
    values = function(row)(labels=wanted, logits=tf.constant(points, tf.float32), **extra).numpy()
    for interval, outputs, infinite in zip(intervals, values, with_infinities, strict=True):
        args = [AbstractValue(range=Interval(0.0, 1.0), dtype=None), AbstractValue(range=interval, dtype="float32")]
        if name.startswith("sparse"):
            args[0] = AbstractValue(range=Interval(0.0, 9.0), dtype="int32")
        if name.startswith("weighted"):
            args.append(AbstractValue(range=point(2.0), dtype="float32"))
        result = row.transfer(Operands(tuple(args), dtype, origin=name))
        assert result.dtype == "float32"
        assert result.may_nan or not infinite
        # Rounding can leave a loss of a few units below 0.
        check(row, result, np.where(np.abs(outputs) < 1e-5, np.abs(outputs), outputs), dtype, (interval,))


@pytest.mark.parametrize("target", ["bool", "int32", "int64", "float16", "float64", "bfloat16"])
def test_casts_stay_in_their_range(target: str) -> None:
    import tensorflow as tf

    row = OPS["cast"]
    intervals, points = samples("float32", 21)
    values = tf.cast(tf.cast(tf.constant(points, tf.float32), target), tf.float64).numpy()
    for interval, inputs, outputs in zip(intervals, points, values, strict=True):
        result = transferred(row, (interval,), FLOATS["float32"], dtype=target)
        assert result.dtype == target
        check(row, result, outputs, FLOATS.get(target, FLOATS["float64"]), (interval, inputs))


def test_saturating_cast_stays_in_its_range() -> None:
    import tensorflow as tf

    row = OPS["saturate_cast"]
    intervals, points = samples("float32", 22)
    values = tf.saturate_cast(tf.constant(points, tf.float32), tf.float16).numpy()
    for interval, outputs in zip(intervals, values, strict=True):
        check(row, transferred(row, (interval,), FLOATS["float32"], dtype="float16"), outputs, FLOATS["float16"], ())


def test_choice_holds_both_branches() -> None:
    intervals, _ = samples("float32", 23)
    for left, right in pairwise(intervals):
        result = transferred(OPS["where"], (Interval(0.0, 1.0), left, right), FLOATS["float32"])
        assert left.within(result.range)
        assert right.within(result.range)


RANDOM = {
    "random_uniform": [{}, {"minval": -2.0, "maxval": 3.0}],
    "truncated_normal": [{}, {"mean": 1.0, "stddev": 0.1}],
    "random_gamma": [{"alpha": 0.01}, {"alpha": 3.0}],
    "random_normal": [{}],
}


@pytest.mark.parametrize("name", RANDOM)
def test_random_numbers_stay_in_their_range(name: str) -> None:
    import tensorflow as tf

    row = OPS[name]
    for dtype_name in ("float32", "float16", "bfloat16"):
        if name == "random_gamma" and dtype_name == "bfloat16":
            continue
        for attrs in RANDOM[name]:
            tf.random.set_seed(1)
            values = function(row)(shape=[40000], dtype=dtype_name, **attrs)
            result = row.transfer(Operands((), FLOATS[dtype_name], attrs))
            check(row, result, tf.cast(values, tf.float32), FLOATS[dtype_name], (dtype_name, attrs))


# ---- evidence -------------------------------------------------------------------------------------------------------

_REACHING = np.concatenate(
    [np.linspace(-130.0, 130.0, 1041), [0.0, 1.0, -1.0, 5e4, -5e4, 1e10, -1e10, 1e20, -1e20], np.linspace(-1, 1, 21)]
)


@pytest.mark.parametrize("dtype_name", ["float32", "float16", "bfloat16", "float64"])
@pytest.mark.parametrize(
    "row",
    [pytest.param(r, id=r.name) for r in OPS.values() if r.elementwise and r.arity == 1 and r.name not in UNTRIED],
)
def test_what_is_said_to_be_reached_is_reached(row: OpSpec, dtype_name: str) -> None:
    """On the whole line and on halves of it; the rest of the evidence is that of the operand."""
    dtype = FLOATS[dtype_name]
    inputs = np.array([dtype.round(v) for v in (*_REACHING, *(800.0, -800.0))])
    parts = [ALL, Interval(-math.inf, 0.0), Interval(0.0, math.inf), Interval(-4.0, 4.0), Interval(2.0, 4.0)]
    if row.name.startswith("is_"):
        inputs, parts = np.append(inputs, (math.nan, math.inf) * 3), [ALL]
    for part in parts:
        within = inputs[~((inputs < part.low) | (inputs > part.high))]
        values = apply(function(row), row, dtype, within)
        if row.name in BOOLEAN and not (within == 0.0).any():
            continue
        part = Interval(0.0, 1.0) if row.name in BOOLEAN else part
        for entry in transferred(row, (part,), dtype).reached:
            assert entry.origin == row.name
            assert entry.point in values, (row.name, part, entry)
            if entry.grade is Grade.STRUCTURAL:
                # On a region of inputs, not at one of them.
                assert (values == entry.point).sum() > 2, (row.name, part, entry)


@pytest.mark.parametrize("dtype_name", ["float32", "float16", "float64"])
@pytest.mark.parametrize(
    ("name", "edge", "limit"),
    [
        ("sigmoid", "high", 1.0),
        ("tanh", "high", 1.0),
        ("exp", "low", 0.0),
        ("softplus", "low", 0.0),
        ("erf", "high", 1.0),
    ],
)
def test_saturation_begins_where_it_was_measured(name: str, edge: str, limit: float, dtype_name: str) -> None:
    """Evidence that an operand of a narrow range does not give, a wider one does, at the same argument as the op."""
    row, dtype = OPS[name], FLOATS[dtype_name]
    sign = 1.0 if edge == "high" else -1.0

    def reaches(bound: float) -> bool:
        interval = Interval(*sorted((0.0, sign * bound)))
        return any(
            r.point == limit and r.grade is Grade.SATURATION for r in transferred(row, (interval,), dtype).reached
        )

    least, most = 0.0, 1000.0
    for _ in range(60):
        middle = (least + most) / 2.0
        least, most = (least, middle) if reaches(middle) else (middle, most)
    assert not reaches(most * 0.99)
    at = np.array([sign * dtype.round(most * v) for v in (1.0, 1.004, 1.02)] * 8)
    values = apply(function(row), row, dtype, at)
    assert limit in values
    before = np.array([sign * dtype.round(most * v) for v in (0.9, 0.97)] * 8)
    assert limit not in apply(function(row), row, dtype, before)


@pytest.mark.parametrize(
    "name", ["softmax", "log_softmax", "reduce_prod", "l2_loss", "reduce_std", "reduce_variance", "norm"]
)
def test_vector_ops_reach_what_is_said(name: str) -> None:
    import tensorflow as tf

    row, dtype = OPS[name], FLOATS["float32"]
    rows = [[0.0, 0.0], [200.0, -200.0], [1.0, 1.0], [0.5] * 200, [3.0, 4.0]]
    values = np.concatenate([np.ravel(function(row)(tf.constant(r, tf.float32))) for r in rows])
    for entry in transferred(row, (ALL,), dtype).reached:
        assert entry.point in values, entry
    unit = transferred(row, (Interval(0.25, 0.75),), dtype).reached
    if name == "reduce_prod":
        assert [r.point for r in unit] == [0.0]
        assert 0.0 in values
    elif name in ("softmax", "log_softmax", "norm", "l2_loss"):
        assert unit == ()


# ---- hazards --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Probe:
    """An op as a function of its singular operand alone, and the shape that operand has."""

    call: Callable[[Any], Any]
    shape: tuple[int, ...] = (8,)
    compiles: bool = True


def probes() -> dict[str, Probe]:
    import tensorflow as tf

    def first(row: str, *others: float) -> Callable[[Any], Any]:
        return lambda x: function(OPS[row])(x, *(tf.cast(v, x.dtype) * tf.ones_like(x) for v in others))

    def second(row: str, other: float) -> Callable[[Any], Any]:
        return lambda y: function(OPS[row])(tf.cast(other, y.dtype) * tf.ones_like(y), y)

    def matrix(row: str) -> Probe:
        return Probe(function(OPS[row]), (2, 2))

    unary = {
        row.name: Probe(function(row))
        for row in OPS.values()
        if row.elementwise and row.arity == 1 and row.name not in UNTRIED
    }
    vectors = ("norm", "reduce_std", "l2_loss", "l2_normalize")
    return {
        **unary,
        **{name: Probe(function(OPS[name])) for name in vectors},
        "reduce_euclidean_norm": Probe(function(OPS["reduce_euclidean_norm"]), compiles=False),
        "norm(ord=3)": Probe(lambda x: tf.norm(x, ord=3)),
        "global_norm": Probe(lambda x: tf.linalg.global_norm([x])),
        "linalg_normalize": Probe(lambda x: tf.linalg.normalize(x)[0]),
        "l2_normalize(epsilon=0)": Probe(lambda x: tf.math.l2_normalize(x, epsilon=0.0)),
        "divide": Probe(second("divide", 1.0)),
        "xlogy": Probe(lambda y: tf.math.xlogy(0.0 * y + 1.0, y)),
        "xlog1py": Probe(lambda y: tf.math.xlog1py(0.0 * y + 1.0, y)),
        "xdivy": Probe(second("xdivy", 1.0)),
        "atan2": Probe(first("atan2", 0.0)),
        "pow(0.5)": Probe(first("pow", 0.5)),
        "pow(-1)": Probe(first("pow", -1.0)),
        "pow(0)": Probe(first("pow", 0.0)),
        "gelu(approximate)": Probe(lambda x: tf.nn.gelu(x, approximate=True)),
        "angle": Probe(lambda x: tf.math.angle(tf.complex(x, x))),
        "batch_normalization(epsilon=0)": Probe(
            lambda v: tf.nn.batch_normalization(tf.ones_like(v), tf.zeros_like(v), v, None, None, 0.0)
        ),
        "cholesky": matrix("cholesky"),
        "logdet": matrix("logdet"),
    }


ATTRS: dict[str, dict[str, Attribute]] = {
    "norm(ord=3)": {"ord": 3.0},
    "l2_normalize(epsilon=0)": {"epsilon": 0.0},
    "gelu(approximate)": {"approximate": True},
    "batch_normalization(epsilon=0)": {"epsilon": 0.0},
}
EXPONENTS = {"pow(0.5)": 0.5, "pow(-1)": -1.0, "pow(0)": 0.0}
SINGULAR_OF = {"divide": 1, "xlogy": 1, "xlog1py": 1, "xdivy": 1, "batch_normalization(epsilon=0)": 2}
PROBED = [
    *(row.name for row in OPS.values() if row.elementwise and row.arity == 1 and row.name not in UNTRIED),
    *"norm reduce_std l2_loss l2_normalize reduce_euclidean_norm norm(ord=3) global_norm linalg_normalize".split(),
    *"l2_normalize(epsilon=0) divide xlogy xlog1py xdivy atan2 pow(0.5) pow(-1) pow(0) gelu(approximate) angle".split(),
    *"batch_normalization(epsilon=0) cholesky logdet".split(),
]
EAGER_ONLY = frozenset({"reduce_euclidean_norm"})


def hazards(name: str, dtype: FloatDtype) -> list[Hazard]:
    row = OPS[name.partition("(")[0]]
    args = [AbstractValue(dtype=dtype.name)] * max(row.arity, 1)
    if name in EXPONENTS:
        args[1] = AbstractValue(range=point(EXPONENTS[name]), dtype=dtype.name)
    singular = SINGULAR_OF.get(name, 0)
    return [h for h in row.hazards(Operands(tuple(args), dtype, ATTRS.get(name, {}))) if h.operand == singular]


def members(hazard: Hazard, dtype: FloatDtype) -> list[float]:
    """Numbers of the dtype in the singular interval: its finite ends and something in the middle."""
    low, high = hazard.singular.low, hazard.singular.high
    if low == high:
        return [low]
    ends = [dtype.below(v) if v == high and dtype.round(v) > v else v for v in (low, high) if math.isfinite(v)]
    inside = [dtype.round(v) for v in (*ends, -3.0, -1.5, 3.0, 1.5, 100.0, -100.0)]
    # Numbers just beyond an end of double precision round to the end itself.
    return [v for v in inside if v in hazard.singular and math.isfinite(v)][:3]


@lru_cache(maxsize=1024)
def measured(name: str, value: float, dtype_name: str, compiled: bool) -> tuple[bool, bool, bool]:
    """Whether value, gradient and gradient under an upstream gradient of 0 are finite, all entries at ``value``."""
    import tensorflow as tf

    probe = probes()[name]

    def run(x: Any, upstream: Any) -> Any:
        with tf.GradientTape(persistent=True) as tape:
            tape.watch(x)
            y = probe.call(x)
        one = tape.gradient(y, x, output_gradients=tf.ones_like(y))
        zero = tape.gradient(y, x, output_gradients=upstream * tf.ones_like(y))
        return y, one, zero

    call = tf.function(run, jit_compile=True) if compiled else run
    x = tf.fill(probe.shape, tf.cast(value, dtype_name))
    finite = [bool(tf.reduce_all(tf.math.is_finite(tf.cast(v, tf.float64)))) for v in call(x, tf.zeros((), dtype_name))]
    return finite[0], finite[1], finite[2]


@pytest.mark.parametrize("name", PROBED)
def test_hazards_are_real(name: str) -> None:
    dtype = FLOATS["float32"]
    for hazard in hazards(name, dtype):
        for value in members(hazard, dtype):
            finite_value, finite_gradient, _ = measured(name, value, "float32", False)
            assert hazard.value == (not finite_value), (name, value, hazard)
            assert hazard.gradient == (not finite_gradient) or hazard.polynomial, (name, value, hazard)


@pytest.mark.parametrize("name", PROBED)
def test_masked_gradients_are_those_measured(name: str) -> None:
    dtype = FLOATS["float32"]
    for hazard in hazards(name, dtype):
        if hazard.polynomial:
            continue
        for value in members(hazard, dtype):
            eager = measured(name, value, "float32", False)[2]
            compiled = True if name in EAGER_ONLY else measured(name, value, "float32", True)[2]
            expected = {Masked.SAFE: (True, True), Masked.XLA: (True, False), Masked.UNSAFE: (False, False)}
            assert (eager, compiled and name not in EAGER_ONLY) == expected[hazard.masked], (name, value, hazard)


@pytest.mark.parametrize("dtype_name", ["float32", "float16", "float64"])
@pytest.mark.parametrize(
    "name", [n for n in PROBED if "(" not in n and n in OPS and OPS[n].elementwise and OPS[n].arity == 1]
)
def test_ops_are_finite_outside_their_hazards(name: str, dtype_name: str) -> None:
    """At ordinary arguments that no hazard holds, value and gradient are finite."""
    dtype = FLOATS[dtype_name]
    found = hazards(name, dtype)
    # Beside a singularity the gradient may overflow: only arguments that the dtype can square and invert.
    arguments = [0.0, 1.0, -1.0, 0.5, -0.5, 0.99, -0.99, 2.0, -2.0, 10.0, -10.0, 80.0, -80.0, 100.0, -100.0]
    finite = [dtype.round(v) for v in arguments]
    values = [v for v in finite if not any(v in h.singular and h.value for h in found)]
    gradients = [v for v in finite if not any(v in h.singular and h.gradient for h in found)]
    import tensorflow as tf

    probe = Probe(function(OPS[name]))
    for kept, index in ((values, 0), (gradients, 1)):
        x = tf.constant(np.repeat(kept, 8), dtype_name)
        if not kept or name in BOOLEAN:
            continue
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = probe.call(x)
        if not y.dtype.is_floating:
            continue
        result = y if index == 0 else tape.gradient(y, x)
        if result is None:
            continue
        assert np.isfinite(tf.cast(result, tf.float64).numpy()).all(), (name, kept, result)


# ---- sources and conditions -----------------------------------------------------------------------------------------


def created(name: str, **attrs: Attribute) -> AbstractValue:
    return OPS[name].transfer(Operands((), FLOATS["float32"], attrs, origin=name))


def test_an_argument_that_is_not_known_widens_what_is_created() -> None:
    assert created("random_uniform").range == Interval(0.0, FLOATS["float32"].below(1.0))
    assert created("random_uniform", minval=1e-7, maxval=1.0).range == Interval(1e-7, 1.0)
    assert created("random_uniform", minval=None).reached == ()
    assert created("random_uniform", minval=None).range.low == -math.inf
    assert created("zeros").dtype == "float32"
    assert created("zeros", dtype="float16").dtype == "float16"
    assert created("zeros", dtype=None).dtype is None
    relu = OPS["relu"]
    assert relu.transfer(Operands((AbstractValue(),), FLOATS["float32"], {"negative_slope": None})).range == ALL
    assert relu.transfer(Operands((AbstractValue(),), FLOATS["float32"], {"negative_slope": 0.1})).reached == ()


def test_evidence_moves_with_entries() -> None:
    from tf_nan_lint.domain.value import Reach

    masked = AbstractValue(Interval(0.0, 1.0), (Reach(0.0, Grade.STRUCTURAL, 1), Reach(1.0, Grade.STRUCTURAL, 1)))
    limits = FLOATS["float32"]
    for name in ("reshape", "transpose", "gather", "boolean_mask", "tile", "concat", "stack", "identity", "split"):
        row = OPS[name]
        args = (masked,) * (row.arity if row.arity > 0 else 2)
        result = row.transfer(Operands(args, limits))
        assert result.range == masked.range, name
        assert [(r.point, r.grade, r.origin) for r in result.reached] == [(r.point, r.grade, 1) for r in masked.reached]
    for name, points in (("reduce_sum", {0.0}), ("reduce_mean", {0.0, 1.0}), ("reduce_max", {0.0, 1.0})):
        result = OPS[name].transfer(Operands((masked,), limits))
        assert {r.point for r in result.reached} == points
        assert all(r.grade is Grade.STRUCTURAL and r.origin == 1 for r in result.reached)
    cast = OPS["cast"].transfer(Operands((masked,), limits, {"dtype": "float16"}))
    assert (cast.reached, cast.dtype) == (masked.reached, "float16")
    assert OPS["log"].transfer(Operands((masked,), limits)).reach(-math.inf) is not None


def test_sums_stay_above_a_positive_term() -> None:
    result = transferred(OPS["reduce_sum"], (Interval(0.5, 1.0),), FLOATS["float32"])
    assert result.range == Interval(0.5, 2.0**31)
    assert not result.may_nan
    assert transferred(OPS["matmul"], (Interval(0.0, 1.0),) * 2, FLOATS["float32"]).range.low == 0.0


@pytest.mark.parametrize("name", ["less", "less_equal", "greater", "greater_equal", "equal", "not_equal"])
def test_comparisons_are_decided_by_disjoint_ranges_only(name: str) -> None:
    row, limits = OPS[name], FLOATS["float32"]
    (lefts, xs), (rights, ys) = samples("float32", 24), samples("float32", 25)
    values = apply(function(row), row, limits, xs, ys)
    decided = 0
    for left, right, outputs in zip(lefts, rights, values, strict=True):
        result = transferred(row, (left, right), limits)
        assert result.dtype == "bool"
        check(row, result, outputs, limits, (left, right))
        decided += result.range.is_point
        assert len(result.reached) == (0 if result.range.is_point else 2)
    assert decided


def test_a_comparison_with_what_may_be_nan_is_not_always_true() -> None:
    args = (AbstractValue(Interval(0.0, 1.0), may_nan=True), AbstractValue(Interval(2.0, 3.0)))
    assert OPS["less"].transfer(Operands(args, FLOATS["float32"])).range == Interval(0.0, 1.0)
    assert OPS["greater"].transfer(Operands(args, FLOATS["float32"])).range == point(0.0)
