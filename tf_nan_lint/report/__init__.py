"""Diagnostics as text and JSON. Everything here is a function of its arguments; only ``emit`` writes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TextIO

from tf_nan_lint.config import Config
from tf_nan_lint.diagnostics import Applicability, Diagnostic


@dataclass(frozen=True, slots=True)
class Checked:
    """What is to be reported of one file: the name to print, the lines with their ends, the diagnostics."""

    path: str
    lines: Sequence[str]
    diagnostics: Sequence[Diagnostic]
    config: Config

    def fixable(self, diagnostic: Diagnostic) -> bool:
        """Whether ``--fix`` with these settings repairs it: what ``[*]`` stands for."""
        return self.config.applies(diagnostic.fix)


@dataclass(frozen=True, slots=True)
class Tally:
    """How many diagnostics are left, were repaired, ``--fix`` can repair, and only ``--unsafe-fixes`` can."""

    left: int = 0
    fixed: int = 0
    fixable: int = 0
    hidden: int = 0

    @classmethod
    def of(cls, checked: Checked, fixed: int = 0) -> Tally:
        """The numbers of one file."""
        fixable = sum(map(checked.fixable, checked.diagnostics))
        fixes = [d.fix for d in checked.diagnostics if d.fix is not None and not checked.fixable(d)]
        hidden = sum(fix.applicability is Applicability.UNSAFE for fix in fixes)
        return cls(len(checked.diagnostics), fixed, fixable, hidden)

    def __add__(self, other: Tally) -> Tally:
        return Tally(
            self.left + other.left,
            self.fixed + other.fixed,
            self.fixable + other.fixable,
            self.hidden + other.hidden,
        )


def emit(lines: Iterable[str], stream: TextIO) -> None:
    """Write lines to a stream, each with its end."""
    for line in lines:
        stream.write(line + "\n")
