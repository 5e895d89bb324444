"""Every example and near-miss of every rule: the seven checks that a rule owes (see docs/adding-a-rule.md)."""

from __future__ import annotations

import ast
import re
from dataclasses import replace

import pytest

from tf_nan_lint import engine
from tf_nan_lint.config import Config
from tf_nan_lint.diagnostics import Applicability
from tf_nan_lint.graph.source import SourceFile
from tf_nan_lint.rules import RULES
from tf_nan_lint.rules.base import Example, NearMiss, Rule

CONFIG = Config(unsafe_fixes=True)
EXAMPLES = [
    pytest.param(rule, example, id=f"{rule.code}-{example.title}")
    for rule in RULES.values()
    for example in rule.examples
]
NEAR_MISSES = [
    pytest.param(rule, near_miss, id=f"{rule.code}-{near_miss.reason}")
    for rule in RULES.values()
    for near_miss in rule.near_misses
]


def lint(text: str, config: Config = CONFIG) -> list[tuple[int, str]]:
    found = engine.lint(SourceFile.from_text("example.py", text), config, reraise=True)
    return [(d.span.start.line, d.code) for d in found]


def marked(text: str) -> list[tuple[int, str]]:
    return [
        (number, code)
        for number, line in enumerate(text.splitlines(), 1)
        for code in re.findall(r"TFN\d{3}", line.partition("#")[2])
    ]


@pytest.mark.parametrize(("rule", "example"), EXAMPLES)
def test_exactly_the_marked_lines_are_reported(rule: Rule, example: Example) -> None:
    assert marked(example.bad), "an example marks the lines it expects"
    assert sorted(lint(example.bad)) == sorted(marked(example.bad))


@pytest.mark.parametrize(("rule", "example"), EXAMPLES)
def test_the_fix_gives_exactly_the_good_code(rule: Rule, example: Example) -> None:
    result = engine.fix(SourceFile.from_text("example.py", example.bad), CONFIG, reraise=True)
    assert result.text == (example.bad if example.good is None else example.good)
    ast.parse(result.text)


@pytest.mark.parametrize(("rule", "example"), [p for p in EXAMPLES if p.values[1].good is not None])
def test_fixing_again_changes_nothing_and_lint_is_clean(rule: Rule, example: Example) -> None:
    again = engine.fix(SourceFile.from_text("example.py", example.good), CONFIG, reraise=True)
    assert again.text == example.good
    assert lint(example.good) == []


@pytest.mark.parametrize(("rule", "example"), EXAMPLES)
def test_the_fix_is_as_applicable_as_the_example_says(rule: Rule, example: Example) -> None:
    found = engine.lint(SourceFile.from_text("example.py", example.bad), CONFIG, reraise=True)
    applicabilities = {d.fix.applicability for d in found if d.fix is not None}
    expected = set() if example.good is None else {example.applicability}
    assert applicabilities == expected
    if example.good is not None and example.applicability is not Applicability.SAFE:
        assert all(d.fix.reason for d in found if d.fix is not None), "an unsafe fix says why"


@pytest.mark.parametrize(("rule", "near_miss"), NEAR_MISSES)
def test_near_misses_stay_silent(rule: Rule, near_miss: NearMiss) -> None:
    assert lint(near_miss.code) == []


@pytest.mark.tensorflow
@pytest.mark.parametrize(("rule", "example"), EXAMPLES)
def test_example_holds_on_tensorflow(rule: Rule, example: Example) -> None:
    from tf_nan_lint.runtime.examples import check_example

    assert check_example(rule.code, example) == []


@pytest.mark.parametrize(("rule", "example"), EXAMPLES)
def test_the_screen_hides_no_diagnostic(rule: Rule, example: Example) -> None:
    source = SourceFile.from_text("example.py", example.bad)
    assert engine.lint(source, CONFIG, screened=False) == engine.lint(source, CONFIG)


def test_a_file_that_only_libcst_parses_is_linted_the_same() -> None:
    example = RULES["TFN101"].examples[0]
    source = SourceFile.from_text("example.py", example.bad)
    expected = engine.lint(source, CONFIG, reraise=True)
    whole = SourceFile.from_text("example.py", example.bad)
    whole.__dict__["tree"] = None
    assert engine.lint(whole, CONFIG, reraise=True) == expected


@pytest.mark.parametrize("rule", list(RULES.values()), ids=list(RULES))
def test_a_rule_is_complete(rule: Rule) -> None:
    assert re.fullmatch(r"TFN\d{3}", rule.code)
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", rule.name)
    assert type(rule).__module__.endswith(rule.name.replace("-", "_")), "the file is called like the rule"
    assert rule.documentation.startswith(f"{rule.code}: ")
    sections = re.findall(r"^## (.*)$", rule.documentation, re.MULTILINE)
    assert sections == ["What it does", "Why is this bad?", "Fix safety", "References"]
    assert rule.examples
    assert rule.near_misses


def test_safe_fixes_alone_leave_unsafe_ones_out() -> None:
    example = next(e for r in RULES.values() for e in r.examples if e.applicability is Applicability.UNSAFE and e.good)
    source = SourceFile.from_text("example.py", example.bad)
    assert engine.fix(source, replace(CONFIG, unsafe_fixes=False)).text == example.bad
