"""Our reading of ``# noqa`` against flake8's own, on the same texts."""

from __future__ import annotations

import argparse
import io

import pytest
from flake8.processor import FileProcessor
from flake8.violation import Violation
from hypothesis import given, settings
from hypothesis import strategies as st

from tf_nan_lint.graph.noqa import Suppressions

CODES = ("TFN101", "TFN201", "TFN000", "E501")


def flake8_covers(text: str, code: str, line: int) -> bool:
    options = argparse.Namespace(hang_closing=False, indent_size=4, max_line_length=79, max_doc_length=None, verbose=0)
    options.disable_noqa = False
    lines = io.StringIO(text, newline=None).readlines()
    processor = FileProcessor("a.py", options, lines)
    if processor.should_ignore_file():
        return True
    physical = processor.noqa_line_for(line)
    if physical is None:  # flake8 reads the line from the file then
        physical = lines[line - 1] if line <= len(lines) else ""
    return Violation(code, "a.py", line, 1, "text", physical).is_inline_ignored(False)


SILENCED = {
    "a blanket comment": "x = 1  # noqa\n",
    "upper case": "x = 1  # NOQA\n",
    "a code": "x = 1  # noqa: TFN101\n",
    "no space after the colon": "x = 1  # noqa:TFN101\n",
    "a tab after the colon": "x = 1  # noqa:\tTFN101\n",
    "a prefix": "x = 1  # noqa: TFN1\n",
    "several codes": "x = 1  # noqa: E501,TFN101\n",
    "several codes with spaces": "x = 1  # noqa: E501, TFN101 W1\n",
    "codes and a reason": "x = 1  # noqa: TFN101 the caller checks\n",
    "a comment before it": "x = 1  # type: ignore # noqa: TFN101\n",
    "letters without digits are a blanket": "x = 1  # noqa: TFN\n",
    "a space before the colon is a blanket": "x = 1  # noqa : E501\n",
    "two spaces after the colon are a blanket": "x = 1  # noqa:  E501\n",
    "words are a blanket": "x = 1  # noqa because\n",
    "a longer word is a blanket": "x = 1  # noqable\n",
    "the first comment of two decides": "x = 1  # noqa: TFN101 # noqa: E501\n",
    "the whole file": "x = 1\n# flake8: noqa\n",
    "the whole file, with codes that flake8 does not read": "x = 1\n  # flake8: noqa: E501\n",
    "the whole file, with an equals sign": "# flake8=NOQA\nx = 1\n",
    "the last line of a multi-line string": 'x = """a\nb\n"""  # noqa: TFN101\n',
    "a joined line": "x = 1 + \\\n    2  # noqa: TFN101\n",
    "inside a string": "x = '# noqa'\n",
}

REPORTED = {
    "no comment": "x = 1\n",
    "another code": "x = 1  # noqa: TFN201\n",
    "a code in lower case": "x = 1  # noqa: tfn101\n",
    "a longer code": "x = 1  # noqa: TFN1011\n",
    "no space after the hash": "x = 1  #noqa\n",
    "the next line": "x = 1\ny = 2  # noqa\n",
    "the end of a call in brackets": "x = f(\n    1,\n)  # noqa\n",
    "the file's comment after code": "x = 1  # flake8: noqa\n",
    "the file's comment for another tool": "# ruff: noqa\nx = 1\n",
    "a file that cannot be split into tokens": "x = (1\n'''\n# noqa\n",
}


@pytest.mark.parametrize("text", SILENCED.values(), ids=SILENCED)
def test_silenced(text: str) -> None:
    assert Suppressions.parse(text).covers("TFN101", 1)
    assert flake8_covers(text, "TFN101", 1)


@pytest.mark.parametrize("text", REPORTED.values(), ids=REPORTED)
def test_reported(text: str) -> None:
    assert not Suppressions.parse(text).covers("TFN101", 1)
    assert not flake8_covers(text, "TFN101", 1)


@pytest.mark.parametrize("newline", ["\r\n", "\r"])
def test_line_ends_make_no_difference(newline: str) -> None:
    text = 'a = 1\nx = """a\nb\n"""  # noqa: TFN101\nc = 3\n'.replace("\n", newline)
    assert [Suppressions.parse(text).covers("TFN101", line) for line in range(1, 6)] == [False, True, True, True, False]


def test_only_the_lines_that_the_string_spans_are_silenced() -> None:
    suppressions = Suppressions.parse('a = 1\nx = """\n"""  # noqa\nb = 2\n')
    assert [suppressions.covers("TFN101", line) for line in (1, 2, 3, 4, 99)] == [False, True, True, False, False]


def test_a_form_feed_or_a_unicode_separator_does_not_shift_the_lines() -> None:
    assert Suppressions.parse("\x0cx = '\u2028\x1c'\ny = 1  # noqa\n").covers("TFN101", 2)


def test_the_comment_goes_to_the_end_of_the_string() -> None:
    suppressions = Suppressions.parse('a = 1\nx = """\n\n"""\ny = f(\n  2)\n')
    assert [suppressions.comment_line(line) for line in range(1, 7)] == [1, 4, 4, 4, 5, 6]


PIECES = [
    *(
        "x = 1",
        "f(",
        ")",
        '"""',
        "'",
        "\\",
        "\n",
        "\n",
        "\n    ",
        " # noqa",
        " # NoQA",
        ":",
        " ",
        "TFN",
        "TFN1",
        "E501",
    ),
    *(",", "# flake8: noqa", "\t", "é", 'f"{', '}"', "\x0c", "=", "#noqa", "1011"),
]


@settings(deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=25).map("".join))
def test_any_text_is_read_as_flake8_reads_it(text: str) -> None:
    suppressions = Suppressions.parse(text)
    for line in range(1, text.count("\n") + 2):
        for code in CODES:
            assert suppressions.covers(code, line) == flake8_covers(text, code, line), (line, code)
