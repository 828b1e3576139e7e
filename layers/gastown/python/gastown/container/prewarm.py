"""The mayor made warm before it is wanted: its server runs, and the start that comes later only opens a session."""

import asyncio
import time
from dataclasses import dataclass

from pydantic import SecretStr

from gastown.container.log import say
from gastown.container.mayor_context import MayorContext
from gastown.container.payloads import AgentCredentials, Cause, MayorStart
from gastown.container.refusals import RefusedError
from gastown.container.roster import Record
from gastown.container.starting import Starting
from gastown.container.town_answers import TownRefusedError, TownUnreachableError
from gastown.container.town_client import TownClient

CONTEXT_LIMIT = 10.0
"""Seconds for the mayor's context (requirements, numbers)."""
WARM_LIMIT = 30.0
"""Seconds that a server may take to start (requirements, numbers)."""


@dataclass(frozen=True, kw_only=True)
class Prewarm:
    """Uses the same builder as a real start, so that the start finds what it needs and replaces nothing (REQ-1.13)."""

    client: TownClient
    starting: Starting

    async def run(self) -> None:
        """Warm the mayor up if the town has one and all that its model needs; never raises, and says what it did."""
        began = time.monotonic()
        try:
            async with asyncio.timeout(CONTEXT_LIMIT):
                context = await self.client.mayor_context()
            if context.start is None or context.lacks():
                say("mayor.not_prewarmed", why=context.lacks())
                return
            async with asyncio.timeout(WARM_LIMIT):
                await self._warm(context.start, context)
        except (TownRefusedError, TownUnreachableError, TimeoutError, RefusedError, OSError) as error:
            say("mayor.prewarm_failed", error=str(error) or type(error).__name__)
            return
        took = round((time.monotonic() - began) * 1000)
        self.starting.watching.step("mayor.prewarm_complete", agentId=context.agent_id, role="mayor", durationMs=took)

    async def _warm(self, start: MayorStart, context: MayorContext) -> None:
        """Have the mayor's server run. Raises `RefusedError`, `OSError`."""
        if self.starting.is_draining():
            raise RefusedError(Cause.DRAINING, "the container drains")
        record = Record(start=start, dispatch=0)
        record.worktree = self.starting.mayor_folder.prepare(start.instructions)
        # Its own token comes with its session, and reaches its tools at each call: none of it is in a server.
        given = AgentCredentials(agent_token=SecretStr(""), env=context.env, model=context.access)
        await self.starting.runtimes.of(start.runtime).warm(self.starting.launch_of(record, given))
