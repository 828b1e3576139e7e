"""Passes: by them an agent's processes prove to the container, and to nobody else, whose they are.

A pass is worth nothing outside this container, and inside it only as long as its agent's process may run.
"""

import secrets
from hashlib import sha256

BYTES = 32


class Passes:
    """The passes that hold now, one an agent; only their digests are kept to compare with."""

    def __init__(self) -> None:
        """Nobody has one yet."""
        self._of_agent: dict[str, str] = {}
        self._holders: dict[bytes, str] = {}

    def admit(self, agent_id: str) -> str:
        """The agent's pass: the same until it is revoked, so that a process made ready early can be used by a start."""
        known = self._of_agent.get(agent_id)
        if known is None:
            known = self._of_agent[agent_id] = secrets.token_urlsafe(BYTES)
            self._holders[_digest(known)] = agent_id
        return known

    def holder(self, shown: str) -> str | None:
        """Whose pass this is; nobody's if it was revoked or never given."""
        return self._holders.get(_digest(shown))

    def revoke(self, agent_id: str) -> None:
        """Make the agent's pass worthless; without one nothing happens."""
        known = self._of_agent.pop(agent_id, None)
        if known is not None:
            del self._holders[_digest(known)]


def _digest(shown: str) -> bytes:
    return sha256(shown.encode()).digest()
