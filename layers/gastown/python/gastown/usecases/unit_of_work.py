"""Load a town, change it, commit once: the only way in which anything writes a town.

Losing a race means: load again and run the same move again, up to 8 times with full jitter. A commit whose answer was
lost is looked up in the journal by its commit id, never repeated blindly (design section 2).
"""

import json
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any, TypeVar

from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_random

from gastown.domain.errors import Conflict, GastownError, StaleDispatch, Unavailable
from gastown.domain.event import EventKind
from gastown.domain.ids import Moment, TownId
from gastown.domain.town import Town
from gastown.domain.warning import opened_between
from gastown.metrics import Metric
from gastown.observability import count
from gastown.ports.clock import Clock
from gastown.ports.directory import Directory
from gastown.ports.ids import Ids
from gastown.ports.town_store import (
    UNCHANGED,
    Commit,
    CommitConflict,
    CommitUnknown,
    Condition,
    FenceBroken,
    Row,
    TownStore,
    Unchanged,
)
from gastown.ports.wake_queue import WakeQueue
from gastown.usecases.commit_plan import Changes, Loaded, changes, planned_puts
from gastown.usecases.journal import (
    Account,
    all_rows,
    checkpoint_row,
    differences,
    final_rows,
    history_rows,
    journal_row,
    journal_sk,
    projected_row,
    text_rows,
)
from gastown.usecases.signals import unsent
from gastown.usecases.town_items import TornLoad, decode

T = TypeVar("T")
TRIES = 8
JITTER = (0.02, 0.4)
"""Seconds of full jitter between tries (design section 2)."""
KEY_LIFE = timedelta(hours=24)
"""How long an idempotency key is remembered (design section 2)."""


class Replayed(GastownError):
    """The request's idempotency key is known: this was done before, and `answer` is what it answered."""

    def __init__(self, answer: dict[str, Any]) -> None:
        """Keep the stored answer."""
        super().__init__("already done")
        self.answer = answer


