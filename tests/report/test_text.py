"""The text formats, against what they are to look like."""

from __future__ import annotations

import io
import re
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tf_nan_lint.config import Config
from tf_nan_lint.diagnostics import Applicability, Cause, Diagnostic, Edit, Fix, Position, Span
from tf_nan_lint.report import Checked, Tally, emit
from tf_nan_lint.report.text import WIDTH, concise, diff_summary, full, summary, unified_diff


def span(text: str, part: str, occurrence: int = 0) -> Span:
    """Where ``part`` stands in ``text``."""
    at = -1
    for _ in range(occurrence + 1):
        at = text.index(part, at + 1)
    start, end = (Position(text.count("\n", 0, i) + 1, i - (text.rfind("\n", 0, i) + 1)) for i in (at, at + len(part)))
    return Span(start, end)


def checked(text: str, *diagnostics: Diagnostic, unsafe: bool = False) -> Checked:
    lines = io.StringIO(text, newline="").readlines()
    return Checked("a.py", lines, diagnostics, Config(unsafe_fixes=unsafe))


def diagnostic(at: Span, fix: Fix | None = None, cause: Cause | None = None) -> Diagnostic:
    return Diagnostic("TFN101", "some-name", "the gradient is NaN", at, cause, "E2", fix)


def shown(text: str, part: str, cause: tuple[str, str] | None = None, fix: Fix | None = None) -> str:
    why = Cause(span(text, cause[0]), cause[1]) if cause else None
    return "\n".join(full(checked(text, diagnostic(span(text, part), fix, why)))) + "\n"


def fix(*edits: Edit, applicability: Applicability = Applicability.SAFE, reason: str = "") -> Fix:
    return Fix("Do it in another way", edits, applicability, reason)


CODE = "import tensorflow as tf\n\n\ndef f(x):\n    y = x / x\n    return tf.where(y, 0, y)\n"


def test_concise() -> None:
    one = diagnostic(span(CODE, "tf.where"))
    two = diagnostic(span(CODE, "x / x"), fix())
    three = diagnostic(span(CODE, "x / x"), fix(applicability=Applicability.UNSAFE))
    assert list(concise(checked(CODE, one, two, three))) == [
        "a.py:6:12: TFN101 the gradient is NaN",
        "a.py:5:9: TFN101 [*] the gradient is NaN",
        "a.py:5:9: TFN101 the gradient is NaN",
    ]
    assert list(concise(checked(CODE, three, unsafe=True))) == ["a.py:5:9: TFN101 [*] the gradient is NaN"]


def test_full_shows_the_place_the_cause_and_the_repair() -> None:
    repair = fix(Edit(span(CODE, "    y = x / x\n"), ""), Edit(span(CODE, "tf.where(y, 0, y)"), "tf.ones_like(x)"))
    assert (
        shown(CODE, "tf.where(y, 0, y)", ("x / x", "0 / 0 here"), repair)
        == """\
TFN101 [*] the gradient is NaN
 --> a.py:6:12
  |
4 | def f(x):
5 |     y = x / x
  |         ----- 0 / 0 here
6 |     return tf.where(y, 0, y)
  |            ^^^^^^^^^^^^^^^^^
  |
help: Do it in another way
  |
4 | def f(x):
  -     y = x / x
  -     return tf.where(y, 0, y)
5 +     return tf.ones_like(x)
  |

"""
    )


def test_a_cause_on_the_same_line_shares_the_underline_where_it_can() -> None:
    assert (
        shown("z = f(x) + log(y)\n", "f(x)", ("log(y)", "0 here"))
        == """\
TFN101 the gradient is NaN
 --> a.py:1:5
  |
1 | z = f(x) + log(y)
  |     ^^^^   ------ 0 here
  |

"""
    )
    assert (
        shown("z = f(x / x) + 1\n", "f(x / x)", ("x / x", "0 here"))
        == """\
TFN101 the gradient is NaN
 --> a.py:1:5
  |
1 | z = f(x / x) + 1
  |     ^^^^^^^^
  |       ----- 0 here
  |

"""
    )


def test_lines_between_a_distant_cause_and_its_effect_are_left_out() -> None:
    text = "y = x / x\n" + "".join(f"a{i} = {i}\n" for i in range(2, 11)) + "z = where(y)\n"
    assert (
        shown(text, "where(y)", ("x / x", "0 / 0 here"))
        == """\
TFN101 the gradient is NaN
  --> a.py:11:5
   |
 1 | y = x / x
   |     ----- 0 / 0 here
...
 9 | a9 = 9
10 | a10 = 10
11 | z = where(y)
   |     ^^^^^^^^
   |

"""
    )


