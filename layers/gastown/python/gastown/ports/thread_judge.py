"""Judging whether unresolved threads of a pull request ask for work."""

from collections.abc import Sequence
from typing import Protocol

from gastown.domain.pull import Thread


class ThreadJudge(Protocol):
    """A model that reads discussions; it is off unless a deployment and a town switch it on."""

    def is_blocking(self, threads: Sequence[Thread]) -> bool:
        """Whether any of them asks for a change; true whenever that is not certain, and nothing is raised."""
        ...