class UnitOfWork:
    """The house's one door to a town's state, over the store, the directory, the wake queue, clock and ids."""

    def __init__(
        self,
        *,
        store: TownStore,
        directory: Directory,
        wake_queue: WakeQueue,
        clock: Clock,
        ids: Ids,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Keep the ports; nothing is called yet. `sleep` waits between tries."""
        self._sleep = sleep
        self.store, self.directory, self.wake_queue = store, directory, wake_queue
        self.clock, self.ids = clock, ids

    def now(self) -> datetime:
        """The clock's time, UTC."""
        return self.clock.now()

    def new_id(self) -> str:
        """A new time-ordered id."""
        return self.ids.new()

    def moment(self, town: Town, at: datetime | None = None) -> Moment:
        """Now, or another time, for this town: its time never runs backwards."""
        now = at or self.now()
        return Moment(now=max(now, town.committed_at or now), ids=self._new_ids())

    def _new_ids(self) -> Iterator[str]:
        while True:
            yield self.ids.new()

    def read(self, town_id: str) -> Town:
        """The town as an eventually consistent read shows it; never commits. Raises `NotFound`."""
        return self.load(town_id, consistent=False).town

    def load(self, town_id: str, *, consistent: bool = True) -> Loaded:
        """One Query; a torn load is read again. Raises `NotFound`, `Unavailable`."""
        for attempt in self.tries(TornLoad):
            with attempt:
                items = self.store.load(town_id, consistent=consistent or attempt.retry_state.attempt_number > 1)
                return Loaded(town=decode(items), items={item.key: item for item in items})
        raise AssertionError  # pragma: no cover - tries raises

    def found(self, town_id: str, name: str, owner_user_id: str, organization_id: str | None = None) -> None:
        """Commit version 1 of a new town; harmless when that has happened already."""
        now = self.now()
        empty, town = (
            Town(
                id=TownId(town_id), name=name, owner_user_id=owner_user_id, created_at=now,
                organization_id=organization_id,
            )
            for _ in range(2)
        )  # fmt: skip
        try:
            self.commit(Loaded(town=empty, items={}), town, Account(actor=owner_user_id, cause="found"), now=now)
        except CommitConflict:
            self.load(town_id)

    def change(  # noqa: PLR0913 - by keyword only: these are a change's own parts
        self,
        town_id: str,
        move: Callable[[Town, Moment], T],
        *,
        actor: str,
        cause: str,
        key: str | None = None,
        answer: Callable[[T], dict[str, Any]] | None = None,
        wakes: bool = True,
    ) -> T:
        """Run a move and commit it, then wake the town unless no rule looks at what it changes.

        Raises what the move raises, `Replayed`, `Unavailable`.
        """
        commit_id = self.ids.new()
        for attempt in self.tries(CommitConflict):
            with attempt:
                loaded = self.load(town_id)
                self._check_key(town_id, key)
                town = loaded.again()
                moment = self.moment(town)
                result = move(town, moment)
                town.commit_id = commit_id
                rows = self._key_row(key, answer, result, moment.now)
                account = Account(actor=actor, cause=cause)
                due_at = moment.now if wakes else UNCHANGED
                self._commit_surely(loaded, town, account, commit_id, now=moment.now, due_at=due_at, rows=rows)
                if opened := opened_between(loaded.town, town):
                    count(Metric.ESCALATIONS_OPENED, opened)
                if wakes:
                    self.wake(town_id, cause=cause, dedup=commit_id)
                return result
        raise AssertionError  # pragma: no cover - tries raises

    def _commit_surely(  # noqa: PLR0913 - by keyword only: these are a commit's own parts
        self,
        loaded: Loaded,
        town: Town,
        account: Account,
        commit_id: str,
        *,
        now: datetime,
        due_at: datetime | Unchanged,
        rows: tuple[Row, ...],
    ) -> None:
        try:
            self.commit(loaded, town, account, now=now, due_at=due_at, rows=rows)
        except CommitUnknown as unknown:
            if not self._is_ours(town.id, loaded.town.version + 1, commit_id):
                raise CommitConflict("the commit did not happen") from unknown

    def _is_ours(self, town_id: str, version: int, commit_id: str) -> bool:
        row = self.store.read_row(town_id, "JOURNAL", journal_sk(version), consistent=True)
        return row is not None and row.get("commit_id") == commit_id

    def _check_key(self, town_id: str, key: str | None) -> None:
        if key and (row := self.store.read_row(town_id, f"KEY#{key}", "ANSWER", consistent=True)) is not None:
            raise Replayed(json.loads(row["answer"]))

    @staticmethod
    def _key_row(
        key: str | None, answer: Callable[[T], dict[str, Any]] | None, result: T, now: datetime
    ) -> tuple[Row, ...]:
        if not key:
            return ()
        body = {"answer": json.dumps(answer(result) if answer else {}, default=str)}
        return (
            Row(pk=f"KEY#{key}", sk="ANSWER", body=body, expires_at=int((now + KEY_LIFE).timestamp()), if_absent=True),
        )

    def commit(  # noqa: PLR0913 - by keyword only: these are a commit's own parts
        self,
        loaded: Loaded,
        town: Town,
        account: Account,
        *,
        now: datetime,
        due_at: datetime | Unchanged | None = UNCHANGED,
        rows: tuple[Row, ...] = (),
        conditions: tuple[Condition, ...] = (),
        differs: Changes | None = None,
    ) -> None:
        """Write the difference between what was loaded and what the town is now, as one transaction.

        `differs` is that difference, from a caller who has looked already.
        """
        town.version, town.committed_at = loaded.town.version + 1, now
        town.commit_id = town.commit_id if town.commit_id != loaded.town.commit_id else self.ids.new()
        if not isinstance(due_at, Unchanged):
            town.due_at = due_at
        bodies, changed = differs or changes(loaded, town)
        journal = journal_row(town, account, differences({k: i.body for k, i in loaded.items.items()}, changed), now)
        if texts := text_rows(town, loaded.items, new=True):
            self.store.put_rows(town.id, texts)
        self.store.commit(
            Commit(
                town_id=town.id,
                expected=loaded.town.version,
                puts=planned_puts(loaded, town, bodies, changed),
                deletes=tuple(key for key, body in changed.items() if body is None and key in loaded.items),
                rows=(*final_rows(town), *text_rows(town, loaded.items, new=False), journal, *rows),
                conditions=conditions,
                due_at=due_at,
            )
        )
        self._project(loaded, town, journal, bodies)

    def _project(self, loaded: Loaded, town: Town, journal: Row, bodies: dict[str, dict[str, Any]]) -> None:
        """Write the commit's history rows; the mark moves only if nothing before it is missing."""
        complete = loaded.town.projected == loaded.town.version
        mark = projected_row(town.version) if complete else None
        rows = all_rows((*history_rows(journal.body), checkpoint_row(town, bodies), mark))
        if rows:
            self.store.put_rows(town.id, rows)

    def catch_up(self, town: Town) -> None:
        """Write the history rows that a crash left unwritten, oldest first, at most 50 commits a call."""
        if town.projected >= town.version:
            return
        after = journal_sk(town.projected)
        page, _ = self.store.list_rows(town.id, "JOURNAL", limit=50, before=after, newest_first=False, consistent=True)
        missing = [body for sk, body in page if sk > after]
        rows = [row for body in missing for row in history_rows(body)]
        last = int(missing[-1]["version"]) if missing else town.version
        self.store.put_rows(town.id, [*rows, projected_row(last)])
        town.projected = last

    def deliver(
        self,
        town_id: str,
        kind: EventKind,
        data: dict[str, Any],
        *,
        source: str,
        event_id: str,
        fence: Condition | None = None,
    ) -> bool:
        """Append one town event and wake the town; false if it was there. Raises `StaleDispatch` when fenced off."""
        now = self.now()
        body = {"kind": str(kind), "at": now.isoformat(), "data": data}
        for attempt in self.tries(CommitConflict):
            with attempt:
                try:
                    new = self.store.deliver(town_id, f"INBOX#{source}#{event_id}", body, now=now, fence=fence)
                except FenceBroken as fenced:
                    raise StaleDispatch("stale dispatch") from fenced
        # With the time in it: delivered again after a tick has taken it, an event waits anew and needs its own wake.
        self.wake(town_id, cause=str(kind), dedup=f"{source}-{event_id}-{now:%Y%m%d%H%M%S.%f}")
        return new

    def wake(self, town_id: str, *, cause: str, dedup: str) -> None:
        """Ask for a tick; what is stored stays stored when that fails, and the sweep finds the overdue town."""
        with unsent("wake"):
            self.wake_queue.wake(town_id, cause=cause, dedup=dedup)

    def tries(self, on: type[Conflict] | type[Unavailable]) -> Retrying:
        """One retry policy for all: up to 8 tries with full jitter, then `Unavailable`."""
        return Retrying(
            sleep=self._sleep,
            retry=retry_if_exception_type(on),
            stop=stop_after_attempt(TRIES),
            wait=wait_random(*JITTER),
            retry_error_callback=_give_up,
        )


def _give_up(state: Any) -> None:
    raise Unavailable("The town is busy; try again", retry_after=1) from state.outcome.exception()