def test_an_expression_over_several_lines_is_underlined_on_each() -> None:
    text = "z = where(\n    y,  # why\n\n    0,\n)\n"
    assert (
        shown(text, text[4:-1])
        == """\
TFN101 the gradient is NaN
 --> a.py:1:5
  |
1 | z = where(
  |     ^^^^^^
2 |     y,  # why
  |     ^^^^^^^^^
3 |
4 |     0,
  |     ^^
5 | )
  | ^
  |

"""
    )


def test_a_very_long_expression_is_shown_by_its_ends() -> None:
    text = "z = where(\n" + "".join(f"    {i},\n" for i in range(2, 20)) + ")\n"
    assert re.findall(r"(?m)^ ?\d+|^\.\.\.", shown(text, text[4:-1])) == [" 1", " 2", " 3", "...", "19", "20"]


def test_empty_lines_at_the_edges_are_not_shown() -> None:
    assert re.findall(r"(?m)^\d+", shown("a = 1\n\n\nz = f(x)\n\nb = 1\n", "f(x)")) == ["4", "5", "6"]


def test_tabs_and_wide_characters_do_not_shift_the_carets() -> None:
    assert (
        shown("if x:\n\tz = '日本', f(x)\n", "f(x)")
        == """\
TFN101 the gradient is NaN
 --> a.py:2:12
  |
1 | if x:
2 |     z = '日本', f(x)
  |                 ^^^^
  |

"""
    )
    assert shown("z\t= 'e\u0301', f(x)\n", "f(x)").splitlines()[3:5] == [
        "1 | z   = 'e\u0301', f(x)",
        "  |            ^^^^",
    ]


def test_control_characters_cannot_reach_the_terminal() -> None:
    output = shown("z = '\x1b[31m\x0c\u202e\u2028', f(x)\n", "f(x)")
    assert not any(unicodedata.category(c) in {"Cc", "Cf", "Zl"} for c in output.replace("\n", ""))
    line, carets = output.splitlines()[3:5]
    assert line.index("f(x)") == carets.index("^^^^")


def test_long_lines_are_cut_around_the_place() -> None:
    text = "z = [" + "1, " * 300 + "f(x), " + "2, " * 300 + "]\n"
    line, carets = shown(text, "f(x)").splitlines()[3:5]
    assert line.startswith("1 | ...")
    assert line.endswith("...")
    assert len(line) <= WIDTH + 10
    assert line.index("f(x)") == carets.index("^^^^")


def test_an_unsafe_fix_says_why_it_is_unsafe() -> None:
    edit = Edit(span(CODE, "x / x"), "divide_no_nan(x, x)")
    lines = shown(CODE, "x / x", fix=fix(edit, applicability=Applicability.UNSAFE, reason="0 / 0 becomes 0"))
    assert lines.splitlines()[0] == "TFN101 the gradient is NaN"
    assert lines.splitlines()[-2] == "note: This is an unsafe fix: 0 / 0 becomes 0"
    lines = shown(CODE, "x / x", fix=fix(edit, applicability=Applicability.DISPLAY, reason="nobody knows x"))
    assert lines.splitlines()[-2] == "note: This fix is shown only, never applied: nobody knows x"


def test_a_repair_in_several_places_is_shown_in_parts_with_the_new_line_numbers() -> None:
    text = "".join(f"a{i} = {i}\n" for i in range(1, 21))
    repair = fix(Edit(span(text, "a3 = 3\n"), "b = 1\nc = 2\na3 = b\n"), Edit(span(text, "18", 1), "b"))
    assert (
        shown(text, "a18", fix=repair).partition("help")[2]
        == """\
: Do it in another way
   |
 2 | a2 = 2
   - a3 = 3
 3 + b = 1
 4 + c = 2
 5 + a3 = b
 6 | a4 = 4
19 | a17 = 17
   - a18 = 18
20 + a18 = b
21 | a19 = 19
   |

"""
    )


def test_a_place_without_source_is_still_reported() -> None:
    at = Position(1, 0)
    assert list(full(checked("", diagnostic(Span(at, at))))) == ["TFN101 the gradient is NaN", " --> a.py:1:1", ""]


