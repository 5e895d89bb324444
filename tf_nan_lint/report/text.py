"""Diagnostics for people: one line each, or with the source and the repair; in ruff's form."""

from __future__ import annotations

import difflib
import io
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from tf_nan_lint.diagnostics import Applicability, Diagnostic, Edit, Fix, Position, Span
from tf_nan_lint.fix.apply import apply
from tf_nan_lint.report import Checked, Tally

CONTEXT = 2
"""Lines of source shown before and after a diagnostic."""

WIDTH = 140
"""Columns of source shown of one line."""

_TAB = 4
_LEAD = 20
_CUT = "..."
_LONG_SPAN = 6
_BOLD, _RED, _GREEN, _BLUE, _CYAN = "1", "1;31", "32", "1;34", "36"


def concise(checked: Checked, *, color: bool = False) -> Iterator[str]:
    """One line for each diagnostic: ``path:line:column: code [*] message``, rows and columns from 1."""
    for diagnostic in checked.diagnostics:
        start = diagnostic.span.start
        place = f"{_paint(checked.path, _BOLD, color)}:{start.line}:{start.column + 1}:"
        yield f"{place} {_headline(checked, diagnostic, color)}"


def full(checked: Checked, *, color: bool = False) -> Iterator[str]:
    """Each diagnostic with its source, its cause and its repair, and an empty line after it."""
    for diagnostic in checked.diagnostics:
        yield _headline(checked, diagnostic, color)
        yield from _body(checked, diagnostic, color)
        yield ""


def summary(tally: Tally, *, fixing: bool) -> Iterator[str]:
    """The closing lines of a run."""
    if fixing and tally.fixed:
        yield f"Found {_errors(tally.left + tally.fixed)} ({tally.fixed} fixed, {tally.left} remaining)."
    elif tally.left:
        yield f"Found {_errors(tally.left)}."
    else:
        yield "All checks passed!"
    hidden = f"{tally.hidden} hidden {_plural('fix', tally.hidden)} can be enabled with --unsafe-fixes"
    if tally.fixable and not fixing:
        yield f"[*] {tally.fixable} fixable with the --fix option{f' ({hidden})' if tally.hidden else ''}."
    elif tally.hidden:
        yield f"No fixes available ({hidden})."


def diff_summary(tally: Tally) -> str:
    """The closing line of a run that only shows what it would change."""
    more = f"{tally.hidden} additional {_plural('fix', tally.hidden)} available with --unsafe-fixes"
    would = f"Would fix {_errors(tally.fixed)}" if tally.fixed else "No errors would be fixed"
    remaining = f"{tally.left} remaining" if tally.left else ""
    notes = ", ".join(filter(None, [remaining, more if tally.hidden else ""]))
    return f"{would} ({notes})." if notes else f"{would}."


def unified_diff(path: str, before: str, after: str) -> str:
    """The change of one file as ``diff -u`` and ``patch`` know it; empty where there is none."""
    lines = difflib.unified_diff(_split(before), _split(after), path, path)
    return "".join(line if line.endswith(("\n", "\r")) else line + "\n\\ No newline at end of file\n" for line in lines)


def _headline(checked: Checked, diagnostic: Diagnostic, color: bool) -> str:
    star = f"[{_paint('*', _CYAN, color)}] " if checked.fixable(diagnostic) else ""
    return f"{_paint(diagnostic.code, _RED, color)} {star}{diagnostic.message}"


@dataclass(frozen=True, slots=True)
class _Label:
    """A stretch of source to underline with ``mark``, and the words at its end."""

    span: Span
    mark: str
    text: str
    style: str

    def columns(self, line: int, raw: str) -> tuple[int, int] | None:
        """What of ``raw``, the line of that number, is underlined; indentation and trailing space are not."""
        if not self.span.start.line <= line <= self.span.end.line:
            return None
        stripped = raw.rstrip()
        first = self.span.start.column if line == self.span.start.line else len(raw) - len(raw.lstrip())
        last = self.span.end.column if line == self.span.end.line else len(stripped)
        if last <= first:
            return (first, first + 1) if line == self.span.start.line else None
        return first, last


