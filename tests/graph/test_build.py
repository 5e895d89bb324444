"""The value graph: what each construct of Python becomes, by the node that a function returns."""

from __future__ import annotations

import pytest

from tf_nan_lint.graph.build import MAX_CALL_DEPTH, Module, build
from tf_nan_lint.graph.nodes import Node
from tf_nan_lint.graph.scopes import Scope
from tf_nan_lint.graph.source import SourceFile


def module_of(text: str) -> Module:
    source = SourceFile.from_text("a.py", "import tensorflow as tf\n" + text)
    outline = source.outline()
    return build(source, outline, list(outline.functions()))


def scope_of(text: str, name: str = "f") -> Scope:
    return next(s for s in module_of(text).scopes if s.name == name and not s.calls)


def returned(text: str, name: str = "f") -> Node:
    return scope_of(text, name).returns[-1][1]


def written(node: Node) -> str:
    """The node with its operands, without the keys that tell unknown values apart."""
    if node.op in ("const", "input"):
        return repr(node)
    told = (
        ("name",) if node.op == "attr" else ("kind",) if node.op == "test" else ("path",) if node.op == "host" else ()
    )
    attrs = "".join(
        f", {key}={written(value) if isinstance(value, Node) else repr(value)}"
        for key, value in node.attrs
        if key in told or (isinstance(value, Node) and node.op != "call")
    )
    return f"{node.op}({', '.join(map(written, node.args))}{attrs})"


def body(*lines: str, parameters: str = "x, y, c") -> str:
    return f"def f({parameters}):\n" + "".join(f"    {line}\n" for line in lines)


# ---- expressions --------------------------------------------------------------------------------------------------------

ONE_NODE = {
    "names and spaces": ("x/y", "tf.divide( x,\n y )"),
    "parentheses": ("((x)) + (y)", "x + y"),
    "a product with itself": ("x * x", "tf.square(x)"),
    "a literal power": ("x ** 2", "tf.square(x)"),
    "a float power": ("tf.pow(x, 2.0)", "tf.square(x)"),
    "plus is nothing": ("+x", "x"),
    "keywords": ("tf.divide(y=y, x=x)", "x / y"),
    "folded constants": ("x + 2 * 3", "x + 6"),
    "a negative literal": ("x + -1", "x + (0 - 1)"),
    "underscores in numbers": ("x + 1_000", "x + 1000"),
    "a walrus is its value": ("(z := x + y)", "x + y"),
    "a tuple that is taken apart": ("(x, y)[1]", "y"),
    "a list that is taken apart from its end": ("[x, y][-2]", "x"),
    "a dict that is looked up": ("{'a': x, 'b': y}['b']", "y"),
    "a lambda that is called": ("(lambda a: a + y)(x)", "x + y"),
    "a choice between the same": ("x if c else x", "x"),
    "tf.constant of math": ("x * math.pi", "x * 3.141592653589793"),
    "limits of a dtype": ("x + np.finfo(np.float32).eps", "x + 1.1920928955078125e-07"),
    "a limit of TensorFlow": ("x + tf.float16.max", "x + 65504.0"),
    "a float of a string": ("x + float('1e-3')", "x + 0.001"),
    "a comparison from both sides stays two": ("x < y", "tf.less(x, y)"),
    "builtin abs": ("abs(x)", "tf.abs(x)"),
    "builtin max of two": ("max(x, y)", "tf.maximum(x, y)"),
    "a method of an operator": ("x.__truediv__(y)", "x / y"),
}


@pytest.mark.parametrize(("one", "other"), ONE_NODE.values(), ids=ONE_NODE)
def test_equal_values_are_one_node(one: str, other: str) -> None:
    both = returned("import math\nimport numpy as np\n" + body(f"return ({one}, {other})"))
    assert both.args[0] is both.args[1], repr(both)


DIFFERENT = {
    "operands of a difference": ("x - y", "y - x"),
    "one and a half and one": ("x + 1", "x + 1.5"),
    "1 and 1.0 and True": ("x + 1", "x + 1.0"),
    "0.0 and -0.0": ("x + 0.0", "x + -0.0"),
    "attributes of an op": ("tf.reduce_sum(x, axis=0)", "tf.reduce_sum(x)"),
    "two calls of an unknown function": ("g(x)", "g(x)"),
    "two random tensors": ("tf.random.normal(x)", "tf.random.normal(x)"),
    "integer and true division": ("x // y", "x / y"),
    "two bare unknown calls": ("g()", "g()"),
}


