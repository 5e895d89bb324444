"""What the name of an input says of it (evidence E4): lists taken from what people write."""

from __future__ import annotations

import re
from typing import Final

PROBABILITY: Final = re.compile(
    r"(.*_)?prob(s|ability|abilities)?(_.*)?|.*probs?|p|q|p_\w+|pi|policy|y_pred|d_real|d_fake|likelihoods?|mass"
)
"""Names of values in [0, 1] that reach both ends."""

MASK: Final = re.compile(
    r".*mask(s|ed)?|mask_\w+|y_true|.*labels?|relevance|keep|valid(_\w+)?|is_\w+|gt_\w+|true_\w+|.*sample_weights?|.*_weights"
)
"""Names of masks, labels and weights of samples: non-negative, and all zero for some batch."""

COUNT: Final = re.compile(r"num_\w+|n_\w+|.*counts?|precision|recall|union|true_(positives?|negatives?)")
"""Names of counts: evidence only for values that are computed from tensors, as a parameter may be a Python number."""

LOG_SCALE: Final = re.compile(r".*log_?var(iance)?s?|.*log_?std(dev)?s?|.*log_?sigmas?")
"""Names of log-variances and log-deviations, which are unbounded and exponentiated."""

EPSILON: Final = re.compile(
    r"_*(.*_)?(eps(ilon)?|fudge(_factor)?|smooth(ing)?|jitter|tiny|small(_\w+)?|stabilizer)(_.*)?",
    re.IGNORECASE,
)
"""Names of small positive constants that people add as a guard."""

NUMBERS: Final = re.compile(r"(typing\.|Optional\[|np\.|builtins\.)*(float|int|bool|Number)\b.*")
"""Annotations of Python numbers."""
