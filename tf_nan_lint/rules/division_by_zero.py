"""TFN202: division by a value that is zero for ordinary inputs

## What it does
Reports a division whose denominator reaches 0 by its own construction: the sum, mean or count of a mask or of weights, a `relu`,
the sum of precision and recall, `max - min`, a standard deviation, a norm.

## Why is this bad?
A batch without any positive label, a fully padded sequence, a constant image: the count is 0, and `0 / 0` is NaN. The loss is NaN
for that batch, and the weights from then on.

## Fix safety
`tf.math.divide_no_nan(x, y)` is `x / y` where `y` is not 0, and 0 with a zero gradient where it is: where the original is finite
both agree, so the fix is safe. `tf.keras.backend` has no such function: where the file does not bind `tf` no fix is offered.

A standard deviation or a norm is the square root of a variance or a sum of squares, and the gradient of that root is not finite
at 0 (measured: `divide_no_nan(x, tf.math.reduce_std(x))` has a NaN gradient under `jit_compile=True`). There the fix takes the
root of 1 where the variance is 0 (a double `where`). It is safe too.

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
from tf_nan_lint.graph.pattern import is_number, positive_root
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
    difference = x - tf.reduce_mean(x)
    variance = tf.math.reduce_variance(x)
    return tf.where(variance > 0, difference / tf.math.sqrt(tf.where(variance > 0, variance, tf.ones_like(variance))), tf.zeros_like(difference))  # TFN202
""",
            witness=([2.0, 2.0],),
            ordinary=(([1.0, 2.0, 4.0],),),
            breaks={"eager": "value", "graph": "value", "xla": "value"},
        ),
    )
    near_misses = (
        NearMiss(
            "tf.cond computes the branch it takes alone",
            """import tensorflow as tf


def f(x, mask):
    count = tf.reduce_sum(tf.cast(mask > 0, tf.float32))
    return tf.cond(count > 0, lambda: tf.reduce_sum(x) / count, lambda: tf.zeros_like(count))
""",
        ),
        NearMiss(
            "each row of a one-hot tensor has its 1 somewhere",
            """import tensorflow as tf


def f(x, index):
    hot = tf.one_hot(index, 8)
    return tf.reduce_sum(x * hot, axis=-1) / tf.reduce_sum(hot, axis=-1)
""",
        ),
        NearMiss(
            "a mask smoothed by its own complement is never 0",
            """import tensorflow as tf


def f(x, mask):
    t = tf.cast(mask > 0, tf.float32)
    return x / (t + (1.0 - t) * 0.3)
""",
        ),
        NearMiss(
            "a count of what is not NaN: it takes NaN to make it 0",
            """import tensorflow as tf


def f(x):
    count = tf.reduce_sum(tf.cast(~tf.math.is_nan(x), tf.float32))
    return tf.reduce_sum(x) / count
""",
        ),
        NearMiss(
            "the quotient is only compared",
            """import tensorflow as tf


def f(x, mask):
    keep = tf.cast(mask > 0, tf.float32)
    return tf.reduce_sum(x * keep) / tf.reduce_sum(keep) > 0.5
""",
        ),
        NearMiss(
            "the choice is made through expand_dims",
            """import tensorflow as tf


def f(x, mask):
    count = tf.reduce_sum(tf.cast(mask > 0, tf.float32), axis=-1)
    mean = tf.reduce_sum(x, axis=-1) / count
    return tf.argmax(tf.where(tf.expand_dims(count > 0, -1), tf.expand_dims(mean, -1), 0.0), axis=0)
""",
        ),
        NearMiss(
            "asserted before, in TensorFlow 1 style",
            """import tensorflow as tf


def f(x, mask):
    count = tf.reduce_sum(tf.cast(mask > 0, tf.float32))
    check = tf.Assert(tf.reduce_all(count > 0), ["empty mask"])
    with tf.control_dependencies([check]):
        total = tf.reduce_sum(x)
    return total / count
""",
        ),
        NearMiss(
            "the norm of random numbers",
            """import tensorflow as tf


def f(n):
    noise = tf.random.normal([n, 3])
    return noise / tf.norm(noise, axis=-1, keepdims=True)
""",
        ),
        NearMiss(
            "every label is equal to itself",
            """import tensorflow as tf


def f(x, ids):
    same = tf.cast(tf.equal(ids, tf.transpose(ids)), tf.float32)
    return x / tf.reduce_sum(same, axis=1)
""",
        ),
        NearMiss(
            "an optimizer chooses by the norm it divides by",
            """import tensorflow as tf


class Lars(tf.keras.optimizers.Optimizer):
    def update_step(self, g, v, rate):
        norm = tf.norm(g)
        v.assign_sub(rate * tf.where(norm > 0, tf.norm(v) / norm, 1.0) * g)
""",
        ),
        NearMiss(
            "the selected part of a padded tensor need not be the padding",
            """import tensorflow as tf


def f(x, widths):
    return x / tf.pad(widths, [[0, 0], [1, 1]])[..., 1:-1]
""",
        ),
        NearMiss(
            "a literal 0 before a loop is a choice of the program",
            """import tensorflow as tf


def f(values):
    total = 0.0
    for value in values:
        total = total + value
    return 1.0 / total
""",
        ),
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
        if value.host or (facts.at(site, numerator).host and value.is_integral):
            return
        zero = _evidence(denominator, value.reached, facts)
        if zero is None or facts.is_protected(site, denominator, point(0.0)) or not facts.is_used(site):
            return
        origin = facts.graph.nodes[zero.origin] if isinstance(zero.origin, int) else denominator
        cause = facts.site_of(origin, site)
        name = facts.describe(denominator, site)
        yield Finding(
            site,
            f"division by zero: `{name}` is 0 {_when(denominator, origin, zero, facts, cause or site)}",
            f"E{'4: the name of an input' if zero.grade is Grade.NAMED else '1: the denominator reaches 0'}",
            cause,
            f"{facts.state(zero, cause)} for such an input" if cause is not None else "",
            site.node,
            tuple(_rewrites(site, origin, facts)),
        )


def _rewrites(site: Site, origin: Node, facts: Facts) -> Iterator[Rewrite]:
    graph = facts.graph
    numerator, denominator = site.node.args
    if origin.op not in _SPREADS:
        quotient = graph.node("divide_no_nan", numerator, denominator)
        yield Rewrite("Use `divide_no_nan`", (Replacement(site, quotient),), Applicability.SAFE)
        return
    squared = _squared(denominator, facts)
    if squared is None:
        return
    positive, root = positive_root(graph, squared)
    guarded = graph.node("where", positive, graph.node("divide", numerator, root), graph.node("zeros_like", numerator))
    yield Rewrite(
        "Divide by the root of 1 where the spread is 0",
        (Replacement(site, guarded),),
        Applicability.SAFE,
    )


def _squared(denominator: Node, facts: Facts) -> Node | None:
    """What ``denominator`` is the square root of: a variance, or a sum of squares."""
    attrs = dict(denominator.attrs)
    if denominator.op == "reduce_std":
        return facts.graph.node("reduce_variance", *denominator.args, **attrs)
    if denominator.op in _SPREADS and "ord" not in attrs:
        return facts.graph.node("reduce_sum", facts.graph.node("square", *denominator.args), **attrs)
    return None


def _evidence(denominator: Node, reached: tuple[Reach, ...], facts: Facts) -> Reach | None:
    best: Reach | None = None
    for entry in reached:
        if entry.point != 0.0 or not isinstance(entry.origin, int):
            continue
        origin = facts.graph.nodes[entry.origin]
        if entry.grade is Grade.STRUCTURAL:
            # A literal 0 is a choice of Python's control flow, not a value that tensors produce.
            # Nor is a count of what is not NaN: it takes NaN to make it 0.
            strong = not origin.is_const and not any(part.op == "is_nan" for part in (origin, *origin.args))
        elif entry.grade is Grade.NAMED:
            # A mask that is the divisor itself: the name alone is no evidence of that.
            strong = facts.is_mask(origin) and denominator is not origin
        else:
            strong = (
                (origin.op in _SPREADS or _is_spread(origin))
                and facts.varies(origin)
                and not facts.is_probability(origin.args[0])
                and not is_number(origin.attr("ord") or origin, 1)  # a sum of magnitudes: no sign that all can be 0
            )
        if strong and (best is None or entry.grade > best.grade):
            best = entry
    return best


def _is_spread(node: Node) -> bool:
    return node.op == "subtract" and node.args[0].op == "reduce_max" and node.args[1].op == "reduce_min"


def _when(denominator: Node, origin: Node, zero: Reach, facts: Facts, near: Site) -> str:
    if origin.op == "reduce_std" or _is_spread(origin):
        return f"where `{facts.describe(origin.args[0], near)}` is constant"
    if origin.op in _SPREADS:
        return f"where `{facts.describe(origin.args[0], near)}` is a zero vector"
    everywhere = " everywhere" if denominator.op.startswith(("reduce_", "count_")) else ""
    return f"where {facts.state(zero, near)}{everywhere}"
