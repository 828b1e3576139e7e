"""A judge of threads that says what the test wants."""

from collections.abc import Sequence

from gastown.domain.pull import Thread


class MemoryThreadJudge:
    """Says `verdict`; without one it could not tell, and then threads block."""

    def __init__(self, verdict: bool | None = None) -> None:  # noqa: FBT001 - the one thing it is made of
        """Keep the verdict."""
        self.verdict, self.asked = verdict, 0

    def is_blocking(self, threads: Sequence[Thread]) -> bool:
        """The verdict."""
        self.asked += len(threads) > 0
        return self.verdict is not False
