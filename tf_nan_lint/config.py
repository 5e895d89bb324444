"""Settings of a run: the section ``[tool.tf-nan-lint]`` of ``pyproject.toml``, and options put over it."""

from __future__ import annotations

import glob
import re
import sys
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from tf_nan_lint.diagnostics import Applicability, Fix
from tf_nan_lint.errors import ConfigError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

SECTION: Final = "tool.tf-nan-lint"
INTERNAL_ERROR: Final = "TFN000"
SYNTAX_ERROR: Final = "TFN001"
PEDANTIC: Final = "TFN9"

TARGET_DTYPES: Final = ("float32", "float16", "bfloat16", "float64", "mixed_float16", "mixed_bfloat16")
"""What ``target-dtype`` may be: a dtype, or a mixed-precision policy, which computes in what it names."""

CODE_LISTS: Final = ("select", "extend_select", "ignore", "extend_ignore")
"""The settings that hold codes and prefixes of codes."""

OUTPUT_FORMATS: Final = ("full", "concise", "json")

DEFAULT_EXCLUDE: Final = (
    ".bzr",
    ".direnv",
    ".eggs",
    ".git",
    ".git-rewrite",
    ".hg",
    ".ipynb_checkpoints",
    ".mypy_cache",
    ".nox",
    ".pants.d",
    ".pyenv",
    ".pytest_cache",
    ".pytype",
    ".ruff_cache",
    ".svn",
    ".tox",
    ".venv",
    ".vscode",
    "__pycache__",
    "__pypackages__",
    "_build",
    "buck-out",
    "build",
    "dist",
    "node_modules",
    "site-packages",
    "venv",
)
"""Names that a walk through directories passes by: those that ruff passes by, and ``__pycache__``."""

_ALL = "ALL"
# A group that is off (or on) by default answers only to entries at least as long as its own prefix, so that
# `--select TFN`, written to switch the plugin on, does not bring the pedantic rules, and `--ignore TFN` does
# not lose a syntax error.
_OFF_BY_DEFAULT = (PEDANTIC, "TFN002")
_ALWAYS_ON = (INTERNAL_ERROR, SYNTAX_ERROR)
_ALWAYS_ON_PREFIX = "TFN0"


