"""Edits on a text, and which fixes can be made together."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tf_nan_lint.diagnostics import Applicability, Diagnostic, Edit, Fix, Position, Span
from tf_nan_lint.fix.apply import apply, choose

TEXT = "ab\r\ncd\n\nef"
LINES = ["ab\r\n", "cd\n", "\n", "ef"]


def span(first: int, start: int, last: int, end: int) -> Span:
    return Span(Position(first, start), Position(last, end))


def diagnostic(*spans: Span, code: str = "TFN101") -> Diagnostic:
    fix = Fix("", tuple(Edit(s, "x") for s in spans), Applicability.SAFE) if spans else None
    return Diagnostic(code, "name", "message", span(1, 0, 1, 1), fix=fix)


APPLIED = {
    "no edit": ((), TEXT),
    "a replacement": ((Edit(span(1, 0, 1, 1), "XY"),), "XYb\r\ncd\n\nef"),
    "an insertion": ((Edit(span(2, 1, 2, 1), "-"),), "ab\r\nc-d\n\nef"),
    "a deletion of a line with its end": ((Edit(span(2, 0, 3, 0), ""),), "ab\r\n\nef"),
    "a deletion of the last line, which has no end": ((Edit(span(4, 0, 5, 0), ""),), "ab\r\ncd\n\n"),
    "an edit over lines": ((Edit(span(1, 1, 4, 1), "-"),), "a-f"),
    "edits in any order": ((Edit(span(4, 0, 4, 1), "E"), Edit(span(1, 0, 1, 1), "A")), "Ab\r\ncd\n\nEf"),
    "edits that touch": ((Edit(span(1, 0, 1, 1), "A"), Edit(span(1, 1, 1, 2), "B")), "AB\r\ncd\n\nef"),
    "an insertion before a replacement": (
        (Edit(span(2, 0, 2, 1), "C"), Edit(span(2, 0, 2, 0), "-")),
        "ab\r\n-Cd\n\nef",
    ),
    "all of it": ((Edit(span(1, 0, 5, 0), ""),), ""),
    "behind the end": ((Edit(span(5, 0, 5, 0), "!"),), TEXT + "!"),
}


@pytest.mark.parametrize(("edits", "expected"), APPLIED.values(), ids=APPLIED)
def test_edits_are_made(edits: tuple[Edit, ...], expected: str) -> None:
    assert apply(LINES, edits) == expected


@pytest.mark.parametrize(
    "spans",
    [
        pytest.param((span(1, 0, 1, 2), span(1, 1, 1, 2)), id="a common character"),
        pytest.param((span(1, 0, 3, 0), span(2, 0, 2, 1)), id="one inside of the other"),
        pytest.param((span(1, 0, 2, 1), span(1, 1, 1, 1)), id="an insertion inside of a replacement"),
    ],
)
def test_overlapping_edits_are_refused(spans: tuple[Span, Span]) -> None:
    with pytest.raises(ValueError, match="overlap"):
        apply(LINES, [Edit(s, "x") for s in spans])


@given(st.lists(st.integers(0, 9), min_size=2, max_size=8, unique=True).map(sorted), st.data())
def test_what_no_edit_covers_stays(cuts: list[int], data: st.DataObject) -> None:
    text = "0123456789"
    pairs = list(zip(cuts[::2], cuts[1::2], strict=False))
    edits = [Edit(span(1, a, 1, b), data.draw(st.text("xy", max_size=2))) for a, b in pairs]
    result = apply([text], data.draw(st.permutations(edits)))
    kept = [c for i, c in enumerate(text) if not any(a <= i < b for a, b in pairs)]
    assert [c for c in result if c not in "xy"] == kept
    assert len(result) == len(kept) + sum(len(e.text) for e in edits)


def test_of_fixes_that_overlap_the_first_is_made_and_the_others_wait() -> None:
    first, second, third = (
        diagnostic(span(1, 0, 1, 5)),
        diagnostic(span(1, 4, 1, 8), span(3, 0, 3, 1)),
        diagnostic(span(3, 0, 3, 2)),
    )
    assert choose([first, second, third]) == [first, third], "what waits takes no place"
    assert choose([second, first, third]) == [second]


def test_insertions_at_one_place_wait_for_each_other() -> None:
    one, other = diagnostic(span(2, 0, 2, 0)), diagnostic(span(2, 0, 2, 0))
    assert choose([one, other]) == [one]


def test_edits_that_touch_are_made_together() -> None:
    one, other = diagnostic(span(1, 0, 1, 2)), diagnostic(span(1, 2, 1, 4))
    assert choose([one, other]) == [one, other]


def test_a_diagnostic_without_a_fix_is_not_chosen() -> None:
    fixable = diagnostic(span(1, 0, 1, 2))
    assert choose([diagnostic(), fixable]) == [fixable]
