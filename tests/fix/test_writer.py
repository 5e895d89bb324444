"""What fixes write: names, precedence, spellings, hoisted values; every result parses, and fixing it again changes nothing."""

from __future__ import annotations

import ast

import pytest

from tests.modules import HEAD, site_of
from tf_nan_lint import engine
from tf_nan_lint.config import Config
from tf_nan_lint.fix.writer import CannotWriteError, Writer
from tf_nan_lint.graph.source import SourceFile
from tf_nan_lint.rules import RULES

CONFIG = Config(unsafe_fixes=True)


def fixed(text: str) -> str:
    result = engine.fix(SourceFile.from_text("a.py", text), CONFIG, reraise=True).text
    ast.parse(result)
    again = engine.fix(SourceFile.from_text("a.py", result), CONFIG, reraise=True).text
    assert again == result, "a second fix is a no-op"
    return result


def function(*lines: str, parameters: str = "z, y, c, x, mask") -> str:
    return f"def f({parameters}):\n" + "".join(f"    {line}\n" for line in lines)


# ---- precedence ---------------------------------------------------------------------------------------------------------

EXPRESSIONS = {
    "a minus before": ("-tf.math.log(tf.sigmoid(z))", "-tf.math.log_sigmoid(z)"),
    "a power behind": ("tf.math.log(1. + tf.exp(z)) ** 2", "tf.math.softplus(z) ** 2"),
    "a sum under a minus": ("tf.math.log(1 - tf.sigmoid(z + y))", "tf.math.log_sigmoid(-(z + y))"),
    "a product under a minus needs none": ("tf.math.log(1 - tf.sigmoid(z * y))", "tf.math.log_sigmoid(-(z * y))"),
    "a power under a minus binds tighter": ("tf.math.log(1 - tf.sigmoid(z ** y))", "tf.math.log_sigmoid(-z ** y)"),
    "an attribute of the result": (
        "(tf.reduce_sum(x) / tf.reduce_sum(mask)).shape, tf.math.log(tf.nn.softmax(z))",
        "(tf.reduce_sum(x) / tf.reduce_sum(mask)).shape, tf.nn.log_softmax(z)",
    ),
    "a quotient inside of a difference": (
        "x - tf.reduce_sum(x) / tf.reduce_sum(mask)",
        "x - tf.math.divide_no_nan(tf.reduce_sum(x), tf.reduce_sum(mask))",
    ),
    "a quotient in a chain takes what stands before it": (
        "2. * x / tf.reduce_sum(mask) / 3.",
        "tf.math.divide_no_nan(2. * x, tf.reduce_sum(mask)) / 3.",
    ),
    "the dividend's own minus": ("-x / tf.reduce_sum(mask)", "tf.math.divide_no_nan(-x, tf.reduce_sum(mask))"),
    "parentheses that stood there stay": (
        "2 ** (x / tf.reduce_sum(mask))",
        "2 ** (tf.math.divide_no_nan(x, tf.reduce_sum(mask)))",
    ),
    "no blank before if": ("1 / (1 + tf.exp(-z))if c else y", "tf.math.sigmoid(z)if c else y"),
    "no blank after return": ("(tf.math.log(tf.nn.softmax(z)))", "(tf.nn.log_softmax(z))"),
    "a condition of two parts": (
        "tf.where((x > 0) & (y > 0), tf.math.log(x), 0.)",
        "tf.where((x > 0) & (y > 0), tf.math.log(tf.where((x > 0) & (y > 0), x, tf.ones_like(x))), 0.)",
    ),
    "an inverted condition": (
        "tf.where(~(x > 0), 0., tf.math.log(x))",
        "tf.where(~(x > 0), 0., tf.math.log(tf.where(~(x > 0), tf.ones_like(x), x)))",
    ),
    "equality is written as its author did": (
        "tf.where(y == 0, 0., x / y)",
        "tf.where(y == 0, 0., x / tf.where(y == 0, tf.ones_like(y), y))",
    ),
    "static arguments are kept": (
        "tf.math.log(tf.nn.softmax(z, axis=(0, 1)))",
        "tf.nn.log_softmax(z, axis=(0, 1))",
    ),
    "an axis by position gets its name": ("tf.math.log(tf.nn.softmax(z, -2))", "tf.nn.log_softmax(z, axis=-2)"),
    "an operator before a line that is continued": (
        "y + x / \\\n        tf.reduce_sum(mask)",
        "y + tf.math.divide_no_nan(x, tf.reduce_sum(mask))",
    ),
    "an operator before a line end in parentheses": (
        "(y + x /\n        tf.reduce_sum(mask))",
        "(y + tf.math.divide_no_nan(x, tf.reduce_sum(mask)))",
    ),
    "inside of an f-string": ("f'{tf.math.log(tf.nn.softmax(z))}'", "f'{tf.nn.log_softmax(z)}'"),
    "arguments over several lines": (
        "tf.math.log(\n        tf.nn.softmax(\n            z,\n        ),\n    )",
        "tf.nn.log_softmax(z)",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("before", "after"), EXPRESSIONS.values(), ids=EXPRESSIONS)
def test_an_expression_is_written_with_the_parentheses_it_needs(before: str, after: str) -> None:
    assert fixed(HEAD + function(f"return {before}")) == HEAD + function(f"return {after}")


# ---- names --------------------------------------------------------------------------------------------------------------

STATEMENTS = {
    "a name that means the operand": (
        ["s = tf.reduce_sum(tf.square(x))", "x = x + 1", "return tf.sqrt(s) * x"],
        [
            "s = tf.reduce_sum(tf.square(x))",
            "x = x + 1",
            "return tf.where(s > 0, tf.sqrt(tf.where(s > 0, s, tf.ones_like(s))), tf.zeros_like(s)) * x",
        ],
    ),
    "an alias of a name that has changed": (
        ["w = z", "p = tf.nn.softmax(z)", "z = z + 1", "return tf.math.log(p), w"],
        ["w = z", "z = z + 1", "return tf.nn.log_softmax(w), w"],
    ),
    "a loop": (
        ["for i in range(3):", "    p = tf.nn.softmax(z)", "    z = tf.math.log(p)", "return z"],
        ["for i in range(3):", "    z = tf.nn.log_softmax(z)", "return z"],
    ),
    "a branch": (
        ["if c:", "    p = tf.nn.softmax(z)", "    return tf.math.log(p)", "return y"],
        ["if c:", "    return tf.nn.log_softmax(z)", "return y"],
    ),
    "a chain of dead statements": (
        ["a = tf.sigmoid(z)", "b = 1 - a", "l = tf.math.log(b)", "return l"],
        ["l = tf.math.log_sigmoid(-z)", "return l"],
    ),
    "two findings that share a variable": (
        ["p = tf.sigmoid(z)", "return y * tf.math.log(p) + (1 - y) * tf.math.log(1 - p)"],
        ["return y * tf.math.log_sigmoid(z) + (1 - y) * tf.math.log_sigmoid(-z)"],
    ),
}


@pytest.mark.parametrize(("before", "after"), STATEMENTS.values(), ids=STATEMENTS)
def test_names_are_written_where_they_still_mean_the_value(before: list[str], after: list[str]) -> None:
    assert fixed(HEAD + function(*before)) == HEAD + function(*after)


STAYS = {
    "read by a nested function": ["def g(): return p", "l = tf.math.log(p)", "return l, g"],
    "read by a lambda": ["l = tf.math.log(p)", "return l, lambda: p"],
    "read by a comprehension": ["l = tf.math.log(p)", "return l, [p for _ in y]"],
    "read by a class": ["class A:", "    q = p", "return tf.math.log(p), A"],
    "read by a method of a class": ["class A:", "    def m(self): return p", "return tf.math.log(p), A"],
    "read by a default": ["def g(q=p): return q", "return tf.math.log(p), g"],
    "read by a decorator": ["@p", "def g(): pass", "return tf.math.log(p), g"],
    "read by an f-string": ["print(f'{p:.2f} {p=}')", "return tf.math.log(p)"],
    "read by a later statement": ["l = tf.math.log(p)", "return l + p"],
    "read before": ["print(p)", "return tf.math.log(p)"],
    "read in a finally": ["try:", "    return tf.math.log(p)", "finally:", "    print(p)"],
    "read in a branch": ["l = tf.math.log(p)", "if c: l = l * p", "return l"],
    "read in the next round of a loop": ["for i in y:", "    print(p)", "    l = tf.math.log(p)", "return l"],
    "read as a starred argument": ["print(*p)", "return tf.math.log(p)"],
    "read in a subscript that is assigned": ["x[p] = 1", "return tf.math.log(p)"],
    "read by the subject of a match": ["match p:", "    case 1: return 1", "return tf.math.log(p)"],
    "deleted by name": ["l = tf.math.log(p)", "del p", "return l"],
}


@pytest.mark.parametrize("rest", STAYS.values(), ids=STAYS)
def test_a_statement_that_somebody_reads_stays(rest: list[str]) -> None:
    text = HEAD + function("p = tf.nn.softmax(z)", *rest)
    assert fixed(text) == text.replace("tf.math.log(p)", "tf.nn.log_softmax(z)")


GOES = {
    "overwritten before it is read": (
        ["p = tf.nn.softmax(z)", "l = tf.math.log(p)", "p = y", "return l, p"],
        ["l = tf.nn.log_softmax(z)", "p = y", "return l, p"],
    ),
    "read on the branch that is repaired alone": (
        ["p = tf.nn.softmax(z)", "if c:", "    return tf.math.log(p)", "p = z", "return p"],
        ["if c:", "    return tf.nn.log_softmax(z)", "p = z", "return p"],
    ),
    "its comment stays": (
        ["p = tf.nn.softmax(z)  # probabilities", "return tf.math.log(p)"],
        ["# probabilities", "return tf.nn.log_softmax(z)"],
    ),
}


@pytest.mark.parametrize(("before", "after"), GOES.values(), ids=GOES)
def test_a_statement_that_nobody_reads_any_more_goes(before: list[str], after: list[str]) -> None:
    assert fixed(HEAD + function(*before)) == HEAD + function(*after)


NOT_ALONE = {
    "it calls something unknown": ["p = tf.nn.softmax(print(z))", "return tf.math.log(p)"],
    "it binds two names": ["p = q = tf.nn.softmax(z)", "return tf.math.log(p)"],
    "it shares its line": ["p = tf.nn.softmax(z); q = 1", "return tf.math.log(p)"],
    "it is annotated": ["p: tf.Tensor = tf.nn.softmax(z)", "return tf.math.log(p)"],
    "it is a tuple": ["p, q = tf.nn.softmax(z), 1", "return tf.math.log(p)"],
    "it is an attribute": ["y.p = tf.nn.softmax(z)", "return tf.math.log(y.p)"],
}


@pytest.mark.parametrize("lines", NOT_ALONE.values(), ids=NOT_ALONE)
def test_a_statement_that_does_more_stays(lines: list[str]) -> None:
    assert lines[0] in fixed(HEAD + function(*lines))


def test_names_of_a_module_stay_for_those_who_import_them() -> None:
    text = HEAD + "z = read()\np = tf.nn.softmax(z)\nloss = tf.math.log(p)\n"
    assert fixed(text) == text.replace("tf.math.log(p)", "tf.nn.log_softmax(z)")


def test_there_is_no_fix_where_no_name_means_the_operand_any_more() -> None:
    text = HEAD + function("x = tf.nn.softmax(x)", "x = tf.math.log(x)", "return x")
    (found,) = engine.lint(SourceFile.from_text("a.py", text), CONFIG, reraise=True)
    assert (found.code, found.fix) == ("TFN401", None)


# ---- hoisting -----------------------------------------------------------------------------------------------------------

SQRT = "tf.sqrt(tf.reduce_sum(tf.square(x)))"
GUARDED = "tf.where(total > 0, tf.sqrt(tf.where(total > 0, total, tf.ones_like(total))), tf.zeros_like(total))"
HOISTED = "total = tf.reduce_sum(tf.square(x))"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param([f"return {SQRT}"], [HOISTED, f"return {GUARDED}"], id="a return"),
        pytest.param([f"n = {SQRT}", "return n"], [HOISTED, f"n = {GUARDED}", "return n"], id="an assignment"),
        pytest.param([f"y += {SQRT}", "return y"], [HOISTED, f"y += {GUARDED}", "return y"], id="an augmented one"),
        pytest.param([f"return c(k={SQRT})"], [HOISTED, f"return c(k={GUARDED})"], id="an argument"),
        pytest.param(
            ["if c:", f"    return {SQRT}", "return y"],
            ["if c:", f"    {HOISTED}", f"    return {GUARDED}", "return y"],
            id="in a block, with its indentation",
        ),
        pytest.param(
            ["total = 1", f"return {SQRT} + total"],
            ["total = 1", HOISTED.replace("total", "total_2"), f"return {GUARDED.replace('total', 'total_2')} + total"],
            id="a name that is taken",
        ),
        pytest.param(
            [f"y = {SQRT}", "total = 1", "return y + total"],
            [
                HOISTED.replace("total", "total_2"),
                f"y = {GUARDED.replace('total', 'total_2')}",
                "total = 1",
                "return y + total",
            ],
            id="a name that is taken later",
        ),
    ],
)
def test_a_value_that_is_needed_twice_is_computed_right_before_the_statement(
    before: list[str], after: list[str]
) -> None:
    assert fixed(HEAD + function(*before)) == HEAD + function(*after)


