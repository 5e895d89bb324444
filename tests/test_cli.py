"""The command, run as users run it: what it prints where, what it writes, how it exits."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.command import CLEAN, FIXED, FOUNDING, PLACES, SCRIPTS, UNFIXABLE, places, run
from tf_nan_lint import __version__
from tf_nan_lint.config import OUTPUT_FORMATS, TARGET_DTYPES
from tf_nan_lint.diagnostics import Applicability
from tf_nan_lint.rules import RULES

FOUND = "Found 2 errors.\n[*] 2 fixable with the --fix option.\n"


@pytest.fixture
def founding(tmp_path: Path) -> Path:
    path = tmp_path / "a.py"
    path.write_text(FOUNDING, encoding="utf-8")
    return path


# ---- reporting ------------------------------------------------------------------------------------------------------


def test_clean_code_passes(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(CLEAN, encoding="utf-8")
    done = run(cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "All checks passed!\n", "")


def test_findings_are_one_line_each_in_a_pipe(founding: Path) -> None:
    done = run("a.py", cwd=founding.parent)
    assert (done.returncode, done.stderr) == (1, "")
    assert places(done.stdout) == [("a.py", row, column, "TFN101") for row, column in PLACES]
    assert done.stdout.splitlines()[0].startswith("a.py:7:16: TFN101 [*] ")
    assert done.stdout.endswith(FOUND)


@pytest.mark.parametrize("arguments", [(), (".",), ("./a.py",), ("a.py", ".", "a.py")], ids=str)
def test_every_way_to_name_a_file_reports_it_once_under_the_same_name(
    founding: Path, arguments: tuple[str, ...]
) -> None:
    assert run(*arguments, cwd=founding.parent).stdout == run("a.py", cwd=founding.parent).stdout


def test_a_file_elsewhere_has_its_whole_path(founding: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    done = run(founding, cwd=tmp_path_factory.mktemp("elsewhere"))
    assert done.stdout.startswith(f"{founding}:7:16: TFN101")


def test_full_shows_source_cause_and_repair(founding: Path) -> None:
    done = run("--output-format", "full", "a.py", cwd=founding.parent)
    lines = done.stdout.splitlines()
    assert lines[0].startswith("TFN101 [*] ")
    assert lines[1] == " --> a.py:7:16"
    assert "7 |     positive = tf.where(tf.math.is_nan(positive), tf.zeros_like(positive), positive)" in lines
    assert "5 +     positive = tf.where(f > lam, f, tf.zeros_like(f))" in lines
    assert done.stdout.endswith(f"\n\n{FOUND}")


def test_json_is_json_and_nothing_else(founding: Path) -> None:
    done = run("--output-format", "json", cwd=founding.parent)
    records = json.loads(done.stdout)
    assert [(r["code"], r["location"]["row"], r["location"]["column"]) for r in records] == [
        ("TFN101", *place) for place in PLACES
    ]
    assert records[0]["filename"] == str(founding)
    assert records[0]["fix"]["applicability"] == "safe"
    founding.write_text(CLEAN, encoding="utf-8")
    assert run("--output-format", "json", cwd=founding.parent).stdout == "[]\n"


def test_the_order_is_that_of_the_names_whatever_the_hash_seed(tmp_path: Path) -> None:
    for name in ("b.py", "a/z.py", "a/b.py", "c.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(FOUNDING, encoding="utf-8")
    outputs = {run("c.py", ".", cwd=tmp_path, environment={"PYTHONHASHSEED": seed}).stdout for seed in ("0", "1", "2")}
    assert len(outputs) == 1
    names = [name for name, _, _, _ in places(outputs.pop())]
    assert names == [n for name in ("a/b.py", "a/z.py", "b.py", "c.py") for n in (str(Path(name)),) * 2]


def test_quiet_prints_diagnostics_only(founding: Path) -> None:
    assert len(run("-q", cwd=founding.parent).stdout.splitlines()) == 2
    founding.write_text(CLEAN, encoding="utf-8")
    assert run("--quiet", cwd=founding.parent).stdout == ""


def test_exit_zero(founding: Path) -> None:
    done = run("--exit-zero", cwd=founding.parent)
    assert (done.returncode, done.stdout.endswith(FOUND)) == (0, True)
    assert run("--exit-zero", "nothing.py", cwd=founding.parent).returncode == 2


@pytest.mark.parametrize(
    ("arguments", "environment", "colored"),
    [
        ((), {}, False),
        (("--color", "always"), {"NO_COLOR": "1"}, True),
        (("--color", "never"), {}, False),
        (("--color", "auto"), {}, False),
    ],
    ids=str,
)
def test_colour(founding: Path, arguments: tuple[str, ...], environment: dict[str, str], colored: bool) -> None:
    for format_ in ("full", "concise"):
        done = run("--output-format", format_, *arguments, cwd=founding.parent, environment=environment)
        assert ("\x1b[" in done.stdout) is colored


@pytest.mark.skipif(sys.platform == "win32", reason="no pseudo-terminals")
@pytest.mark.parametrize(
    ("environment", "colored"), [({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)]
)
def test_a_terminal_gets_the_full_form_in_colour(founding: Path, environment: dict[str, str], colored: bool) -> None:
    import pty

    here, there = pty.openpty()
    env = {k: v for k, v in os.environ.items() if k != "NO_COLOR"} | {"TERM": "xterm"} | environment
    with subprocess.Popen([SCRIPTS / "tf-nan-lint"], cwd=founding.parent, stdout=there, env=env) as process:
        os.close(there)
        output = b""
        while True:
            try:
                piece = os.read(here, 65536)
            except OSError:  # how Linux says that the other side has closed
                break
            if not piece:
                break
            output += piece
    os.close(here)
    assert process.returncode == 1
    assert b"--> " in output.replace(b"\x1b[0m", b"") or b"-->" in output
    assert (b"\x1b[" in output) is colored


def test_a_name_or_source_that_the_terminal_cannot_show_is_escaped(tmp_path: Path) -> None:
    (tmp_path / "日本.py").write_text(FOUNDING.replace("f - lam)", "f - lam)  # 日本"), encoding="utf-8")
    environment = {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    done = run("--output-format", "full", cwd=tmp_path, environment=environment)
    assert done.returncode == 1
    assert "--> \\u65e5\\u672c.py:7:16" in done.stdout


@pytest.mark.skipif(sys.platform != "linux", reason="a name that is not text")
def test_a_name_that_is_not_text(tmp_path: Path) -> None:
    with open(os.path.join(os.fsencode(tmp_path), b"a\xff.py"), "wb") as stream:  # noqa: PTH118, PTH123 - a bytes path
        stream.write(FOUNDING.encode())
    for arguments in ((), ("--output-format", "json"), ("--diff",), ("--fix",)):
        done = run(*arguments, cwd=tmp_path)
        assert done.returncode == (0 if arguments == ("--fix",) else 1)
        assert "error:" not in done.stderr


def test_a_closed_pipe_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(FOUNDING * 300, encoding="utf-8")
    with subprocess.Popen(
        [SCRIPTS / "tf-nan-lint", "a.py"], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 1


# ---- fixing ---------------------------------------------------------------------------------------------------------


def test_fix_repairs_the_file_and_a_second_run_changes_nothing(founding: Path) -> None:
    done = run("--fix", cwd=founding.parent)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "Found 2 errors (2 fixed, 0 remaining).\n"
    assert founding.read_text(encoding="utf-8") == FIXED
    before = founding.stat()
    assert run("--fix", cwd=founding.parent).stdout == "All checks passed!\n"
    assert (founding.stat().st_ino, founding.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


UNSAFE = next(
    example
    for rule in RULES.values()
    for example in rule.examples
    if example.applicability is Applicability.UNSAFE and example.good is not None
)


@pytest.fixture
def unsafe(founding: Path) -> Path:
    """Beside the founding file, one whose only fix is unsafe."""
    path = founding.parent / "unsafe.py"
    path.write_text(UNSAFE.bad, encoding="utf-8")
    return path


def test_what_fix_leaves_is_reported(founding: Path, unsafe: Path) -> None:
    done = run("--fix", cwd=founding.parent)
    assert done.returncode == 1
    assert {name for name, _, _, _ in places(done.stdout)} == {"unsafe.py"}
    assert done.stdout.splitlines()[-2:] == [
        "Found 3 errors (2 fixed, 1 remaining).",
        "No fixes available (1 hidden fix can be enabled with --unsafe-fixes).",
    ]
    assert unsafe.read_text(encoding="utf-8") == UNSAFE.bad
    done = run("--fix", "--unsafe-fixes", cwd=founding.parent)
    assert (done.returncode, done.stdout) == (0, "Found 1 error (1 fixed, 0 remaining).\n")
    assert unsafe.read_text(encoding="utf-8") == UNSAFE.good


@pytest.mark.usefixtures("unsafe")
def test_unsafe_fixes_are_marked_only_where_they_would_be_applied(founding: Path) -> None:
    done = run("--no-unsafe-fixes", cwd=founding.parent)
    assert done.stdout.splitlines()[-2:] == [
        "Found 3 errors.",
        "[*] 2 fixable with the --fix option (1 hidden fix can be enabled with --unsafe-fixes).",
    ]
    assert done.stdout.count("[*] ") == 3
    done = run("--unsafe-fixes", cwd=founding.parent)
    assert done.stdout.splitlines()[-1] == "[*] 3 fixable with the --fix option."
    assert done.stdout.count("[*] ") == 4
    done = run("--diff", cwd=founding.parent)
    assert done.stderr == "Would fix 2 errors (1 remaining, 1 additional fix available with --unsafe-fixes).\n"


def test_what_is_left_in_a_file_is_reported_where_it_stands_after_the_fixes(founding: Path) -> None:
    text = UNSAFE.bad.removeprefix("import tensorflow as tf\n")
    founding.write_text(FOUNDING + text, encoding="utf-8")
    before = [row for _, row, _, _ in places(run(cwd=founding.parent).stdout)]
    (after,) = [row for _, row, _, _ in places(run("--fix", cwd=founding.parent).stdout)]
    assert after == before[-1] - (FOUNDING.count("\n") - FIXED.count("\n"))


@pytest.mark.parametrize(
    ("prefix", "encoding", "newline"),
    [
        (b"", "utf-8", "\r\n"),
        (b"\xef\xbb\xbf", "utf-8", "\n"),
        (b"\xef\xbb\xbf", "utf-8", "\r\n"),
        (b"# -*- coding: latin-1 -*-\n", "latin-1", "\n"),
        (b"# vim: set fileencoding=cp1251 :\r\n", "cp1251", "\r\n"),
    ],
    ids=["crlf", "bom", "bom-crlf", "latin-1", "cp1251-crlf"],
)
def test_fix_keeps_encoding_line_ends_and_byte_order_mark(
    founding: Path, prefix: bytes, encoding: str, newline: str
) -> None:
    note = "\n# \xa7\n"  # one byte in each of the encodings but UTF-8
    founding.write_bytes(prefix + (FOUNDING + note).replace("\n", newline).encode(encoding))
    assert run("--fix", cwd=founding.parent).returncode == 0
    assert founding.read_bytes() == prefix + (FIXED + note).replace("\n", newline).encode(encoding)


def test_fix_writes_through_a_link_and_keeps_the_permissions(founding: Path) -> None:
    founding.chmod(0o750)
    link = founding.parent / "d" / "link.py"
    link.parent.mkdir()
    link.symlink_to(founding)
    assert run("--fix", "d/link.py", cwd=founding.parent).returncode == 0
    assert link.is_symlink()
    assert founding.read_text(encoding="utf-8") == FIXED
    if sys.platform != "win32":
        assert founding.stat().st_mode & 0o777 == 0o750


@pytest.mark.skipif(
    shutil.which("setpriv") is None and os.name == "posix" and os.geteuid() == 0, reason="needs setpriv"
)
@pytest.mark.skipif(sys.platform == "win32", reason="POSIX permissions")
def test_a_file_that_cannot_be_written_is_reported_as_it_is(founding: Path) -> None:
    other = founding.parent / "d" / "b.py"
    other.parent.mkdir()
    other.write_text(FOUNDING, encoding="utf-8")
    other.parent.chmod(0o555)
    drop = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"] if os.geteuid() == 0 else []
    try:
        done = subprocess.run(
            [*drop, SCRIPTS / "tf-nan-lint", "--fix"], cwd=founding.parent, capture_output=True, text=True, check=False
        )
    finally:
        other.parent.chmod(0o755)
    assert done.returncode == 2
    assert done.stderr == "error: d/b.py: cannot be written: permission denied\n"
    assert places(done.stdout) == [(str(Path("d/b.py")), row, column, "TFN101") for row, column in PLACES]
    assert done.stdout.endswith("Found 4 errors (2 fixed, 2 remaining).\n")
    assert founding.read_text(encoding="utf-8") == FIXED
    assert other.read_text(encoding="utf-8") == FOUNDING


@pytest.mark.parametrize("newline", ["\n", "\r\n"], ids=["lf", "crlf"])
@pytest.mark.parametrize("text", [FOUNDING, FOUNDING.rstrip("\n")], ids=["newline-at-end", "no-newline-at-end"])
def test_diff_writes_nothing_and_can_be_applied(founding: Path, text: str, newline: str) -> None:
    data = text.replace("\n", newline).encode()
    founding.write_bytes(data)
    command = [SCRIPTS / "tf-nan-lint", "--diff"]
    done = subprocess.run(command, cwd=founding.parent, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (1, b"Would fix 2 errors.\n")
    assert done.stdout.startswith(b"--- a.py\n+++ a.py\n@@ ")
    assert founding.read_bytes() == data
    apply = ["git", "apply", "-p0", "--unsafe-paths", "-"]
    subprocess.run(apply, cwd=founding.parent, input=done.stdout, check=True, capture_output=True)
    expected = FIXED if text.endswith("\n") else FIXED.rstrip("\n")
    assert founding.read_bytes() == expected.replace("\n", newline).encode()
    done = subprocess.run(command, cwd=founding.parent, capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"No errors would be fixed.\n")


def test_diff_beats_fix(founding: Path) -> None:
    assert run("--diff", "--fix", cwd=founding.parent).returncode == 1
    assert founding.read_text(encoding="utf-8") == FOUNDING


def test_diff_without_a_diff_still_says_that_something_is_left(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(UNFIXABLE, encoding="utf-8")
    done = run("--diff", cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (1, "", "No errors would be fixed (1 remaining).\n")


# ---- standard input -------------------------------------------------------------------------------------------------


def test_standard_input(tmp_path: Path) -> None:
    done = run("-", cwd=tmp_path, stdin=FOUNDING.encode())
    assert places(done.stdout) == [("-", row, column, "TFN101") for row, column in PLACES]
    assert done.returncode == 1
    done = run("-", "--stdin-filename", "src/b.py", cwd=tmp_path, stdin=FOUNDING.encode())
    assert places(done.stdout) == [("src/b.py", row, column, "TFN101") for row, column in PLACES]
    assert run("--stdin-filename", "src/b.py", cwd=tmp_path, stdin=FOUNDING.encode()).stdout == done.stdout
    assert run("-", cwd=tmp_path, stdin=CLEAN.encode()).returncode == 0


@pytest.mark.parametrize(
    ("given", "expected", "status"),
    [
        (FOUNDING.encode(), FIXED.encode(), 0),
        (FOUNDING.replace("\n", "\r\n").encode(), FIXED.replace("\n", "\r\n").encode(), 0),
        (b"\xef\xbb\xbf" + FOUNDING.encode(), b"\xef\xbb\xbf" + FIXED.encode(), 0),
        (CLEAN.encode(), CLEAN.encode(), 0),
        (b"print(1)", b"print(1)", 0),
        (b"", b"", 0),
        (UNFIXABLE.encode(), UNFIXABLE.encode(), 1),
        (b"import tensorflow\n\xff", b"import tensorflow\n\xff", 1),
    ],
    ids=["fixed", "crlf", "bom", "clean", "no-tensorflow", "empty", "syntax-error", "not-text"],
)
def test_fix_gives_the_code_to_stdout_and_talks_to_stderr(
    tmp_path: Path, given: bytes, expected: bytes, status: int
) -> None:
    command = [SCRIPTS / "tf-nan-lint", "--fix", "-"]
    done = subprocess.run(command, cwd=tmp_path, input=given, capture_output=True, check=False)
    assert (done.returncode, done.stdout) == (status, expected)
    assert b"All checks passed!" in done.stderr or b"Found " in done.stderr


def test_diff_of_standard_input(tmp_path: Path) -> None:
    done = run("--diff", "--stdin-filename", "b.py", "-", cwd=tmp_path, stdin=FOUNDING.encode())
    assert done.returncode == 1
    assert done.stdout.startswith("--- b.py\n+++ b.py\n@@ ")


def test_standard_input_reads_the_configuration_of_its_name(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "pyproject.toml").write_text("[tool.tf-nan-lint]\nignore = ['TFN101']\n", encoding="utf-8")
    for name, status in (("sub/b.py", 0), ("b.py", 1)):
        assert run("--stdin-filename", name, "-", cwd=tmp_path, stdin=FOUNDING.encode()).returncode == status


def test_standard_input_and_files_do_not_mix(founding: Path) -> None:
    done = run("-", "a.py", cwd=founding.parent)
    assert done.returncode == 2
    assert "standard input cannot be checked together with other paths" in done.stderr


# ---- selection and configuration ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (("--select", "TFN1"), 1),
        (("--select", "TFN2, TFN101"), 1),
        (("--select", "TFN2", "--select", "TFN1"), 1),
        (("--select", "TFN2"), 0),
        (("--select", "ALL"), 1),
        (("--ignore", "TFN101"), 0),
        (("--extend-ignore", "TFN1"), 0),
        (("--ignore", "TFN1", "--extend-select", "TFN101"), 1),
    ],
    ids=str,
)
def test_selection(founding: Path, arguments: tuple[str, ...], status: int) -> None:
    assert run(*arguments, cwd=founding.parent).returncode == status


@pytest.mark.parametrize("option", ["--select", "--extend-select", "--ignore", "--extend-ignore"])
def test_an_unknown_code_is_an_error(founding: Path, option: str) -> None:
    done = run(option, "TFN1,TFN111", cwd=founding.parent)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"error: {option}: unknown code 'TFN111' in `{option[2:]}`; did you mean `TFN10")


def test_a_selection_of_nothing_is_an_error(founding: Path) -> None:
    done = run("--select", ",", cwd=founding.parent)
    assert done.returncode == 2
    assert "a code or a prefix of codes is required" in done.stderr


def test_the_nearest_configuration_counts_for_each_file(founding: Path) -> None:
    sub = founding.parent / "sub" / "deep"
    sub.mkdir(parents=True)
    (sub / "b.py").write_text(FOUNDING, encoding="utf-8")
    (sub.parent / "pyproject.toml").write_text("[tool.tf-nan-lint]\nignore = ['TFN1']\n", encoding="utf-8")
    assert {name for name, _, _, _ in places(run(cwd=founding.parent).stdout)} == {"a.py"}
    assert run(cwd=sub).returncode == 0
    assert run("--isolated", cwd=sub).returncode == 1
    assert run("--select", "TFN101", cwd=sub).returncode == 1
    assert run("--config", sub.parent / "pyproject.toml", cwd=founding.parent).returncode == 0


@pytest.mark.parametrize(
    ("section", "problem"),
    [
        ("selct = ['TFN1']", "unknown key `selct` in [tool.tf-nan-lint]; did you mean `select`?"),
        ("ignore = ['TFN777']", "unknown code 'TFN777' in `ignore`"),
        ("xla = 2", "`xla` must be true or false, not 2"),
    ],
)
def test_a_wrong_configuration_is_an_error_that_names_the_line(founding: Path, section: str, problem: str) -> None:
    path = founding.parent / "pyproject.toml"
    path.write_text(f"[tool.tf-nan-lint]\n\n{section}\n", encoding="utf-8")
    done = run(cwd=founding.parent)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"error: {path}:3: {problem}")


def test_config_errors_on_the_command_line(founding: Path) -> None:
    done = run("--config", "nothing.toml", cwd=founding.parent)
    assert (done.returncode, done.stderr) == (2, f"error: {founding.parent / 'nothing.toml'}: no such file\n")
    done = run("--config", "a.toml", "--isolated", cwd=founding.parent)
    assert (done.returncode, done.stdout) == (2, "")
    for option in (("--target-dtype", "float61"), ("--output-format", "xml"), ("--nonsense",)):
        assert run(*option, cwd=founding.parent).returncode == 2


def test_exclusion(founding: Path) -> None:
    sub = founding.parent / "sub"
    sub.mkdir()
    (sub / "b.py").write_text(FOUNDING, encoding="utf-8")
    (founding.parent / "build").mkdir()
    (founding.parent / "build" / "c.py").write_text(FOUNDING, encoding="utf-8")

    def names(*arguments: str, cwd: Path = founding.parent) -> list[str]:
        return sorted({name for name, _, _, _ in places(run(*arguments, cwd=cwd).stdout)})

    assert names() == ["a.py", "sub/b.py"]
    assert names("--extend-exclude", "sub") == ["a.py"]
    assert names("--extend-exclude", "sub/*.py,a.py") == []
    assert names("--exclude", "sub") == ["a.py", "build/c.py"]
    assert names("--exclude", "a.py", "a.py") == ["a.py"]
    assert names("build") == ["build/c.py"]
    (founding.parent / "pyproject.toml").write_text(
        "[tool.tf-nan-lint]\nextend-exclude = ['sub/b.py']\n", encoding="utf-8"
    )
    assert names() == ["a.py"]
    assert names(cwd=sub) == []
    assert names("--isolated", cwd=sub) == ["b.py"]


@pytest.mark.parametrize(
    ("comment", "status"), [("# noqa", 0), ("# noqa: TFN1", 0), ("# noqa: E501", 1), ("# noqa:TFN101", 0)]
)
def test_suppression(tmp_path: Path, comment: str, status: int) -> None:
    lines = [f"{line}  {comment}" if "tf.where(" in line else line for line in FOUNDING.splitlines()]
    (tmp_path / "a.py").write_text("\n".join(lines), encoding="utf-8")
    assert run(cwd=tmp_path).returncode == status


# ---- bad input ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "row"),
    [
        (UNFIXABLE.encode(), 4),
        (b"import tensorflow\n\0", 2),
        (b"import tensorflow\n# \xff\n", 1),
        (b"# coding: nothing\nimport tensorflow\n", 1),
        (b"tensorflow" + bytes(range(256)) * 100, 1),
        (b"import tensorflow as tf\nif tf:\n  x\n y\n", None),
        ("import tensorflow as tf\nx = '\u2028'\ny = (\n".encode(), None),
    ],
    ids=["syntax", "null-byte", "not-utf-8", "unknown-encoding", "binary", "indentation", "end-of-file"],
)
def test_what_cannot_be_parsed_is_a_finding_and_the_rest_is_checked(
    founding: Path, data: bytes, row: int | None
) -> None:
    (founding.parent / "bad.py").write_bytes(data)
    for format_ in OUTPUT_FORMATS:
        assert run("--output-format", format_, cwd=founding.parent).returncode == 1
    done = run(cwd=founding.parent)
    found = places(done.stdout)
    assert [(name, code) for name, _, _, code in found] == [("a.py", "TFN101")] * 2 + [("bad.py", "TFN001")]
    assert row is None or found[-1][1] == row
    assert run("--fix", cwd=founding.parent).returncode == 1
    assert (founding.parent / "bad.py").read_bytes() == data
    assert run("--ignore", "TFN001", "bad.py", cwd=founding.parent).returncode == 0
    assert run("--select", "TFN1", "bad.py", cwd=founding.parent).returncode == 1


@pytest.mark.parametrize(
    "code",
    [
        "y = " + " + ".join(["x"] * 3000),
        "y = " + "(" * 90 + "x" + ")" * 90,
        "y = x" + ".a()" * 2000,
        "if x: pass\n" + "".join(f"elif x == {i}: y = tf.math.log({i} + x)\n" for i in range(900)),
        "y = [" + "1, " * 100_000 + "]",
    ],
    ids=["sum", "parentheses", "calls", "elif", "list"],
)
def test_deep_and_long_code_does_not_cost_the_findings_elsewhere(founding: Path, code: str) -> None:
    with founding.open("a", encoding="utf-8") as stream:
        stream.write(f"\n\nx = 1\n{code}\n")
    done = run(cwd=founding.parent)
    assert [place[3] for place in places(done.stdout)] == ["TFN101", "TFN101"]


def test_a_missing_path_is_an_error_after_the_others_are_done(founding: Path) -> None:
    done = run("nothing.py", "a.py", "sub/nothing", cwd=founding.parent)
    assert done.returncode == 2
    assert done.stderr.splitlines() == [
        "error: nothing.py: no such file or directory",
        f"error: {Path('sub/nothing')}: no such file or directory",
    ]
    assert done.stdout.endswith(FOUND)
    done = run("nothing.py", cwd=founding.parent)
    assert (done.returncode, done.stdout) == (2, "")


def test_a_folder_without_python_files_gets_a_warning(tmp_path: Path) -> None:
    (tmp_path / "a.txt").touch()
    done = run(cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "warning: no Python files found under the given paths\n")


def test_a_notebook_is_not_passed_over_in_silence(tmp_path: Path) -> None:
    (tmp_path / "a.ipynb").write_text('{"cells": ["import tensorflow"]}', encoding="utf-8")
    done = run("a.ipynb", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (2, "error: a.ipynb: notebooks are not supported\n")


BROKEN_RULE = """
import sys
from tf_nan_lint.rules import RULES
def check(*_):
    raise ZeroDivisionError("oh")
