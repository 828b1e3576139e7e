"""A push channel in memory."""

from collections import defaultdict

from gastown.domain.errors import GastownError, Unavailable


class MemoryPushChannel:
    """`heard` has what reached each connection, `gone` those that are closed, `stuck` those that do not answer.

    `failure` is raised while it is set.
    """

    def __init__(self) -> None:
        """Start with every connection open."""
        self.heard: defaultdict[str, list[bytes]] = defaultdict(list)
        self.gone: set[str] = set()
        self.stuck: set[str] = set()
        self.failure: GastownError | None = None
        self.tries = 0

    def push(self, connection_id: str, message: bytes) -> bool:
        """Keep the text; false for a closed connection, which hears nothing."""
        self.tries += 1
        if self.failure is not None:
            raise self.failure
        if connection_id in self.stuck:
            raise Unavailable("no answer")
        if connection_id in self.gone:
            return False
        self.heard[connection_id].append(message)
        return True