@pytest.mark.parametrize(("one", "other"), DIFFERENT.values(), ids=DIFFERENT)
def test_values_that_may_differ_are_two_nodes(one: str, other: str) -> None:
    both = returned(body(f"return ({one}, {other})"))
    assert both.args[0] is not both.args[1], repr(both)


VALUES = {
    "a chained comparison": ("0 < x < 1", "logical_and(less(0, x), less(x, 1))"),
    "and, or, not": ("not (x and y) or c", "logical_or(logical_not(logical_and(x, y)), c)"),
    "operators on masks": ("~x & y | c", "logical_or(logical_and(logical_not(x), y), c)"),
    "a choice": ("x if c else y", "phi(c, x, y)"),
    "is and in": ("x is None", "test(x, None, kind='Is')"),
    "a matrix product": ("x @ y", "matmul(x, y)"),
    "right operands of a difference": ("x - (y - c)", "subtract(x, subtract(y, c))"),
    "powers from the right": ("x ** y ** c", "pow(x, pow(y, c))"),
    "a minus before a power": ("-x ** y", "negative(pow(x, y))"),
    "static arguments": (
        "tf.reduce_sum(x, axis=[0, 1], keepdims=True)",
        "reduce_sum(x, axis=list(0, 1), keepdims=True)",
    ),
    "a negative axis": ("tf.reduce_sum(x, -1)", "reduce_sum(x, axis=-1)"),
    "a slice": ("x[0, 1:, ...]", "item(x, tuple(0, slice(1, None, None), ellipsis))"),
    "an attribute": ("x.a.b", "attr(attr(x, name='a'), name='b')"),
    "numpy": ("np.exp(x)", "host(x, path='np.exp')"),
    "len": ("len(x)", "host(x, path='builtins.len')"),
    "adding a list": ("tf.add_n([x, y])", "add_n(x, y)"),
    "a comprehension": ("[a + y for a in x]", "each(add(a, y))"),
    "a comprehension of comprehensions": ("[[a * y for a in b] for b in x]", "each(each(multiply(a, y)))"),
    "a generator": ("g(a + y for a in x)", None),
    "a set and a dict comprehension": ("({a for a in x}, {b: b + y for b in x})", "tuple(each(a), each(add(b, y)))"),
    "a division of numbers": ("1 / 4", "0.25"),
    "a division of numbers by zero stays": ("1 / 0", "divide(1, 0)"),
    "the root of a negative number stays": ("(-8) ** 0.5", "pow(-8, 0.5)"),
    "a function of numbers": ("math.sqrt(16)", "4.0"),
    "a function of numbers outside of its domain stays": ("math.log(0)", "host(0, path='math.log')"),
    "too many arguments are not an op": ("tf.sqrt(x, y, c)", None),
    "too few arguments are not an op": ("tf.divide(x)", None),
    "starred arguments are not an op": ("tf.divide(*x)", None),
    "where with one operand is not a choice": ("tf.where(x)", None),
}  # fmt: skip


@pytest.mark.parametrize(("expression", "expected"), VALUES.values(), ids=VALUES)
def test_an_expression_becomes(expression: str, expected: str | None) -> None:
    node = returned("import math\nimport numpy as np\n" + body(f"return {expression}"))
    assert node.op == "call" if expected is None else written(node) == expected


# ---- statements ---------------------------------------------------------------------------------------------------------

