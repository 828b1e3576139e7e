"""The folder an agent works in: a worktree of its own on the branch of its dispatch, or on the sha it reviews."""

import re
from pathlib import Path

from gastown.container.git import Git
from gastown.container.payloads import Cause, StartPayload
from gastown.container.places import check_branch
from gastown.container.processes import Account, make_folder, remove_tree
from gastown.container.refusals import RefusedError
from gastown.container.repositories import Repositories

_SHA = re.compile(r"^[0-9a-f]{7,64}$")


class Worktrees:
    """Makes and removes the worktrees of agents; git runs as the agents' account here, without credentials."""

    def __init__(self, *, repositories: Repositories, account: Account | None) -> None:
        """Use these repositories."""
        self._repositories = repositories
        self._git: Git = repositories.agent_git
        self._account = account

    async def make(self, start: StartPayload, *, dispatch: int) -> Path:
        """A fresh worktree for this run. Raises `GitError`, `RefusedError` (invalid)."""
        check_branch(start.branch)
        rig_id = start.rig.id
        async with self._repositories.lock(rig_id):
            repo = await self._repositories.share(start.rig)
            point = await self._start_point(start, repo)
            if start.review is not None and start.agent.role == "refinery":
                folder = self._repositories.places.worktree(rig_id, f"review/{start.agent.id}/{dispatch}")
                how = ["--detach"]
            else:
                folder = self._repositories.places.worktree(rig_id, start.branch)
                how = ["-B", start.branch]
            await self._clear(repo, folder)
            make_folder(folder.parent, self._account)
            await self._git.run(["worktree", "add", "--quiet", "--force", *how, str(folder), point], at=repo)
        return folder

    async def remove(self, rig_id: str, folder: Path) -> None:
        """Remove a worktree nobody works in any more. Raises `GitError`."""
        async with self._repositories.lock(rig_id):
            await self._clear(self._repositories.places.repo(rig_id), folder)

    async def _clear(self, repo: Path, folder: Path) -> None:
        remove_tree(folder)
        await self._git.run(["worktree", "prune"], at=repo)

    async def _start_point(self, start: StartPayload, repo: Path) -> str:
        """The commit to begin at: a known sha, else a branch of the remote, else the base branch."""
        if start.review is not None and start.agent.role == "refinery":
            return await self._known(start.review.sha, repo)
        wish = (start.start_point or "").removeprefix("origin/")
        names = [f"refs/remotes/origin/{name}" for name in (wish, start.base_branch, start.rig.default_branch) if name]
        if _SHA.match(wish):
            names.insert(0, wish)
        for name in names:
            if commit := await self._git.find(name, at=repo):
                return commit
        raise RefusedError(Cause.INVALID, f"nothing to start from: none of {names} exists")

    async def _known(self, sha: str, repo: Path) -> str:
        if commit := await self._git.find(sha, at=repo):
            return commit
        raise RefusedError(Cause.INVALID, f"the sha under review is not in the repository: {sha}")
