"""The command ``tf-nan-lint``: files in, diagnostics out, fixes written on request."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TextIO

import click

from tf_nan_lint import __version__, files
from tf_nan_lint.config import (
    CODE_LISTS,
    INTERNAL_ERROR,
    OUTPUT_FORMATS,
    SYNTAX_ERROR,
    TARGET_DTYPES,
    Config,
    Configs,
    anchored,
    suggest,
)
from tf_nan_lint.diagnostics import Diagnostic, Position, Span
from tf_nan_lint.errors import ConfigError, ConvergenceError, ReadError, SourceError, TfNanLintError
from tf_nan_lint.report import Checked, Tally, emit, text

CLEAN: Final = 0
FINDINGS: Final = 1
FAILURE: Final = 2

_STDIN = "-"

# Codes that no rule has: they are reported by the run itself.
_OWN_CODES: Final = {
    INTERNAL_ERROR: (
        "internal-error",
        "The linter failed on this code",
        """\
A rule raised an exception. The other rules and files were checked as usual. This is a defect of
tf-nan-lint: please report it with the message and the code that it names.""",
    ),
    SYNTAX_ERROR: (
        "syntax-error",
        "The file cannot be parsed",
        """\
The file has a syntax error, null bytes, or bytes that are not text in its encoding. It was not checked.
flake8 reports syntax errors itself, as E999.""",
    ),
}


def _codes(context: click.Context, parameter: click.Parameter, values: Sequence[str]) -> tuple[str, ...] | None:
    """Comma-separated codes, from an option that may be given several times; None where it is not given."""
    if not values:
        return None
    codes = tuple(code.strip() for value in values for code in value.split(",") if code.strip())
    if not codes:
        raise click.BadParameter("a code or a prefix of codes is required", context, parameter)
    return codes


def _patterns(context: click.Context, parameter: click.Parameter, values: Sequence[str]) -> tuple[str, ...] | None:
    """Exclusion patterns below the working directory; None where the option is not given."""
    patterns = [pattern.strip() for value in values for pattern in value.split(",") if pattern.strip()]
    return tuple(anchored(pattern, Path.cwd()) for pattern in patterns) if values else None


def _code_option(name: str, help_: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    return click.option(name, multiple=True, metavar="CODES", callback=_codes, help=help_)


def _exclude_option(name: str, help_: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    return click.option(name, multiple=True, metavar="PATTERNS", callback=_patterns, help=help_)


@click.command(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.argument("paths", nargs=-1)
@click.option("--fix/--no-fix", default=False, help="Repair what can be repaired, in place.")
@click.option("--unsafe-fixes/--no-unsafe-fixes", default=None, help="Also apply fixes that change finite results.")
@click.option("--diff/--no-diff", default=False, help="Show what --fix would change; write nothing.")
@_code_option("--select", "Report these codes only: codes or prefixes, comma-separated; ALL for every one.")
@_code_option("--extend-select", "Report these codes too, even if they are off by default.")
@_code_option("--ignore", "Do not report these codes; of two entries the longer one decides.")
@_code_option("--extend-ignore", "Do not report these codes either.")
@click.option("--pedantic/--no-pedantic", default=None, help="Also report operations that nothing is known of (TFN9).")
@click.option("--target-dtype", type=click.Choice(TARGET_DTYPES), default=None, help="The dtype the model computes in.")
@click.option("--xla/--no-xla", default=None, help="Whether the code may be compiled by XLA (default: yes).")
@_exclude_option("--exclude", "Names or paths that a walk through directories passes by, instead of the defaults.")
@_exclude_option("--extend-exclude", "More names or paths to pass by.")
@click.option("--stdin-filename", metavar="NAME", help="What to call the code on standard input.")
@click.option(
    "--output-format",
    type=click.Choice(OUTPUT_FORMATS),
    default=None,
    help="Default: full on a terminal, else concise.",
)
@click.option("--color", type=click.Choice(("auto", "always", "never")), default="auto", help="Whether to use colour.")
@click.option("--quiet/--no-quiet", "-q", default=False, help="Print diagnostics only.")
@click.option("--exit-zero/--no-exit-zero", default=False, help="Exit with 0 although there are diagnostics.")
@click.option("--config", "config_file", metavar="FILE", help="The TOML file to read instead of pyproject.toml.")
@click.option("--isolated/--no-isolated", default=False, help="Read no configuration file.")
@click.option("--explain", metavar="CODE", help="Print the documentation of a code.")
@click.option("--list-rules", is_flag=True, help="Print all codes.")
@click.version_option(__version__, "--version", "-V", prog_name="tf-nan-lint", message="%(prog)s %(version)s")
@click.pass_context
def main(context: click.Context, /, **options: Any) -> None:
    """Find TensorFlow and Keras code whose value or gradient becomes NaN, and repair it.

    PATHS are files and directories, by default the current directory; - is standard input.

    Exits with 0 if nothing is left to report, with 1 if something is, with 2 if anything could not be done.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # names and sources that the terminal cannot show
    try:
        if options["explain"] is not None:
            emit([_explanation(options["explain"])], sys.stdout)
            status = CLEAN
        elif options["list_rules"]:
            emit(_rule_table(), sys.stdout)
            status = CLEAN
        else:
            status = _Run.of(options).run()
    except ConfigError as error:
        emit([f"error: {error}"], sys.stderr)
        status = FAILURE
    sys.stdout.flush()  # here a closed pipe is click's to silence, at interpreter exit it is nobody's
    context.exit(status)