def test_a_name_that_the_module_binds_is_not_hidden() -> None:
    text = HEAD + "total = 1\n" + function(f"return {SQRT} + total")
    assert "total_2 = tf.reduce_sum" in fixed(text)


@pytest.mark.parametrize(
    "lines",
    [
        pytest.param([f"if c: return {SQRT}", "return y"], id="a one-line if"),
        pytest.param([f"n = 1; return {SQRT}"], id="the second statement of a line"),
        pytest.param(["if c: pass", f"elif y + {SQRT}: return 1"], id="an elif"),
        pytest.param([f"while c({SQRT}): x = x + 1"], id="the test of a loop, which is computed again"),
        pytest.param([f"return [{SQRT} for x in y]"], id="a comprehension"),
        pytest.param([f"return map(lambda x: {SQRT}, y)"], id="a lambda"),
        pytest.param([f"def g(n={SQRT}): return n", "return g()"], id="a default"),
        pytest.param(["with c(" + SQRT + "): return 1"], id="the head of a with"),
    ],
)
def test_where_no_statement_can_stand_before_there_is_no_fix(lines: list[str]) -> None:
    text = HEAD + function(*lines)
    found = engine.lint(SourceFile.from_text("a.py", text), CONFIG, reraise=True)
    assert [(d.code, d.fix) for d in found] == [("TFN301", None)]
    assert fixed(text) == text


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"], ids=["LF", "CRLF", "CR"])
@pytest.mark.parametrize("indentation", ["    ", "\t", "  "], ids=["four blanks", "a tab", "two blanks"])
def test_hoisted_statements_have_the_line_end_and_indentation_of_the_file(newline: str, indentation: str) -> None:
    def written(*lines: str) -> str:
        return newline.join(line.replace("    ", indentation) for line in (HEAD.rstrip(), *lines)) + newline

    before = written("class A:", "    def f(self, x):", f"        return {SQRT}")
    after = written("class A:", "    def f(self, x):", f"        {HOISTED}", f"        return {GUARDED}")
    assert fixed(before) == after


