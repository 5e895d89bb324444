"""The op table: every operator whose value or gradient the analysis knows something about."""

from __future__ import annotations

from typing import Final

from tf_nan_lint.ops import arithmetic, exponential, linalg, nn, reduction, sources, trigonometric
from tf_nan_lint.ops.spec import OpTable

OPS: Final = OpTable(arithmetic.OPS, exponential.OPS, trigonometric.OPS, reduction.OPS, nn.OPS, linalg.OPS, sources.OPS)
"""All rows, by canonical name; ``OPS.spelled("tf.math.log")`` finds one by a public spelling."""

__all__ = ["OPS"]
