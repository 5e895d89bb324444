"""The JSON format: ruff's names, and what we add."""

from __future__ import annotations

import json

from tf_nan_lint.config import Config
from tf_nan_lint.diagnostics import Applicability, Cause, Diagnostic, Edit, Fix, Position, Span
from tf_nan_lint.report import Checked
from tf_nan_lint.report.json import render
from tf_nan_lint.rules import RULES

SPAN = Span(Position(2, 4), Position(3, 0))


def test_nothing_is_an_empty_list() -> None:
    assert json.loads(render([])) == json.loads(render([Checked("a.py", ["x\n"], [], Config())])) == []


def test_every_field() -> None:
    fix = Fix("Do it", (Edit(SPAN, "new"),), Applicability.UNSAFE, "it changes 0 / 0")
    cause = Cause(Span(Position(1, 0), Position(1, 1)), "0 here")
    diagnostic = Diagnostic("TFN101", "nan-replaced-after", "the gradient is NaN", SPAN, cause, "E2", fix)
    lines = ["x\n", 'f(x, """\n', '"""\n', ")\n"]
    place = {"location": {"row": 2, "column": 5}, "end_location": {"row": 3, "column": 1}}
    assert json.loads(render([Checked("é.py", lines, [diagnostic], Config())])) == [
        {
            "cell": None,
            "code": "TFN101",
            "name": "nan-replaced-after",
            "message": "the gradient is NaN",
            "filename": "é.py",
            **place,
            "cause": {
                "location": {"row": 1, "column": 1},
                "end_location": {"row": 1, "column": 2},
                "message": "0 here",
            },
            "evidence": "E2",
            "fix": {
                "applicability": "unsafe",
                "message": "Do it",
                "reason": "it changes 0 / 0",
                "edits": [{"content": "new", **place}],
            },
            "noqa_row": 3,
            "severity": "error",
            "url": RULES["TFN101"].url,
        }
    ]


def test_a_diagnostic_that_no_rule_made_has_no_page_and_no_fix() -> None:
    diagnostic = Diagnostic("TFN001", "syntax-error", "cannot be parsed", SPAN)
    (record,) = json.loads(render([Checked("a.py", ["x\n"], [diagnostic], Config())]))
    assert (record["url"], record["fix"], record["cause"]) == (None, None, None)