# ---- spellings ----------------------------------------------------------------------------------------------------------

SPELLED = {
    "tf by its full name": (
        "import tensorflow\ndef f(z):\n    return tensorflow.math.log(tensorflow.nn.softmax(z))\n",
        "tensorflow.nn.log_softmax(z)",
    ),
    "compat.v1 has div_no_nan": (
        "import tensorflow.compat.v1 as tf\ndef f(x, mask):\n    return tf.div(tf.reduce_sum(x), tf.reduce_sum(mask))\n",
        "tf.div_no_nan(tf.reduce_sum(x), tf.reduce_sum(mask))",
    ),
    "the backend has no log_softmax, tf has": (
        "import tensorflow as tf\nfrom keras import backend as K\ndef f(z):\n    return K.log(K.softmax(z))\n",
        "tf.nn.log_softmax(z)",
    ),
    "the backend chooses by switch": (
        "from keras import backend as K\ndef f(x):\n    return K.sqrt(K.sum(K.square(x)))\n",
        "K.switch(total > 0, K.sqrt(K.switch(total > 0, total, K.ones_like(total))), K.zeros_like(total))",
    ),
    "keras.ops": (
        "from keras import ops\ndef f(x, mask):\n    return ops.sum(x) / ops.sum(mask)\n",
        "ops.divide_no_nan(ops.sum(x), ops.sum(mask))",
    ),
    "keras.ops through keras": (
        "import keras\ndef f(z):\n    return keras.ops.log(keras.ops.softmax(z, axis=0))\n",
        "keras.ops.log_softmax(z, axis=0)",
    ),
    "an alias by assignment": (
        "import tensorflow as tf\ntfm = tf.math\ndef f(z):\n    return tfm.log(tfm.sigmoid(z))\n",
        "log_sigmoid(z)",
    ),
    "a file that spells it already": (
        "import tensorflow as tf\ndef g(z):\n    return tf.compat.v1.nn.log_softmax(z)\n"
        "def f(z):\n    return tf.math.log(tf.nn.softmax(z))\n",
        "tf.nn.log_softmax(z)",
    ),
}


