"""Saves what an agent has not pushed, while it works and when it ends: a snapshot, pushed to the ref of its run.

The ref is no branch (`refs/gastown/wip/...`), so that nobody's CI runs on it, and it belongs to one dispatch, so that
an older run cannot disturb a newer one. Saving takes no lock of the rig: it writes nothing that others write, and it
has to be possible for all agents at once while a clone holds that lock.
"""

import asyncio
import re
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field

from gastown.container.git import GitError
from gastown.container.log import say
from gastown.container.merging import identity
from gastown.container.payloads import Author, MayorStart, StartPayload
from gastown.container.repositories import CredentialProvider, Repositories
from gastown.container.roster import Record
from gastown.container.snapshots import Snapshot, Snapshots
from gastown.container.town_answers import TownRefusedError, TownUnreachableError

LOOK_SECONDS = 10.0
"""Between two looks at an agent's head, so that a commit is safe soon; such a look is one short process."""
SAVE_SECONDS = 60.0
"""Between two looks at its files: what is not committed is lost for so long at most when a container is killed."""
LIMIT = 40.0
"""Seconds one exchange with the remote may take: all of it has to fit into the grace of a task that is stopped."""
SAVE_LIMIT = 60.0
"""Seconds the last save of a run may take; `departure` fits it into what a stopped task has left."""
FAILURES = (GitError, OSError, TimeoutError, TownRefusedError, TownUnreachableError)
"""Why work may not get to the remote; all of them may pass."""
_BRANCHES_ONLY = re.compile(r"\[remote rejected\]|hook declined")


def author_of(start: StartPayload | MayorStart) -> Author:
    """Who commits for this agent: the town's author if it names one, else the agent (container facts, 3.4)."""
    own = Author(name=f"{start.agent.name} (gastown)", email=f"{start.agent.name}@gastown.local")
    wished = start.author
    return own if wished is None else Author(name=wished.name, email=wished.email or own.email)


@dataclass(kw_only=True)
class Progress:
    """What is known of one run's work; `saved` is the commit on the remote that holds all of the last snapshot."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    last: Snapshot | None = None
    saved: str | None = None
    looked_at: float | None = None


@dataclass(kw_only=True)
class Saving:
    """Brings agents' work to the remote; `provider_of` gives the credentials of a rig."""

    repositories: Repositories
    provider_of: Callable[[str], CredentialProvider]
    progress: defaultdict[str, Progress] = field(default_factory=lambda: defaultdict(Progress))

    async def keep(self, record: Record) -> None:
        """Save a running agent's work again and again; a failure is told and tried again at the next look."""
        while record.start.save_ref is not None:
            try:
                await self._look(record, record.start.save_ref)
            except FAILURES as error:
                _complain(record, error)
            await asyncio.sleep(LOOK_SECONDS)

    async def _look(self, record: Record, ref: str) -> None:
        """Save if the agent has a new commit, or if its files were not looked at for a while."""
        known, now = self.progress[ref], asyncio.get_running_loop().time()
        if known.looked_at is None:
            known.looked_at = now
            return
        if now - known.looked_at < SAVE_SECONDS and record.worktree is not None:
            before = known.last.head if known.last else record.begun_at
            if await self._snapshots(record).head(record.worktree) == before:
                return
        await self.save(record)
        known.looked_at = now

    async def try_save(self, record: Record, *, limit: float) -> bool:
        """Save at the end of a run, or when there is little time left; false if it could not be, which is told."""
        try:
            async with asyncio.timeout(limit):
                await self.save(record, is_last=True)
        except FAILURES as error:
            _complain(record, error)
            return False
        return True

    async def save(self, record: Record, *, is_last: bool = False) -> None:
        """Bring what a run has done to the remote, if anything is not there yet. Raises one of `FAILURES`.

        At the last time a host that takes branches only gets it on the run's branch.
        """
        start, folder = record.start, record.worktree
        if not isinstance(start, StartPayload) or start.save_ref is None or folder is None or not folder.exists():
            return
        known = self.progress[start.save_ref]
        async with known.lock:
            author = identity(author_of(start))
            taken = await self._snapshots(record).take(folder, branch=start.branch, author=author, last=known.last)
            if taken.commit != known.saved and not await self._is_there(record, start, taken):
                await self._push(record, start, taken, is_last=is_last)
            known.last, known.saved, record.saved_sha = taken, taken.commit, taken.commit

    def _snapshots(self, record: Record) -> Snapshots:
        places = self.repositories.places
        return Snapshots(
            git=self.repositories.agent_git,
            scratch=places.scratch(record.start.rig_id),
            account=self.repositories.account,
        )

    async def _is_there(self, record: Record, start: StartPayload, taken: Snapshot) -> bool:
        """Whether nothing has been done yet, or the agent has pushed all of it to its branch itself."""
        if not taken.is_clean:
            return False
        if taken.commit == record.begun_at and record.resumed is None:
            return True
        branch = f"refs/heads/{start.branch}"
        line = await self._remotely(start, lambda url: ["ls-remote", url, branch])
        return line.split()[:1] == [taken.commit]

    async def _push(self, record: Record, start: StartPayload, taken: Snapshot, *, is_last: bool) -> None:
        commit, ref = taken.commit, start.save_ref
        # Asked for by its id, as this version of the protocol allows: the agents would see a ref in their clone.
        fetch = ["-c", "protocol.version=2", "fetch", "--quiet", "--no-tags", "--no-write-fetch-head"]
        mirror = self.repositories.places.mirror(start.rig.id)
        await self.repositories.git.run([*fetch, str(record.worktree), f"+{commit}:{ref}"], at=mirror, limit=LIMIT)
        try:
            await self._remotely(start, lambda url: ["push", "--quiet", url, f"+{commit}:{ref}"])
        except GitError as error:
            if not is_last or not _BRANCHES_ONLY.search(error.output):
                raise
            branch = f"refs/heads/{start.branch}"
            await self._remotely(start, lambda url: ["push", "--quiet", url, f"{commit}:{branch}"])
        say(
            "work.saved",
            agent_id=record.agent_id,
            dispatch=record.dispatch,
            ref=ref,
            commit=commit,
            uncommitted=commit != taken.head,
            left_out=taken.left_out,
        )

    async def _remotely(self, start: StartPayload, command: Callable[[str], list[str]]) -> str:
        provider = self.provider_of(start.rig.id)
        return await self.repositories.remotely(start.rig, provider, lambda remote: command(remote.url), limit=LIMIT)


def _complain(record: Record, error: BaseException) -> None:
    reason = str(error) or type(error).__name__
    say("work.not_saved", agent_id=record.agent_id, dispatch=record.dispatch, error=reason)
