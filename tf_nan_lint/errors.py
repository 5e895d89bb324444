"""Errors that end a run or a file. Each carries its facts as attributes and prints itself in one sentence."""

from __future__ import annotations


class TfNanLintError(Exception):
    """Base of every error this package raises on purpose."""


class ConfigError(TfNanLintError):
    """A setting is unknown or has the wrong form; ``where`` names the file and line, or the option."""

    def __init__(self, where: str, problem: str) -> None:
        super().__init__(where, problem)
        self.where = where
        self.problem = problem

    def __str__(self) -> str:
        return f"{self.where}: {self.problem}"


class SourceError(TfNanLintError):
    """A file cannot be read as Python; ``line`` counts from 1 and ``column`` from 0, where they are known."""

    def __init__(self, path: str, problem: str, line: int = 1, column: int = 0) -> None:
        super().__init__(path, problem, line, column)
        self.path = path
        self.problem = problem
        self.line = line
        self.column = column

    def __str__(self) -> str:
        return f"{self.path}:{self.line}:{self.column + 1}: {self.problem}"


class ReadError(TfNanLintError):
    """A path cannot be read or written: it is missing, not permitted, or not a regular file."""

    def __init__(self, path: str, problem: str) -> None:
        super().__init__(path, problem)
        self.path = path
        self.problem = problem

    def __str__(self) -> str:
        return f"{self.path}: {self.problem}"


class ConvergenceError(TfNanLintError):
    """The fixes of one file still change it after the last pass; the file is left as it was."""

    def __init__(self, path: str, passes: int, codes: tuple[str, ...]) -> None:
        super().__init__(path, passes, codes)
        self.path = path
        self.passes = passes
        self.codes = codes

    def __str__(self) -> str:
        return f"{self.path}: fixes of {', '.join(self.codes)} did not converge in {self.passes} passes; file left unchanged"