@pytest.mark.parametrize(("text", "expected"), SPELLED.values(), ids=SPELLED)
def test_a_fix_speaks_the_language_of_its_file(text: str, expected: str) -> None:
    result = fixed(text)
    assert expected in result
    imports = [line for line in text.splitlines() if "import" in line]
    assert [line for line in result.splitlines() if "import" in line] == imports, "a fix adds no import"


UNSPELLABLE = {
    "the backend has no divide_no_nan": (
        "from keras import backend as K\ndef f(x, mask):\n    return K.sum(x) / K.sum(mask)\n"
    ),
    "the backend has no log_softmax": "from keras import backend as K\ndef f(z):\n    return K.log(K.softmax(z))\n",
    "functions alone are imported": (
        "from tensorflow.math import log\nfrom tensorflow.nn import softmax\ndef f(z):\n    return log(softmax(z))\n"
    ),
    "TensorFlow's own modules are not those that export": (
        "from tensorflow.python.ops import math_ops, nn_ops\ndef f(z):\n    return math_ops.log(nn_ops.softmax(z))\n"
    ),
    "the module is hidden by a local name": (
        "import tensorflow as tf\nfrom tensorflow.math import log\nfrom tensorflow.nn import softmax\n"
        "def f(z):\n    tf = 1\n    return log(softmax(z)) * tf\n"
    ),
}


