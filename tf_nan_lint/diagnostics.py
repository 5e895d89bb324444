"""What a run finds and would change: plain frozen data, with no knowledge of trees, graphs or files."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A place in a source text: ``line`` counts from 1, ``column`` from 0, in code points."""

    line: int
    column: int


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A stretch of source text from ``start`` up to, not including, ``end``."""

    start: Position
    end: Position

    def overlaps(self, other: Span) -> bool:
        """Whether both cover a common character, or insert at the same place."""
        if self == other:
            return True
        return self.start < other.end and other.start < self.end


@dataclass(frozen=True, slots=True, order=True)
class Edit:
    """Put ``text`` in the place of ``span``."""

    span: Span
    text: str


class Applicability(enum.IntEnum):
    """How far a fix may be trusted; the order is the order of trust."""

    DISPLAY = 1
    UNSAFE = 2
    SAFE = 3


@dataclass(frozen=True, slots=True)
class Fix:
    """Edits that repair one diagnostic. ``reason`` says why it is not ``SAFE``; empty where it is.

    ``frees`` are the (function, variable) pairs of which the fix takes some readers away: together, several fixes may leave
    a variable without any.
    """

    message: str
    edits: tuple[Edit, ...]
    applicability: Applicability
    reason: str = ""
    frees: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Cause:
    """The related place: where the zero comes from, or the guard that acts too late."""

    span: Span
    message: str


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One finding. ``span`` is the operation it stands on, ``evidence`` the reason it is believed (E1 to E4)."""

    code: str
    name: str
    message: str
    span: Span
    cause: Cause | None = None
    evidence: str = ""
    fix: Fix | None = field(default=None, compare=False)

    @property
    def order(self) -> tuple[Span, str, str]:
        """The key that diagnostics of one file are sorted by."""
        return self.span, self.code, self.message
