"""TFN102: a branch of `tf.where` is singular where the other branch is chosen

## What it does
Reports a branch of `tf.where` (`K.switch`, `keras.ops.where`) that computes `log`, `/`, `exp`, a power or another singular
operation, where the condition keeps exactly the singular operands out of the chosen values.

## Why is this bad?
`tf.where` computes both branches for every entry. The entry that is not chosen gets the gradient 0, and the derivative of the
operation, which is infinite there, multiplies it: `0 * inf` is NaN. `tf.where(x > 0, tf.math.log(x), 0.)` has the right value
and a NaN gradient at every `x <= 0` that reaches exactly 0.

Measured (TensorFlow 2.21): `log`, `log1p`, `/`, powers below 1, `exp` where it overflows, `acos`, `asin`, `atan2` give NaN in
every mode. `sqrt`, `rsqrt`, `tf.math.reciprocal` and `tf.norm` are finite in eager mode and `tf.function` on CPU and NaN under
`jit_compile=True`, which Keras 3 uses on its own account as soon as there is a device other than a CPU; `xla = false` in the
configuration silences those.

## Fix safety
The operand is replaced by 1 before the operation, under the same condition (the double-where trick). The chosen values are
bit-identical and their gradients too; the gradient of the others becomes 0. The fix is safe. Where the operation stands in an
earlier statement than the condition, no fix is offered.

## References
- [tensorflow#20355: Gradient of tf.where](https://github.com/tensorflow/tensorflow/issues/20355)
- [The double-where trick](https://github.com/tensorflow/probability/blob/main/discussion/where-nan.pdf)
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from tf_nan_lint.analysis.facts import Facts
from tf_nan_lint.analysis.singular import SingularOp, singular_ops
from tf_nan_lint.diagnostics import Applicability
from tf_nan_lint.domain.interval import ALL, Interval
from tf_nan_lint.domain.value import Grade
from tf_nan_lint.graph.nodes import Guard, Node, Site
from tf_nan_lint.graph.pattern import has_infinity
from tf_nan_lint.ops.spec import HazardKind, Masked
from tf_nan_lint.rules.base import Example, Finding, NearMiss, Replacement, Rewrite, Rule


class UnsafeWhereBranch(Rule):
    """A branch of ``tf.where`` computes a singular operation that its condition only hides."""

    code = "TFN102"
    name = "unsafe-where-branch"
    summary = "tf.where hides a singular operation in its value, not in its gradient"
    ops = frozenset({"where"})
    specificity = 20
    examples = (
        Example(
            "log of the operand that the condition tests",
            bad="""import tensorflow as tf


def f(x):
    return tf.where(x > 0, tf.math.log(x), tf.zeros_like(x))  # TFN102
""",
            good="""import tensorflow as tf


def f(x):
    return tf.where(x > 0, tf.math.log(tf.where(x > 0, x, tf.ones_like(x))), tf.zeros_like(x))  # TFN102
""",
            witness=([0.0, 2.0],),
            ordinary=(([0.5, 2.0, -1.0],),),
        ),
        Example(
            "A hand-written ELU: exp overflows where it is not chosen",
            bad="""import tensorflow as tf


def f(z):
    return tf.where(z < 0., tf.exp(z) - 1., z)  # TFN102
""",
            good="""import tensorflow as tf


def f(z):
    return tf.where(z < 0., tf.exp(tf.where(z < 0., z, tf.zeros_like(z))) - 1., z)  # TFN102
""",
            witness=([100.0, -1.0],),
            ordinary=(([4.0, -1.0, 0.3],),),
        ),
    )
    near_misses = (
        NearMiss(
            "the function is singular there whichever branch is chosen",
            """import tensorflow as tf


def f(x):
    return tf.where(x < 0.7, tf.math.log(-tf.math.expm1(-x)), tf.math.log1p(-tf.exp(-x)))
""",
        ),
        NearMiss(
            "the condition is about something else: what keeps k from -1 the code does not say",
            """import tensorflow as tf


def f(k, table):
    return tf.where(k > 9.0, 1.0 / (k + 1.0), table)
""",
        ),
        NearMiss(
            "negative infinity outside of the support is intended",
            """import tensorflow as tf


def f(x, a):
    return tf.where(x > 0.0, a * tf.math.log(x), -float("inf"))
""",
        ),
        NearMiss(
            "called by functions that are never differentiated",
            """import tensorflow as tf


def _scale(x):
    return tf.where(x > 0.0, 1.0 / x, tf.ones_like(x))


@tf.custom_gradient
def f(x):
    scale = _scale(x)
    return x * scale, lambda upstream: upstream * scale
""",
        ),
        NearMiss(
            "double where: the operand is replaced before the operation",
            """import tensorflow as tf


def f(x):
    safe = tf.where(x > 0, x, tf.ones_like(x))
    return tf.where(x > 0, tf.math.log(safe), tf.zeros_like(x))
""",
        ),
        NearMiss(
            "tf.cond differentiates the chosen branch alone",
            """import tensorflow as tf


