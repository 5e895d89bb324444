"""The flake8 plugin. It never raises: an exception here would cost the results of every other plugin."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    import argparse
    import ast

    from flake8.options.manager import OptionManager

    from tf_nan_lint.config import Configs
    from tf_nan_lint.diagnostics import Diagnostic


class Plugin:
    """Checks one file. The options belong to the class, because flake8 makes an object for every file."""

    given: ClassVar[Mapping[str, Any]] = {}
    configs: ClassVar[Configs | None] = None

    def __init__(self, tree: ast.Module, filename: str, lines: Sequence[str]) -> None:
        self._tree = tree
        self._filename = filename
        self._lines = lines

    @classmethod
    def add_options(cls, option_manager: OptionManager) -> None:
        """Tell flake8 our options; those without ``no`` it also reads from its own configuration file."""
        add: Callable[..., None] = option_manager.add_option
        for name, meaning in (
            ("xla", "the code may be compiled by XLA (default: yes)."),
            ("pedantic", "also report operations that nothing is known of, TFN9 (default: no)."),
        ):
            dest, help_ = f"tfn_{name}", f"TFN: {meaning}"
            add(
                f"--tfn-{name}",
                action="store_true",
                default=None,
                dest=dest,
                parse_from_config=True,
                help=help_,
            )
            add(
                f"--no-tfn-{name}",
                action="store_false",
                default=None,
                dest=dest,
                help=f"The opposite of --tfn-{name}.",
            )
        dtype = "TFN: the dtype that the model computes in, or a mixed-precision policy (default: float32)."
        add("--tfn-dtype", metavar="DTYPE", default=None, parse_from_config=True, help=dtype)

    @classmethod
    def parse_options(cls, options: argparse.Namespace) -> None:
        """Take flake8's options over. A wrong one, or a wrong section of ours, ends flake8 with a line about it."""
        from pathlib import Path

        from flake8.exceptions import ExecutionError

        from tf_nan_lint.config import Configs
        from tf_nan_lint.errors import ConfigError

        try:
            cls.given = _given(options)
            cls.configs = Configs(isolated=_is_isolated(options))
            cls.configs.of(Path.cwd())
        except ConfigError as error:
            raise ExecutionError(f"tf-nan-lint: {error}") from error

    def run(self) -> Iterator[tuple[int, int, str, type[Plugin]]]:
        """The diagnostics of the file as flake8 wants them: line from 1, column from 0."""
        from tf_nan_lint.errors import ConfigError

        try:
            found = [(d.span.start.line, d.span.start.column, f"{d.code} {d.message}") for d in self._diagnostics()]
        except ConfigError as error:
            found = [(1, 0, f"TFN000 not checked, the configuration is wrong: {error}")]
        except Exception as error:  # see the module's docstring
            found = [(1, 0, f"TFN000 internal error, please report it: {type(error).__name__}: {error}")]
        for line, column, message in found:
            yield line, column, message, type(self)

    def _diagnostics(self) -> Iterable[Diagnostic]:
        from tf_nan_lint.files import may_use_tensorflow

        text = "".join(self._lines)
        if not may_use_tensorflow(text.encode("utf-8", "replace")):
            return ()
        from pathlib import Path

        from tf_nan_lint.config import INTERNAL_ERROR, SYNTAX_ERROR, Configs
        from tf_nan_lint.engine import lint
        from tf_nan_lint.graph.source import SourceFile
        from tf_nan_lint.rules import RULES

        configs = self.configs or Configs()
        section = configs.of(Path(self._filename).absolute().parent)
        section.validate_codes({INTERNAL_ERROR, SYNTAX_ERROR, *RULES})
        config = section.overridden(self.given)
        return lint(SourceFile.from_text(self._filename, text, self._tree), config)


def _given(options: argparse.Namespace) -> dict[str, Any]:
    """What flake8's options say about our settings, by the name of the setting.

    flake8 selects, ignores and applies ``# noqa`` by itself to what we report. Its entries matter here only
    where they name one of our groups or codes: those are reported even if they are off by default or our
    section ignores them. The bare ``TFN`` does neither, because it is how people switch the plugin on.
    """
    from tf_nan_lint.config import TARGET_DTYPES, suggest
    from tf_nan_lint.errors import ConfigError

    entries = (*(options.select or ()), *(options.extend_select or ()))
    named = tuple(entry for entry in entries if entry.startswith("TFN") and entry != "TFN")
    given = {"xla": options.tfn_xla, "pedantic": options.tfn_pedantic, "target_dtype": options.tfn_dtype}
    dtype = options.tfn_dtype
    if dtype is not None and dtype not in TARGET_DTYPES:
        problem = f"must be one of {', '.join(TARGET_DTYPES)}, not {dtype!r}{suggest(dtype, TARGET_DTYPES)}"
        raise ConfigError("--tfn-dtype", problem)
    settings = {name: value for name, value in given.items() if value is not None}
    return {**settings, "extend_select": named, "respect_noqa": False}


def _is_isolated(options: argparse.Namespace) -> bool:
    # flake8 takes the flag out of its arguments before it fills the namespace that it hands to plugins.
    return options.isolated or any(len(a) > 2 and "--isolated".startswith(a) for a in sys.argv[1:])
