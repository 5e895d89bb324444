"""Source files: the screens, decoding, lines, regions and the positions of what stands in them."""

from __future__ import annotations

import ast
import io
import tokenize
from collections.abc import Iterator

import libcst as cst
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tf_nan_lint.diagnostics import Position, Span
from tf_nan_lint.errors import SourceError
from tf_nan_lint.graph.source import Outline, Region, Screen, SourceFile, mentions_tensorflow


def source(text: str) -> SourceFile:
    return SourceFile.from_text("a.py", text)


def regions(outline: Outline) -> Iterator[Region]:
    yield outline.module
    stack = list(outline.definitions)
    while stack:
        definition = stack.pop()
        yield definition.region
        stack.extend(definition.members.values())


def nodes(root: cst.CSTNode) -> Iterator[cst.CSTNode]:
    stack = [root]
    while stack:
        node = stack.pop()
        yield node
        stack.extend(node.children)


# ---- the byte screen ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        pytest.param(b"import tensorflow as tf", True, id="tensorflow"),
        pytest.param(b"from tensorflow_probability import x", True, id="a package that is called after it"),
        pytest.param(b"import keras", True, id="keras"),
        pytest.param(b"import tf_keras", True, id="tf_keras"),
        pytest.param(b"from mylib.compat import tf", True, id="tf of a module of the project"),
        pytest.param(b"from .a import b, tf2 as tf", True, id="one of several names"),
        pytest.param(b"def f():\n    from .compat import tf1\n", True, id="tf1 in a function"),
        pytest.param(b"import torch\nx = tf", False, id="a variable called tf, with no import of it"),
        pytest.param(b"import platform\ntf = 1\n", False, id="tf inside another word"),
        pytest.param(b"from x import tfm, mytf", False, id="names that only begin or end like it"),
        pytest.param(b"import numpy as np\n", False, id="numpy alone"),
        pytest.param(b"", False, id="an empty file"),
    ],
)
def test_the_byte_screen_keeps_what_can_use_tensorflow(data: bytes, expected: bool) -> None:
    assert mentions_tensorflow(data) is expected


# ---- decoding -----------------------------------------------------------------------------------------------------------

DECODED = {
    "UTF-8": ("x = 'é'\n".encode(), "utf-8", False, "x = 'é'\n"),
    "a byte order mark": (b"\xef\xbb\xbfx = 1\n", "utf-8", True, "x = 1\n"),
    "a byte order mark and a coding line": (b"\xef\xbb\xbf# coding: utf-8\n", "utf-8", True, "# coding: utf-8\n"),
    "latin-1 by a coding line": (
        b"# -*- coding: latin-1 -*-\nx = '\xe9'\n",
        "iso-8859-1",
        False,
        "# -*- coding: latin-1 -*-\nx = 'é'\n",
    ),
    "a coding line on the second line": (b"#!x\n# vim: set fileencoding=cp1252 :\ny='\x80'\n", "cp1252", False, None),
    "another byte order mark inside the text": (b"x = '\xef\xbb\xbf'\n", "utf-8", False, "x = '\ufeff'\n"),
    "CRLF": (b"x = 1\r\ny = 2\r\n", "utf-8", False, "x = 1\r\ny = 2\r\n"),
    "CR": (b"x = 1\ry = 2\r", "utf-8", False, "x = 1\ry = 2\r"),
    "an empty file": (b"", "utf-8", False, ""),
}


@pytest.mark.parametrize(("data", "encoding", "bom", "text"), DECODED.values(), ids=DECODED)
def test_files_are_decoded_as_python_does_and_encoded_back_to_the_same_bytes(
    data: bytes, encoding: str, bom: bool, text: str | None
) -> None:
    file = SourceFile.from_bytes("a.py", data)
    assert (file.encoding, file.bom) == (encoding, bom)
    assert text is None or file.text == text
    assert file.encode(file.text) == data
    assert file.with_text("y = 1\n").encode("y = 1\n") == (b"\xef\xbb\xbf" if bom else b"") + b"y = 1\n"


