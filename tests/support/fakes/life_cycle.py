"""The life cycle function, as somebody who notes what is asked."""

from gastown.domain.errors import GastownError


class MemoryLifeCycle:
    """`asked` has the town of each call; `failure` is raised instead while it is set."""

    def __init__(self) -> None:
        """Start without calls and willing."""
        self.asked: list[str] = []
        self.failure: GastownError | None = None

    def advance(self, town_id: str) -> None:
        """Note the town."""
        if self.failure is not None:
            raise self.failure
        self.asked.append(town_id)
