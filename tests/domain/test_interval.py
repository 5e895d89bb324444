"""Laws of intervals, and soundness of their arithmetic for numbers rounded to a dtype."""

from __future__ import annotations

import math

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from tf_nan_lint.domain.dtypes import FLOAT16, FLOAT32, FloatDtype
from tf_nan_lint.domain.interval import (
    ALL,
    EMPTY,
    Interval,
    add_may_be_nan,
    div_may_be_nan,
    mul_may_be_nan,
    point,
)

np = pytest.importorskip("numpy")

SPECIAL = (0.0, -0.0, 1.0, -1.0, 0.5, 2.0**-126, -(2.0**-126), 88.0, -88.0, 1e19, FLOAT32.max, -FLOAT32.max)
INFINITIES = (math.inf, -math.inf)
DTYPES = {"float32": (FLOAT32, np.float32), "float16": (FLOAT16, np.float16)}


def numbers() -> st.SearchStrategy[float]:
    return st.one_of(
        st.sampled_from(SPECIAL + INFINITIES),
        st.floats(allow_nan=False, width=32, allow_subnormal=False),
        st.floats(-4.0, 4.0, width=32, allow_subnormal=False),
    )


@st.composite
def intervals(draw: st.DrawFn) -> Interval:
    low, high = sorted((draw(numbers()), draw(numbers())))
    return Interval(low, high)


def any_intervals() -> st.SearchStrategy[Interval]:
    return st.one_of(intervals(), st.sampled_from((EMPTY, ALL)))


@st.composite
def with_members(draw: st.DrawFn, dtype: str = "float32") -> tuple[Interval, float]:
    """An interval of numbers of ``dtype`` and one of its members."""
    limits = DTYPES[dtype][0]
    ends = sorted(limits.round(v) for v in (draw(numbers()), draw(numbers())))
    inside = draw(st.sampled_from((0.0, 0.25, 0.5, 1.0)))
    member = ends[0] if inside == 0.0 else ends[1] if inside == 1.0 else None
    if member is None:
        finite = [max(min(v, limits.max), -limits.max) for v in ends]
        member = min(max(limits.round(finite[0] * (1.0 - inside) + finite[1] * inside), ends[0]), ends[1])
    special = [v for v in SPECIAL if ends[0] <= v <= ends[1]]
    if special and draw(st.booleans()):
        member = limits.round(draw(st.sampled_from(special)))
    return Interval(*ends), member


@given(any_intervals(), any_intervals(), any_intervals())
def test_join_and_meet_are_a_lattice(a: Interval, b: Interval, c: Interval) -> None:
    assert a.join(b) == b.join(a)
    assert a.meet(b) == b.meet(a)
    assert a.join(b).join(c) == a.join(b.join(c))
    assert a.meet(b).meet(c) == a.meet(b.meet(c))
    assert a.join(a) == a == a.meet(a)
    assert a.join(EMPTY) == a == a.meet(ALL)
    assert a.meet(EMPTY) == EMPTY
    assert a.join(ALL) == ALL
    assert a.meet(a.join(b)) == a == a.join(a.meet(b))


@given(any_intervals(), any_intervals())
def test_order_is_that_of_the_lattice(a: Interval, b: Interval) -> None:
    assert a.within(a.join(b))
    assert a.meet(b).within(a)
    assert a.within(b) == (a.join(b) == b) == (a.meet(b) == a)


@given(with_members(), intervals())
def test_members_stay_members(known: tuple[Interval, float], other: Interval) -> None:
    interval, member = known
    assert member in interval
    assert member in interval.join(other)
    assert (member in interval.meet(other)) == (member in other)


@given(st.lists(any_intervals(), min_size=1, max_size=40))
def test_widening_holds_both_and_ends(sequence: list[Interval]) -> None:
    state, changes = sequence[0], 0
    for newer in sequence[1:]:
        joined = state.join(newer)
        widened = state.widen(joined)
        assert state.within(widened)
        assert newer.within(widened)
        changes += widened != state
        state = widened
    # From empty, to something, to each bound at infinity.
    assert changes <= 3


@given(with_members())
def test_unary_arithmetic_is_sound(known: tuple[Interval, float]) -> None:
    interval, member = known
    with np.errstate(all="ignore"):
        assert -member in -interval
        assert abs(member) in interval.abs()
        assert flush(float(np.float32(member) * np.float32(member)), FLOAT32) in interval.square(FLOAT32)


def flush(value: float, dtype: FloatDtype) -> float:
    return math.copysign(0.0, value) if abs(value) < dtype.tiny else value


@pytest.mark.parametrize("dtype", ["float32", "float16"])
@given(data=st.data())
def test_binary_arithmetic_is_sound(dtype: str, data: st.DataObject) -> None:
    limits, scalar = DTYPES[dtype]
    (left, a), (right, b) = data.draw(with_members(dtype)), data.draw(with_members(dtype))
    with np.errstate(all="ignore"):
        x, y = scalar(a), scalar(b)
        results = {
            "add": (x + y, add_may_be_nan(left, right)),
            "sub": (x - y, add_may_be_nan(left, -right)),
            "mul": (x * y, mul_may_be_nan(left, right)),
            "div": (x / y, div_may_be_nan(left, right)),
            "maximum": (max(x, y), False),
            "minimum": (min(x, y), False),
        }
    for name, (value, may_be_nan) in results.items():
        method = getattr(left, name)
        range_ = method(right) if name in ("maximum", "minimum") else method(right, limits)
        if math.isnan(value):
            assert may_be_nan, name
        else:
            assert flush(float(value), limits) in range_, name


@given(intervals(), intervals())
@example(Interval(0.0, 1.0), Interval(math.inf, math.inf))
@example(Interval(-math.inf, math.inf), Interval(-math.inf, -math.inf))
def test_no_bound_is_ever_nan(a: Interval, b: Interval) -> None:
    for name in ("add", "sub", "mul", "div", "maximum", "minimum", "join", "meet", "widen"):
        getattr(a, name)(b)
    with pytest.raises(ValueError, match="NaN"):
        Interval(math.nan, 0.0)


@given(any_intervals())
def test_nothing_comes_of_nothing(other: Interval) -> None:
    for name in ("add", "sub", "mul", "div", "maximum", "minimum"):
        assert getattr(EMPTY, name)(other).is_empty
        assert getattr(other, name)(EMPTY).is_empty
    assert (-EMPTY).is_empty
    assert EMPTY.abs().is_empty
    assert EMPTY.increasing(math.exp).is_empty


@given(with_members())
def test_image_of_a_monotone_function_holds_the_images(known: tuple[Interval, float]) -> None:
    interval, member = known
    assert float(np.float32(math.atan(member))) in interval.increasing(math.atan, FLOAT32)
    assert float(np.float32(math.erfc(member))) in interval.decreasing(math.erfc, FLOAT32).join(point(0.0))


def test_image_is_widened_by_a_few_units_only() -> None:
    image = Interval(0.25, 4.0).increasing(math.sqrt, FLOAT32)
    assert 0.5 > image.low > 0.5 * (1 - 40 * FLOAT32.eps)
    assert 2.0 < image.high < 2.0 * (1 + 40 * FLOAT32.eps)
    assert Interval(0.0, 0.0).increasing(math.sqrt, FLOAT32) == point(0.0)


@given(intervals())
def test_properties_say_what_is_a_member(interval: Interval) -> None:
    assume(not interval.is_empty)
    assert interval.is_point == (interval.low == interval.high)
    assert interval.is_finite == (math.inf not in interval and -math.inf not in interval)