def f(x):
    return tf.cond(x > 0, lambda: tf.math.log(x), lambda: tf.zeros_like(x))
""",
        ),
        NearMiss(
            "the whole expression is compared, so no gradient flows",
            """import tensorflow as tf


def f(x):
    return tf.argmax(tf.where(x > 0, tf.math.log(x), tf.zeros_like(x)))
""",
        ),
        NearMiss(
            "a Huber loss: polynomials overflow in float16 only",
            """import tensorflow as tf


def f(error, delta=1.0):
    return tf.where(tf.abs(error) < delta, 0.5 * tf.square(error), delta * tf.abs(error) - 0.5 * delta * delta)
""",
        ),
        NearMiss(
            "the divisor is a Python number",
            """import tensorflow as tf


def f(x, rate=0.1):
    return tf.where(x > 0, x / rate, x)
""",
        ),
    )

    def check(self, site: Site, facts: Facts) -> Iterator[Finding]:
        condition, then, otherwise = site.node.args
        if not facts.differentiated(site):
            return
        for holds, branch, other in ((True, then, otherwise), (False, otherwise, then)):
            if has_infinity(other):
                continue  # an intended infinity or NaN outside of the domain
            chosen = (*site.guards, Guard(condition, holds, whole=False))
            rejected = (*site.guards, Guard(condition, not holds, whole=False))
            by_operand: dict[int, list[tuple[Site, SingularOp]]] = {}
            for singular in singular_ops(branch, site, facts):
                at = facts.site_of(singular.node, site)
                kept = facts.value(singular.operand, chosen)
                if at is None or kept.may_be(singular.hazard.singular):
                    continue
                if not _is_close(singular, kept.range) and not facts.reaches(
                    at, singular.operand, singular.hazard.singular, Grade.SATURATION
                ):
                    continue
                if not facts.value(singular.operand, rejected).may_be(singular.hazard.singular):
                    continue
                if facts.differentiated(at) and not _breaks_too(other, singular, rejected, site, facts):
                    by_operand.setdefault(singular.operand.id, []).append((at, singular))
            for group in by_operand.values():
                yield self._finding(site, group, holds, facts)

    def _finding(self, site: Site, group: list[tuple[Site, SingularOp]], holds: bool, facts: Facts) -> Finding:
        at, singular = group[0]
        condition = facts.describe(site.node.args[0], site)
        unchosen = f"where `{condition}` is {'false' if holds else 'true'}"
        mode = " under jit_compile=True (XLA)" if singular.hazard.masked is Masked.XLA else ""
        return Finding(
            at,
            f"gradient is NaN{mode}: {singular.verb}, which {singular.reach} {unchosen}, "
            f"and `where` (line {facts.line(site)}) stops the value but not the gradient",
            "E2: a `where` guards the result of the operation",
            site,
            f"`where` chooses by `{condition}` after the operation",
            singular.node,
            tuple(_rewrites(site, group, holds, facts)),
        )


def _is_close(singular: SingularOp, chosen: Interval) -> bool:
    """Whether the condition is about this singularity: it cuts the operand off near it.

    ``tf.where(k > 9, 1 / (k + 1), table)`` is not: what keeps ``k`` away from -1 is something the code does not say.
    """
    if singular.hazard.kind is HazardKind.OVERFLOW or chosen == ALL:
        return True
    edges = (chosen.low, chosen.high)
    bounds = (singular.hazard.singular.low, singular.hazard.singular.high)
    return min(abs(edge - bound) for edge in edges for bound in bounds if math.isfinite(bound)) <= 1.0


def _breaks_too(other: Node, singular: SingularOp, rejected: tuple[Guard, ...], site: Site, facts: Facts) -> bool:
    """Whether the branch that is chosen instead is singular for related operands: then the function itself is."""
    return any(
        found.operand is singular.operand
        or (
            facts.share_inputs(singular.operand, found.operand)
            and facts.value(found.operand, rejected).may_be(found.hazard.singular)
        )
        for found in singular_ops(other, site, facts)
    )


def _rewrites(site: Site, group: list[tuple[Site, SingularOp]], holds: bool, facts: Facts) -> Iterator[Rewrite]:
    if any(at.statement is not site.statement for at, _ in group):
        return
    graph = facts.graph
    replacements = []
    for at, singular in group:
        pair = (singular.operand, _harmless(singular, facts))
        safe_operand = graph.node("where", site.node.args[0], *(pair if holds else reversed(pair)))
        replacements.append(Replacement(at, graph.replace_operand(singular.node, singular.operand, safe_operand)))
    yield Rewrite("Replace the operand before the operation too", tuple(replacements), Applicability.SAFE)


def _harmless(singular: SingularOp, facts: Facts) -> Node:
    """A value at which the operation and its gradient are finite: 1, or 0 where 1 is singular."""
    name = (
        "zeros_like" if singular.node.op in ("exp", "expm1", "sinh", "cosh", "acos", "asin", "atanh") else "ones_like"
    )
    return facts.graph.node(name, singular.operand)