def test_colour_adds_nothing_but_colour() -> None:
    repair = fix(Edit(span(CODE, "x / x"), "x"))
    one = checked(CODE, diagnostic(span(CODE, "tf.where"), repair, Cause(span(CODE, "x / x"), "0 here")))
    for report in (concise, full):
        plain, painted = "\n".join(report(one)), "\n".join(report(one, color=True))
        assert painted != plain
        assert re.sub(r"\x1b\[[0-9;]*m", "", painted) == plain


@pytest.mark.parametrize(
    ("tally", "fixing", "expected"),
    [
        (Tally(), False, "All checks passed!"),
        (Tally(), True, "All checks passed!"),
        (Tally(1), False, "Found 1 error."),
        (Tally(3, fixable=2), False, "Found 3 errors.\n[*] 2 fixable with the --fix option."),
        (
            Tally(3, fixable=2, hidden=1),
            False,
            "Found 3 errors.\n[*] 2 fixable with the --fix option (1 hidden fix can be enabled with --unsafe-fixes).",
        ),
        (
            Tally(2, hidden=2),
            False,
            "Found 2 errors.\nNo fixes available (2 hidden fixes can be enabled with --unsafe-fixes).",
        ),
        (Tally(0, fixed=1), True, "Found 1 error (1 fixed, 0 remaining)."),
        (
            Tally(2, fixed=3, hidden=1),
            True,
            """\
Found 5 errors (3 fixed, 2 remaining).
No fixes available (1 hidden fix can be enabled with --unsafe-fixes).""",
        ),
        (Tally(2), True, "Found 2 errors."),
    ],
)
def test_summary(tally: Tally, fixing: bool, expected: str) -> None:
    assert "\n".join(summary(tally, fixing=fixing)) == expected


@pytest.mark.parametrize(
    ("tally", "expected"),
    [
        (Tally(), "No errors would be fixed."),
        (Tally(fixed=1), "Would fix 1 error."),
        (
            Tally(2, fixed=3, hidden=2),
            "Would fix 3 errors (2 remaining, 2 additional fixes available with --unsafe-fixes).",
        ),
        (Tally(1), "No errors would be fixed (1 remaining)."),
    ],
)
def test_diff_summary(tally: Tally, expected: str) -> None:
    assert diff_summary(tally) == expected


def test_the_tally_counts_what_each_threshold_would_fix() -> None:
    fixes = [fix(applicability=a) for a in Applicability]
    diagnostics = [diagnostic(span(CODE, "x / x"), f) for f in [*fixes, None]]
    assert Tally.of(checked(CODE, *diagnostics), 5) == Tally(4, fixed=5, fixable=1, hidden=1)
    assert Tally.of(checked(CODE, *diagnostics, unsafe=True)) == Tally(4, fixable=2, hidden=0)


def test_a_diff_says_where_the_last_line_has_no_end() -> None:
    assert unified_diff("a.py", "a\nb", "a\nc") == (
        "--- a.py\n+++ a.py\n@@ -1,2 +1,2 @@\n a\n-b\n\\ No newline at end of file\n+c\n\\ No newline at end of file\n"
    )
    assert unified_diff("a.py", "a\r\n", "a\r\n") == ""


def test_emit_ends_every_line() -> None:
    stream = io.StringIO()
    emit(["a", ""], stream)
    assert stream.getvalue() == "a\n\n"


TEXTS = st.lists(st.sampled_from([*"ab \t日\u0301\x1b", "\n", "\r\n", "word" * 60]), max_size=30).map("".join)


@settings(deadline=None)
@given(TEXTS, st.data())
def test_any_place_in_any_text_can_be_shown(text: str, data: st.DataObject) -> None:
    lines = io.StringIO(text, newline="").readlines()
    spots = [Position(i, c) for i, line in enumerate(lines, 1) for c in range(len(line.rstrip("\r\n")) + 1)]
    spots = spots or [Position(1, 0)]

    def any_span() -> Span:
        return Span(*sorted([data.draw(st.sampled_from(spots)), data.draw(st.sampled_from(spots))]))

    repair = fix(Edit(any_span(), data.draw(st.sampled_from(["", "x", "x\ny\n"])))) if lines else None
    one = diagnostic(any_span(), repair, Cause(any_span(), "here"))
    output = list(full(Checked("a.py", lines, [one], Config())))
    assert "\x1b" not in "".join(output)
    assert any("^" in line for line in output) == bool(lines)
