"""The folder an agent works in: a worktree of its own on the branch of its dispatch, or on the sha it reviews."""

import re
from dataclasses import dataclass
from pathlib import Path

from gastown.container.git import Git
from gastown.container.payloads import Cause, StartPayload
from gastown.container.places import check_branch
from gastown.container.processes import Account, make_folder, remove_tree
from gastown.container.refusals import RefusedError
from gastown.container.repositories import CredentialProvider, Repositories
from gastown.container.resuming import Resumed, Resuming

_SHA = re.compile(r"^[0-9a-f]{7,64}$")


@dataclass(frozen=True, kw_only=True)
class Place:
    """A worktree as it was made: the commit where the work begins, and what an earlier run left on top of it."""

    folder: Path
    begun_at: str
    resumed: Resumed | None = None


class Worktrees:
    """Makes and removes the worktrees of agents; git runs as the agents' account here, without credentials."""

    def __init__(self, *, repositories: Repositories, account: Account | None) -> None:
        """Use these repositories."""
        self._repositories = repositories
        self._git: Git = repositories.agent_git
        self._account = account
        self._resuming = Resuming(repositories=repositories)

    async def make(self, start: StartPayload, *, dispatch: int, provider: CredentialProvider) -> Place:
        """A fresh worktree for this run. Raises `GitError`, `RefusedError` (invalid)."""
        check_branch(start.branch)
        rig_id = start.rig.id
        point = await self._start_point(start, self._repositories.places.mirror(rig_id))
        resumed = await self._resuming.find(start, point, provider)
        async with self._repositories.lock(rig_id):
            repo = await self._repositories.share(start.rig)
            folder, how = self._folder(start, dispatch)
            await self._git.run(["worktree", "prune"], at=repo)
            make_folder(folder.parent, self._account)
            at = resumed.commit if resumed else point
            await self._git.run(["worktree", "add", "--quiet", "--force", *how, str(folder), at], at=repo)
        if resumed is not None:
            resumed = await self._resuming.bring_back(resumed, folder, point)
        return Place(folder=folder, begun_at=point, resumed=resumed)

    def _folder(self, start: StartPayload, dispatch: int) -> tuple[Path, list[str]]:
        """A folder that is not there yet: one that is may hold work that could not be saved."""
        places, rig_id = self._repositories.places, start.rig.id
        if start.review is not None and start.agent.role == "refinery":
            name, how = f"review/{start.agent.id}/{dispatch}", ["--detach"]
        else:
            name, how = start.branch, ["-B", start.branch]
        folder = places.worktree(rig_id, name)
        return (places.worktree(rig_id, f"{name}/{start.agent.id}/{dispatch}") if folder.exists() else folder), how

    async def remove(self, rig_id: str, folder: Path) -> None:
        """Remove a worktree nobody works in any more. Raises `GitError`."""
        async with self._repositories.lock(rig_id):
            remove_tree(folder)
            await self._git.run(["worktree", "prune"], at=self._repositories.places.repo(rig_id))

    async def detach(self, folder: Path) -> None:
        """Let a worktree that is kept go of its branch, which a newer run may move. Raises `GitError`."""
        head = await self._git.run(["rev-parse", "HEAD"], at=folder)
        await self._git.run(["update-ref", "--no-deref", "HEAD", head], at=folder)

    async def _start_point(self, start: StartPayload, mirror: Path) -> str:
        """The commit to begin at: a known sha, else a branch of the remote, else the base branch."""
        if start.review is not None and start.agent.role == "refinery":
            return await self._known(start.review.sha, mirror)
        wish = (start.start_point or "").removeprefix("origin/")
        names = [f"refs/heads/{name}" for name in (wish, start.base_branch, start.rig.default_branch) if name]
        if _SHA.match(wish):
            names.insert(0, wish)
        for name in names:
            if commit := await self._repositories.git.find(name, at=mirror):
                return commit
        raise RefusedError(Cause.INVALID, f"nothing to start from: none of {names} exists")

    async def _known(self, sha: str, mirror: Path) -> str:
        if commit := await self._repositories.git.find(sha, at=mirror):
            return commit
        raise RefusedError(Cause.INVALID, f"the sha under review is not in the repository: {sha}")
