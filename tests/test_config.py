"""Selection of codes, and reading the section of ``pyproject.toml``."""

from __future__ import annotations

from pathlib import Path

import pytest

from tf_nan_lint.config import DEFAULT_EXCLUDE, Config, Configs, anchored, load
from tf_nan_lint.diagnostics import Applicability, Fix
from tf_nan_lint.errors import ConfigError

KNOWN = ("TFN000", "TFN001", "TFN101", "TFN102", "TFN201", "TFN901")


def selected(config: Config, codes: str = "TFN000 TFN001 TFN002 TFN101 TFN102 TFN201 TFN901 TFN902") -> str:
    return " ".join(code for code in codes.split() if config.selects(code))


BY_DEFAULT = "TFN000 TFN001 TFN101 TFN102 TFN201"


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        pytest.param(Config(), BY_DEFAULT, id="pedantic rules and unused noqa are off by default"),
        pytest.param(Config(select=("T",)), BY_DEFAULT, id="T does not enable them"),
        pytest.param(Config(select=("ALL",)), BY_DEFAULT, id="ALL does not enable them"),
        pytest.param(Config(extend_select=("TFN0", "TFN00")), BY_DEFAULT, id="TFN00 does not enable TFN002"),
        pytest.param(Config(extend_select=("TFN002",)), "TFN000 TFN001 TFN002 TFN101 TFN102 TFN201", id="TFN002 does"),
        pytest.param(Config(extend_select=("TFN9",)), BY_DEFAULT + " TFN901 TFN902", id="TFN9 enables pedantic rules"),
        pytest.param(Config(pedantic=True), BY_DEFAULT + " TFN901 TFN902", id="and so does --pedantic"),
        pytest.param(Config(extend_select=("TFN901",)), BY_DEFAULT + " TFN901", id="one of them by its code"),
        pytest.param(
            Config(pedantic=True, ignore=("TFN901",)), BY_DEFAULT + " TFN902", id="pedantic without one of them"
        ),
        pytest.param(Config(select=("TFN1",)), "TFN000 TFN001 TFN101 TFN102", id="errors survive a selection"),
        pytest.param(Config(select=()), "TFN000 TFN001", id="and an empty one"),
        pytest.param(Config(ignore=("TFN", "ALL", "T")), "TFN000 TFN001", id="and ignoring everything"),
        pytest.param(Config(ignore=("TFN001",)), "TFN000 TFN101 TFN102 TFN201", id="but not being named"),
        pytest.param(Config(ignore=("TFN0",)), "TFN101 TFN102 TFN201", id="nor their group being named"),
        pytest.param(Config(ignore=("TFN1",)), "TFN000 TFN001 TFN201", id="a group is ignored"),
        pytest.param(
            Config(select=("TFN101",), ignore=("TFN1",)), "TFN000 TFN001 TFN101", id="the longer entry decides"
        ),
        pytest.param(Config(select=("TFN1",), extend_ignore=("TFN101",)), "TFN000 TFN001 TFN102", id="either way"),
        pytest.param(Config(select=("TFN1",), ignore=("TFN1",)), "TFN000 TFN001", id="ignoring decides a tie"),
    ],
)
def test_selection(config: Config, expected: str) -> None:
    assert selected(config) == expected


@pytest.mark.parametrize(
    ("base", "over", "expected"),
    [
        pytest.param(
            Config(ignore=("TFN101",)), {"select": ("TFN1",)}, "TFN000 TFN001 TFN101 TFN102", id="select starts afresh"
        ),
        pytest.param(
            Config(select=("TFN101",)), {"ignore": ("TFN",)}, "TFN000 TFN001", id="a later ignore beats a longer select"
        ),
        pytest.param(
            Config(ignore=("TFN101",)),
            {"extend_select": ("TFN1",)},
            BY_DEFAULT,
            id="a later select beats a longer ignore",
        ),
        pytest.param(
            Config(extend_ignore=("TFN101",)), {"extend_ignore": ("TFN2",)}, "TFN000 TFN001 TFN102", id="ignores add up"
        ),
        pytest.param(
            Config(extend_select=("TFN901",)), {"extend_select": ("TFN",)}, BY_DEFAULT + " TFN901", id="selects add up"
        ),
        pytest.param(Config(select=("ALL",)), {"ignore": ("TFN1",)}, "TFN000 TFN001 TFN201", id="ALL is not specific"),
        pytest.param(Config(ignore=("TFN1",)), {}, "TFN000 TFN001 TFN201", id="nothing given changes nothing"),
    ],
)
def test_options_over_a_file(base: Config, over: dict[str, object], expected: str) -> None:
    assert selected(base.overridden(over)) == expected


