"""Every way people spell TensorFlow and Keras, through the whole pipeline: a log of a softmax is found whatever it is called."""

from __future__ import annotations

import pytest

from tf_nan_lint import engine
from tf_nan_lint.config import Config
from tf_nan_lint.graph import names
from tf_nan_lint.graph.build import build
from tf_nan_lint.graph.nodes import Node
from tf_nan_lint.graph.source import SourceFile


def codes(text: str) -> list[str]:
    found = engine.lint(SourceFile.from_text("spelling.py", text), Config(), reraise=True)
    return [d.code for d in found]


def log_of_softmax(imports: str, expression: str) -> list[str]:
    return codes(f"{imports}\n\n\ndef f(z):\n    return {expression}\n")


def returned(imports: str, expression: str) -> Node:
    source = SourceFile.from_text("spelling.py", f"{imports}\n\n\ndef f(x, y, c):\n    return {expression}\n")
    outline = source.outline()
    module = build(source, outline, list(outline.functions()))
    return module.scopes[-1].returns[-1][1]


TF = "tf.math.log(tf.nn.softmax(z))"
TF1 = "tf.log(tf.nn.softmax(z))"
K = "K.log(K.softmax(z))"
OPS = "ops.log(ops.softmax(z))"

SPELLINGS = {
    # TensorFlow itself
    "import tensorflow as tf": ("import tensorflow as tf", TF),
    "TensorFlow 1, where log is a function of tf": ("import tensorflow as tf", TF1),
    "compat.v2 as tf": ("import tensorflow.compat.v2 as tf", TF),
    "from compat import v2": ("from tensorflow.compat import v2 as tf", TF),
    "compat.v1 as tf": ("import tensorflow.compat.v1 as tf", TF1),
    "compat.v1 with a function that has moved": ("import tensorflow.compat.v1 as tf", TF),
    "tf1 from compat": ("from tensorflow.compat import v1 as tf1", "tf1.log(tf1.nn.softmax(z))"),
    "tf1 and tf2 in one file": (
        "import tensorflow.compat.v1 as tf1\nimport tensorflow.compat.v2 as tf2",
        "tf1.log(tf2.nn.softmax(z))",
    ),
    "compat reached through tf": ("import tensorflow as tf", "tf.compat.v1.log(tf.compat.v2.nn.softmax(z))"),
    "import tensorflow": ("import tensorflow", "tensorflow.math.log(tensorflow.nn.softmax(z))"),
    "import of a submodule binds the root": (
        "import tensorflow.compat.v1",
        "tensorflow.compat.v1.log(tensorflow.nn.softmax(z))",
    ),
    "several imports in one statement": ("import os, tensorflow as tf, sys", TF),
    "modules of tf": ("from tensorflow import math as tfm\nfrom tensorflow import nn", "tfm.log(nn.softmax(z))"),
    "modules of tf by path": ("import tensorflow.math as tfm, tensorflow.nn as tnn", "tfm.log(tnn.softmax(z))"),
    "bare functions, one renamed": (
        "from tensorflow.math import log\nfrom tensorflow.nn import softmax as sm",
        "log(sm(z))",
    ),
    "TensorFlow's own modules": (
        "from tensorflow.python.ops import math_ops, nn_ops",
        "math_ops.log(nn_ops.softmax(z))",
    ),
    "TensorFlow's own nn": (
        "from tensorflow.python.ops import math_ops\nfrom tensorflow.python.ops import nn",
        "math_ops.log(nn.softmax(z))",
    ),
    "TensorFlow's generated ops": (
        "from tensorflow.python.ops import gen_math_ops, gen_nn_ops",
        "gen_math_ops.log(gen_nn_ops.softmax(z))",
    ),
    "functions of TensorFlow's own modules": (
        "from tensorflow.python.ops.math_ops import log\nfrom tensorflow.python.ops.nn_ops import softmax",
        "log(softmax(z))",
    ),
    "TensorFlow's numpy": (
        "import tensorflow as tf\nimport tensorflow.experimental.numpy as tnp",
        "tnp.log(tf.nn.softmax(z))",
    ),
    "TensorFlow's numpy by from": (
        "import tensorflow as tf\nfrom tensorflow.experimental import numpy as tnp",
        "tnp.log(tf.nn.softmax(z))",
    ),
    # Keras
    "tf_keras backend": ("from tf_keras import backend as K", K),
    "keras backend": ("from keras import backend as K", K),
    "tensorflow.keras backend": ("from tensorflow.keras import backend as K", K),
    "tensorflow.python.keras backend": ("from tensorflow.python.keras import backend as K", K),
    "compat.v2 keras backend": ("from tensorflow.compat.v2.keras import backend as K", K),
    "compat.v1 keras backend": ("from tensorflow.compat.v1.keras import backend as K", K),
    "import keras.backend as K": ("import keras.backend as K", K),
    "import tensorflow.keras.backend as K": ("import tensorflow.keras.backend as K", K),
    "backend through tf": ("import tensorflow as tf", "tf.keras.backend.log(tf.keras.backend.softmax(z))"),
    "backend through keras": ("import keras", "keras.backend.log(keras.backend.softmax(z))"),
    "keras.ops": ("from keras import ops", OPS),
    "keras.ops.nn": ("from keras import ops", "ops.log(ops.nn.softmax(z))"),
    "keras.src.ops": ("from keras.src import ops", OPS),
    "keras.api.ops": ("from keras.api import ops", OPS),
    "keras_core.ops": ("from keras_core import ops", OPS),
    "import keras.ops as ops": ("import keras.ops as ops", OPS),
    "import keras": ("import keras", "keras.ops.log(keras.ops.softmax(z))"),
    "keras under another name": ("import keras as k", "k.ops.log(k.activations.softmax(z))"),
    "functions of keras.ops": ("from keras.ops import log, softmax", "log(softmax(z))"),
    "the modules below keras.src": ("from keras.src import backend", "backend.numpy.log(backend.nn.softmax(z))"),
    "activations of tf.keras": ("import tensorflow as tf", "tf.math.log(tf.keras.activations.softmax(z))"),
    "activations of keras": ("from keras import ops\nfrom keras.activations import softmax", "ops.log(softmax(z))"),
    "activations of tf_keras": (
        "import tensorflow as tf\nimport tf_keras",
        "tf.math.log(tf_keras.activations.softmax(z))",
    ),
    # aliases
    "a backend by assignment": ("import tensorflow as tf\nK = tf.keras.backend", K),
    "aliases of aliases": ("import tensorflow as tf\ntfk = tf.keras\nK = tfk.backend", K),
    "a function by assignment": ("import tensorflow as tf\ntfm = tf.math\nlog = tfm.log", "log(tf.nn.softmax(z))"),
    "aliases in one tuple": (
        "import tensorflow as tf\ntfk, tfm = tf.keras, tf.math",
        "tfm.log(tfk.backend.softmax(z))",
    ),
    "tf from a module of the project": ("from mylib.compat import tf", TF),
    "tf from a sibling": ("from .compat import tf", TF),
    "tf from the package": ("from . import tf", TF),
    "tf1 from a package above": ("from ..compat import tf1", "tf1.log(tf1.nn.softmax(z))"),
    "tf2 of the project, renamed": ("from mylib.compat import tf2 as tf", TF),
    # where imports stand
    "the other import only raises": (
        "try:\n    import tensorflow as tf\nexcept ImportError as error:\n    raise RuntimeError from error",
        TF,
    ),
    "both imports are the same": (
        "try:\n    import tensorflow as tf\nexcept ImportError:\n    import tensorflow as tf",
        TF,
    ),
    "under TYPE_CHECKING": (
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import tensorflow as tf",
        TF,
    ),
    "star imports of modules of tf": ("from tensorflow.math import *\nfrom tensorflow.nn import *", "log(softmax(z))"),
    "star import of a backend": ("from keras.backend import *", "log(softmax(z))"),
    "star import of keras.ops": ("from keras.ops import *", "log(softmax(z))"),
    # arguments
    "keyword arguments": ("import tensorflow as tf", "tf.math.log(x=tf.nn.softmax(logits=z))"),
    "names for the ops": ("import tensorflow as tf", "tf.math.log(tf.nn.softmax(z, name='p'), name='l')"),
    "dim for axis": ("import tensorflow.compat.v1 as tf", "tf.log(tf.nn.softmax(z, dim=-1))"),
}


