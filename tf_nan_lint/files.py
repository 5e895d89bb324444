"""Files on disk: finding, reading and safely replacing them."""

from __future__ import annotations

import fnmatch
import os
import re
import stat
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from tf_nan_lint.errors import ReadError

SUFFIXES = (".py", ".pyi")
"""What a walk through directories looks at; a file that is named itself is read whatever its suffix."""

# Wider than the byte screen of the linter, so that nothing is lost: it decides whether to load the linter.
_MAY_USE_TENSORFLOW = re.compile(rb"tensorflow|keras|\btf[12]?\b")


def may_use_tensorflow(data: bytes) -> bool:
    """Whether a file's bytes are worth loading the linter for."""
    return _MAY_USE_TENSORFLOW.search(data) is not None


def discover(
    paths: Iterable[Path], excluded: Callable[[Path], Iterable[str]], complain: Callable[[ReadError], None]
) -> Iterator[Path]:
    """The files below ``paths``, each once, as absolute paths in the order of their names.

    A path that is a file is taken as it is; directories are walked for Python files, without following links
    to directories. ``excluded`` gives the patterns to pass by in a directory. What cannot be read goes to
    ``complain``.
    """
    found: dict[str, Path] = {}
    for path in paths:
        path = Path(os.path.abspath(path))  # noqa: PTH100 - resolve() would replace links by what they point to
        try:
            is_directory = stat.S_ISDIR(path.stat().st_mode)
        except (OSError, ValueError) as error:
            complain(ReadError(str(path), _reason(error)))
            continue
        for file in _walk(path, excluded, complain) if is_directory else [path]:
            found.setdefault(os.path.realpath(file), file)
    return iter(sorted(found.values(), key=lambda file: file.parts))


def is_excluded(path: Path, patterns: Iterable[str]) -> bool:
    """Whether a pattern matches the name of ``path``, or, for an absolute pattern, all of it."""
    whole = path.as_posix()
    return any(fnmatch.fnmatchcase(whole if "/" in pattern else path.name, pattern) for pattern in patterns)


def read(path: Path) -> bytes:
    """The bytes of a regular file. ReadError where there are none to be had."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise ReadError(str(path), "not a regular file")
        return path.read_bytes()
    except (OSError, ValueError) as error:
        raise ReadError(str(path), _reason(error)) from error


def replace(path: Path, before: bytes, after: bytes) -> None:
    """Put ``after`` in the place of ``before`` in one step: whoever reads the file sees the one or the other.

    A link stays, the file behind it is replaced; permissions are kept, and the owner where that is allowed.
    ReadError, and nothing changed, where the file no longer holds ``before`` or may not be written.
    """
    import tempfile

    real = Path(os.path.realpath(path))
    if read(real) != before:
        raise ReadError(str(path), "changed while it was being checked; not written")
    if not os.access(real, os.W_OK):
        raise ReadError(str(path), "is read-only; not written")  # replacing it would need leave of its folder only
    temporary: str | None = None
    try:
        handle, temporary = tempfile.mkstemp(prefix=".tf-nan-lint-", dir=real.parent)
        with os.fdopen(handle, "wb") as stream:
            stream.write(after)
            stream.flush()
            os.fsync(stream.fileno())
        status = real.stat()
        if hasattr(os, "chown"):
            with suppress(OSError):
                os.chown(temporary, status.st_uid, status.st_gid)
        Path(temporary).chmod(stat.S_IMODE(status.st_mode))
        Path(temporary).replace(real)
        temporary = None
    except OSError as error:
        raise ReadError(str(path), f"cannot be written: {_reason(error)}") from error
    finally:
        if temporary is not None:
            with suppress(OSError):
                Path(temporary).unlink()


def _walk(
    directory: Path, excluded: Callable[[Path], Iterable[str]], complain: Callable[[ReadError], None]
) -> Iterator[Path]:
    pending = [directory]
    while pending:
        current = pending.pop()
        patterns = tuple(excluded(current))
        try:
            with os.scandir(current) as scan:
                entries = list(scan)
        except OSError as error:
            complain(ReadError(str(current), _reason(error)))
            continue
        for entry in entries:
            path = current / entry.name
            if is_excluded(path, patterns):
                continue
            with suppress(OSError):  # a link that leads in a circle
                if entry.is_dir(follow_symlinks=False):
                    pending.append(path)
                elif entry.name.endswith(SUFFIXES) and entry.is_file():
                    yield path


def _reason(error: OSError | ValueError) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror[0].lower() + error.strerror[1:]
    return "not a valid path" if isinstance(error, ValueError) else str(error)  # a null byte
