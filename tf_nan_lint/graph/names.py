"""From dotted import paths to the families of the op table, and back to what a file can spell."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from tf_nan_lint.ops import OPS
from tf_nan_lint.ops.spec import OpSpec

FAMILIES: Final = (
    "tf",
    "tf1",
    "K",
    "keras.ops",
    "keras.activations",
    "keras.config",
    "keras",
    "tnp",
    "np",
    "math",
)
"""``tf`` (any version), ``tf1`` (``tensorflow.compat.v1``), ``K`` (``keras.backend``), ``tnp``
(``tensorflow.experimental.numpy``), ``np`` and ``math`` (host arithmetic); the others are what they say."""

_PREFIXES: Final = (
    # Longest first within a root: the first match wins, and its image is matched again until nothing changes.
    ("tensorflow.compat.v1.keras", "keras"),
    ("tensorflow.compat.v2.keras", "keras"),
    ("tensorflow.compat.v1.compat.v1", "tf1"),
    ("tensorflow.compat.v1", "tf1"),
    ("tensorflow.compat.v2", "tf"),
    ("tensorflow.experimental.numpy", "tnp"),
    ("tensorflow.python.keras", "keras"),
    ("tensorflow.keras", "keras"),
    ("tensorflow.python.ops", "tfops"),
    ("tensorflow.python.framework", "tfops"),
    ("tensorflow", "tf"),
    ("tf1.keras", "keras"),
    ("tf1.math", "tf.math"),
    ("tf1.linalg", "tf.linalg"),
    ("tf.keras", "keras"),
    ("tf_keras", "keras"),
    ("keras_core", "keras"),
    ("keras.src", "keras"),
    ("keras.api", "keras"),
    ("keras.backend.numpy", "keras.ops"),
    ("keras.backend.math", "keras.ops"),
    ("keras.backend.nn", "keras.ops"),
    ("keras.backend.core", "keras.ops"),
    ("keras.backend.config", "keras.config"),
    ("keras.backend", "K"),
    ("keras.ops.numpy", "keras.ops"),
    ("keras.ops.math", "keras.ops"),
    ("keras.ops.nn", "keras.ops"),
    ("keras.ops.core", "keras.ops"),
    ("keras.ops.linalg", "keras.ops"),
    ("keras.activations.activations", "keras.activations"),
    ("numpy", "np"),
    ("jax.numpy", "jnp"),
)

_TF_HOMES: Final = ("tf.{}", "tf.math.{}", "tf.nn.{}", "tf.linalg.{}")
"""Where a function of ``tensorflow.python.ops.*`` is exported."""

TF_ROOTS: Final = frozenset({"tf", "tf1", "tf2"})
"""Names under which projects pass TensorFlow through a module of their own (``from mylib.compat import tf``)."""

TF1_ONLY: Final = frozenset(
    "Session InteractiveSession placeholder placeholder_with_default get_variable variable_scope global_variables_initializer "
    "initialize_all_variables is_nan is_inf is_finite log div to_float to_int32 to_double arg_max mul sub neg pack "
    "select trainable_variables get_collection set_random_seed random_uniform random_normal truncated_normal "
    "truncated_normal_initializer ConfigProto app flags layers contrib log1p mod floormod floordiv "
    "inv erf lgamma digamma rsqrt_grad reset_default_graph add_to_collection summary_op".split()
)
"""Attributes of ``tf`` that only TensorFlow 1 has: one use makes ``import tensorflow as tf`` mean TensorFlow 1."""


@lru_cache(maxsize=4096)
def canonical(path: str) -> str:
    """The path in the op table's families: ``tensorflow.compat.v1.math.log`` is ``tf.math.log``."""
    changed = True
    while changed:
        changed = False
        for prefix, image in _PREFIXES:
            if path == prefix or path.startswith(prefix + "."):
                path = image + path[len(prefix) :]
                changed = True
                break
    return path


@lru_cache(maxsize=4096)
def op_of(path: str) -> OpSpec | None:
    """The row of the op table that a dotted import path names, or None."""
    name = canonical(path)
    row = OPS.spelled(name)
    if row is not None:
        return row
    family, _, rest = name.partition(".")
    if family == "tf1":
        return OPS.spelled("tf." + rest)
    if family == "tfops":
        function = rest.rpartition(".")[2]
        return next((row for home in _TF_HOMES if (row := OPS.spelled(home.format(function))) is not None), None)
    return None


def family_of(path: str) -> str | None:
    """The family that a canonical or import path belongs to, the most specific one."""
    name = canonical(path)
    return next((f for f in sorted(FAMILIES, key=len, reverse=True) if name == f or name.startswith(f + ".")), None)


def is_host(path: str) -> bool:
    """Whether a function of this path computes Python numbers or numpy arrays, which have no gradient."""
    return canonical(path).partition(".")[0] in ("np", "math", "numpy", "scipy", "random", "operator")
