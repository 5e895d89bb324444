"""TFN308: a library function whose own gradient is NaN on ordinary data

## What it does
Reports `tf.image.ssim_multiscale` where its result is differentiated.

## Why is this bad?
The function raises contrast and structure terms to fractional powers. For images that are dissimilar at some scale such a term is
clipped to 0, where the gradient of the power is not finite: NaN in the gradient of the whole image (measured, TensorFlow 2.21:
an image against its negative; finite under
`jit_compile=True`).

## Fix safety
There is no fix: `tf.image.ssim`, which has a finite gradient, is a different score.

## References
- [tensorflow#57493: NaN gradient of ssim_multiscale](https://github.com/tensorflow/tensorflow/issues/57493)
"""

from __future__ import annotations

from collections.abc import Iterator

from tf_nan_lint.analysis.facts import Facts
from tf_nan_lint.graph.nodes import Site
from tf_nan_lint.rules.base import Example, Finding, NearMiss, Rule


class HazardousLibraryOp(Rule):
    """``tf.image.ssim_multiscale``."""

    code = "TFN308"
    name = "hazardous-library-op"
    summary = "a library function whose own gradient is NaN on ordinary data"
    ops = frozenset({"call"})
    functions = frozenset({"ssim_multiscale"})
    fixable = False
    examples = (
        Example(
            "A loss on the similarity of images",
            bad="""import tensorflow as tf


def f(x):
    image = tf.tile(x, [1, 48, 48, 1])
    return 1.0 - tf.reduce_mean(tf.image.ssim_multiscale(image, 1.0 - image, 1.0))  # TFN308
""",
            good=None,
            witness=(
                [
                    [
                        [[0.0], [1.0], [0.2], [0.9]],
                        [[0.7], [0.1], [0.6], [0.3]],
                        [[1.0], [0.0], [0.8], [0.2]],
                        [[0.4], [0.9], [0.1], [0.5]],
                    ]
                ],
            ),
            breaks={"eager": "gradient", "graph": "gradient", "xla": "nothing"},
        ),
    )
    near_misses = (
        NearMiss(
            "a metric is not differentiated",
            """import tensorflow as tf


class Similarity(tf.keras.metrics.Mean):
    def update_state(self, real, fake):
        super().update_state(tf.image.ssim_multiscale(real, fake, 1.0))
""",
        ),
        NearMiss(
            "single-scale similarity has a finite gradient",
            """import tensorflow as tf


def f(real, fake):
    return 1.0 - tf.reduce_mean(tf.image.ssim(real, fake, 1.0))
""",
        ),
    )

    def check(self, site: Site, facts: Facts) -> Iterator[Finding]:
        if (
            site.node.attr("name") not in self.functions
            or not facts.is_tensorflow(site)
            or not facts.differentiated(site)
        ):
            return
        yield Finding(
            site,
            f"the gradient of `{site.node.attr('name')}` is NaN where the images are dissimilar at some scale",
            "E1: measured on TensorFlow",
            hazard=site.node,
        )
