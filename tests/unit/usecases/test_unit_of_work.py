"""Loading, changing and committing a town, with everything that can happen in between."""

from datetime import UTC, datetime, timedelta
from itertools import count

import pytest

from gastown.domain.errors import Conflict, StaleDispatch, Unavailable
from gastown.domain.event import EventKind
from gastown.domain.ids import Moment
from gastown.domain.slinging import ConvoyOrder, Task, sling_bead, sling_convoy
from gastown.domain.town import Town
from gastown.ports.town_store import Condition
from gastown.usecases.town_items import decode_final
from gastown.usecases.unit_of_work import Replayed, UnitOfWork
from tests.support.builders import RIG, a_town
from tests.support.fakes.directory import MemoryDirectory
from tests.support.fakes.town_store import MemoryTownStore

TOWN = "town-1"


class Desk:
    """Clock, ids and wake queue in one: what a unit of work asks beside storage."""

    def __init__(self) -> None:
        """Start at noon."""
        self.time = datetime(2026, 1, 1, 12, tzinfo=UTC)
        self.numbers = count(1)
        self.woken: list[str] = []
        self.dedups: list[str] = []

    def now(self) -> datetime:
        """The time that the test says."""
        return self.time

    def new(self) -> str:
        """The next id."""
        return f"id-{next(self.numbers):08d}"

    def wake(self, town_id: str, *, cause: str, dedup: str) -> None:
        """Remember the cause, and by what the queue would know this wake again."""
        self.woken.append(cause)
        self.dedups.append(dedup)


@pytest.fixture
def desk() -> Desk:
    """The test's clock, ids and wakes."""
    return Desk()


@pytest.fixture
def store() -> MemoryTownStore:
    """One empty table."""
    store = MemoryTownStore(MemoryDirectory())
    store.add_table(TOWN)
    return store


@pytest.fixture
def uow(store: MemoryTownStore, desk: Desk) -> UnitOfWork:
    """A founded town with one rig."""
    uow = UnitOfWork(
        store=store, directory=store.directory, wake_queue=desk, clock=desk, ids=desk, sleep=lambda _: None
    )
    uow.found(TOWN, "Town", "user-1")
    uow.change(TOWN, lambda town, _: town.rigs.update(a_town().rigs), actor="user-1", cause="rig")
    store.calls.clear()
    return uow


def sling(town: Town, moment: Moment) -> str:
    """One bead."""
    return sling_bead(town, RIG, Task(title="Work", body="do it"), "user-1", moment).id


def test_founding_a_town_twice_is_harmless(uow: UnitOfWork) -> None:
    """The life cycle may run again at any point."""
    uow.found(TOWN, "Other", "user-2")

    assert uow.read(TOWN).name == "Town"


def test_a_change_is_one_load_and_one_commit_and_wakes_the_town(
    uow: UnitOfWork, store: MemoryTownStore, desk: Desk
) -> None:
    """Texts go before the commit and history after it, each in one batch."""
    uow.change(TOWN, sling, actor="user-1", cause="sling")

    assert (store.calls["load"], store.calls["commit"]) == (1, 1)
    assert store.calls["put_rows"] == 2
    assert desk.woken[-1] == "sling"
    assert desk.time == store.directory.due[TOWN]


def test_a_refused_move_changes_nothing(uow: UnitOfWork, store: MemoryTownStore) -> None:
    """Validation comes before any change."""
    before = store.load(TOWN)
    order = ConvoyOrder(
        rig_id=RIG, title="c", tasks=(Task(title="a", depends_on=(1,)), Task(title="b", depends_on=(0,)))
    )
    with pytest.raises(Exception, match="cycle"):
        uow.change(TOWN, lambda town, moment: sling_convoy(town, order, moment), actor="u", cause="sling")

    assert before == store.load(TOWN)


def test_a_lost_race_runs_the_move_again_on_the_new_state(uow: UnitOfWork, store: MemoryTownStore) -> None:
    """Nothing of the first try remains."""
    store.faults = ["conflict"]
    uow.change(TOWN, sling, actor="user-1", cause="sling")

    assert len(uow.read(TOWN).beads) == 1
    assert store.calls["commit"] == 2