@pytest.mark.parametrize(("imports", "expression"), SPELLINGS.values(), ids=SPELLINGS)
def test_a_log_of_a_softmax_is_found_in_every_spelling(imports: str, expression: str) -> None:
    assert log_of_softmax(imports, expression) == ["TFN401"]


KNOWN_MISSING = {
    "one of two packages": (
        "try:\n    import tensorflow.compat.v1 as tf\nexcept ImportError:\n    import tensorflow as tf",
        TF1,
    ),
    "one of two backends": (
        "try:\n    from keras import backend as K\nexcept ImportError:\n    from tensorflow.keras import backend as K",
        K,
    ),
    "by version": (
        "import keras\nif keras.__version__ > '3':\n    from keras import ops\nelse:\n    from keras import backend as ops",
        OPS,
    ),
    "None where the import fails": ("try:\n    import tensorflow as tf\nexcept ImportError:\n    tf = None", TF),
    "None before the import": (
        "tf = None\ntry:\n    import tensorflow as tf\nexcept ImportError:\n    pass",
        TF,
    ),
    "star import of tensorflow, whose modules are attributes": ("from tensorflow import *", "math.log(nn.softmax(z))"),
    "raw ops": ("import tensorflow as tf", "tf.raw_ops.Log(x=tf.raw_ops.Softmax(logits=z))"),
    "the TensorFlow backend of Keras 2": ("import keras.backend.tensorflow_backend as K", K),
    "the same by from": ("from keras.backend import tensorflow_backend as K", K),
    "a layer object": ("import tensorflow as tf", "tf.math.log(tf.keras.layers.Softmax()(z))"),
}
"""Spellings that are not resolved yet: whoever resolves one moves it to SPELLINGS."""


