from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

from tf_nan_lint import engine
from tf_nan_lint.config import Config
from tf_nan_lint.graph.source import SourceFile
from tf_nan_lint.rules import RULES

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")


def test_generated_pages_are_current() -> None:
    run = subprocess.run(
        [sys.executable, str(ROOT / "docs" / "generate.py"), "--check"], capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, f"regenerate with python docs/generate.py:\n{run.stdout}{run.stderr}"


def test_every_rule_has_a_page_and_a_row_in_the_readme() -> None:
    for rule in RULES.values():
        assert (ROOT / "docs" / "rules" / f"{rule.name}.md").exists()
        assert f"| {rule.code} | [{rule.name}](docs/rules/{rule.name}.md)" in README


def test_the_readme_shows_what_the_fix_does() -> None:
    before, after = re.findall(r"```python\n(.*?)```", README, re.DOTALL)[:2]
    head = "import tensorflow as tf\n\n\n"
    assert engine.fix(SourceFile.from_text("a.py", head + before), Config()).text == head + after


def test_the_run_command_of_the_readme_reports_the_shipped_example() -> None:
    block = README.partition("<!-- run -->")[2].partition("```console\n")[2].partition("\n")[0]
    command = shlex.split(block.rpartition("&&")[2])
    assert command[0] == ".venv/bin/tf-nan-lint"
    run = subprocess.run(
        [sys.executable, "-m", "tf_nan_lint", *command[1:]], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0
    assert {"TFN101", "TFN202", "TFN401"} <= set(re.findall(r"TFN\d{3}", run.stdout))


def test_links_between_pages_lead_somewhere() -> None:
    for page in (ROOT / "README.md", *(ROOT / "docs").rglob("*.md")):
        for target in re.findall(r"\]\(([^)#:]+\.md)\)", page.read_text("utf-8")):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"
