"""What the house asks of a town's storage: items of one working set, read whole and committed once.

The store knows nothing of beads and agents. It moves items, keeps the conditions of a commit and puts the town's due
time into the directory in the same transaction. Whether a load belongs together is checked by who reads it.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any, Final, Protocol

from gastown.domain.errors import Conflict, Unavailable


class CommitConflict(Conflict):
    """Somebody else committed first, or something that the commit rests on has changed."""


class FenceBroken(CommitConflict):
    """What a delivery was fenced by has moved on: the report is of an older dispatch or generation."""


class CommitUnknown(Unavailable):
    """The commit was sent, and its answer was lost: it may or may not have happened."""


class _Unchanged(Enum):
    UNCHANGED = "unchanged"


UNCHANGED: Final = _Unchanged.UNCHANGED
"""Leave the directory row's due time alone."""

Unchanged = _Unchanged


@dataclass(frozen=True, kw_only=True)
class LiveItem:
    """One item of a town's `LIVE` partition; `version` is the town version that wrote it, 0 for unversioned ones."""

    key: str
    version: int
    body: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Row:
    """One item outside the working set; `expires_at` in epoch seconds, `if_absent` refuses to overwrite."""

    pk: str
    sk: str
    body: dict[str, Any]
    expires_at: int | None = None
    if_absent: bool = False


@dataclass(frozen=True, kw_only=True)
class Condition:
    """A live item must still have this value in its body; `field` none: the item must be absent."""

    key: str
    field: str | None
    equals: Any


@dataclass(frozen=True, kw_only=True)
class Commit:
    """One transaction: everything in it happens, or nothing."""

    town_id: str
    expected: int
    puts: tuple[LiveItem, ...] = ()
    deletes: tuple[str, ...] = ()
    rows: tuple[Row, ...] = ()
    conditions: tuple[Condition, ...] = ()
    due_at: datetime | Unchanged | None = field(default=UNCHANGED)


class TownStore(Protocol):
    """One table per town; each method is one request unless it says otherwise."""

    def load(self, town_id: str, *, consistent: bool = True) -> list[LiveItem]:
        """All items of `LIVE`, by one Query. May be torn. Raises `NotFound` when the table is gone."""
        ...

    def commit(self, commit: Commit) -> None:
        """One TransactWriteItems. Raises `CommitConflict`, `CommitUnknown`, `Unavailable`."""
        ...

    def deliver(
        self, town_id: str, key: str, body: dict[str, Any], *, now: datetime, fence: Condition | None = None
    ) -> bool:
        """Put an inbox item if absent and make the town due; false if it was there.

        Raises `FenceBroken` when the fence has moved and `CommitConflict` when another write was in the way.
        """
        ...

    def beat(self, town_id: str, generation: int, pulse: dict[str, Any]) -> bool:
        """Set a generation's pulse, agent by agent; false when that generation is superseded."""
        ...

    def claim(
        self, town_id: str, key: str, *, now: datetime, lease_until: datetime, attempts_max: int
    ) -> dict[str, Any] | None:
        """Lease an outbox item and count the attempt; none when it is gone, leased or used up."""
        ...

    def settle(
        self, town_id: str, key: str, event_key: str | None, event: dict[str, Any] | None, *, now: datetime
    ) -> None:
        """Remove an outbox item and deliver its outcome, in one transaction; repeating it is harmless."""
        ...

    def put_rows(self, town_id: str, rows: Iterable[Row]) -> None:
        """Write rows in batches; repeating it is harmless."""
        ...

    def delete_rows(self, town_id: str, keys: Iterable[tuple[str, str]]) -> None:
        """Delete rows by partition and sort key, in batches; repeating it is harmless."""
        ...

    def read_row(self, town_id: str, pk: str, sk: str, *, consistent: bool = False) -> dict[str, Any] | None:
        """One row's body."""
        ...

    def list_rows(  # noqa: PLR0913 - by keyword only: these are a query's own parts
        self,
        town_id: str,
        pk: str,
        *,
        limit: int,
        before: str | None = None,
        prefix: str = "",
        newest_first: bool = True,
        consistent: bool = False,
    ) -> tuple[list[tuple[str, dict[str, Any]]], str | None]:
        """One page of (sort key, body), and the cursor of the next page."""
        ...
