"""Rounding, neighbours and limits of the dtypes, against numpy and ml_dtypes."""

from __future__ import annotations

import math

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tf_nan_lint.domain.dtypes import BFLOAT16, FLOAT16, FLOATS, FloatDtype

np = pytest.importorskip("numpy")
ml_dtypes = pytest.importorskip("ml_dtypes")

NUMPY = {"float16": np.float16, "bfloat16": ml_dtypes.bfloat16, "float32": np.float32, "float64": np.float64}
DTYPES = pytest.mark.parametrize("dtype", FLOATS.values(), ids=FLOATS)
NUMBERS = st.floats(allow_nan=False)


def to_numpy(value: float, dtype: FloatDtype) -> float:
    with np.errstate(all="ignore"):
        return float(NUMPY[dtype.name](value))


@DTYPES
@given(value=NUMBERS)
@example(value=65519.99)
@example(value=65520.0)
@example(value=1e-40)
@example(value=2.0**-25)
@example(value=-0.0)
def test_rounding_is_that_of_numpy(dtype: FloatDtype, value: float) -> None:
    expected = to_numpy(value, dtype)
    if abs(expected) < dtype.tiny:
        expected = math.copysign(0.0, value)
    assert dtype.round(value) == expected
    assert math.copysign(1.0, dtype.round(value)) == math.copysign(1.0, value)


@DTYPES
@given(value=NUMBERS)
def test_rounding_twice_is_rounding_once(dtype: FloatDtype, value: float) -> None:
    assert dtype.round(dtype.round(value)) == dtype.round(value)


@DTYPES
@given(left=NUMBERS, right=NUMBERS)
def test_rounding_is_monotone(dtype: FloatDtype, left: float, right: float) -> None:
    low, high = sorted((left, right))
    assert dtype.round(low) <= dtype.round(high)


@DTYPES
@given(value=NUMBERS)
@example(value=0.0)
@example(value=1.0)
@example(value=-1.0)
@example(value=math.inf)
@example(value=1e300)
@example(value=2.0**-126)
@example(value=1.5 * 2.0**-126)
@example(value=2.0**-24)
@example(value=3 * 2.0**-24)
@example(value=5e-324)
def test_neighbours_are_members_on_either_side_with_nothing_between(dtype: FloatDtype, value: float) -> None:
    above, below = dtype.above(value), dtype.below(value)
    assert above == -dtype.below(-value)
    assert dtype.round(below) == below
    if value == -math.inf:
        assert below == value
        return
    assert below < value
    # Of the members that numpy knows (but for subnormals, which are flushed), the next one is not below ``value``.
    with np.errstate(over="ignore"):
        following = float(np.nextafter(NUMPY[dtype.name](below), NUMPY[dtype.name](math.inf)))
    if 0.0 < abs(following) < dtype.tiny:
        following = dtype.tiny if below == 0.0 else 0.0
    assert following >= value


@DTYPES
def test_limits_are_those_of_ml_dtypes(dtype: FloatDtype) -> None:
    limits = ml_dtypes.finfo(NUMPY[dtype.name])
    assert dtype.max == float(limits.max)
    assert dtype.eps == float(limits.eps)
    assert dtype.tiny == float(limits.smallest_subnormal if dtype is FLOAT16 else limits.tiny)
    one = NUMPY[dtype.name](1)
    assert one - NUMPY[dtype.name](dtype.neg_eps) < one
    assert dtype.round(1.0 - dtype.neg_eps) < 1.0
    assert dtype.round(1.0 - dtype.neg_eps / 2.0) == 1.0


def test_overflow_is_at_half_a_gap_above_the_maximum() -> None:
    assert FLOAT16.round(65519.0) == 65504.0
    assert FLOAT16.round(65520.0) == math.inf
    assert BFLOAT16.round(-3.4e38) == -math.inf
