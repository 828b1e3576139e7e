"""The repository that a demo works on: a bare copy of its own, so that nobody's working copy is ever pushed to."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

GIT_SECONDS = 120
FALLBACK_BRANCH = "main"


class RepositoryFailed(Exception):
    """git could not do what the demo needs; the message is git's own."""


@dataclass(frozen=True, kw_only=True)
class Repository:
    """A bare repository and where its default branch stood when the demo began."""

    path: Path
    default_branch: str
    first_sha: str

    def head(self) -> str:
        """The sha of the default branch now."""
        return git("rev-parse", f"refs/heads/{self.default_branch}", folder=self.path)

    def graph(self) -> str:
        """The commits that came to the default branch since the demo began, as a graph."""
        span = f"{self.first_sha}..refs/heads/{self.default_branch}"
        return git("log", "--graph", "--oneline", "--no-decorate", span, folder=self.path)


def git(*arguments: str, folder: Path | None = None) -> str:
    """The output of one git command, run without anybody's own git settings. Raises `RepositoryFailed`."""
    quiet = {"GIT_TERMINAL_PROMPT": "0", "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    # a repository of another owner (a mounted folder) is copied, never written to
    command = ["git", "-c", "safe.directory=*", *arguments]
    done = subprocess.run(
        command, cwd=folder, env=kept | quiet, capture_output=True, text=True, timeout=GIT_SECONDS, check=False
    )
    if done.returncode:
        raise RepositoryFailed(f"git {' '.join(arguments[:3])}: {done.stderr.strip()[-1000:]}")
    return done.stdout.strip()


def copy_bare(source: str, target: Path) -> Repository:
    """A bare copy of a path or URL at `target`, with a default branch. Raises `RepositoryFailed`."""
    target.parent.mkdir(parents=True, exist_ok=True)
    path = Path(source).expanduser()
    git("clone", "--quiet", "--bare", "--no-hardlinks", str(path.resolve()) if path.exists() else source, str(target))
    git("remote", "remove", "origin", folder=target)
    try:
        branch = git("symbolic-ref", "--short", "HEAD", folder=target)
    except RepositoryFailed:  # the source's HEAD names a commit and no branch
        branch = FALLBACK_BRANCH
        git("branch", "--force", branch, "HEAD", folder=target)
        git("symbolic-ref", "HEAD", f"refs/heads/{branch}", folder=target)
    try:
        first = git("rev-parse", "--verify", f"refs/heads/{branch}", folder=target)
    except RepositoryFailed as empty:
        raise RepositoryFailed(f"{source} has no commit on {branch}: the demo needs one to begin from") from empty
    return Repository(path=target, default_branch=branch, first_sha=first)


def clone_fresh(repository: Repository, target: Path) -> Path:
    """A new clone of the default branch, as a person would make it."""
    git("clone", "--quiet", "--branch", repository.default_branch, str(repository.path), str(target))
    return target


def run_gate(command: str, folder: Path) -> tuple[int, str]:
    """The exit code and output of a gate in a folder."""
    done = subprocess.run(
        ["sh", "-c", command], cwd=folder, capture_output=True, text=True, timeout=GIT_SECONDS, check=False
    )
    return done.returncode, (done.stdout + done.stderr).strip()
