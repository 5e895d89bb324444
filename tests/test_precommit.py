"""The hooks under the real pre-commit, on real git repositories."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.command import CLEAN, FIXED, FOUNDING, PLACES, PROJECT, SCRIPTS, places, run

ENVIRONMENT = {
    **{f"GIT_{who}_{what}": "x" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_SYSTEM": "/dev/null",
}
HOOKS = yaml.safe_load((PROJECT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))


def git(*arguments: str, cwd: Path) -> str:
    done = subprocess.run(
        ["git", *arguments], cwd=cwd, check=True, capture_output=True, text=True, env={**os.environ, **ENVIRONMENT}
    )
    return done.stdout


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A git repository whose hooks are those of our manifest, with the installed command in the place of its own."""
    root = tmp_path / "repository"
    root.mkdir()
    git("init", "--quiet", cwd=root)
    hooks = [
        {**hook, "language": "system", "entry": hook["entry"].replace("tf-nan-lint", str(SCRIPTS / "tf-nan-lint"), 1)}
        for hook in HOOKS
    ]
    configuration = {"repos": [{"repo": "local", "hooks": hooks}]}
    (root / ".pre-commit-config.yaml").write_text(yaml.safe_dump(configuration), encoding="utf-8")
    git("add", "--all", cwd=root)
    return root


def pre_commit(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    environment = {**ENVIRONMENT, "PRE_COMMIT_HOME": str(cwd.parent / "cache"), "PRE_COMMIT_COLOR": "never"}
    return run(*arguments, cwd=cwd, command="pre-commit", environment=environment)


def add(root: Path, name: str, text: str) -> Path:
    path = root / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    git("add", name, cwd=root)
    return path


def test_findings_stop_a_commit_and_the_fix_mends_it(repository: Path) -> None:
    path = add(repository, "sub/a.py", FOUNDING)
    add(repository, "b.pyi", CLEAN)
    done = pre_commit("run", "tf-nan-lint", cwd=repository)
    assert done.returncode == 1
    assert places(done.stdout) == [("sub/a.py", row, column, "TFN101") for row, column in PLACES]
    done = pre_commit("run", "tf-nan-lint-fix", cwd=repository)
    assert done.returncode == 1  # pre-commit itself fails a hook that changes files
    assert "files were modified by this hook" in done.stdout
    assert path.read_text(encoding="utf-8") == FIXED
    git("add", "--all", cwd=repository)
    assert pre_commit("run", cwd=repository).returncode == 0


def test_a_commit_without_python_files_passes(repository: Path) -> None:
    add(repository, "a.md", "tensorflow")
    done = pre_commit("run", cwd=repository)
    assert (done.returncode, done.stdout.count("(no files to check)Skipped")) == (0, len(HOOKS))


def test_only_staged_files_are_looked_at(repository: Path) -> None:
    add(repository, "a.py", CLEAN)
    (repository / "b.py").write_text(FOUNDING, encoding="utf-8")
    assert pre_commit("run", cwd=repository).returncode == 0


def test_many_files_are_split_over_processes_without_harm(repository: Path) -> None:
    paths = [add(repository, f"a{number}.py", FOUNDING) for number in range(40)]
    assert pre_commit("run", "tf-nan-lint-fix", cwd=repository).returncode == 1
    assert {path.read_text(encoding="utf-8") for path in paths} == {FIXED}
    assert pre_commit("run", "--all-files", cwd=repository).returncode == 0


def test_the_hook_as_a_real_git_hook(repository: Path) -> None:
    pre_commit("install", cwd=repository)
    add(repository, "a.py", CLEAN)
    environment = {"PRE_COMMIT_HOME": str(repository.parent / "cache")}
    done = run("-c", _git_commit(), cwd=repository, command="python", environment={**ENVIRONMENT, **environment})
    assert done.returncode == 0, done.stderr
    add(repository, "b.py", FOUNDING)
    done = run("-c", _git_commit(), cwd=repository, command="python", environment={**ENVIRONMENT, **environment})
    assert done.returncode == 1
    assert "TFN101" in done.stderr + done.stdout
    assert git("log", "--format=%s", cwd=repository) == "x\n"


def _git_commit() -> str:
    return "import subprocess, sys; sys.exit(subprocess.run(['git', 'commit', '--quiet', '-m', 'x']).returncode)"


def test_the_manifest_installs_and_runs(tmp_path: Path) -> None:
    project = tmp_path / "project"
    names = git("ls-files", "--cached", "--others", "--exclude-standard", "-z", cwd=PROJECT).split("\0")
    for name in filter(None, names):
        if (PROJECT / name).is_file() and not name.startswith("tests/"):
            (project / name).parent.mkdir(parents=True, exist_ok=True)
            (project / name).write_bytes((PROJECT / name).read_bytes())
    git("init", "--quiet", cwd=project)
    git("add", "--all", cwd=project)
    git("commit", "--quiet", "-m", "x", cwd=project)
    user = tmp_path / "user"
    user.mkdir()
    git("init", "--quiet", cwd=user)
    path = add(user, "a.py", FOUNDING)
    done = pre_commit("try-repo", str(project), "tf-nan-lint", "--all-files", cwd=user)
    assert [place[3] for place in places(done.stdout)] == ["TFN101", "TFN101"], done.stdout + done.stderr
    done = pre_commit("try-repo", str(project), "tf-nan-lint-fix", "--all-files", cwd=user)
    assert path.read_text(encoding="utf-8") == FIXED, done.stdout + done.stderr


def test_our_own_hooks_are_valid() -> None:
    assert run("validate-manifest", ".pre-commit-hooks.yaml", cwd=PROJECT, command="pre-commit").returncode == 0
    assert run("validate-config", ".pre-commit-config.yaml", cwd=PROJECT, command="pre-commit").returncode == 0
