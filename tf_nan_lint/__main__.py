"""``python -m tf_nan_lint``."""

from __future__ import annotations

from tf_nan_lint.cli import main

main(prog_name="tf-nan-lint")
