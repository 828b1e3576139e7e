"""How the container leaves: drained in its own time, evicted within the grace of a stopped task, or superseded."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime

from gastown.container.log import say
from gastown.container.roster import Record, Roster
from gastown.container.saving import SAVE_LIMIT, Saving
from gastown.container.starting import Starting
from gastown.container.town_answers import TownRefusedError, TownUnreachableError
from gastown.container.town_client import TownClient

EVICTION = "container eviction"
EVICTION_LIMIT = 95.0
"""Seconds from SIGTERM to the end, of the 120 a task has: 15 to stop, 60 to save, 20 to report.

A mayor has nothing to save in git; what its sessions remember is kept as it stops, in 20 of the 60.
"""
REPORT_LIMIT = 15.0
SUPERSEDED_LIMIT = 20.0
"""Seconds a superseded container takes to save what its agents did since the last time."""
DRAIN_LIMIT = 300.0
"""Seconds a drain without a deadline waits for agents to finish by themselves."""


@dataclass(frozen=True, kw_only=True)
class Departure:
    """Ends all agents, one way or the other."""

    client: TownClient
    roster: Roster
    saving: Saving
    starting: Starting

    async def wait_for_agents(self, deadline: str | None) -> None:
        """Wait until nobody works any more, or the deadline (ISO time) has come."""
        # Whatever comes in the meantime, what there is now is safe.
        await asyncio.gather(*(self.saving.try_save(record, limit=SAVE_LIMIT) for record in self.roster.active()))
        limit = DRAIN_LIMIT
        if deadline is not None:
            limit = (datetime.fromisoformat(deadline) - datetime.now(UTC)).total_seconds()
        ends = asyncio.get_running_loop().time() + limit
        while (active := self.roster.active()) and (left := ends - asyncio.get_running_loop().time()) > 0:
            watchers = [record.watcher for record in active if record.watcher is not None]
            # A run that is still starting has no watcher yet; it is looked at again soon.
            await (asyncio.wait(watchers, timeout=min(left, 1)) if watchers else asyncio.sleep(min(left, 0.5)))

    async def evict(self) -> None:
        """Freeze every agent, save its work, then report it; all agents in parallel, within the limit."""
        tasks = [asyncio.create_task(self._evict(record)) for record in self.roster.active()]
        tasks.append(asyncio.create_task(self._tell()))
        _, late = await asyncio.wait(tasks, timeout=EVICTION_LIMIT)
        for task in late:
            task.cancel()
        say("container.evicted", agents=len(tasks) - 1, late=len(late))

    async def _tell(self) -> None:
        """Let the town know at once, so that it asks nothing new of this container."""
        try:
            await self.client.evicted(patience=REPORT_LIMIT)
        except (TownRefusedError, TownUnreachableError) as error:
            say("eviction.not_reported", error=str(error))

    async def kill(self) -> None:
        """End every session at once, save what can be saved, and say nothing to the town: it has a newer one."""
        active = self.roster.active()
        await asyncio.gather(*(self.starting.stop(record, grace=0) for record in active))
        await asyncio.gather(*(self.saving.try_save(record, limit=SUPERSEDED_LIMIT) for record in active))

    async def _evict(self, record: Record) -> None:
        await self.starting.stop(record, reason=EVICTION, grace=10)
        # The save comes first: the report takes the bead away from the agent.
        await self.saving.try_save(record, limit=SAVE_LIMIT)
        if record.session is None:
            return
        rig_id = record.start.rig_id
        try:
            await self.client.complete(
                rig_id,
                record.agent_id,
                record.dispatch,
                status="failed",
                reason=EVICTION,
                saved_sha=record.saved_sha,
                patience=REPORT_LIMIT,
            )
        except (TownRefusedError, TownUnreachableError) as error:
            say("completion.not_reported", agent_id=record.agent_id, dispatch=record.dispatch, error=str(error))