def test_other_options_replace_what_the_file_says() -> None:
    base = Config(xla=False, exclude=("a",), extend_exclude=("b",))
    config = base.overridden({"xla": True, "exclude": ("c",), "extend_exclude": ("d",)})
    assert (config.xla, config.exclude, config.extend_exclude) == (True, ("c",), ("b", "d"))


def test_a_mixed_precision_policy_computes_in_its_dtype() -> None:
    assert Config().compute_dtype == "float32"
    assert Config(target_dtype="mixed_float16").compute_dtype == "float16"


@pytest.mark.parametrize("unsafe", [False, True])
def test_unsafe_fixes_are_applied_only_where_asked_for_and_display_fixes_never(unsafe: bool) -> None:
    applied = [a.name for a in Applicability if Config(unsafe_fixes=unsafe).applies(Fix("", (), a))]
    assert applied == (["UNSAFE", "SAFE"] if unsafe else ["SAFE"])
    assert not Config(unsafe_fixes=unsafe).applies(None)


@pytest.mark.parametrize("code", ["T", "TF", "TFN", "TFN1", "TFN10", "TFN101", "ALL"])
def test_prefixes_of_known_codes_are_known(code: str) -> None:
    Config(select=(code,), ignore=(code,)).validate_codes(KNOWN)


@pytest.mark.parametrize(
    ("code", "suggestion"),
    [
        ("TFN111", "; did you mean `TFN101`?"),
        ("tfn101", "; did you mean `TFN101`?"),
        ("TFN1011", "; did you mean `TFN101`?"),
        ("all", "; did you mean `ALL`?"),
        ("E501", ""),
        ("", ""),
    ],
)
def test_an_unknown_code_is_an_error_with_a_suggestion(code: str, suggestion: str) -> None:
    config = Config(extend_ignore=("TFN1", code), origin={"extend_ignore": "pyproject.toml:3"})
    with pytest.raises(ConfigError) as caught:
        config.validate_codes(KNOWN)
    assert str(caught.value) == f"pyproject.toml:3: unknown code {code!r} in `extend-ignore`{suggestion}"


def write(directory: Path, text: str) -> Path:
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / "pyproject.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_every_key_is_read(tmp_path: Path) -> None:
    write(
        tmp_path,
        """
        [project]
        name = "x"

        [tool.tf-nan-lint]
        select = ["TFN1"]
        extend-select = ["TFN9"]
        ignore = [
            "TFN101",
        ]
        extend-ignore = ["TFN102"]
        unsafe-fixes = true
        target-dtype = "mixed_float16"
        xla = false
        exclude = ["old", "a/b.py", "c/", "/d"]
        extend-exclude = ["*_pb2.py"]
        output-format = "json"
        """,
    )
    config = load(tmp_path)
    assert config == Config(
        select=("TFN1",),
        extend_select=("TFN9",),
        ignore=("TFN101",),
        extend_ignore=("TFN102",),
        unsafe_fixes=True,
        target_dtype="mixed_float16",
        xla=False,
        exclude=("old", f"{tmp_path.as_posix()}/a/b.py", "c", "/d"),
        extend_exclude=("*_pb2.py",),
        output_format="json",
    )
    assert config.origin["ignore"] == f"{tmp_path / 'pyproject.toml'}:8"


def test_no_file_and_no_section_are_the_defaults(tmp_path: Path) -> None:
    assert load(tmp_path) == Config()
    write(tmp_path, '[project]\nname = "x"\ndependencies = ["tf-nan-lint"]\n')
    assert load(tmp_path) == Config()
    assert Config().exclude == DEFAULT_EXCLUDE


def test_the_nearest_file_with_a_section_counts(tmp_path: Path) -> None:
    write(tmp_path, "[tool.tf-nan-lint]\nxla = false\n")
    write(tmp_path / "a", "[tool.other]\nxla = 1\n")
    write(tmp_path / "a" / "b", "[tool.tf-nan-lint]\nunsafe-fixes = true\n")
    assert load(tmp_path / "a") == Config(xla=False)
    assert load(tmp_path / "a" / "b" / "c") == Config(unsafe_fixes=True)


