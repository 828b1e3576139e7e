"""The demo's provider of pull requests: the tests' forge, as a process of its own, over a copy of the repository."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from infra.local.demo_repository import Repository
from infra.local.stack import StackFailed
from infra.local.template import ROOT

PROJECT = "demo/house"
TOKEN = "the-demo-forges-own-token"  # noqa: S105 a stand-in takes what it is told
LEAVING_SECONDS = 10


@dataclass(frozen=True, kw_only=True)
class DemoForge:
    """Where the forge is, and the repository as it keeps it."""

    url: str
    repository: Repository

    @property
    def git_url(self) -> str:
        """The repository's address."""
        return f"{self.url}/{PROJECT}.git"

    @property
    def parameters(self) -> dict[str, str]:
        """The stack's parameters that make this its GitHub."""
        return {"GitHubUrl": self.url, "GitHubApiUrl": self.url}

    @property
    def settings(self) -> dict[str, object]:
        """A town's settings for work through pull requests."""
        return {"merge_strategy": "pr", "github_cli_pat": TOKEN}


@contextmanager
def running_forge(repository: Repository, place: Path) -> Iterator[DemoForge]:
    """Serve a copy of the repository for the length of a block. Raises `StackFailed` if the forge does not start."""
    place.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "tests.support.forge", "--place", str(place), "--token", TOKEN]
    command += ["--repo", f"{PROJECT}={repository.path}"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as forge:
        try:
            url = forge.stdout.readline().strip() if forge.stdout else ""
            if not url:
                raise StackFailed("the forge did not start; its words are above")
            kept = Repository(
                path=place / f"{PROJECT}.git",
                default_branch=repository.default_branch,
                first_sha=repository.first_sha,
            )
            yield DemoForge(url=url, repository=kept)
        finally:
            forge.terminate()
            forge.wait(LEAVING_SECONDS)
