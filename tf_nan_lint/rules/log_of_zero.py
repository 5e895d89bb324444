"""TFN201: the log of a value that is zero for ordinary inputs

## What it does
Reports `tf.math.log` of a value that reaches 0 by its own construction: `1 - softmax`, `1 - tanh(x)**2`, `relu`, a count, a clip whose
bound the dtype rounds to 0 or 1, or a probability (by its name) in a loss.

## Why is this bad?
The log is `-inf`, the loss infinite or (multiplied by a label of 0) NaN, and the gradient NaN: every weight before it is lost with
one such entry.

## Fix safety
The fix puts `tf.maximum(x, 1e-7)` inside the log (1e-3 in float16, where the derivative of the log overflows below 1.5e-5). It changes the value where `x` is smaller and leaves the gradient exactly 0 there,
so it is unsafe: look for the logits instead (`tf.nn.log_softmax`, `tf.nn.sigmoid_cross_entropy_with_logits`), which have neither
problem.

## References
- [Stack Overflow 33712178: TensorFlow NaN bug](https://stackoverflow.com/questions/33712178/tensorflow-nan-bug)
"""

from __future__ import annotations

from collections.abc import Iterator

from tf_nan_lint.analysis.facts import Facts
from tf_nan_lint.diagnostics import Applicability
from tf_nan_lint.domain.interval import point
from tf_nan_lint.domain.value import Grade, Reach
from tf_nan_lint.graph.nodes import Node, Site
from tf_nan_lint.rules.base import Example, Finding, NearMiss, Replacement, Rewrite, Rule

_LOSSES = frozenset("multiply negative xlogy reduce_mean reduce_sum subtract".split())
_BOUNDED = frozenset("sigmoid softmax tanh softsign hard_sigmoid reduce_prod cumprod".split())
_MAGNITUDES = frozenset("reduce_variance reduce_std norm".split())


