"""A secret that others sign with: remembered, and looked up again for a signature unknown to it.

Tokens and boot codes are signed with one, webhooks of providers with another.

A process remembers the secret for a minute. Just after a rotation others already sign with a version that it has never
seen. What they sign is good, so an unknown signature has the secret read once more before it counts as forged.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final, TypeVar

from gastown.domain.errors import NotFound, Unavailable
from gastown.ports.clock import Clock
from gastown.ports.secrets import Secrets
from gastown.usecases.tokens import UnknownSignature

T = TypeVar("T")
LOOK_AGAIN: Final = timedelta(seconds=5)
"""Least time between two such looks of a process, so that forged tokens cannot have the vault read at will."""


class SigningSecrets:
    """One secret with its live versions, newest first, as a process of a door sees it."""

    def __init__(self, secrets: Secrets, secret_id: str, clock: Clock) -> None:
        """Keep the ports; nothing is read yet."""
        self._secrets, self._id, self._clock = secrets, secret_id, clock
        self._looked_at: datetime | None = None

    def live(self, *, fresh: bool = False) -> tuple[str, ...]:
        """The live versions. Raises `Unavailable`, also for a missing secret: the stack's fault, not a caller's."""
        try:
            return self._secrets.get(self._id, fresh=fresh)
        except NotFound as missing:
            raise Unavailable("A secret of this stack is not there", retry_after=60) from missing

    def prove(self, check: Callable[[Sequence[str]], T]) -> T:
        """What a check finds out with the live versions. Raises what it raises, `Unavailable`."""
        try:
            return check(self.live())
        except UnknownSignature:
            if not self._may_look_again():
                raise
        return check(self.live(fresh=True))

    def _may_look_again(self) -> bool:
        now = self._clock.now()
        if self._looked_at is not None and now - self._looked_at < LOOK_AGAIN:
            return False
        self._looked_at = now
        return True