@pytest.mark.parametrize(("imports", "expression"), KNOWN_MISSING.values(), ids=KNOWN_MISSING)
def test_spellings_that_are_known_to_be_missing_still_are(imports: str, expression: str) -> None:
    assert log_of_softmax(imports, expression) == [], "resolved: move it to SPELLINGS"


OTHERS = {
    "a function of the file with the name of an op": (
        "import tensorflow as tf\n\n\ndef log(x):\n    return x",
        "log(tf.nn.softmax(z))",
    ),
    "a parameter hides the module": ("import tensorflow as tf", "(lambda tf: tf.math.log(tf.nn.softmax(z)))(other)"),
    "numpy computes on the host": ("import numpy as np\nimport tensorflow as tf", "np.log(tf.nn.softmax(z))"),
    "math computes on the host": ("import math\nimport tensorflow as tf", "math.log(tf.nn.softmax(z))"),
    "a log of another library": ("import tensorflow as tf\nfrom absl import logging", "logging.log(tf.nn.softmax(z))"),
    "a name that is bound to something else later": (
        "import tensorflow as tf\nfrom tensorflow.math import log\nlog = print",
        "log(tf.nn.softmax(z))",
    ),
    "a function named softmax that is not TensorFlow's": (
        "import tensorflow as tf\nfrom mylib import softmax",
        "tf.math.log(softmax(z))",
    ),
}


@pytest.mark.parametrize(("imports", "expression"), OTHERS.values(), ids=OTHERS)
def test_functions_of_the_same_name_are_not_taken_for_ops(imports: str, expression: str) -> None:
    assert log_of_softmax(imports, expression) == []