UNDECODABLE = {
    "a null byte": (b"import tensorflow\nx = '\0'\n", 2, "null bytes"),
    "bytes that are not UTF-8": (b"x = '\xe9'\n", 1, "cannot be decoded"),
    "bytes that are not in the encoding of the coding line": (b"# coding: ascii\nx = '\xe9'\n", 1, "cannot be decoded"),
    "an encoding that does not exist": (b"# coding: no-such\n", 1, "cannot be decoded"),
    "a coding line that contradicts the byte order mark": (b"\xef\xbb\xbf# coding: latin-1\n", 1, "cannot be decoded"),
}


@pytest.mark.parametrize(("data", "line", "problem"), UNDECODABLE.values(), ids=UNDECODABLE)
def test_what_cannot_be_decoded_is_a_source_error_with_its_line(data: bytes, line: int, problem: str) -> None:
    with pytest.raises(SourceError, match=problem) as caught:
        SourceFile.from_bytes("a.py", data)
    assert (caught.value.path, caught.value.line) == ("a.py", line)


def test_a_byte_order_mark_in_a_text_is_not_part_of_its_first_line() -> None:
    assert source("\ufeffx = 1\n").lines == ["x = 1\n"]


# ---- lines --------------------------------------------------------------------------------------------------------------

LINE_ENDS = "a\nb\r\nc\rd\x0ce\x0bf\x1cg\x85h\u2028i\u2029j"


def test_lines_end_where_pythons_tokenizer_ends_them_and_nowhere_else() -> None:
    assert source(LINE_ENDS).lines == ["a\n", "b\r\n", "c\r", "d\x0ce\x0bf\x1cg\x85h\u2028i\u2029j"]


@given(st.text(alphabet="ab'# \t\n\r\x0c\x0b\x1c\x85\u2028é😀", max_size=40))
def test_the_lines_of_a_text_join_to_it(text: str) -> None:
    file = source(text)
    assert "".join(file.lines) == text
    assert list(file.lines) == io.StringIO(text, newline="").readlines()


@pytest.mark.parametrize(
    ("text", "newline"),
    [("x\r\ny\n", "\r\n"), ("x\ry\n", "\r"), ("x\ny\r\n", "\n"), ("x", "\n"), ("", "\n")],
)
def test_the_newline_of_a_file_is_its_first(text: str, newline: str) -> None:
    assert source(text).newline == newline


def test_a_slice_may_run_over_lines_and_end_behind_the_last() -> None:
    file = source("abc\r\ndef\nghi")
    assert file.slice(Span(Position(1, 1), Position(1, 2))) == "b"
    assert file.slice(Span(Position(1, 1), Position(3, 1))) == "bc\r\ndef\ng"
    assert file.slice(Span(Position(2, 3), Position(4, 0))) == "\nghi"


# ---- regions and positions ----------------------------------------------------------------------------------------------

