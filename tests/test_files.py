"""Finding files, and replacing them without ever losing one."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

from tf_nan_lint import files
from tf_nan_lint.config import DEFAULT_EXCLUDE
from tf_nan_lint.errors import ReadError


def found(root: Path, *paths: str, exclude: Iterable[str] = DEFAULT_EXCLUDE) -> list[str]:
    errors: list[ReadError] = []
    names = [
        path.relative_to(root).as_posix()
        for path in files.discover([root / p for p in paths], lambda _: exclude, errors.append)
    ]
    return names + [f"{Path(e.path).relative_to(root).as_posix()}: {e.problem}" for e in errors]


def touch(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()


def test_a_walk_takes_python_files_in_the_order_of_their_names(tmp_path: Path) -> None:
    touch(tmp_path, "b.py", "a/z.py", "a/b/c.pyi", "a.py", "c.txt", "d.ipynb", "a-b.py", "e.PY")
    assert found(tmp_path, ".") == ["a/b/c.pyi", "a/z.py", "a-b.py", "a.py", "b.py"]


def test_what_tools_and_builds_leave_behind_is_passed_by(tmp_path: Path) -> None:
    touch(tmp_path, *(f"{name}/a.py" for name in DEFAULT_EXCLUDE), "building/a.py", "x/venv/a.py")
    assert found(tmp_path, ".") == ["building/a.py"]


def test_what_is_named_is_taken_even_where_a_walk_would_pass_by(tmp_path: Path) -> None:
    touch(tmp_path, "build/a.py", "script", "build/venv/b.py")
    assert found(tmp_path, "build/a.py", "script", "build") == ["build/a.py", "script"]


@pytest.mark.parametrize(
    ("pattern", "left"),
    [
        ("b.py", ["a/b/c.py", "a/c.py"]),
        ("*.py", []),
        ("b", ["a/b.py", "a/c.py"]),
        ("{root}/a/b", ["a/b.py", "a/c.py"]),
        ("{root}/a/*", []),
        ("{root}/*/c.py", ["a/b.py"]),
        ("{root}/b.py", ["a/b/c.py", "a/b.py", "a/c.py"]),
    ],
)
def test_patterns(tmp_path: Path, pattern: str, left: list[str]) -> None:
    touch(tmp_path, "a/b.py", "a/b/c.py", "a/c.py")
    assert found(tmp_path, ".", exclude=[pattern.format(root=tmp_path.as_posix())]) == left


def test_a_file_is_taken_once_however_often_it_is_named(tmp_path: Path) -> None:
    touch(tmp_path, "a.py")
    (tmp_path / "b.py").symlink_to("a.py")
    assert found(tmp_path, "a.py", ".", "./a.py", "b.py") == ["a.py"]


def test_a_directory_may_be_called_like_a_file(tmp_path: Path) -> None:
    touch(tmp_path, "x.py/y.py")
    assert found(tmp_path, ".") == found(tmp_path, "x.py") == ["x.py/y.py"]


def test_links_in_circles_and_into_nowhere_are_passed_by(tmp_path: Path) -> None:
    touch(tmp_path, "a/b.py")
    (tmp_path / "a" / "up").symlink_to("..")
    (tmp_path / "loop.py").symlink_to("loop.py")
    (tmp_path / ".#b.py").symlink_to("user@host.123")  # what Emacs leaves beside a file that is being edited
    assert found(tmp_path, ".") == ["a/b.py"]


def test_a_named_path_that_cannot_be_read_is_an_error_and_the_others_are_taken(tmp_path: Path) -> None:
    touch(tmp_path, "a.py")
    (tmp_path / "loop.py").symlink_to("loop.py")
    assert found(tmp_path, "nothing.py", "a.py", "loop.py", "a\0b") == [
        "a.py",
        "nothing.py: no such file or directory",
        "loop.py: too many levels of symbolic links",
        "a\0b: not a valid path",
    ]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes on this system")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.py")
    assert found(tmp_path, ".") == []
    with pytest.raises(ReadError, match="not a regular file"):
        files.read(tmp_path / "pipe.py")


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"import tensorflow", True),
        (b"from keras import ops", True),
        (b"from .compat import tf", True),
        (b"from x import tf2 as y", True),
        (b"import platform; printf = outfit", False),
        (b"", False),
    ],
)
def test_the_screen_for_loading_the_linter(data: bytes, expected: bool) -> None:
    assert files.may_use_tensorflow(data) is expected


def test_replacing_keeps_permissions_and_links_and_leaves_nothing_behind(tmp_path: Path) -> None:
    real = tmp_path / "real.py"
    real.write_bytes(b"old")
    real.chmod(0o754)
    (tmp_path / "sub").mkdir()
    link = tmp_path / "sub" / "link.py"
    link.symlink_to("../real.py")
    files.replace(link, b"old", b"new")
    assert link.is_symlink()
    assert real.read_bytes() == b"new"
    if sys.platform != "win32":
        assert real.stat().st_mode & 0o777 == 0o754
    assert sorted(p.name for p in tmp_path.rglob("*")) == ["link.py", "real.py", "sub"]


def test_a_file_that_changed_meanwhile_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_bytes(b"somebody's work")
    with pytest.raises(ReadError, match="changed while it was being checked; not written"):
        files.replace(path, b"old", b"new")
    assert path.read_bytes() == b"somebody's work"


def test_a_failure_between_writing_and_replacing_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.py"
    path.write_bytes(b"old")

    def full_disk(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full_disk)
    with pytest.raises(ReadError, match="cannot be written: no space left on device"):
        files.replace(path, b"old", b"new")
    assert path.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.py"]


REPLACE = (
    "import sys; from pathlib import Path; from tf_nan_lint import files; files.replace(Path('d/a.py'), b'old', b'new')"
)


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX permissions")
@pytest.mark.parametrize(
    ("of_file", "of_directory", "problem"),
    [
        (0o444, 0o755, "d/a.py: is read-only; not written"),
        (0o644, 0o555, "d/a.py: cannot be written: permission denied"),
    ],
    ids=["file", "directory"],
)
def test_what_is_read_only_is_not_written(tmp_path: Path, of_file: int, of_directory: int, problem: str) -> None:
    command = [sys.executable, "-c", REPLACE]
    if os.geteuid() == 0:
        if shutil.which("setpriv") is None:
            pytest.skip("root writes everywhere, and setpriv is not there to take that away")
        command = ["setpriv", "--bounding-set=-all", "--inh-caps=-all", *command]
    directory = tmp_path / "d"
    directory.mkdir()
    path = directory / "a.py"
    path.write_bytes(b"old")
    path.chmod(of_file)
    directory.chmod(of_directory)
    try:
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.stderr.splitlines()[-1] == f"tf_nan_lint.errors.ReadError: {problem}"
        assert path.read_bytes() == b"old"
        assert [p.name for p in directory.iterdir()] == ["a.py"]
    finally:
        directory.chmod(0o755)