for rule in RULES.values():
    type(rule).check = check
"""
BROKEN_ENGINE = """
import tf_nan_lint.engine as engine
def broken(source, config):
    raise ZeroDivisionError("oh")
engine.lint = engine.fix = broken
"""
MAIN = "from tf_nan_lint.cli import main; main(prog_name='tf-nan-lint')"


@pytest.mark.parametrize("arguments", [(), ("--fix",), ("--diff",), ("--exit-zero",)], ids=str)
def test_a_defect_of_ours_exits_with_2_and_the_files_stay(founding: Path, arguments: tuple[str, ...]) -> None:
    done = run("-c", BROKEN_RULE + MAIN, *arguments, cwd=founding.parent, command="python")
    assert done.returncode == 2
    if arguments != ("--diff",):
        assert "7:16: TFN000 internal error, please report it: TFN101 failed here: ZeroDivisionError: oh" in done.stdout
    done = run("-c", BROKEN_ENGINE + MAIN, *arguments, cwd=founding.parent, command="python")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "error: a.py: internal error, please report it: ZeroDivisionError: oh\n"
    assert founding.read_text(encoding="utf-8") == FOUNDING


def test_fixes_that_do_not_converge_leave_the_file_and_report_it(founding: Path) -> None:
    break_it = """
import tf_nan_lint.engine as engine
from tf_nan_lint.errors import ConvergenceError
def fix(source, config):
    raise ConvergenceError(source.path, 10, ("TFN101",))
