"""The mayor's look at the code: of each rig a checkout of its default branch that nobody there can change.

It is a worktree of the rig's mirror, which belongs to the container's own user, and its files carry no right to write
for anybody: not for the agents' account, and where there is none, not by mistake either.
"""

import asyncio
import os
import shutil
import stat
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from gastown.container.git import GitError
from gastown.container.log import about, say
from gastown.container.payloads import RigFacts
from gastown.container.refusals import RefusedError
from gastown.container.repositories import Repositories
from gastown.container.town_answers import TownRefusedError, TownUnreachableError
from gastown.container.town_client import TownClient

WRITE = stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH


class Browsing:
    """Keeps the checkouts as new as their rigs' default branches."""

    def __init__(self, *, repositories: Repositories, client: TownClient) -> None:
        """Use these repositories, with what the town gives for them; nothing is checked out yet."""
        self._repositories = repositories
        self._client = client
        self._refreshing: asyncio.Task[None] | None = None

    def folder(self, rig_id: str) -> Path:
        """Where a rig's checkout is. Raises `RefusedError` (invalid)."""
        return self._repositories.places.rig(rig_id) / "browse"

    def begin(self, rigs: Sequence[RigFacts]) -> None:
        """Bring the checkouts up to date beside whatever else goes on; while that is under way it is not begun again.

        A mayor does not wait for it: a first clone may take minutes.
        """
        if self._refreshing is None or self._refreshing.done():
            self._refreshing = asyncio.create_task(self.refresh_all(rigs))

    async def settle(self) -> None:
        """Wait for what was begun."""
        if self._refreshing is not None:
            await self._refreshing

    async def refresh_all(self, rigs: Sequence[RigFacts]) -> None:
        """Bring the checkouts of these rigs up to date; one that cannot be had leaves the others alone."""
        await asyncio.gather(*(self._try(rig) for rig in rigs))

    async def _try(self, rig: RigFacts) -> None:
        with about(rig_id=rig.id):
            try:
                await self._repositories.refresh(rig, partial(self._client.rig_git, rig.id))
                await self.show(rig)
            except (GitError, OSError, RefusedError, TownRefusedError, TownUnreachableError) as error:
                say("browse.not_refreshed", error=str(error))

    async def show(self, rig: RigFacts) -> Path | None:
        """Check the default branch out as the mirror has it; none while there is no such branch. Raises `GitError`."""
        folder, mirror, git = self.folder(rig.id), self._repositories.places.mirror(rig.id), self._repositories.git
        async with self._repositories.lock(rig.id):
            commit = await git.find(f"refs/heads/{rig.default_branch}", at=mirror)
            if commit is None:
                return None
            if not (folder / ".git").exists() or await git.find("HEAD", at=folder) is None:
                await asyncio.to_thread(_discard, folder)
                await git.run(["worktree", "prune"], at=mirror)
                await git.run(["worktree", "add", "--quiet", "--force", "--detach", str(folder), commit], at=mirror)
            else:
                await asyncio.to_thread(_open, folder)
                await git.run(["reset", "--quiet", "--hard", commit], at=folder)
                await git.run(["clean", "--quiet", "-ffdx"], at=folder)
            await asyncio.to_thread(_seal, folder)
        return folder


def _seal(root: Path) -> None:
    """Take the right to write from everything below; links are left alone, for they have none of their own."""
    for folder, _, files in os.walk(root):
        for path in (*(Path(folder, name) for name in files), Path(folder)):
            mode = path.lstat().st_mode
            if not stat.S_ISLNK(mode) and mode & WRITE:
                path.chmod(stat.S_IMODE(mode) & ~WRITE)


def _open(root: Path) -> None:
    """Let folders be changed again by their owner: git replaces files, it never writes into them."""
    for folder, _, _ in os.walk(root):
        Path(folder).chmod(0o755)


def _discard(root: Path) -> None:
    if root.is_symlink() or root.is_file():
        root.unlink()
    elif root.exists():
        _open(root)
        shutil.rmtree(root)