INSIDE = {
    "imported in the function": (
        "def f(z):\n    import tensorflow as tf\n    return tf.math.log(tf.nn.softmax(z))\n",
        ["TFN401"],
    ),
    "imported in the function under a try": (
        "def f(z):\n    try:\n        import tensorflow as tf\n    except ImportError:\n        raise\n"
        "    return tf.math.log(tf.nn.softmax(z))\n",
        ["TFN401"],
    ),
    "a bare function imported in the function": (
        "def f(z):\n    from keras.ops import log, softmax\n    return log(softmax(z))\n",
        ["TFN401"],
    ),
    "imported in the method": (
        "class C:\n    def f(self, z):\n        from tensorflow.keras import backend as K\n"
        "        return K.log(K.softmax(z))\n",
        ["TFN401"],
    ),
    "imported in the class body": (
        "class C:\n    import tensorflow as tf\n\n    def f(self, z):\n"
        "        return self.tf.math.log(self.tf.nn.softmax(z))\n",
        ["TFN401"],
    ),
    "imported by the enclosing function": (
        "def make():\n    import tensorflow as tf\n\n    def f(z):\n        return tf.math.log(tf.nn.softmax(z))\n"
        "    return f\n",
        ["TFN401"],
    ),
    "imported in another function only": (
        "def g():\n    import tensorflow as tf\n    return tf\n\n\ndef f(z):\n    return tf.math.log(tf.nn.softmax(z))\n",
        [],
    ),
    "the module is imported below the function": (
        "def f(z):\n    return tf.math.log(tf.nn.softmax(z))\n\n\nimport tensorflow as tf\n",
        ["TFN401"],
    ),
    "kept in an attribute": (
        "import tensorflow as tf\n\n\nclass C:\n    def __init__(self):\n        self.tf = tf\n\n"
        "    def f(self, z):\n        return self.tf.math.log(self.tf.nn.softmax(z))\n",
        ["TFN401"],
    ),
    "a parameter with the module as its default": (
        "import keras\n\n\ndef outer(z):\n    return f(z)\n\n\ndef f(z, ops=keras.ops):\n    return ops.log(ops.softmax(z))\n",
        ["TFN401"],
    ),
}


@pytest.mark.parametrize(("text", "expected"), INSIDE.values(), ids=INSIDE)
def test_imports_count_where_python_sees_them(text: str, expected: list[str]) -> None:
    assert codes(text) == expected


TF_IMPORT = "import tensorflow as tf"
ONE_NODE = {
    "division": ("divide", ["x / y", "tf.divide(x, y)", "tf.math.divide(x, y)", "tf.math.truediv(x, y)", "tf.truediv(x, y)",
                            "tf.div(x, y)", "tf.divide(x=x, y=y)", "x.__truediv__(y)", "tf.realdiv(x, y)"]),
    "where": ("where", ["tf.where(c, x, y)", "tf.compat.v1.where(c, x, y)", "tf.where(condition=c, x=x, y=y)",
                        "tf.compat.v2.where(c, x, y)", "tf.where(c, y=y, x=x)"]),
    "is_nan": ("is_nan", ["tf.math.is_nan(x)", "tf.is_nan(x)", "tf.compat.v1.is_nan(x)", "tf.math.is_nan(x=x)"]),
    "sqrt": ("sqrt", ["tf.sqrt(x)", "tf.math.sqrt(x)", "tf.compat.v1.sqrt(x)", "tf.math.sqrt(x=x)"]),
    "a sum over an axis": ("reduce_sum", [
        "tf.reduce_sum(x, axis=1, keepdims=True)", "tf.reduce_sum(x, 1, True)", "tf.math.reduce_sum(x, 1, keepdims=True)",
        "tf.compat.v1.reduce_sum(x, axis=1, keep_dims=True)", "tf.reduce_sum(x, reduction_indices=1, keep_dims=True)",
        "tf.reduce_sum(input_tensor=x, axis=1, keepdims=True)",
    ]),
    "the square": ("square", ["tf.square(x)", "x * x", "x ** 2", "tf.pow(x, 2)", "tf.multiply(x, x)", "tf.math.square(x)",
                              "pow(x, 2)", "x ** 2.0"]),
    "the magnitude": ("abs", ["tf.abs(x)", "tf.math.abs(x)", "abs(x)", "x.__abs__()"]),
    "the negative": ("negative", ["-x", "tf.negative(x)", "tf.math.negative(x)", "tf.neg(x)", "x.__neg__()"]),
    "a difference": ("subtract", ["x - y", "tf.subtract(x, y)", "tf.sub(x, y)", "tf.math.subtract(x, y)", "x.__sub__(y)"]),
    "a product": ("multiply", ["x * y", "tf.multiply(x, y)", "tf.mul(x, y)", "x.__mul__(y)"]),
    "clipping": ("clip_by_value", [
        "tf.clip_by_value(x, 0, 1)", "tf.clip_by_value(x, clip_value_min=0, clip_value_max=1)",
        "tf.clip_by_value(t=x, clip_value_min=0, clip_value_max=1)",
    ]),
}  # fmt: skip