def test_a_town_that_stays_busy_is_a_503(uow: UnitOfWork, store: MemoryTownStore) -> None:
    """Eight tries, then the caller is told to come back."""
    store.faults = ["conflict"] * 8
    with pytest.raises(Unavailable):
        uow.change(TOWN, sling, actor="user-1", cause="sling")

    assert store.calls["commit"] == 8
    assert uow.read(TOWN).beads == {}


@pytest.mark.parametrize("fault", ["lost_answer", "lost_request"])
def test_an_unknown_outcome_is_looked_up_and_the_work_is_done_once(
    uow: UnitOfWork, store: MemoryTownStore, fault: str
) -> None:
    """Whether the commit or only its answer was lost, exactly one bead is there."""
    store.faults = [fault]
    bead_id = uow.change(TOWN, sling, actor="user-1", cause="sling")

    assert [bead_id] == list(uow.read(TOWN).beads)


def test_a_torn_load_is_read_again(uow: UnitOfWork, store: MemoryTownStore) -> None:
    """Items of two versions do not match the digest."""
    uow.change(TOWN, sling, actor="user-1", cause="sling")
    uow.change(TOWN, lambda town, _: _rename(town), actor="user-1", cause="rename")
    store.calls.clear()
    store.faults = ["tear"]

    assert next(iter(uow.load(TOWN).town.beads.values())).title == "Renamed"
    assert store.calls["load"] == 2


def _rename(town: Town) -> None:
    for bead in town.beads.values():
        bead.title = "Renamed"


def test_an_idempotency_key_answers_again_without_doing_it_again(uow: UnitOfWork) -> None:
    """The same key is the same request, for a day."""

    def once() -> str:
        return uow.change(TOWN, sling, actor="u", cause="sling", key="k", answer=lambda bead_id: {"bead_id": bead_id})

    bead_id = once()
    with pytest.raises(Replayed) as again:
        once()

    assert {"bead_id": bead_id} == again.value.answer
    assert len(uow.read(TOWN).beads) == 1


def test_a_towns_time_never_runs_backwards(uow: UnitOfWork, desk: Desk) -> None:
    """A slow clock on another machine does not date a change before the last one."""
    desk.time += timedelta(minutes=1)
    uow.change(TOWN, sling, actor="u", cause="sling")
    late = desk.time
    desk.time -= timedelta(minutes=5)
    bead_id = uow.change(TOWN, sling, actor="u", cause="sling")

    assert late == uow.read(TOWN).bead(bead_id).created_at


def test_a_delivery_is_fenced_by_the_dispatch_number(uow: UnitOfWork) -> None:
    """A report of an older dispatch is a stale dispatch and is not even stored."""
    fence = Condition(key="AGENT#a", field="dispatch", equals=1)
    with pytest.raises(StaleDispatch):
        uow.deliver(TOWN, EventKind.AGENT_DONE, {}, source="agent", event_id="1", fence=fence)

    assert uow.read(TOWN).inbox == {}


def test_a_delivery_that_meets_a_commit_is_sent_again(uow: UnitOfWork, store: MemoryTownStore) -> None:
    """A transaction conflict is no refusal: calling it stale would lose the report."""
    store.faults = ["conflict"]

    assert uow.deliver(TOWN, EventKind.TASK_STOPPED, {}, source="ecs", event_id="1")
    assert 2 == store.calls["deliver"]


def test_a_delivery_costs_one_request_and_no_load(uow: UnitOfWork, store: MemoryTownStore, desk: Desk) -> None:
    """Twice delivered is stored once, and the town is woken both times."""
    answers = [uow.deliver(TOWN, EventKind.TASK_STOPPED, {}, source="ecs", event_id="1") for _ in range(2)]

    assert answers == [True, False]
    assert dict(store.calls) == {"deliver": 2}
    assert desk.woken[-2:] == ["task_stopped"] * 2