@dataclass(frozen=True, slots=True)
class Config:
    """What a run is asked to do. Codes are whole codes, prefixes of codes, or ``ALL``.

    ``exclude`` and ``extend_exclude`` hold patterns for names, and absolute patterns for paths.
    ``output_format`` is None where the terminal decides. ``origin`` says where a setting was written.
    """

    select: tuple[str, ...] = ("TFN",)
    extend_select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    extend_ignore: tuple[str, ...] = ()
    unsafe_fixes: bool = False
    target_dtype: str = "float32"
    xla: bool = True
    pedantic: bool = False
    respect_noqa: bool = True
    exclude: tuple[str, ...] = DEFAULT_EXCLUDE
    extend_exclude: tuple[str, ...] = ()
    output_format: str | None = None
    origin: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}), compare=False, repr=False)

    def selects(self, code: str) -> bool:
        """Whether diagnostics of ``code`` are wanted.

        The longest entry that covers the code decides, and ``ignore`` decides a tie. Codes that are off by
        default need an entry that names them or their group. Internal and syntax errors are reported unless an
        ``ignore`` entry names them or ``TFN0``.
        """
        wanted = [*self.select, *self.extend_select, *([PEDANTIC] if self.pedantic else ())]
        unwanted = [*self.ignore, *self.extend_ignore]
        shortest = 0
        if code in _ALWAYS_ON:
            wanted.append(_ALL)
            unwanted = [entry for entry in unwanted if _specificity(entry) >= len(_ALWAYS_ON_PREFIX)]
        for prefix in _OFF_BY_DEFAULT:
            if code.startswith(prefix):
                shortest = len(prefix)
        for_it = _longest(code, wanted)
        return for_it >= shortest and for_it > _longest(code, unwanted)

    def applies(self, fix: Fix | None) -> bool:
        """Whether ``--fix`` would apply this fix."""
        threshold = Applicability.UNSAFE if self.unsafe_fixes else Applicability.SAFE
        return fix is not None and fix.applicability >= threshold

    @property
    def compute_dtype(self) -> str:
        """The dtype whose limits count: the target itself, or what a mixed-precision policy computes in."""
        return self.target_dtype.removeprefix("mixed_")

    def validate_codes(self, known: Collection[str]) -> None:
        """Raise ConfigError for the first entry of the four lists that no code of ``known`` begins with."""
        for name in CODE_LISTS:
            for entry in getattr(self, name):
                if entry != _ALL and not any(code.startswith(entry) for code in known if entry):
                    key = name.replace("_", "-")
                    problem = f"unknown code {entry!r} in `{key}`{suggest(entry, [*known, 'TFN', _ALL])}"
                    raise ConfigError(self.origin.get(name, key), problem)

    def overridden(self, over: Mapping[str, Any]) -> Config:
        """This configuration under options given later; ``over`` has what was given, by the name of the field.

        A later ``select`` starts afresh; any other later entry beats every earlier one that it covers,
        however specific that was. Later ``extend_exclude`` patterns add to the earlier ones; any other setting
        is replaced.
        """
        settings = dict(over)
        chosen = (*settings.get("select", ()), *settings.get("extend_select", ()))
        rejected = (*settings.get("ignore", ()), *settings.get("extend_ignore", ()))
        base = self
        if "select" in settings:
            base = replace(base, extend_select=(), ignore=(), extend_ignore=())
        settings["select"] = settings.get("select", _without(base.select, rejected))
        settings["extend_select"] = _without(base.extend_select, rejected) + settings.get("extend_select", ())
        settings["ignore"] = _without(base.ignore, chosen) + settings.get("ignore", ())
        settings["extend_ignore"] = _without(base.extend_ignore, chosen) + settings.get("extend_ignore", ())
        settings["extend_exclude"] = base.extend_exclude + settings.get("extend_exclude", ())
        return replace(base, **settings)


class Configs:
    """The configurations of one run: for each directory the nearest section, each file read once.

    With ``explicit`` that file counts everywhere; with ``isolated`` no file does.
    """

    def __init__(self, *, explicit: Path | None = None, isolated: bool = False) -> None:
        self._everywhere = read(explicit) if explicit is not None else Config() if isolated else None
        self._known: dict[Path, Config] = {}

    def of(self, directory: Path) -> Config:
        """The configuration for files in ``directory``, an absolute path. ConfigError where its file is wrong."""
        if self._everywhere is not None:
            return self._everywhere
        if directory not in self._known:
            found = _read_if_present(directory / "pyproject.toml")
            above = directory.parent
            self._known[directory] = found or (Config() if above == directory else self.of(above))
        return self._known[directory]


def load(directory: Path, explicit_path: Path | None = None) -> Config:
    """The configuration for ``directory``: of ``explicit_path``, else of the nearest file with a section."""
    return Configs(explicit=explicit_path).of(directory)


def read(path: Path) -> Config:
    """The configuration in ``path``. ConfigError where it cannot be read, is wrong, or has no section."""
    try:
        config = _read_if_present(path)
        if config is not None:
            return config
        problem = f"has no [{SECTION}] section" if path.is_file() else "no such file"
    except OSError as error:
        problem = error.strerror or str(error)
    raise ConfigError(str(path), problem)


def suggest(word: str, known: Collection[str]) -> str:
    """``; did you mean …?`` with the word of ``known`` that is nearest to ``word``, or nothing."""
    import difflib

    by_upper = {k.upper(): k for k in known}
    near = difflib.get_close_matches(word.upper(), by_upper, n=1, cutoff=0.7)
    return f"; did you mean `{by_upper[near[0]]}`?" if near else ""


def anchored(pattern: str, directory: Path) -> str:
    """An exclusion pattern as Config holds it: a name as it is, a relative path below ``directory``."""
    pattern = pattern.rstrip("/") or pattern
    if "/" not in pattern or Path(pattern).is_absolute():
        return pattern
    return f"{glob.escape(directory.as_posix()).rstrip('/')}/{pattern.removeprefix('./')}"


