"""The plugin under the real flake8, which must find what the command finds, where it finds it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.command import CLEAN, FOUNDING, PLACES, places, run
from tf_nan_lint.rules import RULES


def flake8(*arguments: str | Path, cwd: Path, stdin: bytes | None = None) -> list[tuple[str, int, int, str]]:
    """What flake8 shows of our plugin, and of nobody's else."""
    done = run(*arguments, cwd=cwd, command="flake8", stdin=stdin)
    assert done.stderr == ""
    return [place for place in places(done.stdout) if place[3].startswith("TFN")]


@pytest.fixture
def founding(tmp_path: Path) -> Path:
    path = tmp_path / "a.py"
    path.write_text(FOUNDING, encoding="utf-8")
    return path


def test_flake8_finds_the_plugin_by_itself(founding: Path) -> None:
    assert flake8(cwd=founding.parent) == [("a.py", row, column, "TFN101") for row, column in PLACES]
    done = run("--select=TFN", cwd=founding.parent, command="flake8")
    assert (done.returncode, len(done.stdout.splitlines())) == (1, 2)
    founding.write_text(CLEAN, encoding="utf-8")
    assert run("--select=TFN", cwd=founding.parent, command="flake8").returncode == 0


def test_the_message_is_that_of_the_command(founding: Path) -> None:
    ours = run("-q", cwd=founding.parent).stdout.replace("[*] ", "")
    assert run("--select=TFN", cwd=founding.parent, command="flake8").stdout.replace("./", "") == ours


PARITY = {
    "plain": FOUNDING.encode(),
    "crlf": FOUNDING.replace("\n", "\r\n").encode(),
    "cr": FOUNDING.replace("\n", "\r").encode(),
    "bom": b"\xef\xbb\xbf" + FOUNDING.encode(),
    "bom-crlf": b"\xef\xbb\xbf" + FOUNDING.replace("\n", "\r\n").encode(),
    "tabs": FOUNDING.replace("    ", "\t").encode(),
    "not-ascii-before": FOUNDING.replace("positive = tf.where", "s = '日本é'; positive = tf.where").encode(),
    "astral-before": FOUNDING.replace("positive = tf.where", "s = '\U0001f600'; positive = tf.where").encode(),
    "latin-1": b"# -*- coding: latin-1 -*-\n" + FOUNDING.replace("f - lam)", "f - lam); s = '\xe9'").encode("latin-1"),
    "separators-in-strings": FOUNDING.replace("f - lam)", "f - lam); s = '\u2028\x1c\x0c\x85'").encode(),
    "no-newline-at-end": FOUNDING.rstrip("\n").encode(),
    "continuation": FOUNDING.replace("positive = tf.where", "positive = \\\n        tf.where").encode(),
    "in-brackets": FOUNDING.replace("tf.where(", "tf.where(\n        ").encode(),
    "noqa": FOUNDING.replace(" positive)\n", " positive)  # noqa: TFN1\n").encode(),
    "noqa-blanket": FOUNDING.replace(" positive)\n", " positive)  # NOQA\n").encode(),
    "noqa-other": FOUNDING.replace(" positive)\n", " positive)  # noqa: E501\n").encode(),
    "noqa-prefix-without-digits": FOUNDING.replace(" positive)\n", " positive)  # noqa: TFN\n").encode(),
    "noqa-multi-line-string": FOUNDING.replace(" positive)\n", ' positive, name="""\n""")  # noqa: TFN101\n').encode(),
    "noqa-continuation": FOUNDING.replace("tf.where(", "\\\n  tf.where(").replace("ive)\n", "ive)  # noqa\n").encode(),
    "noqa-end-of-call": FOUNDING.replace(" positive)\n", " positive\n    )  # noqa: TFN101\n").encode(),
    "noqa-file": FOUNDING.encode() + b"# flake8: noqa\n",
    "noqa-file-with-codes": b"# flake8: noqa: TFN2\n" + FOUNDING.encode(),
    "noqa-file-on-code": FOUNDING.encode() + b"x = 1  # flake8: noqa\n",
    "noqa-file-of-ruff": b"# ruff: noqa\n" + FOUNDING.encode(),
    "deep": FOUNDING.encode() + b"\n\ny = " + b" + ".join([b"tf"] * 300) + b"\n",
    "no-tensorflow": b"x = 1\n",
    "empty": b"",
}


@pytest.mark.parametrize("data", PARITY.values(), ids=PARITY)
def test_the_plugin_and_the_command_agree(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "a.py").write_bytes(data)
    assert flake8(cwd=tmp_path) == places(run(cwd=tmp_path).stdout)


def test_the_plugin_and_the_command_agree_on_the_examples_of_all_rules(tmp_path: Path) -> None:
    for rule in RULES.values():
        for kind, codes in (("bad", [e.bad for e in rule.examples]), ("good", [e.good for e in rule.examples])):
            for number, code in enumerate(codes):
                if code is not None:
                    (tmp_path / f"{rule.code}_{number}_{kind}.py").write_text(code, encoding="utf-8")
    ours = places(run(cwd=tmp_path).stdout)
    assert sorted(flake8("--jobs=2", cwd=tmp_path)) == sorted(ours)
    assert {code for _, _, _, code in ours} == set(RULES)