@pytest.mark.parametrize(("op", "spellings"), ONE_NODE.values(), ids=ONE_NODE)
def test_spellings_of_one_value_are_one_node(op: str, spellings: list[str]) -> None:
    source = SourceFile.from_text("one.py", f"{TF_IMPORT}\n\n\ndef f(x, y, c):\n    return [{', '.join(spellings)}]\n")
    outline = source.outline()
    module = build(source, outline, list(outline.functions()))
    found = module.scopes[-1].returns[-1][1].args
    assert {node.op for node in found} == {op}
    assert {spelling for spelling, node in zip(spellings, found, strict=True) if node is not found[0]} == set()


DIFFERENT = {
    "K.sqrt clips negatives to 0": (
        "from keras import backend as K\nimport tensorflow as tf",
        "K.sqrt(x)",
        "tf.sqrt(x)",
    ),
    "TensorFlow divides integers to floats, // does not": (TF_IMPORT, "x // y", "x / y"),
    "a norm of order 1 has another gradient": (TF_IMPORT, "tf.norm(x, 1)", "tf.norm(x)"),
    "divide_no_nan is safe": (TF_IMPORT, "tf.math.divide_no_nan(x, y)", "x / y"),
    "numpy's division is host arithmetic": ("import numpy as np", "np.divide(x, y)", "x / y"),
    "axes differ": (TF_IMPORT, "tf.reduce_sum(x, 0)", "tf.reduce_sum(x, 1)"),
    "operands are not exchanged": (TF_IMPORT, "x - y", "y - x"),
    "where with one operand gives indices": (TF_IMPORT, "tf.where(c)", "tf.where(c, x, y)"),
}


@pytest.mark.parametrize(("imports", "one", "other"), DIFFERENT.values(), ids=DIFFERENT)
def test_spellings_that_behave_differently_are_different_ops(imports: str, one: str, other: str) -> None:
    both = returned(imports, f"({one}, {other})")
    assert both.args[0] is not both.args[1]
    assert repr(both.args[0]) != repr(both.args[1])


@pytest.mark.parametrize(
    ("path", "canonical"),
    [
        ("tensorflow.compat.v1.math.log", "tf.math.log"),
        ("tensorflow.compat.v1.log", "tf1.log"),
        ("tensorflow.compat.v1.compat.v1.log", "tf1.log"),
        ("tensorflow.compat.v2.nn.softmax", "tf.nn.softmax"),
        ("tensorflow.compat.v1.keras.backend.log", "K.log"),
        ("tensorflow.python.keras.backend.log", "K.log"),
        ("tf_keras.src.backend.log", "K.log"),
        ("keras.src.ops.numpy.log", "keras.ops.log"),
        ("keras.api.ops.log", "keras.ops.log"),
        ("tensorflow.experimental.numpy.log", "tnp.log"),
        ("numpy.log", "np.log"),
        ("tensorflow_probability.math.log", "tensorflow_probability.math.log"),
        ("tensorflowjs.log", "tensorflowjs.log"),
        ("keras_cv.ops.log", "keras_cv.ops.log"),
    ],
)
def test_paths_have_one_canonical_form(path: str, canonical: str) -> None:
    assert names.canonical(path) == canonical
    assert names.canonical(canonical) == canonical


@pytest.mark.parametrize(
    ("path", "op"),
    [
        ("tensorflow.python.ops.math_ops.log", "log"),
        ("tensorflow.python.ops.array_ops.where", "where"),
        ("tensorflow.python.ops.array_ops.where_v2", "where"),
        ("tensorflow.python.ops.clip_ops.clip_by_value", "clip_by_value"),
        ("tensorflow.python.ops.nn_ops.softmax", "softmax"),
        ("tensorflow.python.ops.nn_impl.l2_normalize", "l2_normalize"),
        ("tensorflow.python.ops.linalg_ops.norm", "norm"),
        ("tensorflow.python.framework.ops.convert_to_tensor", "convert_to_tensor"),
        ("tensorflow.python.ops.array_ops.no_such_function", None),
        ("tensorflow.log_of_nothing", None),
        ("mylib.math.log", None),
        ("math.log", None),
    ],
)
def test_paths_name_ops(path: str, op: str | None) -> None:
    row = names.op_of(path)
    assert (row.name if row is not None else None) == op