def test_a_broken_file_that_does_not_name_us_is_not_our_concern(tmp_path: Path) -> None:
    write(tmp_path, "[tool.other\n")
    assert load(tmp_path) == Config()


OF_SECTION = "in [tool.tf-nan-lint]"
DTYPES = "float32, float16, bfloat16, float64, mixed_float16, mixed_bfloat16"


@pytest.mark.parametrize(
    ("text", "line", "problem"),
    [
        ("[$]\nxla = false\nselct = ['TFN1']\n", 3, f"unknown key `selct` {OF_SECTION}; did you mean `select`?"),
        ("[$]\n# jobs\njobs = 2\n", 3, f"unknown key `jobs` {OF_SECTION}"),
        ("[$]\nbaseline = 'x'\n", 2, f"unknown key `baseline` {OF_SECTION}"),
        ("xla = 3\n[$]\n\nxla = 'no'\n", 4, "`xla` must be true or false, not 'no'"),
        ("[$]\nunsafe-fixes = 1\n", 2, "`unsafe-fixes` must be true or false, not 1"),
        ("[$]\nselect = 'TFN1'\n", 2, "`select` must be a list of strings, not 'TFN1'"),
        ("[$]\nignore = [\n  'TFN1',\n  2,\n]\n", 2, "`ignore` must be a list of strings, not ['TFN1', 2]"),
        (
            "[$]\ntarget-dtype = 'flaot16'\n",
            2,
            f"`target-dtype` must be one of {DTYPES}, not 'flaot16'; did you mean `float16`?",
        ),
        ("[$]\noutput-format = 2\n", 2, "`output-format` must be one of full, concise, json, not 2"),
        ("[tool]\ntf-nan-lint.xlaa = true\n", 2, f"unknown key `xlaa` {OF_SECTION}; did you mean `xla`?"),
        ("[tool]\ntf-nan-lint = 3\n", 2, "[tool.tf-nan-lint] must be a table"),
        ("[ tool . 'tf-nan-lint' ]\nxla = 3\n", 2, "`xla` must be true or false, not 3"),
        ("a = 1\n[$]\n[$.per-file-ignores]\n", 3, f"unknown key `per-file-ignores` {OF_SECTION}"),
        ("[$]\nxla = \n", 2, "not valid TOML: Invalid value (at line 2, column 7)"),
    ],
)
def test_errors_name_the_file_the_line_and_the_key(tmp_path: Path, text: str, line: int, problem: str) -> None:
    path = write(tmp_path, text.replace("$", "tool.tf-nan-lint"))
    with pytest.raises(ConfigError) as caught:
        load(tmp_path)
    assert str(caught.value) == f"{path}:{line}: {problem}"


def test_a_file_that_is_not_text_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_bytes(b"[tool.tf-nan-lint]\n# \xff\n")
    with pytest.raises(ConfigError, match="not UTF-8"):
        load(tmp_path)


def test_an_explicit_file_counts_everywhere_and_must_have_a_section(tmp_path: Path) -> None:
    write(tmp_path, "[tool.tf-nan-lint]\nxla = false\n")
    other = tmp_path / "other.toml"
    other.write_text("[tool.tf-nan-lint]\nunsafe-fixes = true\n", encoding="utf-8")
    assert load(tmp_path, other) == Config(unsafe_fixes=True)
    for text, problem in (("[tool.x]\n", "has no [tool.tf-nan-lint] section"), (None, "no such file")):
        other.unlink()
        if text is not None:
            other.write_text(text, encoding="utf-8")
        with pytest.raises(ConfigError) as caught:
            load(tmp_path, other)
        assert str(caught.value) == f"{other}: {problem}"


def test_a_file_is_read_once_and_isolation_reads_none(tmp_path: Path) -> None:
    path = write(tmp_path, "[tool.tf-nan-lint]\nxla = false\n")
    configs = Configs()
    assert configs.of(tmp_path / "a") == Config(xla=False)
    path.unlink()
    assert configs.of(tmp_path / "b") == Config(xla=False)
    write(tmp_path, "[tool.tf-nan-lint]\nxla = false\n")
    assert Configs(isolated=True).of(tmp_path) == Config()


def test_patterns_stand_below_their_file_even_if_its_folder_has_special_characters(tmp_path: Path) -> None:
    assert anchored("a", Path("/x")) == "a"
    assert anchored("./a/", Path("/x")) == "/x/a"
    assert anchored("a/*.py", Path("/x[1]")) == "/x[[]1]/a/*.py"
