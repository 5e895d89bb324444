"""Diagnostics for programs: a list with ruff's field names, to which the cause and the evidence are added."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from tf_nan_lint.diagnostics import Diagnostic, Fix, Position
from tf_nan_lint.graph.noqa import Suppressions
from tf_nan_lint.report import Checked


def render(files: Iterable[Checked]) -> str:
    """All diagnostics as one JSON array; rows and columns count from 1."""
    records = [record for checked in files for record in _records(checked)]
    return json.dumps(records, indent=2, sort_keys=True)


def _records(checked: Checked) -> Iterable[dict[str, Any]]:
    suppressions = Suppressions.parse("".join(checked.lines))
    for diagnostic in checked.diagnostics:
        yield {
            "cell": None,
            "code": diagnostic.code,
            "name": diagnostic.name,
            "message": diagnostic.message,
            "filename": checked.path,
            "location": _location(diagnostic.span.start),
            "end_location": _location(diagnostic.span.end),
            "cause": _cause(diagnostic),
            "evidence": diagnostic.evidence,
            "fix": None if diagnostic.fix is None else _fix(diagnostic.fix),
            "noqa_row": suppressions.comment_line(diagnostic.span.start.line),
            "severity": "error",
            "url": _url(diagnostic.code),
        }


def _url(code: str) -> str | None:
    from tf_nan_lint.rules import RULES  # costly, and not needed where there is nothing to report

    return RULES[code].url if code in RULES else None


def _location(position: Position) -> dict[str, int]:
    return {"row": position.line, "column": position.column + 1}


def _cause(diagnostic: Diagnostic) -> dict[str, Any] | None:
    cause = diagnostic.cause
    if cause is None:
        return None
    return {
        "location": _location(cause.span.start),
        "end_location": _location(cause.span.end),
        "message": cause.message,
    }


def _fix(fix: Fix) -> dict[str, Any]:
    return {
        "applicability": fix.applicability.name.lower(),
        "message": fix.message,
        "reason": fix.reason,
        "edits": [
            {"content": e.text, "location": _location(e.span.start), "end_location": _location(e.span.end)}
            for e in fix.edits
        ],
    }