SNIPPETS = {
    "a module's own statements": "import a\nx = g(1)\nif x:\n    y = h(x)\nz = (g(\n  2))\n",
    "a method": "class A:\n    def f(self, x):\n        return g(x)\n",
    "decorators": "@dec(1)\n@other\ndef f(x):\n    return g(x)\n",
    "a decorator over several lines": "class A:\n    @dec(\n        1,\n        g(2),\n    )\n    def f(self):\n        return g(1)\n",
    "comments between decorators": "class A:\n    # c\n    @a(1)\n    # d\n    @b\n    def f(self): return g(1)\n",
    "a string over several lines": "class A:\n    def f(self):\n        s = '''\nabc\n  d'''; return g(s)\n\n    x = h(1)\n",
    "a docstring that is not indented": 'class A:\n    def f(self, x):\n        """Doc.\n\nno indent\n"""\n        return g(x)\n',
    "a definition inside a string": "x = '''\ndef f(): pass\n'''\ndef g(): return h('''\n  a\n''')\n",
    "CRLF": "class A:\r\n    def f(self, x):\r\n        y = g(\r\n            x)\r\n        return g(y)\r\n",
    "CR": "class A:\r    def f(self, x):\r        y = g(x)\r        return g(y)\r",
    "several line ends": "import a\nclass A:\r\n    def f(self):\n        x = 1\r\n        return g(x)\n    def h(self):\r        return g(1)\n",
    "tabs": "class A:\n\tdef f(self, x):\n\t\treturn g(x)\n",
    "tabs and lines that continue": "class A:\n\t@dec\n\tdef f(self):\n\t\tx = ('a',\n'b')\n\t\treturn g(x)\n",
    "form feeds between definitions": "import os\n\x0c\nclass A:\n    \x0c\n    def f(self, x):\n        return g(x)\n\x0c\ndef h(x):\n\x0c    return g(x)\n",
    "non-ASCII text before": "class A:\n    def f(self, x):\n        s = 'äöü€😀'; return g(s, ä)\n    ä = 'é' + h(x)\n",
    "characters that other tools take for line ends": "x = 'a\x85b\u2028c\x1cd\x0b'; y = g(x)\nclass A:\n    def f(self): return g('\x1d\u2029', 1)\n",
    "a backslash at the end of a line": "class A:\n    def f(self, x):\n        return g(x) + \\\n h(x)\n",
    "a comment that is not indented": "class A:\n    def f(self, x):\n        y = g(x)\n# comment\n        return h(y)\n    # c\n    def k(self):\n# d\n        return g(1)\n",
    "definitions on one line": "class A:\n    def f(self, x): return g(x)\n    def h(self, x): return g(x)\n\ndef k(x): return g(x); y = 1\n",
    "a class on one line": "class A: x = g(1)\nclass B: pass; y = g(2)\ny = g(3)\n",
    "definitions in branches": "if a:\n    def f(x):\n        return g(x)\nelif b: pass\nelse:\n    def f(x): return h(x)\ny = g(1)\n",
    "definitions in a try": "try:\n    import x\nexcept E:\n    def f(x): return g(x)\nfinally:\n    k(1)\n",
    "definitions in a with and a loop": "with a(b) as c:\n    class D:\n        def f(self): return g(1)\nfor i in r(3):\n    def f(x):\n        return g(x)\n    h(i)\n",
    "classes in classes": "class A:\n    class B:\n        class C:\n            def f(self):\n                return g(1)\n        x = g(2)\n",
    "branches in classes": "class A:\n    if a:\n        def f(self):\n            return g(1)\n    else:\n        def h(self):\n            return h(2)\n",
    "a last line without its end": "def f(x):\n    return g(x)",
    "a last line without its end, in a method": "class A:\n    def f(self, x):\n        return g(x)",
    "a comment at the end": "class A:\n    def f(self, x):\n        return g(x)  # noqa\n    # end",
    "blanks at the end": "class A:\n    def f(self):\n        return g(1)\n    ",
    "async": "class A:\n    async def f(self):\n        return await g(1)\n",
    "a module that begins with a form feed line": "\x0c\nimport a\nx = g(1)\n",
    "a module that begins with an indented comment": "  # head\nx = g(1)\ndef f(): return g(2)\n",
    "a module that begins with blanks": "\t \nx = g(1)\n\n\nclass A:\n    def f(self): return g(2)\n",
    "a module that begins with if 1": "if 1:\n    x = g(1)\n    def f(): return g(2)\n",
    "heads over several lines": "class A(\n    B):\n    y = g(\n1)\n    def f(self,\n  x):\n        return g(\n1)\n",
    "parentheses": "def f(x):\n    return ((g(x)) + ( (x) ))\n",
}  # fmt: skip