def test_an_event_that_comes_again_after_its_tick_is_not_left_lying(uow: UnitOfWork, desk: Desk) -> None:
    """The queue drops a wake that it had within 5 minutes, and a container answers a command twice within a second."""
    uow.deliver(TOWN, EventKind.COMMAND_ACKED, {}, source="container", event_id="1-ack")
    uow.change(TOWN, lambda town, _: town.inbox.clear(), actor="tick", cause="tick")
    desk.time += timedelta(milliseconds=80)

    assert uow.deliver(TOWN, EventKind.COMMAND_ACKED, {}, source="container", event_id="1-ack")
    assert len(desk.dedups) == len(set(desk.dedups))


def test_history_and_finals_can_be_read_after_the_working_set_has_forgotten(
    uow: UnitOfWork, store: MemoryTownStore
) -> None:
    """A closed bead is one read away, its history one page, its list entry the newest."""
    from gastown.domain.bead import BeadStatus
    from gastown.domain.ending import end_bead

    bead_id = uow.change(TOWN, sling, actor="u", cause="sling")
    uow.change(
        TOWN,
        lambda town, moment: end_bead(town, town.bead(bead_id), BeadStatus.CLOSED, "person", moment),
        actor="u",
        cause="close",
    )

    final = store.read_row(TOWN, f"BEAD#{bead_id}", "FINAL")
    assert final is not None
    assert decode_final(final).title == "Work"
    assert store.read_row(TOWN, f"BEAD#{bead_id}", "TEXT") == {"text": "do it"}
    history, _ = store.list_rows(TOWN, f"BEAD#{bead_id}", prefix="EVENT#", limit=10, newest_first=False)
    assert [body["event_type"] for _, body in history] == ["created", "status_changed"]
    done, _ = store.list_rows(TOWN, f"DONE#{RIG}", limit=10)
    assert [bead_id] == [body["id"] for _, body in done]


def test_history_that_a_crash_left_unwritten_is_caught_up(uow: UnitOfWork, store: MemoryTownStore) -> None:
    """The journal knows what the history lacks, also what only a consistent read shows yet."""
    bead_id = uow.change(TOWN, sling, actor="u", cause="sling")
    rows = store.rows[TOWN]
    for key in [key for key in rows if key[0].startswith(("BEAD#", "EVENTS")) and key[1] != "TEXT"]:
        del rows[key]
    store.live[TOWN]["PROJECTED"].body["version"] = 1

    store.unseen = {key for key in rows if key[0] == "JOURNAL"}
    town = uow.load(TOWN).town
    uow.catch_up(town)

    history, _ = store.list_rows(TOWN, f"BEAD#{bead_id}", prefix="EVENT#", limit=10)
    assert [body["event_type"] for _, body in history] == ["created"]
    assert town.version == uow.load(TOWN).town.projected


def test_unknown_attributes_survive_a_change(uow: UnitOfWork, store: MemoryTownStore) -> None:
    """What newer code wrote into an item is still there after older code changed it."""
    bead_id = uow.change(TOWN, sling, actor="u", cause="sling")
    store.live[TOWN][f"BEAD#{bead_id}"].body["from_the_future"] = {"x": 1}
    uow.change(TOWN, lambda town, _: _rename(town), actor="u", cause="rename")

    body = store.live[TOWN][f"BEAD#{bead_id}"].body
    assert (body["title"], body["from_the_future"]) == ("Renamed", {"x": 1})


def test_a_newer_schema_is_refused(uow: UnitOfWork, store: MemoryTownStore) -> None:
    """Older code keeps its hands off what newer code wrote."""
    store.live[TOWN]["META"].body["schema_number"] = 99
    with pytest.raises(Unavailable, match="newer version"):
        uow.read(TOWN)


def test_fifty_tasks_fit_into_one_commit(uow: UnitOfWork, store: MemoryTownStore) -> None:
    """The largest convoy is slung whole (design section 2, bounds)."""
    tasks = tuple(Task(title=f"t{n}", body="x") for n in range(50))
    order = ConvoyOrder(rig_id=RIG, title="c", tasks=tasks)
    convoy = uow.change(TOWN, lambda town, moment: sling_convoy(town, order, moment), actor="u", cause="sling")

    assert len(uow.read(TOWN).convoys[convoy.id].beads) == 50
    assert store.calls["commit"] == 1
    assert issubclass(StaleDispatch, Conflict)
