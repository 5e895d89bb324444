"""What is loaded when: the layers, and the libraries that a run may not pay for."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.command import CLEAN, FOUNDING, PROJECT, run

HEAVY = ("tensorflow", "keras", "numpy")


def loaded_after(code: str, *arguments: str, cwd: Path) -> set[str]:
    """The top-level modules that are loaded when ``code`` has run or exited."""
    report = (
        "import atexit, json, sys\n"
        "def report():\n"
        "    open('loaded.json', 'w').write(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))\n"
        "atexit.register(report)\n"
    )
    done = run("-c", report + code, *arguments, cwd=cwd, command="python")
    assert done.returncode in (0, 1), done.stderr
    return set(json.loads((cwd / "loaded.json").read_text(encoding="utf-8")))


COMMAND = "from tf_nan_lint.cli import main; main(prog_name='tf-nan-lint')"
FLAKE8 = "import sys; from flake8.main.cli import main; sys.exit(main())"


def test_the_layers_are_kept() -> None:
    done = run("--no-cache", cwd=PROJECT, command="lint-imports")
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("arguments", [(), ("--fix",), ("--output-format", "json"), ("--explain", "TFN101")], ids=str)
def test_linting_does_not_load_tensorflow(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    (tmp_path / "a.py").write_text(FOUNDING, encoding="utf-8")
    loaded = loaded_after(COMMAND, *arguments, cwd=tmp_path)
    assert "libcst" in loaded
    assert loaded.isdisjoint(HEAVY)


def test_the_plugin_does_not_load_tensorflow(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(FOUNDING, encoding="utf-8")
    loaded = loaded_after(FLAKE8, "--jobs=1", cwd=tmp_path)
    assert "libcst" in loaded
    assert loaded.isdisjoint(HEAVY)


@pytest.mark.parametrize(
    "arguments",
    [("--version",), ("--help",), (), ("--fix",), ("--diff", "--pedantic"), ("--output-format", "json")],
    ids=str,
)
def test_where_nothing_is_to_be_linted_the_linter_is_not_loaded(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    (tmp_path / "a.py").write_text("import platform\nprint(platform)\n", encoding="utf-8")
    assert loaded_after(COMMAND, *arguments, cwd=tmp_path).isdisjoint({"libcst", "flake8", *HEAVY})


@pytest.mark.parametrize("arguments", [("--version",), ("a.py",), ("--tfn-dtype=float16", "a.py")], ids=str)
def test_flake8_does_not_load_the_linter_for_files_without_tensorflow(
    tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    (tmp_path / "a.py").write_text("import platform\n\nprint(platform)\n", encoding="utf-8")
    assert loaded_after(FLAKE8, *arguments, cwd=tmp_path).isdisjoint({"libcst", "click", *HEAVY})


def test_the_plugin_module_itself_loads_nothing_of_ours(tmp_path: Path) -> None:
    code = "import sys, tf_nan_lint.flake8_plugin; print([m for m in sys.modules if m.startswith('tf_nan_lint.')])"
    assert run("-c", code, cwd=tmp_path, command="python").stdout == "['tf_nan_lint.flake8_plugin']\n"


def test_the_command_works_where_tensorflow_is_broken(tmp_path: Path) -> None:
    for name in HEAVY:
        (tmp_path / f"{name}.py").write_text("raise ImportError('broken')\n", encoding="utf-8")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "a.py").write_text(CLEAN, encoding="utf-8")
    done = run("-m", "tf_nan_lint", "sub", cwd=tmp_path, command="python")
    assert (done.returncode, done.stdout) == (0, "All checks passed!\n")
