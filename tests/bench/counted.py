"""What a store is asked, counted as requests and as the units that on-demand DynamoDB charges for."""

import json
import math
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

from gastown.ports.town_store import Commit, LiveItem, Row, TownStore

READ_BYTES, WRITE_BYTES = 4096, 1024
"""Bytes of one read unit (strongly consistent) and of one write unit; transactions cost twice as much."""


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
        """One transaction; the directory's row is part of it."""
        self.calls["commit"] += 1
        bodies = [*(item.body for item in commit.puts), *(row.body for row in commit.rows)]
        self.writes += 2 * (write_units(bodies) + len(commit.deletes) + 1)
        self.inner.commit(commit)

    def put_rows(self, town_id: str, rows: Iterable[Row]) -> None:
        """Batches of 25."""
        kept = list(rows)
        self.calls["put_rows"] += math.ceil(len(kept) / 25)
        self.writes += write_units(row.body for row in kept)
        self.inner.put_rows(town_id, kept)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        """Everything else is one request of one small item, or a transaction of two."""
        method: Callable[..., Any] = getattr(self.inner, name)

        def ask(*arguments: Any, **named: Any) -> Any:
            self.calls[name] += 1
            if name in ("deliver", "settle"):
                self.writes += 4
            elif name in ("beat", "claim"):
                self.writes += 1
            else:
                self.reads += 0.5
            return method(*arguments, **named)

        return ask