def _specificity(entry: str) -> int:
    return 0 if entry == _ALL else len(entry)


def _longest(code: str, entries: Iterable[str]) -> int:
    return max((_specificity(e) for e in entries if e == _ALL or code.startswith(e)), default=-1)


def _without(earlier: tuple[str, ...], later: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(e for e in earlier if not any(x in (_ALL, e) or (e != _ALL and e.startswith(x)) for x in later))


def _read_if_present(path: Path) -> Config | None:
    try:
        text = path.read_bytes().decode("utf-8")
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return None
    except UnicodeDecodeError as error:
        raise ConfigError(str(path), f"not UTF-8: {error}") from error
    except OSError as error:
        raise ConfigError(str(path), error.strerror or str(error)) from error
    if "tf-nan-lint" not in text:
        return None  # the usual case costs no parsing, and somebody else's broken file is not our concern
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"at line (\d+)", str(error))
        raise ConfigError(f"{path}:{line[1]}" if line else str(path), f"not valid TOML: {error}") from error
    tool = document.get("tool", {})
    section = tool.get("tf-nan-lint") if isinstance(tool, dict) else None
    if section is None:
        return None
    if not isinstance(section, dict):
        raise ConfigError(f"{path}:{_line_of(text, None)}", f"[{SECTION}] must be a table")
    return _from_section(section, path, text)


def _from_section(section: Mapping[str, object], path: Path, text: str) -> Config:
    settings: dict[str, Any] = {}
    origin: dict[str, str] = {}
    for key, value in section.items():
        where = f"{path}:{_line_of(text, key)}"
        reader = _KEYS.get(key)
        if reader is None:
            raise ConfigError(where, f"unknown key `{key}` in [{SECTION}]{suggest(key, _KEYS)}")
        name = key.replace("-", "_")
        try:
            settings[name] = reader(value)
        except ValueError as error:
            raise ConfigError(where, f"`{key}` {error}") from error
        origin[name] = where
    for name in {"exclude", "extend_exclude"} & settings.keys():
        settings[name] = tuple(anchored(pattern, path.parent) for pattern in settings[name])
    return Config(**settings, origin=MappingProxyType(origin))


def _strings(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise ValueError(f"must be a list of strings, not {value!r}")
    return tuple(value)


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"must be true or false, not {value!r}")
    return value


def _one_of(choices: Collection[str]) -> Callable[[object], str]:
    def check(value: object) -> str:
        if not isinstance(value, str) or value not in choices:
            raise ValueError(f"must be one of {', '.join(choices)}, not {value!r}{suggest(str(value), choices)}")
        return value

    return check


_KEYS: Final[Mapping[str, Callable[[object], object]]] = MappingProxyType(
    {
        "select": _strings,
        "extend-select": _strings,
        "ignore": _strings,
        "extend-ignore": _strings,
        "unsafe-fixes": _flag,
        "target-dtype": _one_of(TARGET_DTYPES),
        "xla": _flag,
        "exclude": _strings,
        "extend-exclude": _strings,
        "output-format": _one_of(OUTPUT_FORMATS),
    }
)


def _line_of(text: str, key: str | None) -> int:
    """The line of ``key`` in our section, of the section itself for None; TOML parsers do not tell."""
    ours = r"""["']?tool["']?\s*\.\s*["']?tf-nan-lint["']?"""
    name = rf"""["']?{re.escape(key or "tf-nan-lint")}["']?\s*"""
    header = re.compile(rf"\s*\[\s*{ours}\s*\]")
    assignment = re.compile(rf"(?:.*[.{{,\s])?{name}[=.]|\s*\[\s*{ours}\s*\.\s*{name}\]")
    inside, start = False, 1
    for number, line in enumerate(text.splitlines(), 1):
        if header.match(line):
            inside, start = True, number
            continue
        if (inside or "tf-nan-lint" in line) and assignment.match(line):
            return number
        inside = inside and not line.lstrip().startswith("[")
    return start
