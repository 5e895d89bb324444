"""TFN101: NaN is replaced after it has been computed

## What it does
Reports `tf.where(tf.math.is_nan(v), c, v)` and its like (`~is_finite`, `is_inf`, `v != v`, `tf.compat.v1.is_nan`, `K.switch`)
where `v` is computed by an operation whose value or gradient is not finite for some ordinary input.

## Why is this bad?
`tf.where` chooses between two values that have both been computed. The unchosen one gets the gradient 0, and the derivative
of the singular operation multiplies it: `0 * inf` is NaN. The value looks repaired and the loss is finite, while every
weight before the operation becomes NaN at the first step, or never moves.

The activation function this linter began with:

```python
positive = tf.nn.relu(f - lam)
positive = positive * (f / positive)
positive = tf.where(tf.math.is_nan(positive), tf.zeros_like(positive), positive)
```

For `f <= lam` this divides zero by zero. Its value is right and every gradient is NaN (measured, TensorFlow 2.21: eager,
`tf.function` and `jit_compile=True`).

## Fix safety
Where the algebra shows what the expression is wherever it is not NaN, the fix writes that down: `p * (f / p)` is `f` where
`p` is not 0, and `relu(f - lam)` is not 0 where `f > lam`. The fix is equal for every finite `f`, for any `lam`, and for
NaN; it differs only at infinite `f`, where the original is NaN or infinite. It is safe. In TensorFlow 1 spelling
`tf.where` does not broadcast: there the fix is safe only where `lam` is known to be a number, else unsafe.

Where no closed form is found, the singular operand is replaced before the operation as well (a double `where`). It is
unsafe, as the replaced entries are then chosen by the operand and no longer by the NaN itself.

## References
- [The double-where trick](https://github.com/tensorflow/probability/blob/main/discussion/where-nan.pdf)
- [tensorflow#38349: gradient of tf.where with NaN in the unselected branch](https://github.com/tensorflow/tensorflow/issues/38349)
"""

from __future__ import annotations

from collections.abc import Iterator

from tf_nan_lint.analysis.facts import Facts
from tf_nan_lint.analysis.singular import SingularOp, singular_ops, zero_test
from tf_nan_lint.diagnostics import Applicability
from tf_nan_lint.graph.nodes import Node, Site
from tf_nan_lint.graph.pattern import has_infinity, through
from tf_nan_lint.ops.spec import Masked
from tf_nan_lint.rules.base import Example, Finding, NearMiss, Replacement, Rewrite, Rule

_ACTIVATION = """import tensorflow as tf


def f(f, lam):
    positive = tf.nn.relu(f - lam)
    positive = positive * (f/positive)
    positive = tf.where(tf.math.is_nan(positive), tf.zeros_like(positive), positive)  # TFN101
    negative = tf.nn.relu((-f) - lam)
    negative = negative * (f/negative)
    negative = tf.where(tf.math.is_nan(negative), tf.zeros_like(negative), negative)  # TFN101
    return positive + negative
"""

_REPAIRED = """import tensorflow as tf


def f(f, lam):
    positive = tf.where(f > lam, f, tf.zeros_like(f))  # TFN101
    negative = tf.where(-f > lam, f, tf.zeros_like(f))  # TFN101
    return positive + negative
"""

_INPUTS = (
    [[1, 2, 3, 4, 5, 10, -10, 14, -20], [-100, -2, -3, -4, -5, -10, 10, -14, -20]],
    5.0,
)