class LogOfZero(Rule):
    """``log(x)`` where ``x`` reaches 0."""

    code = "TFN201"
    name = "log-of-zero"
    summary = "the argument of the log is 0 for ordinary inputs"
    ops = frozenset({"log"})
    specificity = 6
    examples = (
        Example(
            "One minus a softmax",
            bad="""import tensorflow as tf


def f(logits):
    p = tf.nn.softmax(logits)
    return -tf.reduce_sum(tf.math.log(1.0 - p), axis=-1)  # TFN201
""",
            good="""import tensorflow as tf


def f(logits):
    p = tf.nn.softmax(logits)
    return -tf.reduce_sum(tf.math.log(tf.math.maximum(1.0 - p, 1e-07)), axis=-1)  # TFN201
""",
            witness=([[200.0, 0.0]],),
            ordinary=(([[0.5, 2.0]],),),
            breaks={"eager": "value", "graph": "value", "xla": "value"},
            applicability=Applicability.UNSAFE,
        ),
        Example(
            "The output of a discriminator, by its name",
            bad="""import tensorflow as tf


def f(d_real, d_fake):
    return tf.reduce_mean(-tf.math.log(d_real) - tf.math.log(1.0 - d_fake))  # TFN201 TFN201
""",
            good="""import tensorflow as tf


def f(d_real, d_fake):
    return tf.reduce_mean(-tf.math.log(tf.math.maximum(d_real, 1e-07)) - tf.math.log(tf.math.maximum(1.0 - d_fake, 1e-07)))  # TFN201 TFN201
""",
            witness=([[0.8]], [[1.0]]),
            ordinary=(([[0.8]], [[0.4]]),),
            breaks={"eager": "value", "graph": "value", "xla": "value"},
            applicability=Applicability.UNSAFE,
        ),
        Example(
            "A clip that float32 cannot see: 1 - 1e-8 is 1",
            bad="""import tensorflow as tf


def f(x):
    p = tf.clip_by_value(x, 1e-8, 1 - 1e-8)
    return tf.math.log(1 - p)  # TFN201
""",
            good="""import tensorflow as tf


def f(x):
    p = tf.clip_by_value(x, 1e-8, 1 - 1e-8)
    return tf.math.log(tf.math.maximum(1 - p, 1e-07))  # TFN201
""",
            witness=([1.0, 0.5],),
            ordinary=(([0.2, 0.5],),),
            breaks={"eager": "value", "graph": "value", "xla": "value"},
            applicability=Applicability.UNSAFE,
        ),
    )
    near_misses = (
        NearMiss(
            "nothing is known of the argument",
            """import tensorflow as tf


def f(x):
    return tf.math.log(x)
""",
        ),
        NearMiss(
            "a thin wrapper",
            """import tensorflow as tf


def log(p):
    return tf.math.log(p)
""",
        ),
        NearMiss(
            "an epsilon inside the log",
            """import tensorflow as tf


def f(y_true, y_pred):
    return -tf.reduce_mean(y_true * tf.math.log(y_pred + 1e-7))
""",
        ),
        NearMiss(
            "only the lower end matters for log(p), and 1e-8 is a float32",
            """import tensorflow as tf


def f(labels, x):
    p = tf.clip_by_value(x, 1e-8, 1 - 1e-8)
    return -tf.reduce_sum(labels * tf.math.log(p))
""",
        ),
        NearMiss(
            "one plus a square",
            """import tensorflow as tf


def f(err):
    return tf.math.log(1.0 + err * err)
""",
        ),
        NearMiss(
            "the scale has a floor",
            """import tensorflow as tf


def f(raw):
    return tf.math.log(tf.nn.softplus(raw) + 1e-3)
""",
        ),
    )

    def check(self, site: Site, facts: Facts) -> Iterator[Finding]:
        (operand,) = site.node.args
        value = facts.at(site, operand)
        if value.host or facts.is_protected(site, operand, point(0.0)) or not facts.is_used(site):
            return
        zero = _evidence(value.reached, site, facts)
        if zero is None:
            return
        origin = facts.graph.nodes[zero.origin] if isinstance(zero.origin, int) else operand
        cause = facts.site_of(origin, site)
        graph = facts.graph
        floor = 1e-3 if value.float_dtype(facts.target).name == "float16" else 1e-7
        guarded = graph.node("log", graph.node("maximum", operand, graph.const(floor)))
        how = {
            Grade.STRUCTURAL: "for ordinary inputs",
            Grade.SATURATION: "as soon as it saturates",
            Grade.NAMED: "where a prediction is certain",
            Grade.COINCIDENT: "for a constant input",
        }[zero.grade]
        yield Finding(
            site,
            f"log of zero: `{facts.describe(operand, site)}` is 0 {how}, so the value is -inf and the gradient NaN",
            f"E{'4: the name of an input' if zero.grade is Grade.NAMED else '1: the operand reaches 0'}",
            cause,
            f"{facts.state(zero, cause)} for such an input" if cause is not None else "",
            site.node,
            (
                Rewrite(
                    "Keep the argument away from 0",
                    (Replacement(site, guarded),),
                    Applicability.UNSAFE,
                    f"values below {floor:g} are changed, and their gradient becomes 0",
                ),
            ),
        )


def _evidence(reached: tuple[Reach, ...], site: Site, facts: Facts) -> Reach | None:
    found: list[Reach] = []
    for entry in reached:
        if entry.point != 0.0 or not isinstance(entry.origin, int):
            continue
        origin = facts.graph.nodes[entry.origin]
        if entry.grade is Grade.NAMED:
            strong = facts.is_probability(origin) and _is_in_a_loss(site.node, origin, facts)
        elif entry.grade is Grade.COINCIDENT:
            strong = origin.op in _MAGNITUDES and facts.varies(origin)
        elif entry.grade is Grade.SATURATION:
            # exp and softplus vanish 87 below 0 only: further than ordinary inputs go.
            strong = origin.op in _BOUNDED
        else:
            strong = not origin.is_const
        if strong:
            found.append(entry)
    return max(found, key=lambda entry: entry.grade, default=None)


def _is_in_a_loss(node: Node, probability: Node, facts: Facts) -> bool:
    """Whether the log is weighted, negated or averaged: not handed on as it is, as logits are.

    A short name (``p``, ``q``) says less: there the log must be weighted by what its name calls a label or a mask.
    """
    users = facts.users(node)
    if len(str(probability.attr("name"))) <= 2:
        return any(user.op == "multiply" and any(facts.is_mask(arg) for arg in user.args) for user in users)
    return any(user.op in _LOSSES for user in users)