engine.fix = fix
"""
    done = run("-c", break_it + MAIN, "--fix", cwd=founding.parent, command="python")
    assert done.returncode == 2
    assert done.stderr == "error: a.py: fixes of TFN101 did not converge in 10 passes; file left unchanged\n"
    assert [place[3] for place in places(done.stdout)] == ["TFN101", "TFN101"]
    assert founding.read_text(encoding="utf-8") == FOUNDING


# ---- learning -------------------------------------------------------------------------------------------------------


def test_version_and_module(tmp_path: Path) -> None:
    assert run("--version", cwd=tmp_path).stdout == f"tf-nan-lint {__version__}\n"
    done = run("-m", "tf_nan_lint", "--version", cwd=tmp_path, command="python")
    assert done.stdout == f"tf-nan-lint {__version__}\n"


@pytest.mark.parametrize("code", sorted(RULES))
def test_explain_prints_the_page_of_a_rule(tmp_path: Path, code: str) -> None:
    done = run("--explain", code, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, RULES[code].documentation + "\n")


def test_explain_knows_the_codes_that_no_rule_has_and_suggests_others(tmp_path: Path) -> None:
    assert run("--explain", "TFN001", cwd=tmp_path).stdout.startswith("# syntax-error (TFN001)\n\n")
    assert run("--explain", "TFN000", cwd=tmp_path).stdout.startswith("# internal-error (TFN000)\n\n")
    done = run("--explain", "TFN111", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: --explain: unknown code 'TFN111'; did you mean `TFN10")


def test_list_rules(tmp_path: Path) -> None:
    lines = run("--list-rules", cwd=tmp_path).stdout.splitlines()
    assert lines[0].split() == ["code", "name", "fixable", "default", "reports"]
    assert [line.split()[0] for line in lines[1:]] == ["TFN000", "TFN001", *RULES]
    assert [line.split()[1] for line in lines[3:]] == [rule.name for rule in RULES.values()]


def test_help_names_every_option_and_every_flag_has_its_twin(tmp_path: Path) -> None:
    help_ = run("--help", cwd=tmp_path).stdout
    for name in ("fix", "unsafe-fixes", "diff", "pedantic", "xla", "quiet", "exit-zero", "isolated"):
        assert f"--{name} / --no-{name}" in help_ or f"--{name} / --no-{name}" in help_.replace("-q, ", "")
        assert run(f"--no-{name}", cwd=tmp_path).returncode == 0
    for name in ("select", "extend-select", "ignore", "extend-ignore", "exclude", "extend-exclude", "stdin-filename"):
        assert f"--{name} " in help_
    for choice in (*TARGET_DTYPES, *OUTPUT_FORMATS):
        assert choice in help_
