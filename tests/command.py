"""The installed commands, run as users run them, and the code that most tests run them on."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

PROJECT = Path(__file__).parent.parent
SCRIPTS = Path(sys.executable).parent

FOUNDING = """\
import tensorflow as tf


def s_lamda_activation(f, lam):
    positive = tf.nn.relu(f - lam)
    positive = positive * (f/positive)
    positive = tf.where(tf.math.is_nan(positive), tf.zeros_like(positive), positive)
    negative = tf.nn.relu((-f) - lam)
    negative = negative * (f/negative)
    negative = tf.where(tf.math.is_nan(negative), tf.zeros_like(negative), negative)
    return positive + negative
"""

FIXED = """\
import tensorflow as tf


def s_lamda_activation(f, lam):
    positive = tf.where(f > lam, f, tf.zeros_like(f))
    negative = tf.where(-f > lam, f, tf.zeros_like(f))
    return positive + negative
"""

CLEAN = "import tensorflow as tf\n\n\ndef f(x):\n    return tf.nn.relu(x)\n"

UNFIXABLE = "import tensorflow as tf\n\n\ndef (:\n"

PLACES = [(7, 16), (10, 16)]
"""Where the founding code has its two TFN101: rows and columns from 1."""


def run(
    *arguments: str | Path,
    cwd: Path,
    command: str = "tf-nan-lint",
    stdin: bytes | None = None,
    environment: Mapping[str, str] | None = None,
) -> subprocess.CompletedProcess[str]:
    """One command of the environment that the tests run in. A traceback fails the test, whatever the test is about."""
    completed = subprocess.run(
        [SCRIPTS / command, *arguments],
        cwd=cwd,
        input=b"" if stdin is None else stdin,
        capture_output=True,
        env={**os.environ, "COLUMNS": "100", **(environment or {})},
        timeout=300,
        check=False,
    )
    out, err = (stream.decode("utf-8").replace("\r\n", "\n") for stream in (completed.stdout, completed.stderr))
    assert "Traceback" not in err, err
    return subprocess.CompletedProcess(completed.args, completed.returncode, out, err)


def places(output: str) -> list[tuple[str, int, int, str]]:
    """File, row, column and code of every line ``path:row:column: code message``."""
    found = []
    for line in output.splitlines():
        parts = line.split(":", 3)
        if len(parts) == 4 and parts[1].isdigit() and parts[2].isdigit():
            found.append((parts[0].removeprefix("./"), int(parts[1]), int(parts[2]), parts[3].split()[0]))
    return found
