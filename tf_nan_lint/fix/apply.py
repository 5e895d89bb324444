"""Applying edits to a text: in order, without overlaps."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tf_nan_lint.diagnostics import Diagnostic, Edit, Position


def choose(diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
    """The diagnostics whose fixes can be applied together: the first of those that overlap, the others wait."""
    chosen: list[Diagnostic] = []
    taken: list[Edit] = []
    for diagnostic in diagnostics:
        if diagnostic.fix is None:
            continue
        edits = diagnostic.fix.edits
        if not any(edit.span.overlaps(other.span) for edit in edits for other in taken):
            chosen.append(diagnostic)
            taken.extend(edits)
    return chosen


def apply(text_lines: Sequence[str], edits: Iterable[Edit]) -> str:
    """The text with all ``edits`` made; they must not overlap."""
    offsets = [0]
    for line in text_lines:
        offsets.append(offsets[-1] + len(line))
    text = "".join(text_lines)

    def offset(position: Position) -> int:
        return min(offsets[min(position.line - 1, len(offsets) - 1)] + position.column, len(text))

    pieces = []
    at = 0
    for edit in sorted(edits):
        start, end = offset(edit.span.start), offset(edit.span.end)
        if start < at:
            raise ValueError(f"edits overlap at {edit.span}")
        pieces += [text[at:start], edit.text]
        at = end
    pieces.append(text[at:])
    return "".join(pieces)
