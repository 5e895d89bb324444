"""TFN601: a comparison with NaN

## What it does
Reports `x == float("nan")`, `tf.equal(x, np.nan)` and their negations.

## Why is this bad?
NaN is equal to nothing, not even to itself: `==` is false for every entry and `!=` true, so the NaNs that the code looks for are
never found.

## Fix safety
`tf.math.is_nan(x)` asks what the comparison was meant to ask. For values that are not NaN both agree. The fix is safe.

## References
- [tf.math.is_nan](https://www.tensorflow.org/api_docs/python/tf/math/is_nan)
"""

from __future__ import annotations

from collections.abc import Iterator

from tf_nan_lint.analysis.facts import Facts
from tf_nan_lint.diagnostics import Applicability
from tf_nan_lint.graph.nodes import Site
from tf_nan_lint.graph.pattern import is_nan_constant
from tf_nan_lint.rules.base import Example, Finding, NearMiss, Replacement, Rewrite, Rule


class CompareWithNan(Rule):
    """``x == nan``."""

    code = "TFN601"
    name = "compare-with-nan"
    summary = "NaN is equal to nothing: use is_nan"
    ops = frozenset({"equal", "not_equal"})
    specificity = 40
    examples = (
        Example(
            "Replacing NaN features",
            bad="""import numpy as np
import tensorflow as tf


def f(x):
    return tf.where(tf.equal(x, np.nan), 0.0, x)  # TFN601
""",
            good="""import numpy as np
import tensorflow as tf


def f(x):
    return tf.where(tf.math.is_nan(x), 0.0, x)  # TFN601
""",
            witness=([float("nan"), 1.0],),
            ordinary=(([2.0, 1.0],),),
            breaks={"eager": "value", "graph": "value", "xla": "value"},
            watch=(),
        ),
    )
    near_misses = (
        NearMiss(
            "compared with itself, which does find NaN",
            """import tensorflow as tf


def f(x):
    return tf.where(tf.equal(x, x), x, 0.0)
""",
        ),
        NearMiss(
            "a Python number",
            """import tensorflow as tf


def f(x, fill=0.0):
    return x if fill == float("nan") else x + fill
""",
        ),
    )

    def check(self, site: Site, facts: Facts) -> Iterator[Finding]:
        left, right = site.node.args
        value = left if is_nan_constant(right) else right if is_nan_constant(left) else None
        if value is None or facts.at(site, value).host:
            return
        graph = facts.graph
        test = graph.node("is_nan", value)
        test = test if site.node.op == "equal" else graph.node("logical_not", test)
        always = "never" if site.node.op == "equal" else "always"
        yield Finding(
            site,
            f"NaN is equal to nothing: this is {always} true of `{facts.describe(value, site)}`, is_nan asks what is meant",
            "E3: is_nan is what the comparison means",
            hazard=site.node,
            rewrites=(Rewrite("Use `is_nan`", (Replacement(site, test),), Applicability.SAFE),),
        )
