"""Finds what an earlier run of a bead left on the remote, so that the next one goes on from there.

Names decide, and not reports: the town names the runs that ended without `done`, and what is on their refs and branches
now counts, also when the container died before it could say so.
"""

from dataclasses import dataclass, replace
from pathlib import Path

from gastown.container.git import NETWORK_LIMIT
from gastown.container.payloads import LeftWork, StartPayload
from gastown.container.places import check_branch
from gastown.container.repositories import CredentialProvider, Repositories
from gastown.container.snapshots import unfold


@dataclass(frozen=True, kw_only=True)
class Resumed:
    """What a run goes on from; `uncommitted` files are in its worktree as the earlier agent left them."""

    left: LeftWork
    commit: str
    commits: int = 0
    uncommitted: int = 0
    also: str | None = None
    """A commit that the earlier agent's branch stood at while it rebased."""


@dataclass(frozen=True, kw_only=True)
class Resuming:
    """Looks for left work in one rig's mirror; whatever it asks git there, no agent can have arranged."""

    repositories: Repositories

    async def find(self, start: StartPayload, point: str, provider: CredentialProvider) -> Resumed | None:
        """The newest left work that the start point does not hold already. Raises `GitError`, `RefusedError`."""
        if not start.resume:
            return None
        # A pattern for each bead, and no names: what is not there is no error then.
        patterns = sorted({left.ref.rsplit("/", 2)[0] for left in start.resume})
        specs = [f"+{pattern}/*:{pattern}/*" for pattern in patterns]
        fetch = ["fetch", "--quiet", "--no-tags", "--no-write-fetch-head"]
        await self.repositories.remotely(
            start.rig, provider, lambda remote: [*fetch, remote.url, *specs], limit=NETWORK_LIMIT
        )
        for left in start.resume:
            commit = await self._newest(left, start.rig.id)
            if commit is not None and not await self._is_in(commit, point, start.rig.id):
                return Resumed(left=left, commit=commit)
        return None

    async def _newest(self, left: LeftWork, rig_id: str) -> str | None:
        """What was saved, unless the agent itself has pushed more to its branch since."""
        mirror, git = self.repositories.places.mirror(rig_id), self.repositories.git
        saved = await git.find(left.ref, at=mirror)
        pushed = await git.find(f"refs/heads/{check_branch(left.branch)}", at=mirror)
        if saved is None or pushed is None:
            return saved or pushed
        head = (await unfold(git, saved, at=mirror)).head
        is_ahead = pushed != head and await self._is_in(head, pushed, rig_id)
        return pushed if is_ahead else saved

    async def _is_in(self, commit: str, tip: str, rig_id: str) -> bool:
        mirror = self.repositories.places.mirror(rig_id)
        return await self.repositories.git.succeeds(["merge-base", "--is-ancestor", commit, tip], at=mirror)

    async def bring_back(self, resumed: Resumed, folder: Path, point: str) -> Resumed:
        """Make what was not committed uncommitted again, in a fresh worktree at the found commit. Raises `GitError`."""
        git = self.repositories.agent_git
        unfolded = await unfold(git, resumed.commit, at=folder)
        files = 0
        if unfolded.is_snapshot:
            await git.run(["reset", "--quiet", "--mixed", unfolded.head], at=folder)
            listed = await git.pipe(["status", "--porcelain", "-z", "--untracked-files=all"], at=folder)
            files = listed.count(b"\0")
        count = await git.run(["rev-list", "--count", f"{point}..{unfolded.head}"], at=folder)
        return replace(resumed, commits=int(count), uncommitted=files, also=unfolded.also)
