from __future__ import annotations

import pytest

from tests.modules import HEAD, module_of, returned

VALUES = {
    "re-assignment": ("def f(x):\n    x = x + 1\n    x = x * x\n    return x\n", "square(add(x, 1))"),
    "x ** 2 is a square": ("def f(x):\n    return x ** 2\n", "square(x)"),
    "augmented assignment": ("def f(x, y):\n    x /= y\n    return x\n", "divide(x, y)"),
    "tuple targets": ("def f(x, y):\n    a, b = y, x\n    return a - b\n", "subtract(y, x)"),
    "constants fold": ("def f():\n    return 1.0 - 2 ** -1\n", "0.5"),
    "walrus": ("def f(x):\n    return (y := x + 1) * y\n", "square(add(x, 1))"),
    "with": ("def f(x):\n    with tf.name_scope('a'):\n        y = -x\n    return y\n", "negative(x)"),
    "keyword arguments": ("def f(t):\n    return tf.math.log(x=t)\n", "log(t)"),
    "dunder method": ("def f(x, y):\n    return x.__truediv__(y)\n", "divide(x, y)"),
    "a helper is followed": ("def g(a, b=2):\n    return a / b\ndef f(x):\n    return g(x)\n", "divide(x, 2)"),
    "keyword of a helper": ("def g(a, b=2):\n    return a / b\ndef f(x):\n    return g(b=x, a=1)\n", "divide(1, x)"),
    "lambda": ("def f(x):\n    g = lambda a: a * 2\n    return g(x)\n", "multiply(x, 2)"),
    "nested function": ("def f(x):\n    def g(a):\n        return a - x\n    return g(1)\n", "subtract(1, x)"),
    "module constant": ("EPS = 1e-3\ndef f(x):\n    return x + EPS\n", "add(x, 0.001)"),
    "numpy on constants": ("import math\ndef f(x):\n    return x * math.sqrt(4.0)\n", "multiply(x, 2.0)"),
    "finfo": ("import numpy as np\ndef f(x):\n    return x + np.finfo(np.float32).eps\n", f"add(x, {2.0**-23!r})"),
}


@pytest.mark.parametrize(("text", "expected"), VALUES.values(), ids=VALUES)
def test_the_value_of(text: str, expected: str) -> None:
    assert repr(returned(text)) == expected


def test_branches_join() -> None:
    node = returned("def f(x, c):\n    if c > 0:\n        y = x\n    else:\n        y = -x\n    return y\n")
    assert repr(node) == "phi(greater(c, 0), x, negative(x))"


def test_early_returns_join_by_their_condition() -> None:
    node = returned("def f(x):\n    if x > 0:\n        return x\n    return -x\n")
    assert repr(node) == "x" or node.op == "negative"
    module = module_of(HEAD + "def g(x):\n    if x > 0:\n        return x\n    return -x\ndef f(y):\n    return g(y)\n")
    scope = next(s for s in module.scopes if s.name == "f")
    assert repr(scope.returns[-1][1]) == "phi(greater(y, 0), y, negative(y))"


def test_cond_is_a_branch() -> None:
    node = returned("def f(x):\n    return tf.cond(x > 0, lambda: x, lambda: -x)\n")
    assert repr(node) == "phi(greater(x, 0), x, negative(x))"


def test_what_a_loop_carries_is_not_what_it_started_from() -> None:
    node = returned("def f(xs):\n    total = 0.0\n    for x in xs:\n        total = total + x\n    return total\n")
    assert node.op == "phi"
    assert {arg.op for arg in node.args[1:]} == {"add", "loop"}


def test_the_same_expression_written_twice_is_one_node() -> None:
    node = returned("def f(x, y):\n    a = x / y\n    b = tf.divide(x, y)\n    return [a, b]\n")
    assert node.args[0] is node.args[1]


def test_two_draws_of_random_numbers_are_two_values() -> None:
    node = returned("def f():\n    return [tf.random.uniform([2]), tf.random.uniform([2])]\n")
    assert node.args[0] is not node.args[1]


CLASS = (
    "class Base:\n    rate = 0.5\n\n    @property\n    def double(self):\n        return self.rate * 2\n\n"
    "class A(Base):\n    def __init__(self, n):\n        self.n = n\n        self.eps = 1e-3\n\n"
    "    def build(self, x):\n        self.p = tf.nn.softmax(x)\n\n"
    "    def f(self):\n        return [self.eps, self.p, self.rate, self.double, self.other]\n"
)


def test_attributes_are_what_the_methods_and_bases_assign() -> None:
    eps, p, rate, double, other = returned(CLASS).args
    assert (repr(eps), repr(p), repr(rate), repr(double)) == ("0.001", "softmax(x)", "0.5", "1.0")
    assert other.op == "input"
    assert other.attr("kind") == "attribute"


def test_recursion_is_bounded() -> None:
    node = returned("def f(x):\n    return f(x - 1) / x\n")
    assert node.op == "divide"


def test_a_web_of_helpers_is_bounded() -> None:
    text = (
        "".join(f"def h{i}(x):\n    return h{i + 1}(x) + h{i + 1}(x * 2)\n" for i in range(40))
        + "def h40(x):\n    return x\n"
    )
    assert len(module_of(HEAD + text).scopes) < 3000


UNKNOWN = {
    "starred call": "def f(*args):\n    return tf.math.log(*args)\n",
    "match": "def f(x):\n    match x:\n        case [a, *b]:\n            return a\n        case {'k': v}:\n            return v\n",
    "async": "async def f(x):\n    async with x as y:\n        return await y\n",
    "generator": "def f(x):\n    yield x\n    z = yield\n",
    "global": "def f(x):\n    global g\n    g = x\n    return g\n",
    "del and try": "def f(x):\n    try:\n        y = x\n    except (A, B) as e:\n        del e\n        raise\n    finally:\n        z = 1\n    return y\n",
    "comprehensions": "def f(x):\n    return [a for a in x if a], {a: b for a, b in x}, {a for a in x}, (a for a in x)\n",
    "class in a function": "def f(x):\n    class A:\n        y = x\n        def g(self):\n            return x\n    return A().g()\n",
    "strings": "def f(x):\n    return f'{x / 2}' 'b' + b'c'.decode()\n",
    "slices": "def f(x):\n    return x[..., None, 1:2, ::-1]\n",
    "while else": "def f(x):\n    while x > 0:\n        x -= 1\n        if x == 3:\n            break\n    else:\n        x = 0\n    return x\n",
}


@pytest.mark.parametrize("text", UNKNOWN.values(), ids=UNKNOWN)
def test_what_is_not_understood_is_no_error(text: str) -> None:
    assert module_of(HEAD + text).scopes
