from __future__ import annotations

import ast

import libcst as cst
import pytest

from tf_nan_lint.errors import SourceError
from tf_nan_lint.graph.source import Region, Screen, SourceFile, mentions_tensorflow

LOGS = Screen(frozenset({"log"}), frozenset({ast.Div}))

FILES = {
    "methods, decorators and strings over several lines": (
        "import tensorflow as tf\n\n\nclass A:\n    @property\n    def f(self, x):\n"
        '        """Text\n  less indented\n        """\n        return tf.math.log(x) + self.y\n\n    z = 3\n'
    ),
    "carriage returns": "import tensorflow as tf\r\ndef f(x):\r\n    y = tf.math.log(x)\r\n    return y / x\r\n",
    "tabs": "class A:\n\tdef f(self, x):\n\t\treturn [a / x for a in x]\n",
    "no newline at the end": "def f(x):\n    return x / 2",
    "characters outside of ASCII before the node": 'def f(x):\n    été = "naïve"; 数 = x / été\n    return 数\n',
    "definitions inside if, try and with": (
        "if True:\n    def f(x):\n        return x / 2\ntry:\n    import a\nexcept ImportError:\n"
        "    def g(x):\n        return x\nwith a:\n    class B:\n        def h(self):\n            return self / 3\n"
    ),
    "a form feed and a comment": "x = 1\n\x0c\n# note\ndef f(y):\n    return y / x  # why\n",
}


def regions(source: SourceFile) -> list[Region]:
    outline = source.outline()
    return [outline.module, *(f.region for f in outline.functions())]


@pytest.mark.parametrize("text", FILES.values(), ids=FILES)
def test_the_position_of_every_expression_slices_back_to_its_code(text: str) -> None:
    source = SourceFile.from_text("file.py", text)
    seen = 0
    for region in regions(source):
        stack: list[cst.CSTNode] = list(region.body)
        while stack:
            node = stack.pop()
            stack.extend(node.children)
            if isinstance(node, (cst.Name, cst.Call, cst.BinaryOperation, cst.Attribute)):
                assert source.slice(region.span(node)) == region.module.code_for_node(node)
                seen += 1
    assert seen > 1


@pytest.mark.parametrize("text", FILES.values(), ids=FILES)
def test_libcst_alone_outlines_the_same_definitions(text: str) -> None:
    source = SourceFile.from_text("file.py", text)
    expected = [f.qualified_name for f in source.outline().functions()]
    other = SourceFile.from_text("file.py", text)
    other.__dict__["tree"] = None
    inside_handlers = {
        "g"
    }  # libcst's outline does not look into handlers: they are part of the module's own statements
    assert [f.qualified_name for f in other.outline().functions()] == [n for n in expected if n not in inside_handlers]


def test_the_module_region_keeps_its_line_numbers_without_the_definitions() -> None:
    source = SourceFile.from_text("file.py", "a = 1\ndef f():\n    b = 2\n    c = 3\nd = 4\n")
    assert source.outline().module.module.code == "a = 1\npass\n\n\nd = 4\n"


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"import tensorflow as tf", True),
        (b"from keras import ops", True),
        (b"from mylib.compat import tf", True),
        (b"from mylib import np, tf1", True),
        (b"import numpy as np\ntfidf = 3", False),
        (b"import torch", False),
    ],
)
def test_the_byte_screen(data: bytes, expected: bool) -> None:
    assert mentions_tensorflow(data) is expected


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"x = 1\ny = '\0'\n", "null bytes"),
        (b"\xff\xfe", "cannot be decoded"),
        (b"# -*- coding: nonsense -*-\n", "cannot be decoded"),
    ],
)
def test_bytes_that_are_no_text_are_an_error(data: bytes, problem: str) -> None:
    with pytest.raises(SourceError, match=problem):
        SourceFile.from_bytes("file.py", data)


@pytest.mark.parametrize(
    "data",
    [b"\xef\xbb\xbfx = '\xc3\xa9'\n", "# coding: latin-1\nx = 'é'\n".encode("latin-1"), b"x = 1\r\ny = 2\r\n"],
    ids=["byte order mark", "latin-1", "carriage returns"],
)
def test_a_file_is_written_back_as_it_was_read(data: bytes) -> None:
    source = SourceFile.from_bytes("file.py", data)
    assert source.encode(source.text) == data


def test_a_syntax_error_names_its_line() -> None:
    with pytest.raises(SourceError) as caught:
        SourceFile.from_text("file.py", "x = 1\ndef f(:\n").outline()
    assert caught.value.line == 2


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("def f(x):\n    return tf.math.log(x)\n", ["f"]),
        ("from m import log as ln\ndef f(x):\n    return ln(x)\n", ["f"]),
        ("ln = tf.math.log\ndef f(x):\n    return ln(x)\n", ["f"]),
        ("def f(x):\n    return x / y\n", ["f"]),
        (
            "def helper(x):\n    return tf.math.log(x)\ndef f(x):\n    return helper(x)\ndef g(x):\n    return x\n",
            ["helper", "f"],
        ),
        (
            "class A:\n    def f(self):\n        return self.g()\n    def g(self):\n        return log(self)\n",
            ["f", "g"],
        ),
        ("def f(x):\n    return x + 1\n", []),
    ],
    ids=[
        "a name",
        "an import alias",
        "an alias by assignment",
        "an operator",
        "a caller",
        "a method's caller",
        "nothing",
    ],
)
def test_candidates(text: str, expected: list[str]) -> None:
    _, functions = SourceFile.from_text("file.py", text).outline().candidates(LOGS)
    assert [f.name for f in functions] == expected
