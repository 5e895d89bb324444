"""TFN202: division by a value that is zero for ordinary inputs

## What it does
Reports a division whose denominator reaches 0 by its own construction: the sum, mean or count of a mask or of weights, a `relu`,
the sum of precision and recall, `max - min`, a standard deviation, a norm.

## Why is this bad?
A batch without any positive label, a fully padded sequence, a constant image: the count is 0, and `0 / 0` is NaN. The loss is NaN
for that batch, and the weights from then on.

## Fix safety
`tf.math.divide_no_nan(x, y)` is `x / y` where `y` is not 0, and 0 with a zero gradient where it is. For counts, sums of masks and
clamped values it is safe: where the original is finite both agree. For a standard deviation or a norm the gradient of the
denominator itself is not finite at 0 under XLA, so there the fix is unsafe. `tf.keras.backend` has no such function: where the
file does not bind `tf` no fix is offered.

## References
- [tf.math.divide_no_nan](https://www.tensorflow.org/api_docs/python/tf/math/divide_no_nan)
- [keras#5078: mean average precision without relevant documents](https://github.com/keras-team/keras/issues/5078)
"""

from __future__ import annotations

from collections.abc import Iterator

from tf_nan_lint.analysis.facts import Facts
from tf_nan_lint.diagnostics import Applicability
from tf_nan_lint.domain.interval import point
from tf_nan_lint.domain.value import Grade, Reach
from tf_nan_lint.graph.nodes import Node, Site
from tf_nan_lint.rules.base import Example, Finding, NearMiss, Replacement, Rewrite, Rule

_SPREADS = frozenset("reduce_std norm reduce_euclidean_norm".split())


class DivisionByZero(Rule):
    """``x / y`` where ``y`` reaches 0."""

    code = "TFN202"
    name = "division-by-zero"
    summary = "the denominator is 0 for ordinary inputs"
    ops = frozenset({"divide"})
    specificity = 5
    examples = (
        Example(
            "Mean over the positions that a mask keeps",
            bad="""import tensorflow as tf


def f(loss, mask):
    mask = tf.cast(mask > 0, loss.dtype)
    return tf.reduce_sum(loss * mask) / tf.reduce_sum(mask)  # TFN202
""",
            good="""import tensorflow as tf


def f(loss, mask):
    mask = tf.cast(mask > 0, loss.dtype)
    return tf.math.divide_no_nan(tf.reduce_sum(loss * mask), tf.reduce_sum(mask))  # TFN202
""",
            witness=([1.0, 2.0], [0.0, 0.0]),
            ordinary=(([1.0, 2.0], [1.0, 0.0]), ([1.0, 2.0, 3.0], [1.0, 1.0, 0.0])),
            breaks={"eager": "value", "graph": "value", "xla": "value"},
            watch=(0,),
        ),
        Example(
            "Whitening by the standard deviation",
            bad="""import tensorflow as tf


def f(x):
    return (x - tf.reduce_mean(x)) / tf.math.reduce_std(x)  # TFN202
""",
            good="""import tensorflow as tf


def f(x):
    return tf.math.divide_no_nan(x - tf.reduce_mean(x), tf.math.reduce_std(x))  # TFN202
""",
            witness=([2.0, 2.0],),
            ordinary=(([1.0, 2.0, 4.0],),),
            breaks={"eager": "value", "graph": "value", "xla": "value"},
            applicability=Applicability.UNSAFE,
        ),
    )
    near_misses = (
        NearMiss(
            "nothing is known of the denominator",
            """import tensorflow as tf


def f(x, y):
    return x / y
""",
        ),
        NearMiss(
            "the count is at least 1",
            """import tensorflow as tf


def f(loss, mask):
    return tf.reduce_sum(loss * mask) / tf.maximum(tf.reduce_sum(mask), 1.0)
""",
        ),
        NearMiss(
            "an epsilon in the denominator",
            """import tensorflow as tf


def f(loss, mask):
    return tf.reduce_sum(loss * mask) / (tf.reduce_sum(mask) + 1e-7)
""",
        ),
        NearMiss(
            "the size of a batch is a shape, not a tensor of counts",
            """import tensorflow as tf


def f(loss):
    n = tf.cast(tf.shape(loss)[0], tf.float32)
    return tf.reduce_sum(loss) / n
""",
        ),
        NearMiss(
            "a parameter named like a count is a Python number",
            """import tensorflow as tf


def f(x, num_heads, n_classes=10):
    return x / num_heads + x / n_classes
""",
        ),
        NearMiss(
            "checked before: the branch with an empty mask returns",
            """import tensorflow as tf


def f(loss, mask):
    total = tf.reduce_sum(mask)
    if total == 0:
        return tf.constant(0.0)
    return tf.reduce_sum(loss * mask) / total
""",
        ),
        NearMiss(
            "a mask and its complement are never both empty",
            """import tensorflow as tf


def f(x, mask):
    return x / (mask + (1.0 - mask))
""",
        ),
    )

    def check(self, site: Site, facts: Facts) -> Iterator[Finding]:
        numerator, denominator = site.node.args
        value = facts.at(site, denominator)
        if value.host or facts.at(site, numerator).host and value.is_integral:
            return
        zero = _evidence(denominator, value.reached, facts)
        if zero is None or facts.is_protected(site, denominator, point(0.0)):
            return
        origin = facts.graph.nodes[zero.origin] if isinstance(zero.origin, int) else denominator
        cause = facts.site_of(origin, site)
        spread = origin.op in _SPREADS or zero.grade is Grade.COINCIDENT
        name = facts.describe(denominator, site)
        yield Finding(
            site,
            f"division by zero: `{name}` is 0 {_when(origin, facts, cause or site)}",
            f"E{'4: the name of an input' if zero.grade is Grade.NAMED else '1: the denominator reaches 0'}",
            cause,
            f"`{facts.describe(origin, cause)}` is 0 for such an input" if cause is not None else "",
            site.node,
            (
                Rewrite(
                    "Use `divide_no_nan`",
                    (Replacement(site, facts.graph.node("divide_no_nan", numerator, denominator)),),
                    Applicability.UNSAFE if spread else Applicability.SAFE,
                    "the gradient of the denominator itself is not finite at 0 under XLA" if spread else "",
                ),
            ),
        )


def _evidence(denominator: Node, reached: tuple[Reach, ...], facts: Facts) -> Reach | None:
    best: Reach | None = None
    for entry in reached:
        if entry.point != 0.0 or not isinstance(entry.origin, int):
            continue
        origin = facts.graph.nodes[entry.origin]
        if entry.grade is Grade.STRUCTURAL:
            # A literal 0 is a choice of Python's control flow, not a value that tensors produce.
            strong = not origin.is_const
        elif entry.grade is Grade.NAMED:
            # A mask that is the divisor itself: the name alone is no evidence of that.
            strong = facts.is_mask(origin) and denominator is not origin
        else:
            strong = (origin.op in _SPREADS or _is_spread(origin)) and facts.varies(origin)
        if strong and (best is None or entry.grade > best.grade):
            best = entry
    return best


def _is_spread(node: Node) -> bool:
    return node.op == "subtract" and node.args[0].op == "reduce_max" and node.args[1].op == "reduce_min"


def _when(origin: Node, facts: Facts, near: Site) -> str:
    name = facts.describe(origin, near)
    if origin.op in _SPREADS or _is_spread(origin):
        return f"where the entries are all equal or zero (`{name}`)"
    return f"where `{name}` is 0 everywhere"
