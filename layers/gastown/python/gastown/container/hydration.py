"""Hydration: what a fresh container does before it takes orders. Its town names what was waiting for it, in one read.

The order is fixed (REQ-1.8): a token that lasts, the registry, its starts one after another, then the mayor made warm.
Whatever fails is said and skipped, and the gate opens however it ends.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from typing import Any

from gastown.container.commands import Commands
from gastown.container.handlers import parse
from gastown.container.hydration_gate import HydrationGate
from gastown.container.log import logger, say
from gastown.container.payloads import Command, CommandKind
from gastown.container.prewarm import Prewarm
from gastown.container.refusals import RefusedError
from gastown.container.town_answers import TownRefusedError, TownUnreachableError
from gastown.container.town_client import TownClient

REGISTRY_LIMIT = 10.0
"""Seconds for the registry (container facts, 2.12)."""


class Hydration:
    """One run of it at a time is enough; several do no harm."""

    def __init__(self, *, client: TownClient, commands: Commands, gate: HydrationGate, prewarm: Prewarm) -> None:
        """Keep the parts."""
        self._client = client
        self._commands = commands
        self._gate = gate
        self._prewarm = prewarm

    def begin(self) -> asyncio.Task[None]:
        """Close the gate now, before anybody else has a turn, and hydrate beside; the gate opens when that is over."""
        opens = self._gate.close()
        task = asyncio.create_task(self._run())
        # Not a `finally` in the task: one that is cancelled before its first step never gets there.
        task.add_done_callback(lambda _: opens())
        return task

    async def _run(self) -> None:
        """Hydrate; a fault in it costs the warm start, and never the container."""
        try:
            await self._hydrate()
        except Exception:  # noqa: BLE001 - a fault of ours: it is logged whole, and the gate opens
            logger.exception("container.hydration_failed")

    async def _hydrate(self) -> None:
        began = time.monotonic()
        if self._client.token is None:
            say("hydration.skipped", why="there is no container token")
            return
        await self._client.renew_before_end()
        registry = await self._registry()
        if registry is None:
            return
        has_mayor = False
        for entry in registry:
            has_mayor = await self._resume(entry) or has_mayor
        if not has_mayor:
            await self._prewarm.run()
        say("container.hydrated", entries=len(registry), duration_ms=round((time.monotonic() - began) * 1000))

    async def _registry(self) -> Sequence[Mapping[str, Any]] | None:
        try:
            async with asyncio.timeout(REGISTRY_LIMIT):
                return await self._client.registry()
        except (TownRefusedError, TownUnreachableError, TimeoutError) as error:
            say("hydration.no_registry", error=str(error) or type(error).__name__)
            return None

    async def _resume(self, entry: Mapping[str, Any]) -> bool:
        """Start what an entry names; whether that was the mayor, and it runs. Malformed and failed ones are skipped."""
        try:
            command = parse(Command, entry)
        except RefusedError as malformed:
            say("hydration.entry_skipped", error=str(malformed))
            return False
        if command.kind is not CommandKind.START:
            say("hydration.entry_skipped", error=f"{command.kind.value} is no start")
            return False
        ack = await self._commands.resume(command)
        if ack is None or ack.outcome != "accepted":
            return False
        say("agent.resumed", agent_id=command.agent_id, dispatch=command.dispatch)
        agent = command.payload.get("agent")
        return isinstance(agent, dict) and agent.get("role") == "mayor"