def test_disable_noqa_is_obeyed(founding: Path) -> None:
    founding.write_text(FOUNDING.replace(" positive)\n", " positive)  # noqa\n"), encoding="utf-8")
    assert len(flake8(cwd=founding.parent)) == 1
    assert len(flake8("--disable-noqa", cwd=founding.parent)) == 2


def test_standard_input(founding: Path) -> None:
    expected = [("stdin", row, column, "TFN101") for row, column in PLACES]
    assert flake8("-", cwd=founding.parent, stdin=FOUNDING.encode()) == expected
    named = flake8("--stdin-display-name", "sub/b.py", "-", cwd=founding.parent, stdin=FOUNDING.encode())
    assert [name for name, _, _, _ in named] == ["sub/b.py"] * 2


# ---- options --------------------------------------------------------------------------------------------------------

DUMMY_RULES = """
import sys
import tf_nan_lint.engine as engine
from tf_nan_lint.diagnostics import Diagnostic, Position, Span
at = Span(Position(1, 0), Position(1, 1))
def lint(source, config):
    facts = f"{config.target_dtype} {config.xla}"
    codes = "TFN000 TFN002 TFN101 TFN901 TFN902".split()
    return tuple(Diagnostic(c, "x", facts, at) for c in codes if config.selects(c))
engine.lint = lint
from flake8.main.cli import main
sys.exit(main())
"""


def codes_and_facts(*arguments: str, cwd: Path) -> tuple[str, str]:
    """The codes that a linter with rules of every group would show under flake8, and the settings it sees."""
    done = run("-c", DUMMY_RULES, "a.py", *arguments, cwd=cwd, command="python")
    assert done.stderr == ""
    lines = [line.split(" ", 2) for line in done.stdout.splitlines() if " TFN" in line]
    facts = {line[2] for line in lines}
    return " ".join(line[1] for line in lines), facts.pop() if facts else ""


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        pytest.param((), "TFN000 TFN101", id="pedantic rules are off"),
        pytest.param(("--select=TFN",), "TFN000 TFN101", id="TFN does not switch them on"),
        pytest.param(("--select=T",), "TFN000 TFN101", id="nor T"),
        pytest.param(("--ignore=",), "TFN000 TFN101", id="nor an empty ignore"),
        pytest.param(("--extend-select=TFN",), "TFN000 TFN101", id="nor TFN again"),
        pytest.param(("--extend-select=TFN0",), "TFN000 TFN101", id="nor TFN0"),
        pytest.param(("--extend-select=TFN9",), "TFN000 TFN101 TFN901 TFN902", id="TFN9 does"),
        pytest.param(("--extend-select=TFN901",), "TFN000 TFN101 TFN901", id="the code does"),
        pytest.param(("--select=TFN002,TFN902",), "TFN002 TFN902", id="flake8 selects among what is on"),
        pytest.param(("--tfn-pedantic",), "TFN000 TFN101 TFN901 TFN902", id="the option does"),
        pytest.param(("--tfn-pedantic", "--no-tfn-pedantic"), "TFN000 TFN101", id="its twin takes it back"),
        pytest.param(("--tfn-pedantic", "--ignore=TFN901"), "TFN000 TFN101 TFN902", id="flake8 ignores what it does"),
    ],
)
def test_what_is_off_by_default_needs_to_be_named(founding: Path, arguments: tuple[str, ...], expected: str) -> None:
    assert codes_and_facts(*arguments, cwd=founding.parent)[0] == expected


def test_options_override_our_section_and_flake8_reads_them_from_its_own_file(founding: Path) -> None:
    root = founding.parent
    assert codes_and_facts(cwd=root)[1] == "float32 True"
    assert codes_and_facts("--tfn-dtype=float16", "--no-tfn-xla", cwd=root)[1] == "float16 False"
    (root / "pyproject.toml").write_text(
        "[tool.tf-nan-lint]\ntarget-dtype = 'bfloat16'\nxla = false\nignore = ['TFN1']\n", encoding="utf-8"
    )
    assert codes_and_facts(cwd=root) == ("TFN000", "bfloat16 False")
    assert codes_and_facts("--extend-select=TFN101", cwd=root) == ("TFN000 TFN101", "bfloat16 False")
    assert codes_and_facts("--tfn-dtype=float64", cwd=root)[1] == "float64 False"
    assert codes_and_facts("--isolated", cwd=root) == ("TFN000 TFN101", "float32 True")
    (root / ".flake8").write_text(
        "[flake8]\ntfn-dtype = float16\ntfn-xla = true\ntfn-pedantic = true\n", encoding="utf-8"
    )
    assert codes_and_facts(cwd=root) == ("TFN000 TFN901 TFN902", "float16 True")
    assert codes_and_facts("--no-tfn-xla", cwd=root)[1] == "float16 False"
    assert codes_and_facts("--isolated", cwd=root) == ("TFN000 TFN101", "float32 True")


