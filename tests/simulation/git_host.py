"""A Git host: what was pushed where, and what was merged."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tests.simulation.faults import Luck


@dataclass(frozen=True, kw_only=True)
class Merged:
    """One merge that really happened."""

    review_id: str
    sha: str
    target: str
    commit: str
    outside: bool = False
    """Whether people merged it at the provider."""


class GitHost:
    """Merges exactly what it is told to; the same sha is merged into one branch once."""

    def __init__(self, luck: Luck, now: Callable[[], datetime]) -> None:
        """Start with empty repositories."""
        self.luck, self.now = luck, now
        self._away_until: datetime | None = None
        self.merges: list[Merged] = []
        self.heads: dict[str, str] = {"main": "sha-00000"}
        self._shas = 0
        self._hopeless: dict[str, bool] = {}
        self._never: set[str] = set()

    def push(self, branch: str) -> str:
        """A new head of a branch that nobody has seen before."""
        self._shas += 1
        self.heads[branch] = f"sha-{self._shas:05d}"
        return self.heads[branch]

    def keep(self, merged: Merged) -> None:
        """A merge has happened: the target's head is its commit."""
        self.merges.append(merged)
        self.heads[merged.target] = merged.commit

    def merge(self, order: dict[str, Any]) -> dict[str, Any]:
        """One attempt, and its outcome as a container reports it."""
        outcome: dict[str, Any] = {"review_id": order["review_id"], "attempt": order["attempt"], "gates": []}
        done = next((m for m in self.merges if (m.sha, m.target) == (order["sha"], order["target_branch"])), None)
        if done is not None:
            return outcome | {"status": "already_merged", "commit_sha": done.commit}
        if order["target_branch"] == order["base_branch"] and self._is_hopeless(order["branch"], order["review_id"]):
            return outcome | {"status": "conflict", "message": "it never merges"}
        if self._is_away():
            return outcome | {"status": "unavailable", "message": "git host down"}
        for fault, status in FAILURES.items():
            if self.luck.strikes(fault):
                head = self.push(order["branch"]) if status == "moved" else None
                gates = [{"command": "test", "exit_code": 1, "seconds": 1, "output": "red"}]
                return outcome | {"status": status, "message": fault, "head": head} | (
                    {"gates": gates} if status == "gate_failed" else {}
                )  # fmt: skip
        merged = Merged(
            review_id=order["review_id"], sha=order["sha"], target=order["target_branch"], commit=f"m-{order['sha']}"
        )
        self.keep(merged)
        return outcome | {"status": "merged", "commit_sha": merged.commit, "tree": "tree"}

    def _is_hopeless(self, branch: str, review_id: str) -> bool:
        """Whether a branch is one that never merges, whatever is done about it; peace does not change that."""
        if branch not in self._hopeless:
            landing = branch.startswith("convoy/")
            self._hopeless[branch] = landing and self.luck.strikes("landing never merges", ever=True)
        if self._hopeless[branch]:
            self._never.add(review_id)
        return review_id in self._never

    def _is_away(self) -> bool:
        """Whether the host is down; it stays so for a while."""
        if self.luck.strikes("git host down"):
            self._away_until = self.now() + timedelta(seconds=self.luck.between("git host away", 20, 900))
        return self.luck.trouble and self._away_until is not None and self.now() < self._away_until


FAILURES = {
    "merge conflict": "conflict",
    "gate fails": "gate_failed",
    "push lost": "push_lost",
    "branch moved": "moved",
}
"""Which fault leads to which outcome."""