@pytest.mark.parametrize("text", SNIPPETS.values(), ids=SNIPPETS)
def test_spans_are_where_the_code_stands(text: str) -> None:
    file = source(text)
    ast.parse(text)
    count = 0
    for region in regions(file.outline()):
        for node in nodes(region.module):
            if isinstance(node, (cst.Name, cst.Call, cst.BinaryOperation)):
                bare = node.with_changes(lpar=(), rpar=())
                assert words(file.slice(region.span(node))) == words(region.module.code_for_node(bare))
                assert words(file.slice(region.outer_span(node))) == words(region.module.code_for_node(node))
                count += 1
    assert count > 3


def words(code: str) -> list[str]:
    """The tokens of an expression, as libcst keeps the indentation of continued lines apart from it."""
    tokens = tokenize.generate_tokens(io.StringIO(f"({code})").readline)
    kept = (t for t in tokens if t.type not in (tokenize.NL, tokenize.NEWLINE, tokenize.COMMENT))
    return [token.string for token in kept]


@pytest.mark.parametrize("text", SNIPPETS.values(), ids=SNIPPETS)
def test_statements_stand_inside_the_lines_of_their_region(text: str) -> None:
    file = source(text)
    for region in regions(file.outline()):
        for statement in region.body:
            span = region.span(statement)
            assert region.first <= span.start.line <= span.end.line <= region.last + 1


def test_a_module_is_read_with_its_definitions_blanked_out() -> None:
    file = source(
        "import a\n\n\n@dec\ndef f():\n    return g(1)\n\n\nif a:\n    class A:\n        x = 1\n    y = 2\nz = 3\n"
    )
    module = file.outline().module
    assert module.module.code == "import a\n\n\npass\n\n\n\n\nif a:\n    pass\n\n    y = 2\nz = 3\n"


def test_a_class_is_read_with_its_methods_blanked_out() -> None:
    file = source("class A:\n    x = 1\n    def f(self):\n        return 2\n    y = 3\n")
    (definition,) = file.outline().definitions
    assert definition.region.module.code == "class A:\n    x = 1\n    pass\n\n    y = 3\n"


def test_an_error_of_libcst_has_the_line_of_the_file() -> None:
    file = source("x = 1\n\nclass A:\n    def f(self):\n        return 1\n")
    region = Region.of_lines(file, 4, 5)
    broken = Region(file, region.first, region.last, "if 1:\n    def f(self):\n        return (\n", region.first - 2)
    with pytest.raises(SourceError) as caught:
        _ = broken.module
    assert caught.value.path == "a.py"
    assert 4 <= caught.value.line <= 6


def test_what_nothing_can_parse_is_a_source_error() -> None:
    with pytest.raises(SourceError):
        source("def (:\n").outline()


# ---- the outline --------------------------------------------------------------------------------------------------------

OUTLINED = """\
import a

def f():
    def nested(): pass

class A(Base):
    x = 1
    def m(self): pass
    class B:
        def n(self): pass
    if x:
        def o(self): pass

if a:
    def g(): pass
else:
    with a:
        async def h(): pass

try:
    def i(): pass
except E:
    def j(): pass
else:
    def k(): pass
finally:
    def l(): pass

while a:
    def p(): pass
for q in a:
    class C: pass
"""


def test_the_outline_finds_definitions_wherever_a_module_or_class_can_hold_them() -> None:
    outline = source(OUTLINED).outline()
    assert [d.name for d in outline.definitions] == ["f", "A", "g", "h", "i", "j", "k", "l", "p", "C"]
    assert [f.qualified_name for f in outline.functions()] == [
        "f",
        "A.m",
        "A.B.n",
        "A.o",
        "g",
        "h",
        "i",
        "j",
        "k",
        "l",
        "p",
    ]
    assert [d.name for d in outline.definitions if d.is_class] == ["A", "C"]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(text, id=name)
        for name, text in SNIPPETS.items()
        if name not in ("definitions in branches", "definitions in a try", "branches in classes")
    ],
)
def test_libcsts_outline_has_the_same_names(text: str) -> None:
    file, whole = source(text), source(text)
    whole.__dict__["tree"] = None
    fallback = whole.outline()
    assert names(fallback) == names(file.outline())
    assert all(f.mentions.everything for f in fallback.functions())
    assert all(definition.region is whole.whole for definition in fallback.definitions)