def test_the_nearest_section_counts_for_each_file(founding: Path) -> None:
    sub = founding.parent / "sub"
    sub.mkdir()
    (sub / "b.py").write_text(FOUNDING, encoding="utf-8")
    (sub / "pyproject.toml").write_text("[tool.tf-nan-lint]\nignore = ['TFN1']\n", encoding="utf-8")
    assert {name for name, _, _, _ in flake8("--jobs=2", cwd=founding.parent)} == {"a.py"}


# ---- flake8 always ends with its results -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("section", "arguments", "problem"),
    [
        ("xla = 2\n", (), "pyproject.toml:2: `xla` must be true or false, not 2"),
        ("", ("--tfn-dtype=float61",), "--tfn-dtype: must be one of float32, float16"),
    ],
)
def test_a_wrong_setting_ends_flake8_with_one_line(
    founding: Path, section: str, arguments: tuple[str, ...], problem: str
) -> None:
    (founding.parent / "pyproject.toml").write_text(f"[tool.tf-nan-lint]\n{section}", encoding="utf-8")
    done = run(*arguments, cwd=founding.parent, command="flake8")
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout.startswith("There was a critical error during execution of Flake8:\ntf-nan-lint: ")
    assert problem in done.stdout


@pytest.mark.parametrize("section", ["xla = 2\n", "ignore = ['TFN777']\n"], ids=["wrong-value", "unknown-code"])
def test_a_wrong_setting_in_a_folder_below_is_shown_at_its_files(founding: Path, section: str) -> None:
    sub = founding.parent / "sub"
    sub.mkdir()
    (sub / "b.py").write_text(FOUNDING, encoding="utf-8")
    (sub / "pyproject.toml").write_text(f"[tool.tf-nan-lint]\n{section}", encoding="utf-8")
    done = run(cwd=founding.parent, command="flake8")
    assert [place for place in places(done.stdout) if place[3] == "TFN000"] == [("sub/b.py", 1, 1, "TFN000")]
    assert "pyproject.toml:2: " in done.stdout
    assert len([place for place in places(done.stdout) if place[3] == "TFN101"]) == 2


def test_syntax_errors_are_flake8s_to_report(founding: Path) -> None:
    (founding.parent / "b.py").write_text("import tensorflow\nx = (\n", encoding="utf-8")
    done = run("--select=TFN,E9", cwd=founding.parent, command="flake8")
    assert [(name, code) for name, _, _, code in places(done.stdout)] == [
        *[("a.py", "TFN101")] * 2,
        ("b.py", "E902" if sys.version_info < (3, 12) and "E902" in done.stdout else "E999"),
    ]


BROKEN = """
import sys
import tf_nan_lint.engine as engine
def broken(source, config):
    if source.path.endswith("b.py"):
        raise {error}
    return ()
engine.lint = broken
from flake8.main.cli import main
sys.exit(main())
"""


@pytest.mark.parametrize("error", ["ZeroDivisionError('oh')", "RecursionError('oh')", "MemoryError('oh')"])
def test_a_defect_of_ours_costs_no_other_result(founding: Path, error: str) -> None:
    (founding.parent / "b.py").write_text(FOUNDING + "x=1\n", encoding="utf-8")
    done = run("-c", BROKEN.format(error=error), "--select=TFN,E225", cwd=founding.parent, command="python")
    assert [place for place in places(done.stdout) if place[3] == "TFN000"] == [("b.py", 1, 1, "TFN000")]
    assert ("b.py", 12, 2, "E225") in places(done.stdout)
    assert f"internal error, please report it: {error.partition('(')[0]}: oh" in done.stdout


def test_parallel_runs_give_the_same(founding: Path) -> None:
    for number in range(8):
        (founding.parent / f"b{number}.py").write_text(FOUNDING, encoding="utf-8")
    assert flake8("--jobs=4", cwd=founding.parent) == flake8("--jobs=1", cwd=founding.parent)


def test_workers_that_are_spawned_get_the_options_too(founding: Path) -> None:
    (founding.parent / "b.py").write_text(FOUNDING, encoding="utf-8")
    (founding.parent / "pyproject.toml").write_text("[tool.tf-nan-lint]\nignore = ['TFN1']\n", encoding="utf-8")
    spawn = (
        "import multiprocessing, sys\n"
        "from flake8.main.cli import main\n"
        "if __name__ == '__main__':\n"
        "    multiprocessing.set_start_method('spawn')\n"
        "    sys.exit(main())\n"
    )
    script = founding.parent / "spawn_flake8.py"
    script.write_text(spawn, encoding="utf-8")
    for arguments, count in (((), 0), (("--isolated",), 4), (("--extend-select=TFN101",), 4)):
        done = run(script, "--jobs=2", *arguments, "a.py", "b.py", cwd=founding.parent, command="python")
        assert done.stderr == ""
        assert [place[3] for place in places(done.stdout) if place[3].startswith("TFN")] == ["TFN101"] * count