STATEMENTS = {
    "a name that is bound again": (["x = x + 1", "x = x * 2", "return x"], "multiply(add(x, 1), 2)"),
    "augmented assignment": (["x += 1", "x /= y", "return x"], "divide(add(x, 1), y)"),
    "augmented power": (["x **= 2", "return x"], "square(x)"),
    "annotated assignment": (["z: float = x", "return z"], "x"),
    "an annotation alone binds nothing": (["z = x", "z: float", "return z"], "x"),
    "several targets": (["a = b = x + y", "return a - b"], "subtract(add(x, y), add(x, y))"),
    "a tuple": (["a, b = x, y", "return b - a"], "subtract(y, x)"),
    "an exchange": (["x, y = y, x", "return x - y"], "subtract(y, x)"),
    "tuples in tuples": (["(a, b), c = (x, y), c", "return a - b"], "subtract(x, y)"),
    "a tuple of a tensor": (["a, b = x", "return a - b"], "subtract(item(x, 0), item(x, 1))"),
    "a starred target knows nothing": (["a, *b = x, y", "return a"], "item"),
    "a walrus binds": (["if (z := x + y) is None: pass", "return z"], "add(x, y)"),
    "statements on one line": (["a = x; b = a + y; return b"], "add(x, y)"),
    "if and else": (["if c: z = x", "else: z = y", "return z"], "phi(c, x, y)"),
    "if alone": (["z = x", "if c: z = y", "return z"], "phi(c, y, x)"),
    "elif": (["if c: z = x", "elif x: z = y", "else: z = 1", "return z"], "phi(c, x, phi(x, y, 1))"),
    "branches that agree": (["if c: z = x + y", "else: z = x + y", "return z"], "add(x, y)"),
    "a branch that returns": (["if c: return y", "return x"], "x"),
    "a branch that raises": (["z = x", "if c:", "    z = y", "    raise E(z)", "return z"], "x"),
    "the other branch raises": (["if c: z = x", "else: raise E", "return z"], "x"),
    "a name of one branch only": (["if c: z = x", "return z"], "x"),
    "with": (["with tf.name_scope('a') as s:", "    z = x + y", "return z"], "add(x, y)"),
    "with binds": (["with g(x) as z: pass", "return z"], "item(call(x), '__enter__')"),
    "try": (["try:", "    z = x", "except E:", "    raise", "return z"], "x"),
    "try and finally": (["try:", "    z = x", "finally:", "    z = z + y", "return z"], "add(x, y)"),
    "try and else": (["try:", "    z = x", "except E:", "    raise", "else:", "    z = z + y", "return z"], "add(x, y)"),
    "a handler that goes on": (["try:", "    z = x", "except E as e:", "    z = y", "return z"], "phi(raised, x, y)"),
    "a loop": (["z = x", "for i in range(3): z = z + y", "return z"], "phi(iterates, add(loop(x), y), loop(x))"),
    "while": (["z = x", "while c: z = z + y", "return z"], "phi(c, add(loop(x), y), loop(x))"),
    "a loop over literals": (["for z in (1, 2): pass", "return z"], "phi(which, 1, 2)"),
    "a loop over tensors": (["for z in x: w = z + y", "return w"], "phi(iterates, add(z, y), loop())"),
    "match": (
        ["match c:", "    case 1: z = x", "    case _: z = y", "return z"],
        "phi(matches, y, x)",
    ),
    "match binds": (["match c:", "    case {'a': z, **rest}: pass", "    case [z, *_]: pass", "return z"], "phi(matches, z, z)"),
    "an item that is assigned makes its container unknown": (["x[0] = y", "return x"], "x"),
    "an attribute that is assigned": (["x.a = y", "return x.a"], "y"),
    "the last return counts": (["return x", "return y"], "x"),
    "no return value": (["return"], "None"),
    "a nested function": (["def g(a): return a + y", "return g(x)"], "add(x, y)"),
    "a nested function sees what is bound when it is called": (
        ["def g(a): return a + y", "y = x", "return g(x)"],
        "add(x, x)",
    ),
    "a lambda with a name": (["g = lambda a, b=2: a + b", "return g(x)"], "add(x, 2)"),
    "keyword arguments of a function": (["def g(a, b): return a - b", "return g(b=x, a=y)"], "subtract(y, x)"),
    "a lambda handed to tf.cond": (
        ["return tf.cond(c, lambda: x + y, lambda: x)"],
        "phi(c, add(x, y), x)",
    ),
    "functions handed to tf.cond by keyword": (
        ["return tf.cond(c, true_fn=lambda: x, false_fn=lambda: y)"],
        "phi(c, x, y)",
    ),
    "TensorFlow 1's keywords of cond": (["return tf.cond(c, fn1=lambda: x, fn2=lambda: y)"], "phi(c, x, y)"),
    "global names are unknown": (["global z", "z = x", "return z"], "z"),
}  # fmt: skip