class NanReplacedAfter(Rule):
    """``tf.where(is_nan(v), c, v)`` where ``v`` comes from a singular operation."""

    code = "TFN101"
    name = "nan-replaced-after"
    summary = "NaN is replaced after a singular operation: the gradient stays NaN"
    ops = frozenset({"where"})
    specificity = 30
    examples = (
        Example(
            "The founding case",
            bad=_ACTIVATION,
            good=_REPAIRED,
            witness=_INPUTS,
            ordinary=(_INPUTS, ([[0.5, -3.0, 6.0]], 0.25)),
            watch=(0,),
        ),
        Example(
            "One expression",
            bad="""import tensorflow as tf


def f(x, scale):
    return tf.where(tf.math.is_finite(x / scale), x / scale, 0.0)  # TFN101
""",
            good="""import tensorflow as tf


def f(x, scale):
    return tf.where(tf.math.not_equal(scale, 0), x / tf.where(tf.math.not_equal(scale, 0), scale, tf.ones_like(scale)), 0.0)  # TFN101
""",
            witness=([1.0, 2.0], [0.0, 4.0]),
            ordinary=(([1.0, 2.0], [0.5, 4.0]),),
            applicability=Applicability.UNSAFE,
        ),
    )
    near_misses = (
        NearMiss(
            "the NaN is put back where it was: it is meant to be seen",
            """import tensorflow as tf


def f(x, low, high):
    y = (x - low) / (high - low)
    bad = tf.math.is_nan(y)
    y = tf.clip_by_value(tf.where(bad, tf.zeros_like(y), y), 0.0, 1.0)
    return tf.where(bad, float("nan"), y)
""",
        ),
        NearMiss(
            "an infinity outside of the support is intended",
            """import tensorflow as tf


def f(rate):
    log_probs = tf.math.log(rate)
    return tf.where(tf.math.is_inf(log_probs), float("-inf"), log_probs)
""",
        ),
        NearMiss(
            "the NaNs come from outside, and nothing singular is computed from them",
            """import tensorflow as tf


def f(features, kernel):
    clean = tf.where(tf.math.is_nan(features), tf.zeros_like(features), features)
    return tf.matmul(clean, kernel)
""",
        ),
        NearMiss(
            "the divisor is a positive constant away from zero",
            """import tensorflow as tf


def f(x, scale):
    y = x / (tf.nn.softplus(scale) + 1e-3)
    return tf.where(tf.math.is_nan(y), tf.zeros_like(y), y)
""",
        ),
        NearMiss(
            "no gradient flows: the result of a metric",
            """import tensorflow as tf


class Ratio(tf.keras.metrics.Metric):
    def result(self):
        ratio = self.total / self.count
        return tf.where(tf.math.is_nan(ratio), 0.0, ratio)
""",
        ),
    )

    def check(self, site: Site, facts: Facts) -> Iterator[Finding]:
        condition, then, otherwise = site.node.args
        replaced = _replaced(condition, then, otherwise)
        if replaced is None or not facts.differentiated(site):
            return
        value, substitute = replaced
        if has_infinity(substitute):
            return  # an intended infinity: nobody expects a gradient there
        if any(user.op == "where" and any(map(has_infinity, user.args[1:])) for user in _downstream(site.node, facts)):
            return  # the NaN is put back afterwards: it is meant to be seen
        singular = next((s for s in singular_ops(value, site, facts) if s.hazard.value), None)
        if singular is None:
            return
        cause = facts.site_of(singular.node, site)
        operand = facts.describe(singular.operand, cause or site)
        mode = " under jit_compile=True (XLA)" if singular.hazard.masked is Masked.XLA else ""
        where = f" (line {facts.line(cause)})" if cause is not None else ""
        yield Finding(
            site,
            f"the NaN is replaced in the value but not in the gradient: {singular.verb}{where} and `{operand}` "
            f"{singular.reach}, so the gradient is NaN there{mode}",
            "E2: the code replaces NaN in the result",
            cause,
            f"`{operand}` {singular.reach} here",
            singular.node,
            tuple(_rewrites(site, facts, value, substitute, singular)),
        )


def _downstream(node: Node, facts: Facts, limit: int = 60) -> Iterator[Node]:
    """What is computed from ``node``, the nearest first."""
    seen = {node.id}
    queue = [node]
    while queue and len(seen) < limit:
        for user in facts.users(queue.pop(0)):
            if user.id not in seen:
                seen.add(user.id)
                queue.append(user)
                yield user


def _replaced(condition: Node, then: Node, otherwise: Node) -> tuple[Node, Node] | None:
    """(value, substitute) of ``where(is_nan(value), substitute, value)`` and its inverted forms."""
    negated = False
    while condition.op == "logical_not":
        negated, condition = not negated, condition.args[0]
    if condition.op in ("logical_or", "logical_and"):
        left, right = condition.args
        condition = left if _tested(left) is _tested(right) else condition
    tested = _tested(condition)
    if tested is None:
        return None
    bad_when_true = condition.op in ("is_nan", "is_inf", "not_equal")
    kept, substitute = (otherwise, then) if bad_when_true is not negated else (then, otherwise)
    return (kept, substitute) if through(kept) is through(tested) else None


def _tested(condition: Node) -> Node | None:
    if condition.op in ("is_nan", "is_inf", "is_finite"):
        return condition.args[0]
    if condition.op in ("equal", "not_equal") and condition.args[0] is condition.args[1]:
        return condition.args[0]
    if condition.op == "logical_not":
        return _tested(condition.args[0])
    return None


def _rewrites(site: Site, facts: Facts, value: Node, substitute: Node, singular: SingularOp) -> Iterator[Rewrite]:
    guard = zero_test(facts.graph, singular)
    if guard is None:
        return
    graph = facts.graph
    closed = graph.node("where", guard, value, substitute)
    yield Rewrite(
        "Write the expression without the singular operation",
        (Replacement(site, closed),),
        Applicability.SAFE,
        eliminates=singular.node,
    )
    cause = facts.site_of(singular.node, site)
    if cause is None or len(list(singular_ops(value, site, facts))) > 1:
        return
    harmless = graph.node("where", guard, singular.operand, graph.node("ones_like", singular.operand))
    safe = graph.replace_operand(singular.node, singular.operand, harmless)
    yield Rewrite(
        "Replace the singular operand before the operation too",
        (Replacement(site, graph.node("where", guard, graph.replace(value, {singular.node.id: safe}), substitute)),),
        Applicability.UNSAFE,
        reason="entries are then chosen by the operand, and no longer by the NaN itself",
    )
