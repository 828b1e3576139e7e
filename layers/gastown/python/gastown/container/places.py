"""Where things lie in the workspace, and the checks that keep names from leading out of it.

<workspace>/bin/gt                       the agents' command
<workspace>/rigs/<rig>/mirror/           bare; the only place that speaks to the remote; agents never write here
<workspace>/rigs/<rig>/repo/             shared clone of the worktrees, written by agents
<workspace>/rigs/<rig>/worktrees/<x>/    one per agent run
<workspace>/rigs/<rig>/merge-tmp/<x>/    one per merge attempt
<workspace>/mayor/                       what the mayor works in
<workspace>/agents/<agent>/              an agent's HOME and log
<workspace>/control-key                  opens the control server, for the container's own account
"""

import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from gastown.container.payloads import Cause, RigFacts
from gastown.container.refusals import RefusedError

_NAME = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._:-]*$")
_BRANCH_FORBIDDEN = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|^-|^/|/$|\.$|\.lock(/|$)|(^|/)\.|^@$")
_SCP_URL = re.compile(r"^git@[A-Za-z0-9.-]+:[^\s]+$")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_SCHEMES = frozenset({"http", "https", "file"})


def check_name(name: str, *, what: str) -> str:
    """An id that may be a folder's name. Raises `RefusedError` (invalid)."""
    if not _NAME.match(name) or ".." in name:
        raise RefusedError(Cause.INVALID, f"{what} is not a plain name: {name!r}")
    return name


def check_branch(name: str) -> str:
    """A branch name git and the file system accept. Raises `RefusedError` (invalid)."""
    if not name or _BRANCH_FORBIDDEN.search(name):
        raise RefusedError(Cause.INVALID, f"not a branch name: {name!r}")
    return name


def check_url(url: str) -> str:
    """A repository URL (http, https, file, git@, a path) without credentials. Raises `RefusedError` (invalid)."""
    if _CONTROL.search(url) or url.startswith("-"):
        raise RefusedError(Cause.INVALID, "the repository URL has forbidden characters")
    if url.startswith("/") or _SCP_URL.match(url):
        return url
    parts = urlsplit(url)
    if parts.scheme not in _SCHEMES:
        raise RefusedError(Cause.INVALID, "the repository URL must be http(s)://, file://, git@ or an absolute path")
    if parts.username is not None or parts.password is not None:
        raise RefusedError(Cause.INVALID, "the repository URL must not carry credentials")
    return url


def check_rig(rig: RigFacts) -> RigFacts:
    """A rig whose id, URL and default branch may be used. Raises `RefusedError` (invalid)."""
    check_name(rig.id, what="rig id")
    check_url(rig.git_url)
    check_branch(rig.default_branch)
    return rig


@dataclass(frozen=True, kw_only=True)
class Places:
    """The folders below one workspace."""

    workspace: Path

    def rig(self, rig_id: str) -> Path:
        """A rig's folder; symlinks must not lead out. Raises `RefusedError` (invalid)."""
        root = (self.workspace / "rigs").resolve()
        folder = root / check_name(rig_id, what="rig id")
        if folder.exists() and not folder.resolve().is_relative_to(root):
            raise RefusedError(Cause.INVALID, f"rig {rig_id!r} leads out of the workspace")
        return folder

    def mirror(self, rig_id: str) -> Path:
        """The rig's bare mirror of the remote."""
        return self.rig(rig_id) / "mirror"

    def repo(self, rig_id: str) -> Path:
        """The clone the agents' worktrees share."""
        return self.rig(rig_id) / "repo"

    def worktree(self, rig_id: str, name: str) -> Path:
        """The worktree of a branch or run; `/` becomes `__`. Raises `RefusedError` (invalid)."""
        return self.rig(rig_id) / "worktrees" / check_branch(name).replace("/", "__")

    def scratch(self, rig_id: str) -> Path:
        """Where copies of the worktrees' indexes lie while they are saved."""
        return self.rig(rig_id) / "scratch"

    def merge(self, rig_id: str, name: str) -> Path:
        """The temporary worktree of one merge attempt."""
        return self.rig(rig_id) / "merge-tmp" / check_name(name, what="merge")

    def mayor(self) -> Path:
        """The folder the mayor works in."""
        return self.workspace / "mayor"

    def home(self, agent_id: str) -> Path:
        """An agent's own HOME."""
        return self.workspace / "agents" / check_name(agent_id, what="agent id")
