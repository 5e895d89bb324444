"""The package itself stays cheap: it is imported where TensorFlow is not installed."""

from __future__ import annotations

import subprocess
import sys


def test_the_package_imports_neither_tensorflow_nor_numpy() -> None:
    code = "import sys, tf_nan_lint.runtime; print({'tensorflow', 'numpy'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
