from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.modules import HEAD
from tf_nan_lint import engine
from tf_nan_lint.config import Config
from tf_nan_lint.graph.source import SourceFile
from tf_nan_lint.rules import RULES

BAD = "def f(z):\n    return tf.math.log(tf.nn.softmax(z))\n"


def codes(text: str, config: Config | None = None) -> list[str]:
    return [d.code for d in engine.lint(SourceFile.from_text("a.py", text), config or Config())]


def test_a_syntax_error_is_a_finding() -> None:
    (found,) = engine.lint(SourceFile.from_text("a.py", "import tensorflow\ndef f(:\n"), Config())
    assert (found.code, found.span.start.line) == ("TFN001", 2)


@pytest.mark.parametrize(
    ("comment", "expected"),
    [
        ("# noqa", []),
        ("# noqa: TFN401", []),
        ("# noqa: TFN4", []),
        ("# noqa: TFN101", ["TFN401"]),
        ("# nota", ["TFN401"]),
    ],
)
def test_noqa(comment: str, expected: list[str]) -> None:
    assert codes(HEAD + BAD.rstrip() + "  " + comment + "\n") == expected


def test_selection() -> None:
    assert codes(HEAD + BAD, Config(select=("TFN1",))) == []
    assert codes(HEAD + BAD, Config(ignore=("TFN401",))) == []


DEEP = {
    "a sum of 600 terms": "def f(a):\n    return tf.math.log(tf.nn.softmax(" + "+".join(["a"] * 600) + "))\n",
    "an elif of 300 branches": (
        "def f(a, z):\n    if a == 0:\n        y = 1\n"
        + "".join(f"    elif a == {i}:\n        y = {i}\n" for i in range(1, 300))
        + "    return tf.math.log(tf.nn.softmax(z))\n"
    ),
    "100 nested calls": "def f(z):\n    return " + "tf.exp(" * 100 + "tf.math.log(tf.nn.softmax(z))" + ")" * 100 + "\n",
    "a chain of 300 methods": "def f(z):\n    return tf.math.log(tf.nn.softmax(z))" + ".a()" * 300 + "\n",
}


@pytest.mark.parametrize("text", DEEP.values(), ids=DEEP)
def test_deep_code_is_analysed(text: str) -> None:
    assert "TFN401" in codes(HEAD + text)
    assert "TFN000" not in codes(HEAD + text)


def test_a_rule_that_fails_does_not_cost_the_other_findings(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(site: object, facts: object) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr(RULES["TFN402"], "check", fail)
    found = codes(HEAD + BAD)
    assert sorted(found) == ["TFN000", "TFN401"]


def test_one_defect_is_one_report() -> None:
    text = "def f(z):\n    return -tf.reduce_sum(tf.math.log(1 - tf.sigmoid(z)))\n"
    assert codes(HEAD + text) == ["TFN402"], "TFN201 sees the same log"


def test_results_do_not_depend_on_the_hash_seed() -> None:
    text = HEAD + "".join(example.bad.partition("\n\n\n")[2] for rule in RULES.values() for example in rule.examples)
    program = (
        "import sys; from tf_nan_lint import engine; from tf_nan_lint.config import Config\n"
        "from tf_nan_lint.graph.source import SourceFile\n"
        "source = SourceFile.from_text('a.py', sys.stdin.read())\n"
        "print(engine.lint(source, Config())); print(engine.fix(source, Config(unsafe_fixes=True)).text)"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", program],
            input=text,
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2")
    }
    assert len(outputs) == 1
