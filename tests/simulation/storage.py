"""Storage that breaks by luck and lets a world look at every commit."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from gastown.domain.errors import Unavailable
from gastown.ports.town_store import Commit
from tests.simulation.faults import Luck
from tests.support.fakes.directory import MemoryDirectory
from tests.support.fakes.town_store import MemoryTownStore

KINDS = {
    "tear": "torn load",
    "throttle": "throttling",
    "conflict": "commit conflict",
    "lost_answer": "commit answer lost",
    "lost_request": "commit request lost",
}
"""The fake store's faults, by the names that worlds know."""


class SimDirectory(MemoryDirectory):
    """A directory that says when a due time was set, so that the sweep is expected."""

    def __init__(self, on_due: Callable[[], None]) -> None:
        """`on_due` is called after each change of a due time."""
        super().__init__()
        self.on_due = on_due

    def set_due(self, town_id: str, due_at: datetime | None) -> None:
        """What a commit of the town does in its transaction."""
        super().set_due(town_id, due_at)
        self.on_due()


class SimStore(MemoryTownStore):
    """The fake store under a world's luck."""

    def __init__(self, directory: MemoryDirectory, luck: Luck) -> None:
        """Nobody looks yet."""
        super().__init__(directory)
        self.luck = luck
        self.before_commit: Callable[[], None] = lambda: None
        self.after_commit: Callable[[Commit], None] = lambda _: None
        self.heard: Callable[[int, dict[str, Any]], None] = lambda _g, _p: None

    def _fault(self, *kinds: str) -> str | None:
        return next((kind for kind in kinds if self.luck.strikes(KINDS[kind])), None)

    def commit(self, commit: Commit) -> None:
        """Commit, and show what was committed, also when its answer is lost."""
        self.before_commit()
        old = self.live.get(commit.town_id, {}).get("META")
        try:
            super().commit(commit)
        finally:
            if self.live.get(commit.town_id, {}).get("META") is not old:
                self.after_commit(commit)

    def beat(self, town_id: str, generation: int, pulse: dict[str, Any]) -> bool:
        """Store a heartbeat, and note who was heard."""
        if self._fault("throttle"):
            raise Unavailable("throttled")
        stored = super().beat(town_id, generation, pulse)
        if stored:
            self.heard(generation, pulse)
        return stored