def _body(checked: Checked, diagnostic: Diagnostic, color: bool) -> Iterator[str]:
    labels = [_Label(diagnostic.span, "^", "", _RED)]
    if diagnostic.cause is not None:
        labels.append(_Label(diagnostic.cause.span, "-", diagnostic.cause.message, _BLUE))
    numbers = _numbers_to_show(checked.lines, [label.span for label in labels])
    diff = list(_repair(checked.lines, diagnostic.fix)) if diagnostic.fix is not None else []
    gutter = len(str(max([diagnostic.span.start.line, *numbers, *(number for number, _, _ in diff)])))
    bar = _paint("|", _BLUE, color)
    start = diagnostic.span.start
    yield f"{' ' * gutter}{_paint('-->', _BLUE, color)} {checked.path}:{start.line}:{start.column + 1}"
    if numbers:
        yield f"{' ' * gutter} {bar}"
        previous = numbers[0] - 1
        for number in numbers:
            if number > previous + 1:
                yield _paint(_CUT, _BLUE, color)
            previous = number
            raw = checked.lines[number - 1].rstrip("\r\n")
            marked = [(columns, label) for label in labels if (columns := label.columns(number, raw)) is not None]
            shown = _Shown(raw, marked[0][0][0] if marked else 0)
            prefix = _paint(f"{number:>{gutter}}", _BLUE, color)
            yield f"{prefix} {bar} {shown.text}".rstrip()
            for underline in _underlines(number, marked, shown, color):
                yield f"{' ' * gutter} {bar} {underline}"
        yield f"{' ' * gutter} {bar}"
    if diagnostic.fix is not None:
        yield f"{_paint('help', _CYAN, color)}: {diagnostic.fix.message}"
        if diff:
            yield f"{' ' * gutter} {bar}"
            for number, sign, text in diff:
                yield _diff_line(number, sign, text, gutter, color)
            yield f"{' ' * gutter} {bar}"
        yield from _fix_note(diagnostic.fix)