@pytest.mark.parametrize("text", UNSPELLABLE.values(), ids=UNSPELLABLE)
def test_what_the_file_cannot_spell_is_reported_without_a_fix(text: str) -> None:
    (found,) = engine.lint(SourceFile.from_text("a.py", text), CONFIG, reraise=True)
    assert found.fix is None
    assert fixed(text) == text


# ---- comments -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "expression",
    [
        pytest.param("tf.math.log(  # stable?\n        tf.nn.softmax(z))", id="behind the function"),
        pytest.param("tf.math.log(tf.nn.softmax(  # rows\n        z))", id="inside of the operand"),
        pytest.param("tf.math.log(\n        # rows\n        tf.nn.softmax(z)\n    )", id="on a line of its own"),
    ],
)
def test_a_comment_inside_of_the_expression_is_not_lost(expression: str) -> None:
    text = HEAD + function(f"return {expression}")
    assert engine.lint(SourceFile.from_text("a.py", text), CONFIG)
    assert fixed(text) == text


def test_a_hash_in_a_string_is_no_comment() -> None:
    text = HEAD + function("return tf.math.log(tf.nn.softmax(z['#']))")
    assert fixed(text) == HEAD + function("return tf.nn.log_softmax(z['#'])")


# ---- the writer itself --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", [float("inf"), float("-inf"), float("nan")], ids=str)
def test_infinities_have_no_literal(value: float) -> None:
    site, facts = site_of("def f(x):\n    return tf.sqrt(x)\n", "sqrt")
    with pytest.raises(CannotWriteError):
        Writer(facts.module, site).write(facts.graph.node("add", site.node, facts.graph.const(value)))