@dataclass(slots=True)
class _Run:
    """One run: what was asked for, and what has come out of it so far."""

    configs: Configs
    given: dict[str, Any]
    paths: Sequence[str]
    stdin_name: str | None
    fixing: bool
    diffing: bool
    exit_zero: bool
    quiet: bool
    color: bool
    format: str
    talk: TextIO
    tally: Tally = field(default_factory=Tally)
    for_json: list[Checked] | None = None
    failed: bool = False

    @classmethod
    def of(cls, options: dict[str, Any]) -> _Run:
        paths: Sequence[str] = options["paths"]
        stdin = options["stdin_filename"] or (_STDIN if _STDIN in paths else None)
        if stdin is not None and any(path != _STDIN for path in paths):
            raise click.UsageError("standard input cannot be checked together with other paths")
        if options["isolated"] and options["config_file"]:
            raise click.UsageError("--config cannot be used with --isolated")
        explicit = Path(options["config_file"]).absolute() if options["config_file"] else None
        configs = Configs(explicit=explicit, isolated=options["isolated"])
        given = _given(options)
        fixing = options["fix"] and not options["diff"]
        talk = sys.stderr if fixing and stdin is not None else sys.stdout
        here = configs.of(Path.cwd()).overridden(given)
        format_ = here.output_format or ("full" if talk.isatty() else "concise")
        return cls(
            configs=configs,
            given=given,
            paths=paths or ["."],
            stdin_name=stdin,
            fixing=fixing,
            diffing=options["diff"],
            exit_zero=options["exit_zero"],
            quiet=options["quiet"],
            color=_wants_color(options["color"], talk),
            format=format_,
            talk=talk,
            for_json=[] if format_ == "json" and not options["diff"] else None,
        )

    def run(self) -> int:
        """Check everything that was asked for; the exit code."""
        if self.stdin_name is not None:
            self._standard_input(self.stdin_name)
        else:
            self._files()
        self._finish()
        if self.failed:
            return FAILURE
        found = self.tally.left or (self.diffing and self.tally.fixed)
        return FINDINGS if found and not self.exit_zero else CLEAN

    def _files(self) -> None:
        paths = files.discover(map(Path, self.paths), self._exclusions, self._complain)
        any_file = False
        for path in paths:
            any_file = True
            try:
                data = files.read(path)
                if path.suffix == ".ipynb":
                    raise ReadError(str(path), "notebooks are not supported")
            except ReadError as error:
                self._complain(error)
                continue
            config = self._config(path.parent)
            if files.may_use_tensorflow(data):
                name = _shown(path) if self.for_json is None else str(path)
                self._check(path, name, data, config)
        if not any_file and not self.failed and not self.quiet:
            emit(["warning: no Python files found under the given paths"], sys.stderr)

    def _check(self, path: Path, name: str, data: bytes, config: Config) -> None:
        outcome = self._outcome(name, data, config, self.fixing or self.diffing)
        if self.fixing and outcome.after != data:
            try:
                files.replace(path, data, outcome.after)
            except ReadError as error:
                self._complain(error)
                outcome = self._outcome(name, data, config, fixing=False)
        self._report(outcome)

    def _standard_input(self, name: str) -> None:
        data = sys.stdin.buffer.read()
        directory = Path.cwd() if name == _STDIN else Path(name).absolute().parent
        config = self._config(directory)
        if files.may_use_tensorflow(data):
            outcome = self._outcome(name, data, config, self.fixing or self.diffing)
        else:
            outcome = _Outcome(Checked(name, (), (), config), data)
        if self.fixing:
            sys.stdout.buffer.write(outcome.after)
            sys.stdout.buffer.flush()
        self._report(outcome)

    def _outcome(self, name: str, data: bytes, config: Config, fixing: bool) -> _Outcome:
        """What checking, and where asked for fixing, makes of a file's bytes. It writes and raises nothing."""
        from tf_nan_lint.engine import fix, lint
        from tf_nan_lint.graph.source import SourceFile

        try:
            source = SourceFile.from_bytes(name, data)
        except SourceError as error:
            return self._unreadable(error, name, data, config)
        try:
            if fixing:
                try:
                    result = fix(source, config)
                except ConvergenceError as error:
                    self._complain(error)
                else:
                    checked = Checked(name, source.with_text(result.text).lines, result.remaining, config)
                    diff = text.unified_diff(name, source.text, result.text) if self.diffing else ""
                    after = data if result.text == source.text else source.encode(result.text)
                    return _Outcome(checked, after, len(result.applied), diff)
            return _Outcome(Checked(name, source.lines, lint(source, config), config), data)
        except Exception as error:  # the last line of defence: one file must not cost the report on the others
            self._complain(_DefectError(name, error))
            return _Outcome(Checked(name, (), (), config), data)

    def _unreadable(self, error: SourceError, name: str, data: bytes, config: Config) -> _Outcome:
        lines = io.StringIO(data.decode("latin-1"), newline="").readlines()
        at = Position(error.line, error.column)
        diagnostics = [
            Diagnostic(SYNTAX_ERROR, "syntax-error", f"file cannot be parsed: {error.problem}", Span(at, at))
        ]
        found = diagnostics if config.selects(SYNTAX_ERROR) else []
        return _Outcome(Checked(name, lines, found, config), data)

    def _report(self, outcome: _Outcome) -> None:
        checked = outcome.checked
        self.tally += Tally.of(checked, outcome.fixed)
        self.failed |= any(d.code == INTERNAL_ERROR for d in checked.diagnostics)
        if self.diffing:
            self.talk.write(outcome.diff)
        elif self.for_json is not None:
            self.for_json.append(checked)
        elif self.format == "full":
            emit(text.full(checked, color=self.color), self.talk)
        else:
            emit(text.concise(checked, color=self.color), self.talk)

    def _finish(self) -> None:
        if self.for_json is not None:
            from tf_nan_lint.report import json

            emit([json.render(self.for_json)], self.talk)
        elif self.quiet or (self.failed and not self.tally.left and not self.tally.fixed):
            return
        elif self.diffing:
            emit([text.diff_summary(self.tally)], sys.stderr)
        else:
            emit(text.summary(self.tally, fixing=self.fixing), self.talk)

    def _config(self, directory: Path) -> Config:
        return _validated(self.configs.of(directory)).overridden(self.given)

    def _exclusions(self, directory: Path) -> tuple[str, ...]:
        config = self._config(directory)
        return config.exclude + config.extend_exclude

    def _complain(self, error: TfNanLintError) -> None:
        self.failed = True
        message = f"{_shown(Path(error.path))}: {error.problem}" if isinstance(error, ReadError) else str(error)
        emit([f"error: {message}"], sys.stderr)


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What came out of one file: its report, its bytes after fixing, how many fixes that took, and the diff."""

    checked: Checked
    after: bytes
    fixed: int = 0
    diff: str = ""


class _DefectError(TfNanLintError):
    """An exception that should not have happened."""

    def __init__(self, name: str, error: Exception) -> None:
        super().__init__(name, error)

    def __str__(self) -> str:
        name, error = self.args
        return f"{name}: internal error, please report it: {type(error).__name__}: {error}"


def _given(options: dict[str, Any]) -> dict[str, Any]:
    """What the command line says about settings, by the name of the setting. ConfigError for unknown codes."""
    others = ("exclude", "extend_exclude", "unsafe_fixes", "pedantic", "target_dtype", "xla", "output_format")
    given = {name: options[name] for name in (*CODE_LISTS, *others) if options[name] is not None}
    codes = {name: given[name] for name in CODE_LISTS if name in given}
    _validated(Config(**codes, origin={name: f"--{name.replace('_', '-')}" for name in codes}))
    return given


def _validated(config: Config) -> Config:
    if any(name in config.origin for name in CODE_LISTS):  # the rules are costly to load
        config.validate_codes(_known_codes())
    return config


def _known_codes() -> Collection[str]:
    from tf_nan_lint.rules import RULES

    return {*_OWN_CODES, *RULES}


def _explanation(code: str) -> str:
    if code in _OWN_CODES:
        name, _, explanation = _OWN_CODES[code]
        return f"# {name} ({code})\n\n{explanation}"
    from tf_nan_lint.rules import RULES

    if code not in RULES:
        raise ConfigError("--explain", f"unknown code {code!r}{suggest(code, _known_codes())}")
    return RULES[code].documentation


def _rule_table() -> list[str]:
    """Code, name, whether it has a fix, whether it is on by default, and what it reports."""
    from tf_nan_lint.rules import RULES

    default = Config()
    rows = [("code", "name", "fixable", "default", "reports")]
    rows += [(code, name, "", "on", summary) for code, (name, summary, _) in _OWN_CODES.items()]
    rows += [
        (
            rule.code,
            rule.name,
            "yes" if rule.fixable else "",
            "on" if default.selects(rule.code) else "off",
            rule.summary,
        )
        for rule in RULES.values()
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def _wants_color(choice: str, stream: TextIO) -> bool:
    if choice != "auto":
        return choice == "always"
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def _shown(path: Path) -> str:
    """A path as the user thinks of it: relative below the working directory."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)