def names(outline: Outline) -> list[str]:
    return sorted(f.qualified_name for f in outline.functions())


def test_a_definition_gives_its_statement() -> None:
    outline = source(OUTLINED).outline()
    for definition in (*outline.definitions, *outline.functions()):
        assert definition.statement().name.value == definition.name


# ---- candidates ---------------------------------------------------------------------------------------------------------

SCREEN = Screen(frozenset({"log", "sqrt"}), frozenset({ast.Div}))
CANDIDATES = {
    "an attribute": ("def f(x): return tf.math.log(x)\ndef g(x): return tf.abs(x)\n", ["f"]),
    "a bare name": ("def f(x): return log(x)\ndef g(x): return logs(x)\n", ["f"]),
    "an operator": ("def f(x): return 1 / x\ndef g(x): return x // 2 * 3\n", ["f"]),
    "an augmented operator": ("def f(x):\n    x /= 2\n", ["f"]),
    "an import under another name": (
        "from tf.math import log as ln\ndef f(x): return ln(x)\ndef g(x): return x\n",
        ["f"],
    ),
    "an import under another name in the function": (
        "def f(x):\n    from tf.math import log as ln\n    return ln(x)\n",
        ["f"],
    ),
    "an alias by assignment": ("ln = tf.math.log\ndef f(x): return ln(x)\n", ["f"]),
    "an alias kept in an attribute": (
        "class A:\n    def __init__(self): self.fn = tf.sqrt\n    def f(self, x): return self.fn(x)\n",
        ["__init__", "f"],
    ),
    "a call of a helper": (
        "def help(x): return tf.log(x)\ndef f(x): return help(x)\ndef g(x): return x\n",
        ["help", "f"],
    ),
    "a chain of helpers, defined later": (
        "def f(x): return g(x)\ndef g(x): return h(x)\ndef h(x): return x / 2\n",
        ["f", "g", "h"],
    ),
    "a call of a method": (
        "class A:\n    def m(self, x): return x / 2\n    def f(self, x): return self.m(x)\n    def g(self): pass\n",
        ["m", "f"],
    ),
    "inside a nested function": ("def f(x):\n    def g(y): return log(y)\n    return g(x)\n", ["f"]),
    "inside a lambda": ("def f(x): return map(lambda y: y / 2, x)\n", ["f"]),
    "in a decorator": ("@log\ndef f(x): return x\n", ["f"]),
    "in a default": ("def f(x=log(2)): return x\n", ["f"]),
    "only in a string": ("def f(x): return 'log / sqrt'\n", []),
    "only as a keyword": ("def f(x): return g(log=1)\n", []),
}


@pytest.mark.parametrize(("text", "expected"), CANDIDATES.values(), ids=CANDIDATES)
def test_candidates_are_the_functions_that_can_hold_a_diagnostic(text: str, expected: list[str]) -> None:
    _, functions = source(text).outline().candidates(SCREEN)
    assert [f.name for f in functions] == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("x = log(1)\n", True, id="a call"),
        pytest.param("if a:\n    y = 1 / x\n", True, id="in a branch"),
        pytest.param("try:\n    y = 1\nexcept log: pass\n", False, id="the type of a handler computes nothing"),
        pytest.param("with log(x): pass\n", True, id="the head of a with"),
        pytest.param("while log(x): pass\n", True, id="the test of a loop"),
        pytest.param("def f(x): return log(x)\n", False, id="a function is a scope of its own"),
        pytest.param("def f(x): return log(x)\ny = f(1)\n", True, id="a call of a helper that is one"),
        pytest.param("f = lambda x: log(x)\n", True, id="a lambda belongs to the module"),
    ],
)
def test_the_modules_own_statements_are_a_candidate_too(text: str, expected: bool) -> None:
    own, _ = source(text).outline().candidates(SCREEN)
    assert own is expected
