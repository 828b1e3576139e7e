"""Keeps the container's own token from ending while it lives: exchanged in time, and never during hydration.

The town gives a new token to the current generation only, also for one that has ended within the last day; so a
container that could not reach its town in time finds its way back, and a superseded one does not.
"""

import asyncio

from gastown.container.hydration_gate import HydrationGate, NotHydratedError
from gastown.container.log import say
from gastown.container.town_client import TownClient

PERIOD = 60.0
"""Seconds from one look at the token's end to the next (container facts, 9.2)."""


async def watch_token(client: TownClient, gate: HydrationGate, *, period: float = PERIOD) -> None:
    """Look at the token for ever; what comes instead of it is taken when the gate is open (REQ-7.1)."""
    while True:
        await asyncio.sleep(period)
        try:
            await gate.wait()
        except NotHydratedError as late:
            say("container.token_not_renewed", error=str(late))
            continue
        await client.renew_before_end()
