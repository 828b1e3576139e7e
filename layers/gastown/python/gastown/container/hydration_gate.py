"""The gate of hydration: while a fresh container makes itself ready, nobody else changes what all of it shares."""

import asyncio
from collections.abc import Callable

from gastown.container.payloads import Cause
from gastown.container.refusals import RefusedError

GATE_LIMIT = 45.0
"""Seconds that a caller waits; below the 60 of the reference's callers, so that they hear a refusal (REQ-R.2b)."""
COME_BACK = 15
"""Seconds after which a caller that was not let in may ask again."""


class NotHydratedError(RefusedError):
    """The gate did not open in time: nothing was begun, and asking again helps."""

    retry_after = COME_BACK

    def __init__(self) -> None:
        """A cause that costs no bead an attempt."""
        super().__init__(Cause.INFRASTRUCTURE, "the container is still being hydrated")


class HydrationGate:
    """Open until a hydration begins, and again when all that began have ended (REQ-1.1, 1.2).

    Every run brings its own event, so that one that ends never strands those who wait for another (REQ-1.7).
    """

    def __init__(self, *, limit: float = GATE_LIMIT) -> None:
        """`limit` is how many seconds anybody waits."""
        self._limit = limit
        self._runs: set[asyncio.Event] = set()

    @property
    def is_open(self) -> bool:
        """Whether no hydration is under way."""
        return not self._runs

    def close(self) -> Callable[[], None]:
        """Close the gate at once, for one run; returns what ends that run."""
        run = asyncio.Event()
        self._runs.add(run)

        def end() -> None:
            self._runs.discard(run)
            run.set()

        return end

    async def wait(self) -> None:
        """Return when the gate is open. Raises `NotHydratedError` when it does not open in time."""
        try:
            async with asyncio.timeout(self._limit):
                while self._runs:
                    await next(iter(self._runs)).wait()
        except TimeoutError as late:
            raise NotHydratedError from late
