"""A town store in memory that keeps every promise of the real one, and breaks where the real one may break."""

import pickle
import threading
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeVar

from gastown.domain.errors import NotFound, Unavailable
from gastown.ports.town_store import (
    Commit,
    CommitConflict,
    CommitUnknown,
    Condition,
    FenceBroken,
    LiveItem,
    Row,
    Unchanged,
)
from tests.support.fakes.directory import MemoryDirectory

T = TypeVar("T")


def copied(value: T) -> T:
    """A deep copy; several times faster than `copy.deepcopy` for items, and simulations copy little else."""
    again: T = pickle.loads(pickle.dumps(value, protocol=pickle.HIGHEST_PROTOCOL))  # noqa: S301 - our own bytes
    return again


class MemoryTownStore:
    """Tables as dictionaries under one lock; `faults` says what goes wrong next, oldest first."""

    def __init__(self, directory: MemoryDirectory) -> None:
        """Start without tables, sharing due times with `directory`."""
        self.directory = directory
        self.live: dict[str, dict[str, LiveItem]] = {}
        self.rows: dict[str, dict[tuple[str, str], Row]] = {}
        self._partitions: dict[tuple[str, str], set[str]] = {}
        self.calls: Counter[str] = Counter()
        self.faults: list[str] = []
        self.unseen: set[tuple[str, str]] = set()
        """Partition and sort key of rows that only a consistent read shows yet."""
        self._before: dict[str, dict[str, LiveItem]] = {}
        self._lock = threading.RLock()

    def add_table(self, town_id: str) -> None:
        """Make a town's table."""
        self.live.setdefault(town_id, {})
        self.rows.setdefault(town_id, {})

    def drop_table(self, town_id: str) -> None:
        """Remove a town's table."""
        self.live.pop(town_id, None)
        self.rows.pop(town_id, None)

    def _fault(self, *kinds: str) -> str | None:
        if self.faults and self.faults[0] in kinds:
            return self.faults.pop(0)
        return None

    def _table(self, town_id: str) -> dict[str, LiveItem]:
        if town_id not in self.live:
            raise NotFound(f"Town {town_id} has no table")
        return self.live[town_id]

    def load(self, town_id: str, *, consistent: bool = True) -> list[LiveItem]:
        """All live items; under the fault `tear` half of them are from before the last commit."""
        with self._lock:
            self.calls["load"] += 1
            table = self._table(town_id)
            if self._fault("throttle"):
                raise Unavailable("throttled")
            items = {key: table[key] for key in sorted(table)}
            if self._fault("tear"):
                older = self._before.get(town_id, {})
                moved = [k for k in older if k != "META" and (k not in items or items[k].version != older[k].version)]
                items.update({key: older[key] for key in sorted(moved)[::2]})
            return copied(list(items.values()))

    def commit(self, commit: Commit) -> None:
        """All or nothing; faults: `conflict`, `throttle`, `lost_answer` (done, answer lost), `lost_request`."""
        with self._lock:
            self.calls["commit"] += 1
            table = self._table(commit.town_id)
            self._break_before_commit()
            self._check(table, commit)
            self._before[commit.town_id] = dict(table)
            for key in commit.deletes:
                table.pop(key, None)
            for item in commit.puts:
                table[item.key] = copied(item)
            for row in commit.rows:
                self._put(commit.town_id, row)
            if not isinstance(commit.due_at, Unchanged):
                self.directory.set_due(commit.town_id, commit.due_at)
            if self._fault("lost_answer"):
                raise CommitUnknown("timed out")

    def _break_before_commit(self) -> None:
        match self._fault("conflict", "throttle", "lost_request"):
            case "conflict":
                raise CommitConflict("transaction conflict")
            case "throttle":
                raise Unavailable("throttled")
            case "lost_request":
                raise CommitUnknown("timed out")

    def _check(self, table: dict[str, LiveItem], commit: Commit) -> None:
        if len(commit.puts) + len(commit.deletes) + len(commit.rows) + len(commit.conditions) + 1 > 100:
            raise AssertionError("a transaction has at most 100 items")
        meta = table.get("META")
        if (int(meta.body["version"]) if meta else 0) != commit.expected:
            raise CommitConflict("the version moved")
        for condition in commit.conditions:
            self._require(table, condition)
        for row in commit.rows:
            if row.if_absent and (row.pk, row.sk) in self.rows[commit.town_id]:
                raise CommitConflict(f"{row.pk} is there")

    @staticmethod
    def _require(table: dict[str, LiveItem], condition: Condition) -> None:
        item = table.get(condition.key)
        if condition.field is None:
            if item is not None:
                raise CommitConflict(f"{condition.key} is there")
        elif item is None or item.body.get(condition.field) != condition.equals:
            raise CommitConflict(f"{condition.key}.{condition.field} has changed")

    def deliver(
        self, town_id: str, key: str, body: dict[str, Any], *, now: datetime, fence: Condition | None = None
    ) -> bool:
        """Put an inbox item once."""
        with self._lock:
            self.calls["deliver"] += 1
            table = self._table(town_id)
            if self._fault("conflict"):
                raise CommitConflict("transaction conflict")
            if fence is not None:
                self._hold(table, fence)
            new = key not in table
            if new:
                table[key] = LiveItem(key=key, version=0, body=copied(body))
                self.directory.set_due(town_id, now)
            return new

    def _hold(self, table: dict[str, LiveItem], fence: Condition) -> None:
        try:
            self._require(table, fence)
        except CommitConflict as moved:
            raise FenceBroken(str(moved)) from moved

    def beat(self, town_id: str, generation: int, pulse: dict[str, Any]) -> bool:
        """Renew the pulse if its generation is there; agents that it does not speak of keep their last one."""
        with self._lock:
            self.calls["beat"] += 1
            table = self._table(town_id)
            key = f"PULSE#{generation}"
            if key not in table:
                return False
            old = table[key].body
            agents = {**old.get("agents", {}), **pulse.get("agents", {})}
            table[key] = replace(table[key], body={**old, **copied({**pulse, "agents": agents})})
            return True

    def claim(
        self, town_id: str, key: str, *, now: datetime, lease_until: datetime, attempts_max: int
    ) -> dict[str, Any] | None:
        """Lease an outbox item."""
        with self._lock:
            self.calls["claim"] += 1
            item = self._table(town_id).get(key)
            if item is None:
                return None
            lease = item.body.get("lease_until")
            if lease is not None and datetime.fromisoformat(lease) > now:
                return None
            attempt = int(item.body.get("attempt") or 0)
            if attempt >= attempts_max:
                return None
            body = {**item.body, "attempt": attempt + 1, "lease_until": lease_until.isoformat()}
            self.live[town_id][key] = replace(item, body=body)
            return copied(body)

    def settle(
        self, town_id: str, key: str, event_key: str | None, event: dict[str, Any] | None, *, now: datetime
    ) -> None:
        """Remove an outbox item and deliver its outcome."""
        with self._lock:
            self.calls["settle"] += 1
            table = self._table(town_id)
            if table.pop(key, None) is not None and event_key is not None and event is not None:
                table.setdefault(event_key, LiveItem(key=event_key, version=0, body=copied(event)))
                self.directory.set_due(town_id, now)

    def _put(self, town_id: str, row: Row) -> None:
        if row.pk == "LIVE":
            self.live[town_id][row.sk] = LiveItem(key=row.sk, version=0, body=copied(row.body))
        else:
            self.rows[town_id][row.pk, row.sk] = copied(row)
            self._partitions.setdefault((town_id, row.pk), set()).add(row.sk)

    def put_rows(self, town_id: str, rows: Iterable[Row]) -> None:
        """Write rows."""
        with self._lock:
            self.calls["put_rows"] += 1
            self._table(town_id)
            for row in rows:
                self._put(town_id, row)

    def delete_rows(self, town_id: str, keys: Iterable[tuple[str, str]]) -> None:
        """Delete rows; under the fault `throttle` none."""
        with self._lock:
            self.calls["delete_rows"] += 1
            self._table(town_id)
            if self._fault("throttle"):
                raise Unavailable("throttled")
            for pk, sk in keys:
                self.rows[town_id].pop((pk, sk), None)
                self._partitions.get((town_id, pk), set()).discard(sk)

    def read_row(self, town_id: str, pk: str, sk: str, *, consistent: bool = False) -> dict[str, Any] | None:
        """One row's body."""
        with self._lock:
            self.calls["read_row"] += 1
            if pk == "LIVE":
                item = self.live.get(town_id, {}).get(sk)
                return copied(item.body) if item else None
            row = self.rows[town_id].get((pk, sk)) if town_id in self.rows else None
            return copied(row.body) if row and (consistent or (pk, sk) not in self.unseen) else None

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
        """One page; `before` is the last sort key of the page before, in reading direction."""
        with self._lock:
            self.calls["list_rows"] += 1
            partition = self._partitions.get((town_id, pk), ())
            keys = sorted(sk for sk in partition if sk.startswith(prefix) and (pk, sk) in self.rows[town_id])
            keys = [sk for sk in keys if consistent or (pk, sk) not in self.unseen]
            keys = keys[::-1] if newest_first else keys
            if before is not None:
                keys = [sk for sk in keys if (sk < before if newest_first else sk > before)]
            page = [(sk, copied(self.rows[town_id][pk, sk].body)) for sk in keys[:limit]]
            return page, page[-1][0] if len(keys) > limit else None
