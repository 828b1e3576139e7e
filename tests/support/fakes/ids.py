"""Ids that can be foretold."""

from gastown.domain.errors import GastownError


class CountedIds:
    """UUIDs of version 7 that count up; `given` has those handed out; `failure` is raised instead while it is set."""

    def __init__(self) -> None:
        """Start at one."""
        self.given: list[str] = []
        self.failure: GastownError | None = None

    def new(self) -> str:
        """The next id."""
        if self.failure is not None:
            raise self.failure
        self.given.append(f"01900000-0000-7000-8000-{len(self.given) + 1:012x}")
        return self.given[-1]
