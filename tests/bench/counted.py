"""What a store is asked, counted as requests and as the units that on-demand DynamoDB charges for."""

import json
import math
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

from gastown.ports.town_store import Commit, LiveItem, Row, TownStore, Unchanged

READ_BYTES, WRITE_BYTES = 4096, 1024
"""Bytes of one read unit (strongly consistent) and of one write unit; transactions cost twice as much."""

BATCH = 25
"""Rows of one BatchWriteItem."""

DUE = 4
"""Units of moving a town's due time: its directory row in a transaction, and its place in the index out and in."""


def size(body: Any) -> int:
    """Bytes of an item, by its JSON."""
    return len(json.dumps(body, default=str))


def write_units(bodies: Iterable[Any]) -> int:
    """Units of plain writes."""
    return sum(math.ceil(size(body) / WRITE_BYTES) for body in bodies)


class CountedStore:
    """A store in front of another one; `calls` by method, `reads` and `writes` in units."""

    def __init__(self, inner: TownStore) -> None:
        """Count nothing yet."""
        self.inner = inner
        self.calls: Counter[str] = Counter()
        self.reads = self.writes = 0.0

    def load(self, town_id: str, *, consistent: bool = True) -> list[LiveItem]:
        """One Query; half the units when it may be stale."""
        items = self.inner.load(town_id, consistent=consistent)
        units = math.ceil(sum(size(item.body) + len(item.key) for item in items) / READ_BYTES)
        self.calls["load"] += 1
        self.reads += units if consistent else units / 2
        return items

    def commit(self, commit: Commit) -> None:
        """One transaction; the directory's row is part of it when the due time changes."""
        self.calls["commit"] += 1
        bodies = [*(item.body for item in commit.puts), *(row.body for row in commit.rows)]
        self.writes += 2 * (write_units(bodies) + len(commit.deletes) + len(commit.conditions))
        self.writes += 0 if isinstance(commit.due_at, Unchanged) else DUE
        self.inner.commit(commit)

    def deliver(self, town_id: str, key: str, body: dict[str, Any], **more: Any) -> bool:
        """One transaction: the event, its fence, the due time."""
        self.calls["deliver"] += 1
        self.writes += 2 * (write_units([body]) + (more.get("fence") is not None)) + DUE
        return self.inner.deliver(town_id, key, body, **more)

    def settle(self, town_id: str, key: str, event_key: str | None, event: dict[str, Any] | None, **more: Any) -> None:
        """One transaction: the effect goes, its outcome and the due time come."""
        self.calls["settle"] += 1
        self.writes += 2 + (0 if event is None else 2 * write_units([event]) + DUE)
        self.inner.settle(town_id, key, event_key, event, **more)

    def beat(self, town_id: str, generation: int, pulse: dict[str, Any]) -> bool:
        """One update of the whole pulse."""
        self.calls["beat"] += 1
        self.writes += write_units([pulse])
        return self.inner.beat(town_id, generation, pulse)

    def put_rows(self, town_id: str, rows: Iterable[Row]) -> None:
        """Batches of 25."""
        kept = list(rows)
        self.calls["put_rows"] += math.ceil(len(kept) / BATCH)
        self.writes += write_units(row.body for row in kept)
        self.inner.put_rows(town_id, kept)

    def read_row(self, town_id: str, pk: str, sk: str, *, consistent: bool = False) -> dict[str, Any] | None:
        """One GetItem, of nothing too."""
        self.calls["read_row"] += 1
        row = self.inner.read_row(town_id, pk, sk, consistent=consistent)
        units = max(1, math.ceil(size(row) / READ_BYTES))
        self.reads += units if consistent else units / 2
        return row

    def __getattr__(self, name: str) -> Callable[..., Any]:
        """What a convoy asks rarely or never: one request, counted as one unit of each kind."""
        method: Callable[..., Any] = getattr(self.inner, name)

        def ask(*arguments: Any, **named: Any) -> Any:
            self.calls[name] += 1
            self.reads, self.writes = self.reads + 1, self.writes + 1
            return method(*arguments, **named)

        return ask
