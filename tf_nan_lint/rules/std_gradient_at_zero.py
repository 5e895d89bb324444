"""TFN303: the gradient of a standard deviation at zero

## What it does
Reports `tf.math.reduce_std`, `K.std` and `keras.ops.std` of a value that is differentiated.

## Why is this bad?
A standard deviation is the square root of a variance. Where all entries are equal (a constant feature, a batch of one, a padded
sequence) the derivative of the root is infinite, and the gradient NaN. `std + eps` protects a division, not the root: it is finite
in eager mode on CPU and NaN under `jit_compile=True` (measured, TensorFlow 2.21).

## Fix safety
The fix takes the root of 1 where the variance is 0 and puts the 0 back (a double `where`). Values are identical, gradients too
wherever they were finite, and 0 for constant data. It is safe.

## References
- [keras#2960: NaN from K.std of constant data](https://github.com/keras-team/keras/issues/2960)
"""

from __future__ import annotations

from collections.abc import Iterator

from tf_nan_lint.analysis.facts import Facts
from tf_nan_lint.diagnostics import Applicability
from tf_nan_lint.graph.nodes import Site
from tf_nan_lint.graph.pattern import guarded_root
from tf_nan_lint.rules.base import Example, Finding, NearMiss, Replacement, Rewrite, Rule


class StdGradientAtZero(Rule):
    """``reduce_std(x)`` where all entries may be equal."""

    code = "TFN303"
    name = "std-gradient-at-zero"
    summary = "the gradient of a standard deviation is NaN for constant data"
    ops = frozenset({"reduce_std"})
    specificity = 10
    examples = (
        Example(
            "The deviation of a minibatch",
            bad="""import tensorflow as tf


def f(x):
    return tf.reduce_mean(tf.math.reduce_std(x, axis=0))  # TFN303
""",
            good="""import tensorflow as tf


def f(x):
    variance = tf.math.reduce_variance(x, axis=0)
    return tf.reduce_mean(tf.where(variance > 0, tf.math.sqrt(tf.where(variance > 0, variance, tf.ones_like(variance))), tf.zeros_like(variance)))  # TFN303
""",
            witness=([[1.0, 2.0], [1.0, 5.0]],),
            ordinary=(([[1.0, 2.0], [3.0, 5.0]],),),
        ),
    )
    near_misses = (
        NearMiss(
            "a thin wrapper",
            """import tensorflow as tf


def std(x, axis=None):
    return tf.math.reduce_std(x, axis=axis)
""",
        ),
        NearMiss(
            "a test compares it",
            """import tensorflow as tf


def f(self, x):
    self.assertAllClose(1.0, tf.math.reduce_std(x))
""",
        ),
        NearMiss(
            "the root has an epsilon inside",
            """import tensorflow as tf


def f(x):
    return tf.sqrt(tf.math.reduce_variance(x, axis=0) + 1e-8)
""",
        ),
        NearMiss(
            "a summary looks at it, nobody differentiates it",
            """import tensorflow as tf


def f(x):
    tf.summary.scalar("deviation", tf.math.reduce_std(x))
    return tf.reduce_mean(x)
""",
        ),
    )

    def check(self, site: Site, facts: Facts) -> Iterator[Finding]:
        (operand,) = site.node.args
        if facts.at(site, operand).host or not facts.varies(operand) or not facts.differentiated(site):
            return
        if any(user.op == "divide" and user.args[1] is site.node for user in facts.users(site.node)):
            return  # a division by zero, and another rule's
        graph = facts.graph
        variance = graph.node("reduce_variance", operand, **dict(site.node.attrs))
        guarded = guarded_root(graph, variance)
        yield Finding(
            site,
            f"gradient is NaN where `{facts.describe(operand, site)}` is constant: a deviation is the root of a variance",
            "E1: the variance reaches 0",
            facts.site_of(operand, site),
            "constant data comes from here",
            site.node,
            (Rewrite("Take the root of 1 where the variance is 0", (Replacement(site, guarded),), Applicability.SAFE),),
        )