@pytest.mark.parametrize(("lines", "expected"), STATEMENTS.values(), ids=STATEMENTS)
def test_statements_give(lines: list[str], expected: str) -> None:
    assert written(returned(body(*lines))) == expected


def test_a_name_is_bound_in_the_order_of_evaluation() -> None:
    scope = scope_of(body("z = x", "z = z + y", "z = z * 2", "return z"))
    history = scope.history["z"]
    assert [repr(b.node) for b in history] == ["x", "add(x, y)", "multiply(add(x, y), 2)"]
    assert [b.time for b in history] == sorted(b.time for b in history)
    assert [len(b.reads) for b in history] == [1, 1, 1]
    second = history[1]
    assert scope.lookup("z", second.time) is history[0], "before its own statement the old meaning holds"
    assert scope.lookup("z", second.time + 1) is second
    assert scope.lookup("z", 0) is None


def test_branches_read_the_names_of_before() -> None:
    scope = scope_of(body("z = x", "if c:", "    z = z + 1", "else:", "    z = z - 1", "return z"))
    assert repr(scope.returns[-1][1]) == "phi(c, add(x, 1), subtract(x, 1))"


# ---- guards -------------------------------------------------------------------------------------------------------------

GUARDS = {
    "if": (["if x > 0: return tf.sqrt(x)"], ["greater(x, 0) is True"]),
    "else": (["if x > 0: pass", "else: return tf.sqrt(x)"], ["greater(x, 0) is False"]),
    "elif": (
        ["if c: pass", "elif x > 0: return tf.sqrt(x)"],
        ["c is False", "greater(x, 0) is True"],
    ),
    "an early return": (["if x < 0: return y", "return tf.sqrt(x)"], ["less(x, 0) is False"]),
    "an early raise": (["if x < 0: raise E", "return tf.sqrt(x)"], ["less(x, 0) is False"]),
    "an early continue": (
        ["for i in c:", "    if x < 0: continue", "    z = tf.sqrt(x)", "return 1"],
        ["less(x, 0) is False"],
    ),
    "an early return in a branch holds there alone": (
        ["if c:", "    if x < 0: return y", "return tf.sqrt(x)"],
        [],
    ),
    "a choice": (["return tf.sqrt(x) if x > 0 else y"], ["greater(x, 0) is True"]),
    "a branch that goes on guards nothing": (["if x < 0: y = 1", "return tf.sqrt(x)"], []),
    "assert": (["assert x > 0", "return tf.sqrt(x)"], ["greater(x, 0) is True"]),
    "assert_positive": (["tf.debugging.assert_positive(x)", "return tf.sqrt(x)"], ["greater(x, 0.0) is True"]),
    "assert_non_negative": (
        ["tf.debugging.assert_non_negative(x)", "return tf.sqrt(x)"],
        ["greater_equal(x, 0.0) is True"],
    ),
    "assert_greater": (["tf.debugging.assert_greater(x, y)", "return tf.sqrt(x)"], ["greater(x, y) is True"]),
    "TensorFlow 1's assertion": (["tf.assert_positive(x)", "return tf.sqrt(x)"], ["greater(x, 0.0) is True"]),
    "Assert": (["tf.debugging.Assert(x > 0, [x])", "return tf.sqrt(x)"], ["greater(x, 0) is True"]),
    "assertions as dependencies": (
        ["with tf.control_dependencies([tf.debugging.assert_positive(x)]):", "    return tf.sqrt(x)"],
        ["greater(x, 0.0) is True"],
    ),
    "the test of a loop": (["while x > 0:", "    z = tf.sqrt(x)", "return 1"], ["greater(x, 0) is True"]),
    "a condition of a comprehension": (["return [tf.sqrt(a) for a in x if a > 0]"], ["greater(a, 0) is True"]),
    "tf.cond": (
        ["return tf.cond(x > 0, lambda: tf.sqrt(x), lambda: y)"],
        ["greater(x, 0) is True"],
    ),
    "a function that is called under a guard": (
        ["def g(a): return tf.sqrt(a)", "return g(x) if x > 0 else y"],
        ["greater(x, 0) is True"],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("lines", "expected"), GUARDS.values(), ids=GUARDS)
def test_a_site_stands_under_the_guards_of_the_control_flow(lines: list[str], expected: list[str]) -> None:
    module = module_of(body(*lines))
    site = next(s for s in module.graph.sites if s.node.op == "sqrt")
    assert [f"{written(g.condition)} is {g.holds}" for g in site.guards] == expected
    assert all(g.whole for g in site.guards)


# ---- functions, classes -------------------------------------------------------------------------------------------------

CALLS = {
    "a function of the module": ("def g(a, b=2):\n    return a + b\n\n\n" + body("return g(x)"), "add(x, 2)"),
    "a function that is defined below": (body("return g(x)") + "\n\ndef g(a):\n    return a + 1\n", "add(x, 1)"),
    "a chain of functions": (
        "def h(a):\n    return a * 2\n\n\ndef g(a):\n    return h(a) + 1\n\n\n" + body("return g(x)"),
        "add(multiply(x, 2), 1)",
    ),
    "a function without a return": ("def g(a):\n    a + 1\n\n\n" + body("return g(x)"), "None"),
    "an early return": (
        "def g(a):\n    if a > 0:\n        return a\n    return 1\n\n\n" + body("return g(x)"),
        "phi(greater(x, 0), x, 1)",
    ),
    "an early return of the else": (
        "def g(a):\n    if a > 0:\n        pass\n    else:\n        return a\n    return 1\n\n\n" + body("return g(x)"),
        "phi(greater(x, 0), 1, x)",
    ),
    "a decorated function": ("@tf.function\ndef g(a):\n    return a + 1\n\n\n" + body("return g(x)"), "add(x, 1)"),
    "a constant of the module": ("EPS = 1e-7\n\n\n" + body("return x + EPS"), "add(x, 1e-07)"),
    "a constant below the function": (body("return x + EPS") + "\n\nEPS = 1e-7\n", "add(x, 1e-07)"),
    "a constant of the module that depends on another": (
        "A = 2\nB = A * 3\n\n\n" + body("return x + B"),
        "add(x, 6)",
    ),
    "a staticmethod": (
        "class A:\n    @staticmethod\n    def g(a):\n        return a + 1\n\n    def f(self, x):\n        return self.g(x)\n",
        "add(x, 1)",
    ),
    "a method": (
        "class A:\n    def g(self, a):\n        return a + 1\n\n    def f(self, x):\n        return self.g(x)\n",
        "add(x, 1)",
    ),
    "a method of a local base": (
        "class B:\n    def g(self, a):\n        return a + 1\n\n\nclass A(B):\n    def f(self, x):\n        return self.g(x)\n",
        "add(x, 1)",
    ),
    "the method of the class hides that of its base": (
        "class B:\n    def g(self, a):\n        return a + 1\n\n\nclass A(B):\n    def g(self, a):\n        return a\n\n"
        "    def f(self, x):\n        return self.g(x)\n",
        "x",
    ),
    "an attribute": (
        "class A:\n    def __init__(self):\n        self.eps = 1e-7\n\n    def f(self, x):\n        return x + self.eps\n",
        "add(x, 1e-07)",
    ),
    "an attribute that is initialised with None": (
        "class A:\n    def __init__(self):\n        self.eps = None\n\n    def build(self):\n        self.eps = 1e-7\n\n"
        "    def f(self, x):\n        return x + self.eps\n",
        "add(x, 1e-07)",
    ),
    "an attribute that two methods assign": (
        "class A:\n    def __init__(self):\n        self.s = 1\n\n    def build(self):\n        self.s = 2\n\n"
        "    def f(self, x):\n        return x + self.s\n",
        "add(x, phi(assigned, 1, 2))",
    ),
    "an attribute of the class": ("class A:\n    eps = 1e-7\n\n    def f(self, x):\n        return x + self.eps\n", "add(x, 1e-07)"),
    "an attribute of a local base": (
        "class B:\n    eps = 1e-7\n\n\nclass A(B):\n    def f(self, x):\n        return x + self.eps\n",
        "add(x, 1e-07)",
    ),
    "a property": (
        "class A:\n    @property\n    def eps(self):\n        return 1e-7\n\n    def f(self, x):\n        return x + self.eps\n",
        "add(x, 1e-07)",
    ),
    "an attribute that nobody assigns": ("class A:\n    def f(self, x):\n        return x + self.eps\n", "add(x, eps)"),
    "an attribute that this very method assigned": (
        "class A:\n    def __init__(self):\n        self.y = 1\n\n    def f(self, x):\n        self.y = x\n        return self.y\n",
        "x",
    ),
    "self under another name": (
        "class A:\n    def __init__(this):\n        this.eps = 1e-7\n\n    def f(me, x):\n        return x + me.eps\n",
        "add(x, 1e-07)",
    ),
    "an instance that is called": (
        "class L:\n    def call(self, a):\n        return a + 1\n\n\n" + body("layer = L()", "return layer(x)"),
        "add(x, 1)",
    ),
    "an instance whose method is called": (
        "class L:\n    def g(self, a):\n        return a + 1\n\n\n" + body("return L().g(x)"),
        "add(x, 1)",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), CALLS.values(), ids=CALLS)
def test_functions_and_attributes_of_the_file_are_followed(text: str, expected: str) -> None:
    assert written(returned(text)) == expected


NOT_FOLLOWED = {
    "an unknown function": body("return g(x)"),
    "an imported function": "from mylib import g\n\n\n" + body("return g(x)"),
    "a recursive function": body("return f(x, y, c) + 1"),
    "a coroutine": "async def g(a):\n    return a\n\n\n" + body("return g(x)"),
    "starred arguments": "def g(a):\n    return a\n\n\n" + body("return g(*x)"),
    "a method of a parameter": "class A:\n    def g(self, a):\n        return a\n\n\n" + body("return x.g(y)"),
}


@pytest.mark.parametrize("text", NOT_FOLLOWED.values(), ids=NOT_FOLLOWED)
def test_other_calls_are_unknown_values(text: str) -> None:
    node = returned(text)
    assert any(part.op == "call" for part in node.walk())


def test_functions_that_call_each_other_come_to_an_end() -> None:
    node = returned("def g(a):\n    return f(a) + 1\n\n\ndef f(x):\n    return g(x) * 2\n")
    assert "call" in {part.op for part in node.walk()}


def test_calls_are_followed_to_a_bounded_depth() -> None:
    helpers = "".join(f"def g{i}(a):\n    return g{i + 1}(a) + 1\n\n\n" for i in range(10))
    node = returned(helpers + body("return g0(x)"))
    assert [part.op for part in node.walk()].count("add") == MAX_CALL_DEPTH
    assert "call" in {part.op for part in node.walk()}


def test_a_class_whose_attributes_depend_on_each_other_comes_to_an_end() -> None:
    text = (
        "class A:\n    def g(self):\n        self.a = self.b + 1\n\n    def h(self):\n        self.b = self.a * 2\n\n"
        "    def f(self):\n        return self.a\n"
    )
    assert returned(text).op == "add"


def test_classes_that_are_their_own_bases_come_to_an_end() -> None:
    assert (
        repr(returned("class B(A):\n    pass\n\n\nclass A(B):\n    def f(self):\n        return self.eps\n")) == "eps"
    )


# ---- what is not understood ---------------------------------------------------------------------------------------------

ANYTHING = [
    "yield x", "z = yield x", "z = yield", "yield from x", "return x << y", "x <<= y", "x >>= y", "x |= y", "x @= y",
    "return f'{x!r:>{y}} {c=}'", "return 'a' f'{x}' 'b'", "return b'a' b'b'", "return 1j * x", "return ...",
    "return {**x, 'a': y}", "return [*x, y]", "return {x, *y}", "return g(*x, **y)", "return x[y:c, ..., None]",
    "return x[*y]", "del x[0], y.a, c", "lambda *a, b, **k: a", "return lambda a, /, b=1, *, c: a",
    "nonlocal_ = x", "global z", "assert x, y", "raise E from x", "pass", "x: int", "x.a: int = y", "x[0]: int = y",
    "x[0] += y", "x.a += y", "(x.a, y[0]), *c = y", "for x.a in y: pass", "for x[0], (y, *c) in y: break",
    "with x as (a, b), y as c.d: pass", "with (x as a, y as b): pass", "while x: continue",
    "import a.b.c, d as e", "from . import a", "from .. import *", "from .a.b import c as d", "import a.b as c",
    "class A(x, metaclass=y): z: int = 1", "def g(*, a): return a", "def g(a, /): return a", "@x\ndef g(): pass",
    "async def g():\n    async for a in x: await a\n    async with x as b: pass\n    return [a async for a in x]",
    "try:\n    pass\nexcept* E as e:\n    pass", "try:\n    pass\nexcept (E, F):\n    pass\nelse:\n    pass\nfinally:\n    pass",
    "match x:\n    case A(a, b=c) | [a, *c] if a: pass\n    case {'k': [a, b], **r} as d: pass\n    case -1 | 'a' | None: pass",
    "match x:\n    case a.b: pass\n    case (1, 2, *_): pass\n    case str() as s: pass",
    "if x: pass\nelif y: pass\nelse: pass", "for i in range(3): pass\nelse: x = 1", "while x: pass\nelse: y = 1",
    "print(x, file=y)", "return (x for x in y if x if c)", "return {a: b for a, b in y}", "return x if y else c if x else y",
    "return not x is y", "return x not in y", "return 1 < 'a'", "return None + 1", "return 'a' * x", "return -'a'", "return not 'a'",
    "return 1 % 0", "return 2.0 ** 10000", "return 2 ** 4000 ** 1", "return (x := 1) + x", "return [z := x, z]",
    "return super().call(x)", "return tf.cond(x)", "return tf.cond(x, y, c)", "return tf.add_n(x)", "return tf.concat(*x)",
    "return x.__add__()", "return tf.math", "return tf.float32.eps", "return tf.finfo(x).max", "return float()", "return int('x')",
    "return abs()", "return max(x)", "return max(x, y, c)", "return pow(x, y, c)", "type(x)(y)", "return x()()", "return (lambda: x)()",
    "return [lambda: z for z in x]", "x, = y", "[a, b] = c", "x = y = c = 1", "return __debug__", "return 0xff + 0b1 + 0o7",
    "return tf.constant(1e999)", "return float('nan') + 1", "return x if True else y", "return 1_0.5e-1_0",
]  # fmt: skip


@pytest.mark.parametrize("statement", ANYTHING)
def test_every_statement_of_python_gives_a_graph(statement: str) -> None:
    lines = "".join(f"    {line}\n" for line in statement.split("\n"))
    for head in ("def f(x, y, c):\n", "class A:\n    def f(x, y, c):\n    "):
        text = head + (lines if not head.startswith("class") else lines.lstrip().replace("\n    ", "\n        "))
        if head.startswith("class"):
            text = "class A:\n    def f(self, x, y, c):\n" + "".join(f"    {line}\n" for line in lines.splitlines())
        assert module_of(text).graph.nodes


@pytest.mark.parametrize(
    "statement", [s for s in ANYTHING if not s.startswith(("return", "yield", "nonlocal", "z = yield"))]
)
def test_every_statement_of_a_module_or_class_gives_a_graph(statement: str) -> None:
    assert module_of(statement + "\n").graph.nodes
    indented = "".join(f"    {line}\n" for line in statement.split("\n"))
    assert module_of(f"class A:\n{indented}\n    def f(self):\n        return self.x\n").graph.nodes


def test_whether_a_file_means_tensorflow_1_is_told_by_what_it_uses() -> None:
    assert module_of(body("return tf.log(x)")).uses_tf1
    assert module_of("tf.Session()\n").uses_tf1
    assert not module_of(body("return tf.math.log(x)")).uses_tf1


def test_who_calls_whom_is_known() -> None:
    module = module_of("def g(a):\n    return a\n\n\n" + body("return g(x)") + "\n\ny = g(1)\n")
    callee = next(s for s in module.scopes if s.name == "g")
    assert sorted(caller.name for caller in module.callers[id(callee.node)]) == ["", "f"]
    arguments = module.arguments[id(callee.node), "a"]
    assert sorted(map(repr, arguments)) == ["1", "x"]
