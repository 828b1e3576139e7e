"""A rig's remote: a bare repository in a temporary folder, and the commands of the container about it."""

import atexit
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from gastown.container.payloads import MergePayload, RigFacts

WHO = ["-c", "user.name=Ann", "-c", "user.email=ann@example.com"]


def git(*arguments: str, at: Path) -> str:
    """Run git and return what it printed; a failure fails the test."""
    done = subprocess.run(["git", *WHO, *arguments], cwd=at, capture_output=True, text=True, check=False)
    if done.returncode:
        raise AssertionError(done.stderr)
    return done.stdout.strip()


@dataclass(frozen=True, kw_only=True)
class Bare:
    """A bare repository and a clone from which a person pushes."""

    path: Path
    clone: Path

    @property
    def rig(self) -> RigFacts:
        """The rig over this repository."""
        return RigFacts(id="rig-1", git_url=str(self.path), default_branch="main")

    def head(self, branch: str) -> str | None:
        """The sha of a branch, or None."""
        line = git("ls-remote", str(self.path), f"refs/heads/{branch}", at=self.clone)
        return line.split()[0] if line else None

    def at(self, ref: str) -> str | None:
        """The commit of any ref, or None."""
        line = git("ls-remote", str(self.path), ref, at=self.clone)
        return line.split()[0] if line else None

    def show(self, branch: str, file: str) -> str:
        """A file's text on a branch."""
        return git("show", f"{branch}:{file}", at=self.path)

    def push(self, branch: str, file: str, text: str, *, start: str = "origin/main") -> str:
        """Commit one file on a branch, push it, and return the sha."""
        git("fetch", "--quiet", "origin", at=self.clone)
        git("checkout", "--quiet", "-B", branch, start, at=self.clone)
        (self.clone / file).write_text(text)
        git("add", "--all", at=self.clone)
        git("commit", "--quiet", "-m", f"{file} on {branch}", at=self.clone)
        git("push", "--quiet", "--force", "origin", f"HEAD:refs/heads/{branch}", at=self.clone)
        return git("rev-parse", "HEAD", at=self.clone)

    def order(self, branch: str, sha: str, **changes: Any) -> MergePayload:
        """A merge of this sha into main."""
        known = {
            "review_id": "review-1",
            "attempt": 1,
            "rig": self.rig.model_dump(),
            "branch": branch,
            "sha": sha,
            "target_branch": "main",
            "base_branch": "main",
        }
        return MergePayload.model_validate(known | changes)

    def start(self, agent_id: str, dispatch: int, /, **changes: Any) -> dict[str, Any]:
        """A start command for a polecat."""
        branch = f"gt/{agent_id}/{dispatch}"
        payload = {
            "agent": {"id": agent_id, "name": agent_id.title(), "role": "polecat"},
            "rig": self.rig.model_dump(),
            "bead": {"id": "bead-1", "title": "A bead"},
            "branch": branch,
            "start_point": "main",
            "save_ref": f"refs/gastown/wip/bead-1/{agent_id}/{dispatch}",
        }
        return {
            "id": f"start-{agent_id}-{dispatch}",
            "kind": "start",
            "generation": 1,
            "rig_id": "rig-1",
            "agent_id": agent_id,
            "dispatch": dispatch,
            "payload": payload | changes,
        }


def make_bare(folder: Path) -> Bare:
    """A bare repository with one commit on main."""
    bare = Bare(path=folder / "remote.git", clone=folder / "person")
    begun = _begun()
    shutil.copytree(begun.path, bare.path)
    shutil.copytree(begun.clone, bare.clone)
    git("remote", "set-url", "origin", str(bare.path), at=bare.clone)
    return bare


@cache
def _begun() -> Bare:
    """What each of them begins as; made once, since tests make hundreds."""
    folder = Path(tempfile.mkdtemp(prefix="remote-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    path, clone = folder / "remote.git", folder / "person"
    git("init", "--quiet", "--bare", "--template=", "--initial-branch=main", str(path), at=folder)
    (path / "hooks").mkdir()
    git("clone", "--quiet", "--template=", str(path), str(clone), at=folder)
    git("checkout", "--quiet", "-B", "main", at=clone)
    (clone / "README").write_text("hello\n")
    git("add", "--all", at=clone)
    git("commit", "--quiet", "-m", "Begin", at=clone)
    git("push", "--quiet", "origin", "main", at=clone)
    return Bare(path=path, clone=clone)
