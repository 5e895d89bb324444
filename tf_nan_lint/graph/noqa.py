"""``# noqa`` comments, read as flake8 reads them: the command and the plugin silence the same diagnostics."""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Mapping, Sequence
from functools import cached_property

# The grammar is flake8's (flake8/defaults.py, the same in flake8 6 and 7), traps included: without a digit after
# the letters, with a space before the colon or two after it, the comment silences every code; codes are
# case-sensitive although the comment is not; the comment for the whole file silences all of it even where codes
# follow, and counts only at the start of a line.
_INLINE = re.compile(r"# noqa(?::[\s]?(?P<codes>([A-Z]+[0-9]+(?:[,\s]+)?)+))?", re.IGNORECASE)
_WHOLE_FILE = re.compile(r"\s*# flake8[:=]\s*noqa", re.IGNORECASE)
_ANY = re.compile("noqa", re.IGNORECASE)
_SEPARATOR = re.compile(r"[,\s]")
_IGNORED_TOKENS = frozenset({tokenize.ENDMARKER, tokenize.DEDENT})
_LINE_ENDS = frozenset({tokenize.NL, tokenize.NEWLINE})


class Suppressions:
    """The ``# noqa`` comments of one file. Nothing is read before the first question."""

    def __init__(self, text: str) -> None:
        self._text = text

    @classmethod
    def parse(cls, text: str) -> Suppressions:
        """The comments of a module's text, whatever its line ends."""
        return cls(text)

    def covers(self, code: str, line: int) -> bool:
        """Whether a diagnostic of ``code`` on ``line`` is silenced."""
        if not self._present:
            return False
        if self._whole_file:
            return True
        first, last = self._extent(line)
        match = _INLINE.search("".join(self._lines[first - 1 : last]))
        if match is None:
            return False
        codes = match["codes"]
        return codes is None or code.startswith(tuple(c for c in _SEPARATOR.split(codes) if c))

    def comment_line(self, line: int) -> int:
        """Where a comment for ``line`` goes: the last line of a multi-line string or of lines joined by ``\\``."""
        return self._extent(line)[1]

    @cached_property
    def _present(self) -> bool:
        return _ANY.search(self._text) is not None

    @cached_property
    def _whole_file(self) -> bool:
        return any(map(_WHOLE_FILE.match, self._lines))

    @cached_property
    def _lines(self) -> Sequence[str]:
        return io.StringIO(self._text.removeprefix("\ufeff"), newline=None).readlines()

    def _extent(self, line: int) -> tuple[int, int]:
        return self._extents.get(line, (line, line))

    @cached_property
    def _extents(self) -> Mapping[int, tuple[int, int]]:
        """For each line the first and last line of what flake8 searches for its comment."""
        found: dict[int, tuple[int, int]] = {}
        first, last = len(self._lines) + 2, -1
        try:
            for token in tokenize.generate_tokens(iter(self._lines).__next__):
                if token.type in _IGNORED_TOKENS:
                    continue
                first, last = min(first, token.start[0]), max(last, token.end[0])
                if token.type in _LINE_ENDS:
                    found.update(dict.fromkeys(range(first, last + 1), (first, last)))
                    first, last = len(self._lines) + 2, -1
        except (tokenize.TokenError, SyntaxError):
            return {}  # flake8 falls back to the line itself
        return found
