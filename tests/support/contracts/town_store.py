"""What every town store promises."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from threading import Thread
from typing import Any

import pytest

from gastown.domain.errors import NotFound
from gastown.ports.town_store import (
    UNCHANGED,
    Commit,
    CommitConflict,
    Condition,
    FenceBroken,
    LiveItem,
    Row,
    TownStore,
    Unchanged,
)

TOWN = "0001"
NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
DueAt = Callable[[], datetime | None]


def meta(version: int, **more: Any) -> LiveItem:
    """The META item of a version."""
    body = {"version": version, "commit_id": f"commit-{version}", "generation": 0, **more}
    return LiveItem(key="META", version=version, body=body)


def commit(version: int, *puts: LiveItem, due_at: datetime | Unchanged | None = UNCHANGED, **more: Any) -> Commit:
    """The commit that makes `version`."""
    return Commit(town_id=TOWN, expected=version - 1, puts=(meta(version), *puts), due_at=due_at, **more)


class TownStoreContract:
    """Subclasses give the fixtures `store` (with an empty table for TOWN) and `due_at`."""

    def test_what_was_committed_is_loaded_as_it_was(self, store: TownStore) -> None:
        """Every JSON-like value survives the way in and out, nulls and unknown attributes included."""
        body: dict[str, Any] = {
            "text": "x",
            "none": None,
            "n": 3,
            "f": 1.5,
            "yes": True,
            "list": [1, {"a": None}],
            "empty": {},
            "": "",
        }
        store.commit(commit(1, LiveItem(key="BEAD#1", version=1, body=body)))

        loaded = {item.key: item for item in store.load(TOWN)}

        assert {"META", "BEAD#1"} == set(loaded)
        assert (1, body) == (loaded["BEAD#1"].version, loaded["BEAD#1"].body)

    def test_a_commit_on_an_old_version_changes_nothing(self, store: TownStore) -> None:
        """Two writers that loaded the same version cannot both commit."""
        store.commit(commit(1))
        with pytest.raises(CommitConflict):
            store.commit(commit(1, LiveItem(key="BEAD#1", version=1, body={})))

        assert [item.key for item in store.load(TOWN)] == ["META"]

    def test_a_failed_condition_cancels_everything(self, store: TownStore) -> None:
        """All of a commit happens or nothing of it."""
        store.commit(commit(1, LiveItem(key="PULSE#1", version=0, body={"at": "a"})))
        stale = Condition(key="PULSE#1", field="at", equals="b")
        with pytest.raises(CommitConflict):
            store.commit(commit(2, rows=(Row(pk="JOURNAL", sk="2", body={}),), conditions=(stale,)))

        assert store.read_row(TOWN, "JOURNAL", "2") is None
        store.commit(commit(2, conditions=(Condition(key="PULSE#1", field="at", equals="a"),)))

    def test_a_row_put_if_absent_refuses_to_overwrite(self, store: TownStore) -> None:
        """An idempotency key is taken once."""
        row = Row(pk="KEY#1", sk="ANSWER", body={"answer": "1"}, if_absent=True, expires_at=4_000_000_000)
        store.commit(commit(1, rows=(row,)))
        with pytest.raises(CommitConflict):
            store.commit(commit(2, rows=(row,)))

        assert store.read_row(TOWN, "KEY#1", "ANSWER") == {"answer": "1"}

    def test_a_row_that_says_nothing_is_there(self, store: TownStore) -> None:
        """Its key is all that it tells."""
        store.put_rows(TOWN, [Row(pk="DELETED", sk="bead-1", body={}, expires_at=4_000_000_000)])

        assert store.read_row(TOWN, "DELETED", "bead-1") == {}
        assert store.read_row(TOWN, "DELETED", "bead-2") is None

    def test_deletes_leave_the_working_set(self, store: TownStore) -> None:
        """What a commit removes is not loaded any more."""
        store.commit(commit(1, LiveItem(key="BEAD#1", version=1, body={})))
        store.commit(commit(2, deletes=("BEAD#1",)))

        assert [item.key for item in store.load(TOWN)] == ["META"]

    def test_a_commit_moves_the_due_time_only_if_told(self, store: TownStore, due_at: DueAt) -> None:
        """The directory row changes in the same transaction, or not at all."""
        store.commit(commit(1, due_at=NOW))
        store.commit(commit(2))
        assert due_at() == NOW

        store.commit(commit(3, due_at=None))
        assert due_at() is None

    def test_a_delivery_is_stored_once_and_makes_the_town_due(self, store: TownStore, due_at: DueAt) -> None:
        """Delivered twice is stored once; without a version, so commits are not disturbed."""
        store.commit(commit(1))

        first = store.deliver(TOWN, "INBOX#a#1", {"kind": "x"}, now=NOW)
        second = store.deliver(TOWN, "INBOX#a#1", {"kind": "y"}, now=NOW + timedelta(seconds=1))

        assert (first, second) == (True, False)
        assert next(i.body for i in store.load(TOWN) if i.key == "INBOX#a#1") == {"kind": "x"}
        assert due_at() == NOW
        store.commit(commit(2))

    def test_a_fenced_delivery_is_refused_when_the_fence_has_moved(self, store: TownStore) -> None:
        """A report of an older dispatch is not even stored."""
        store.commit(commit(1, LiveItem(key="AGENT#1", version=1, body={"dispatch": 2})))
        fence = Condition(key="AGENT#1", field="dispatch", equals=1)
        with pytest.raises(FenceBroken):
            store.deliver(TOWN, "INBOX#a#1", {}, now=NOW, fence=fence)

        current = Condition(key="AGENT#1", field="dispatch", equals=2)
        assert store.deliver(TOWN, "INBOX#a#1", {}, now=NOW, fence=current)

    def test_a_beat_of_a_superseded_generation_is_told_so(self, store: TownStore) -> None:
        """Only the generation whose pulse is there may beat."""
        store.commit(commit(1, LiveItem(key="PULSE#2", version=0, body={"at": "a", "agents": {}})))

        old = store.beat(TOWN, 1, {"at": "b", "agents": {}})
        new = store.beat(TOWN, 2, {"at": "b", "agents": {"x": {"dispatch": 1}}})

        assert (old, new) == (False, True)
        pulse = next(item for item in store.load(TOWN) if item.key == "PULSE#2")
        assert pulse.body == {"at": "b", "agents": {"x": {"dispatch": 1}}}

    def test_an_agent_that_one_beat_leaves_out_keeps_its_last_pulse(self, store: TownStore) -> None:
        """A report of the others is no sign of its death; its own last word counts to the 90th second."""
        store.commit(commit(1, LiveItem(key="PULSE#1", version=0, body={"at": "a", "agents": {}})))
        store.beat(TOWN, 1, {"at": "b", "agents": {"x": {"dispatch": 1, "at": "b"}}})
        store.beat(TOWN, 1, {"at": "c", "agents": {"y": {"dispatch": 2, "at": "c"}}})

        pulse = next(item.body for item in store.load(TOWN) if item.key == "PULSE#1")
        both = {"x": {"dispatch": 1, "at": "b"}, "y": {"dispatch": 2, "at": "c"}}
        assert {"at": "c", "agents": both} == pulse

    def test_an_effect_is_claimed_by_one_until_its_lease_ends(self, store: TownStore) -> None:
        """Claims count attempts; a lease that has ended may be taken over; used-up attempts are not claimed."""
        body = {"kind": "run_task", "attempt": 0, "lease_until": None}
        store.commit(commit(1, LiveItem(key="OUTBOX#1", version=1, body=body)))
        lease = NOW + timedelta(seconds=60)

        def claim(now: datetime) -> dict[str, Any] | None:
            return store.claim(TOWN, "OUTBOX#1", now=now, lease_until=now + timedelta(seconds=60), attempts_max=2)

        first = claim(NOW)
        assert first is not None
        assert (first["attempt"], first["kind"]) == (1, "run_task")
        assert claim(lease - timedelta(seconds=1)) is None
        second = claim(lease + timedelta(seconds=1))
        assert second is not None
        assert second["attempt"] == 2
        assert claim(lease + timedelta(hours=1)) is None
        assert store.claim(TOWN, "OUTBOX#2", now=NOW, lease_until=lease, attempts_max=2) is None

    def test_settling_removes_the_effect_and_delivers_its_outcome_once(self, store: TownStore, due_at: DueAt) -> None:
        """Outcome and removal are one write; doing it again changes nothing."""
        store.commit(commit(1, LiveItem(key="OUTBOX#1", version=1, body={"attempt": 0})))

        for outcome in ("first", "second"):
            store.settle(TOWN, "OUTBOX#1", "INBOX#effect#1", {"kind": outcome}, now=NOW)

        loaded = {item.key: item.body for item in store.load(TOWN)}
        assert loaded["INBOX#effect#1"] == {"kind": "first"}
        assert "OUTBOX#1" not in loaded
        assert due_at() == NOW

    def test_rows_are_listed_in_pages_newest_first(self, store: TownStore) -> None:
        """Pages follow each other by cursor; a prefix narrows."""
        store.commit(commit(1))
        store.put_rows(TOWN, [Row(pk="DONE#r", sk=f"a{n:02d}", body={"n": n}) for n in range(30)])
        store.put_rows(TOWN, [Row(pk="DONE#r", sk="b00", body={"n": -1})])

        page, cursor = store.list_rows(TOWN, "DONE#r", limit=20, prefix="a")
        rest, end = store.list_rows(TOWN, "DONE#r", limit=20, prefix="a", before=cursor)

        assert [*range(29, -1, -1)] == [body["n"] for _, body in (*page, *rest)]
        assert end is None
        oldest, _ = store.list_rows(TOWN, "DONE#r", limit=1, newest_first=False)
        assert oldest == [("a00", {"n": 0})]

    def test_a_cursor_need_not_name_a_row(self, store: TownStore) -> None:
        """Readers go on after what they saw last, also when it is gone by then."""
        store.commit(commit(1))
        store.put_rows(TOWN, [Row(pk="AGENT#a", sk=f"EVENT#{n:02d}", body={"n": n}) for n in range(0, 20, 2)])

        page, _ = store.list_rows(TOWN, "AGENT#a", limit=2, prefix="EVENT#", before="EVENT#07", newest_first=False)

        assert [8, 10] == [body["n"] for _, body in page]

    def test_an_item_of_the_working_set_is_read_alone(self, store: TownStore) -> None:
        """Who has to know one thing of a town reads one item."""
        store.commit(commit(1, LiveItem(key="PULSE#2", version=0, body={"at": "a"})))

        assert {"at": "a"} == store.read_row(TOWN, "LIVE", "PULSE#2", consistent=True)
        assert store.read_row(TOWN, "LIVE", "PULSE#1", consistent=True) is None

    def test_deleted_rows_are_gone_and_deleting_them_again_is_harmless(self, store: TownStore) -> None:
        """More than one batch; what was not named stays, and so does the working set."""
        store.commit(commit(1))
        store.put_rows(TOWN, [Row(pk="DONE#r", sk=f"{n:02d}", body={"n": n}) for n in range(60)])
        for _ in range(2):
            store.delete_rows(TOWN, [("DONE#r", f"{n:02d}") for n in range(1, 60)])

        rest, _ = store.list_rows(TOWN, "DONE#r", limit=100)
        assert rest == [("00", {"n": 0})]
        assert [item.key for item in store.load(TOWN)] == ["META"]

    def test_a_town_without_a_table_is_not_found(self, store: TownStore) -> None:
        """Asking for a town that is gone says so."""
        with pytest.raises(NotFound):
            store.load("9999")

    def test_eight_writers_of_twenty_five_commits_lose_nothing(self, store: TownStore) -> None:
        """Whoever loses a race loads again; 200 commits are 200 versions and 200 counted."""
        store.commit(commit(1))
        writers = [Thread(target=_write, args=(store, 25)) for _ in range(8)]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join()

        body = next(item.body for item in store.load(TOWN) if item.key == "META")
        assert (body["version"], body["count"]) == (201, 200)


def _write(store: TownStore, times: int) -> None:
    while times:
        body = next(item.body for item in store.load(TOWN) if item.key == "META")
        version, count = int(body["version"]), int(body.get("count", 0))
        item = meta(version + 1, count=count + 1)
        try:
            rows = (Row(pk="JOURNAL", sk=f"{version + 1:020d}", body={"n": version}, if_absent=True),)
            store.commit(Commit(town_id=TOWN, expected=version, puts=(item,), rows=rows))
        except CommitConflict:
            continue
        times -= 1
