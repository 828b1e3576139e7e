"""Removes what is no longer needed, on this disk and on the remote: worktrees whose work is safe, refs of ended beads.

A worktree whose work could not be brought to the remote is kept and tried again, while the disk permits.
"""

import asyncio
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field

from gastown.container.git import GitError, Remote
from gastown.container.log import say
from gastown.container.payloads import RigFacts, StartPayload
from gastown.container.roster import Record
from gastown.container.saving import FAILURES, LIMIT, SAVE_LIMIT, Saving
from gastown.container.town_client import TownClient
from gastown.container.worktrees import Worktrees

RETRY_SECONDS = 60.0
"""Between two tries to save what is in kept worktrees."""
SWEEP_SECONDS = 3600.0
"""Between two looks for refs of ended beads: one exchange with the remote for each rig, and none with the town if there
is no ref."""
LEAST_FREE = 0.1
"""The share of the disk below which the oldest kept worktree goes, so that running agents can go on."""
MOST_REFS = 100
"""Refs of one rig that are asked about at a time."""
SPACE = "refs/gastown/wip"


@dataclass(kw_only=True)
class Cleaning:
    """Cleans up after runs and beads."""

    client: TownClient
    saving: Saving
    worktrees: Worktrees
    kept: list[Record] = field(default_factory=list)

    async def clean(self, record: Record) -> None:
        """Remove the worktree of an ended run, or keep it if its work is nowhere else."""
        if record.worktree is None or not isinstance(record.start, StartPayload):
            return
        if await self.saving.try_save(record, limit=SAVE_LIMIT):
            await self._remove(record)
            return
        self.kept.append(record)
        say("worktree.kept", agent_id=record.agent_id, dispatch=record.dispatch, kept=len(self.kept))
        try:
            await self.worktrees.detach(record.worktree)
        except GitError as error:
            say("worktree.not_detached", folder=record.worktree.name, error=str(error))
        await self._make_room()

    async def run(self) -> None:
        """Try kept worktrees again each minute, and look for refs of ended beads each hour."""
        rounds = 0
        while True:
            await asyncio.sleep(RETRY_SECONDS)
            await self.retry()
            if rounds % (SWEEP_SECONDS // RETRY_SECONDS) == 0:
                await self.sweep()
            rounds += 1

    async def retry(self) -> None:
        """Try to save and remove what was kept."""
        for record in list(self.kept):
            if await self.saving.try_save(record, limit=SAVE_LIMIT):
                self.kept.remove(record)
                await self._remove(record)
        await self._make_room()

    async def _make_room(self) -> None:
        while self.kept and self._free() < LEAST_FREE:
            record = self.kept.pop(0)
            say("work.lost", agent_id=record.agent_id, dispatch=record.dispatch, why="the disk is full")
            await self._remove(record)

    def _free(self) -> float:
        usage = shutil.disk_usage(self.saving.repositories.places.workspace)
        return usage.free / usage.total

    async def _remove(self, record: Record) -> None:
        folder, ref = record.worktree, record.start.save_ref
        if folder is None:
            return
        try:
            await self.worktrees.remove(record.start.rig_id, folder)
        except GitError as error:
            say("worktree.not_removed", folder=folder.name, error=str(error))
        record.worktree = None
        if ref is not None:
            self.saving.progress.pop(ref, None)

    async def sweep(self) -> None:
        """Delete the refs that the town says are over, in every rig that anything was done in here."""
        for rig in list(self.saving.repositories.rigs.values()):
            try:
                await self._sweep(rig)
            except FAILURES as error:
                say("refs.not_swept", rig_id=rig.id, error=str(error))

    async def _sweep(self, rig: RigFacts) -> None:
        provider, repositories = self.saving.provider_of(rig.id), self.saving.repositories
        listed = await repositories.remotely(
            rig, provider, lambda remote: ["ls-remote", remote.url, f"{SPACE}/*"], limit=LIMIT
        )
        refs = sorted(line.split()[1] for line in listed.splitlines())
        for first in range(0, len(refs), MOST_REFS):
            asked = refs[first : first + MOST_REFS]
            over = await self.client.ended_work(rig.id, asked)
            if not over:
                continue
            await repositories.remotely(rig, provider, _deletion(over), limit=LIMIT)
            say("refs.swept", rig_id=rig.id, deleted=len(over), left=len(asked) - len(over))


def _deletion(refs: list[str]) -> Callable[[Remote], list[str]]:
    return lambda remote: ["push", "--quiet", remote.url, *(f":{ref}" for ref in refs)]