def _numbers_to_show(lines: Sequence[str], spans: Sequence[Span]) -> list[int]:
    numbers: set[int] = set()
    for span in spans:
        first, last = span.start.line, span.end.line
        if last - first >= _LONG_SPAN:
            numbers.update(range(first, first + _LONG_SPAN // 2), range(last - 1, last + 1))
        else:
            numbers.update(range(first, last + 1))
    primary = spans[0]
    for edge in (
        range(primary.start.line - CONTEXT, primary.start.line),
        range(primary.end.line + CONTEXT, primary.end.line, -1),
    ):
        inside = [n for n in edge if 1 <= n <= len(lines)]
        while inside and not lines[inside[0] - 1].strip():  # no empty lines at the edge of the excerpt
            del inside[0]
        numbers.update(inside)
    shown = sorted(n for n in numbers if 1 <= n <= len(lines))
    between = [a + 1 for a, b in pairwise(shown) if b == a + 2]  # "..." would save nothing
    return sorted([*shown, *between])


def _underlines(
    number: int, marked: Sequence[tuple[tuple[int, int], _Label]], shown: _Shown, color: bool
) -> Iterator[str]:
    rows: list[list[tuple[int, int, _Label]]] = []
    for (first, last), label in marked:
        start, end = shown.at(first), max(shown.at(first) + 1, shown.at(last))
        if rows and start > rows[0][-1][1]:
            rows[0].append((start, end, label))
        else:
            rows.append([(start, end, label)])
    for row in rows:
        text, at = "", 0
        for start, end, label in row:
            words = f" {label.text}" if label.text and number == label.span.end.line else ""
            text += " " * (start - at) + _paint(label.mark * (end - start) + words, label.style, color)
            at = end
        yield text


class _Shown:
    """A line on a terminal: tabs expanded, control characters visible, cut to ``WIDTH`` around ``focus``."""

    def __init__(self, raw: str, focus: int = 0) -> None:
        glyphs: list[str] = []
        self._offsets = [0]
        for character in raw:
            at = self._offsets[-1]
            glyph, width = (" " * (_TAB - at % _TAB), _TAB - at % _TAB) if character == "\t" else _glyph(character)
            glyphs.append(glyph)
            self._offsets.append(at + width)
        first, last = 0, len(raw)
        if self._offsets[-1] > WIDTH:
            focus = min(focus, last)
            if self._offsets[focus] > WIDTH - _LEAD:
                first = max(i for i in range(focus + 1) if self._offsets[i] <= self._offsets[focus] - _LEAD)
            last = max(i for i in range(first, last + 1) if self._offsets[i] - self._offsets[first] <= WIDTH)
        self._low, self._high = self._offsets[first], self._offsets[last]
        self._shift = len(_CUT) if first else 0
        self.text = (_CUT if first else "") + "".join(glyphs[first:last]) + (_CUT if last < len(raw) else "")

    def at(self, column: int) -> int:
        """The terminal column of a character, that of the cut where the character is not shown."""
        offset = self._offsets[min(column, len(self._offsets) - 1)]
        return min(max(offset, self._low), self._high) - self._low + self._shift


def _glyph(character: str) -> tuple[str, int]:
    if character < " ":
        return chr(0x2400 + ord(character)), 1
    if character < "\x7f":
        return character, 1
    if unicodedata.category(character) in {"Cc", "Cf", "Zl", "Zp"}:
        return "�", 1  # they could reorder or hide what the reader sees
    if unicodedata.combining(character) or unicodedata.category(character) == "Me":
        return character, 0
    return character, 2 if unicodedata.east_asian_width(character) in {"W", "F"} else 1


def _repair(lines: Sequence[str], fix: Fix) -> Iterator[tuple[int, str, str]]:
    """The change that a fix makes: line number after it (0 for lines that go), sign, text."""
    grown = 0
    for first, last, edits in _blocks(fix.edits):
        start, end = max(first - 2, 0), last + 1
        changed = [
            *lines[start : first - 1],
            *_split(apply(lines[first - 1 : last], edits)),
            *lines[last:end],
        ]
        before, after = ([line.rstrip("\r\n") for line in side] for side in (lines[start:end], changed))
        for group in difflib.SequenceMatcher(None, before, after, autojunk=False).get_grouped_opcodes(1):
            for kind, i1, i2, j1, j2 in group:
                if kind == "equal":
                    yield from ((start + 1 + grown + j, "|", after[j]) for j in range(j1, j2))
                    continue
                yield from ((0, "-", before[i]) for i in range(i1, i2))
                yield from ((start + 1 + grown + j, "+", after[j]) for j in range(j1, j2))
        grown += len(after) - len(before)


def _blocks(edits: Sequence[Edit]) -> Iterator[tuple[int, int, list[Edit]]]:
    """Edits that lie near each other: their first line, their last, and they with lines from the first on."""
    block: list[Edit] = []
    for edit in sorted(edits):
        if block and edit.span.start.line > block[-1].span.end.line + CONTEXT:
            yield _moved(block)
            block = []
        block.append(edit)
    if block:
        yield _moved(block)


def _moved(block: Sequence[Edit]) -> tuple[int, int, list[Edit]]:
    first, last = block[0].span.start.line, block[-1].span.end.line

    def moved(position: Position) -> Position:
        return Position(position.line - first + 1, position.column)

    return first, last, [Edit(Span(moved(e.span.start), moved(e.span.end)), e.text) for e in block]


def _diff_line(number: int, sign: str, text: str, gutter: int, color: bool) -> str:
    shown = _Shown(text).text
    if sign == "|":
        return f"{_paint(f'{number:>{gutter}} |', _BLUE, color)} {shown}".rstrip()
    label = f"{number or '':>{gutter}} {sign} {shown}".rstrip()
    return _paint(label, _GREEN if sign == "+" else _RED, color)


def _fix_note(fix: Fix) -> Iterator[str]:
    if fix.applicability is Applicability.UNSAFE:
        yield f"note: This is an unsafe fix: {fix.reason or 'it may change results'}"
    elif fix.applicability is Applicability.DISPLAY:
        yield f"note: This fix is shown only, never applied: {fix.reason or 'it needs a human eye'}"


def _split(text: str) -> list[str]:
    return io.StringIO(text, newline="").readlines()


def _errors(count: int) -> str:
    return f"{count} {_plural('error', count)}"


def _plural(word: str, count: int) -> str:
    return word if count == 1 else word + ("es" if word.endswith("x") else "s")


def _paint(text: str, style: str, color: bool) -> str:
    return f"\x1b[{style}m{text}\x1b[0m" if color else text
