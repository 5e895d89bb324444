"""Laws of abstract values."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from tests.domain.test_interval import any_intervals
from tf_nan_lint.domain.interval import ALL, EMPTY, Interval, point
from tf_nan_lint.domain.value import TOP, AbstractValue, Grade, Reach, strongest

POINTS = st.sampled_from((0.0, 1.0, -1.0, math.inf))
REACHED = st.lists(st.builds(Reach, POINTS, st.sampled_from(Grade), st.integers(0, 3)), max_size=4)


@st.composite
def values(draw: st.DrawFn) -> AbstractValue:
    range_ = draw(any_intervals())
    reached = strongest(r for r in draw(REACHED) if r.point in range_)
    excluded = draw(st.sets(st.sampled_from((0.0, 2.0)))) - {r.point for r in reached}
    dtype = draw(st.sampled_from((None, "float32", "int32")))
    return AbstractValue(
        range_, reached, draw(st.booleans()), dtype, draw(st.booleans()), draw(st.booleans()), frozenset(excluded)
    )


def facts(value: AbstractValue) -> tuple[object, ...]:
    evidence = frozenset((r.point, r.grade) for r in value.reached)
    return (value.range, evidence, value.may_nan, value.host, value.rank0)


@given(values(), values())
def test_join_is_commutative_up_to_the_origin_of_evidence(a: AbstractValue, b: AbstractValue) -> None:
    if a.is_bottom and b.is_bottom:
        return
    assert facts(a.join(b)) == facts(b.join(a))


@given(values(), values(), values())
def test_join_is_associative(a: AbstractValue, b: AbstractValue, c: AbstractValue) -> None:
    if a.is_bottom or b.is_bottom or c.is_bottom:
        return
    assert facts(a.join(b).join(c)) == facts(a.join(b.join(c)))


@given(values())
def test_join_with_itself_or_with_nothing_changes_nothing(a: AbstractValue) -> None:
    assert a.join(a) == a
    nothing = AbstractValue(range=EMPTY)
    if not a.is_bottom:
        assert a.join(nothing) == a == nothing.join(a)


@given(values(), values(), st.sampled_from((0.0, 1.0, 2.0, -3.5)))
def test_join_holds_every_entry_of_either(a: AbstractValue, b: AbstractValue, entry: float) -> None:
    singular = point(entry)
    if (a.may_be(singular) and not a.is_bottom) or (b.may_be(singular) and not b.is_bottom):
        assert a.join(b).may_be(singular)


@given(values(), values())
def test_join_keeps_the_strongest_evidence_of_either(a: AbstractValue, b: AbstractValue) -> None:
    joined = a.join(b)
    for side in (a, b):
        if not side.is_bottom:
            for entry in side.reached:
                found = joined.reach(entry.point)
                assert found is not None
                assert found.grade >= entry.grade


@given(values(), any_intervals())
def test_narrowing_leaves_members_only(value: AbstractValue, to: Interval) -> None:
    narrowed = value.narrowed(to)
    assert narrowed.range == value.range.meet(to)
    assert set(narrowed.reached) == {r for r in value.reached if r.point in to}


def test_evidence_is_found_by_point_and_least_grade() -> None:
    value = AbstractValue(reached=(Reach(0.0, Grade.COINCIDENT), Reach(1.0, Grade.STRUCTURAL)))
    assert value.reach(0.0) == Reach(0.0, Grade.COINCIDENT)
    assert value.reach(0.0, Grade.NAMED) is None
    assert value.reach(1.0, Grade.NAMED) is not None
    assert value.reach(2.0) is None


def test_nothing_is_known_of_top() -> None:
    assert TOP.range == ALL
    assert TOP.reached == ()
    assert not TOP.is_bottom
    assert AbstractValue(range=EMPTY).is_bottom
    assert not AbstractValue(range=EMPTY, may_nan=True).is_bottom


def test_an_excluded_point_is_no_entry() -> None:
    value = AbstractValue(excluded=frozenset({0.0}))
    assert not value.may_be(point(0.0))
    assert value.may_be(point(1.0))
    assert value.may_be(Interval(-1.0, 1.0))
    assert value.join(AbstractValue(range=Interval(1.0, 2.0))).excluded == {0.0}
    assert value.join(TOP).excluded == frozenset()


def test_dtype_decides_what_is_integral_and_what_to_compute_in() -> None:
    assert AbstractValue(dtype="int32").is_integral
    assert AbstractValue(dtype="bool").is_integral
    assert not AbstractValue(dtype="float16").is_integral
    assert AbstractValue(dtype="float16").float_dtype().name == "float16"
    assert AbstractValue(dtype="int32").float_dtype().name == "float32"