@pytest.mark.parametrize(
    ("ops", "expected"),
    [
        (("subtract", "subtract", None), "x - y - c"),
        (("subtract", None, "subtract"), "x - (y - c)"),
        (("add", None, "multiply"), "x + y * c"),
        (("multiply", "add", None), "(x + y) * c"),
        (("multiply", None, "add"), "x * (y + c)"),
        (("divide", None, "divide"), "x / (y / c)"),
        (("divide", "multiply", None), "x * y / c"),
        (("pow", "pow", None), "(x ** y) ** c"),
        (("greater", "add", None), "x + y > c"),
        (("greater", "greater", None), "(x > y) > c"),
        (("logical_and", "greater", None), "(x > y) & c"),
    ],
)
def test_operators_are_written_as_deep_as_they_bind(ops: tuple[str, str | None, str | None], expected: str) -> None:
    site, facts = site_of("def f(x, y, c):\n    return tf.sqrt(x), y, c\n", "sqrt")
    names = {str(n.attr("name")): n for n in facts.graph.nodes if n.op == "input"}
    x, y, c = (names[name] for name in "xyc")
    outer, left, right = ops
    make = facts.graph.node
    node = make(outer, make(left, x, y), c) if left else make(outer, x, make(right or "", y, c))
    text, _ = Writer(facts.module, site).write(node)
    assert text == expected
    ast.parse(text)


# ---- every pattern of every rule ----------------------------------------------------------------------------------------

EXAMPLES = {f"{rule.code} {e.title}": e.bad for rule in RULES.values() for e in rule.examples}


@pytest.mark.parametrize("text", EXAMPLES.values(), ids=EXAMPLES)
@pytest.mark.parametrize("layout", ["CRLF", "no line end at the end", "a method", "a nested function"])
def test_the_examples_are_fixed_the_same_in_other_layouts(text: str, layout: str) -> None:
    text = "\n".join(line.partition("  # TFN")[0] for line in text.splitlines()) + "\n"
    plain = fixed(text)
    if layout == "CRLF":
        assert fixed(text.replace("\n", "\r\n")) == plain.replace("\n", "\r\n")
    elif layout == "no line end at the end":
        assert fixed(text.rstrip("\n")) == plain.rstrip("\n")
    else:
        head, _, body = text.partition("\n\n\n")
        if layout == "a method":
            body = body.replace("def f(", "def f(self, ").replace("(self, )", "(self)")
            opening = "class A:\n"
        else:
            opening = "def outer():\n"
        if body.startswith("def ") and "\n\n\n" not in body:
            fixed(f"{head}\n\n\n{opening}" + "".join(f"    {line}\n" if line else "\n" for line in body.splitlines()))
