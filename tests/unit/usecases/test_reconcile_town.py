"""A tick: what it costs, what it survives, and when it comes again."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest

from gastown.domain.bead import BeadStatus
from gastown.domain.ending import end_bead
from gastown.domain.errors import Unavailable
from gastown.domain.event import EventKind
from gastown.domain.ids import Moment
from gastown.domain.limits import BOOT_DEADLINE, MAX_EVENT_FAILURES
from gastown.domain.slinging import ConvoyOrder, Task, sling_bead, sling_convoy
from gastown.domain.town import Town
from gastown.usecases.reconcile_town import Reconciler
from gastown.usecases.unit_of_work import UnitOfWork
from tests.support.builders import RIG, a_town
from tests.support.fakes.directory import MemoryDirectory
from tests.support.fakes.town_store import MemoryTownStore

TOWN = "town-1"


class Outside:
    """Clock, ids and all signals in one; `down` makes the signals fail."""

    def __init__(self) -> None:
        """Start at noon, everything up."""
        self.time = datetime.fromisoformat("2026-01-01T12:00:00+00:00")
        self.last = 0
        self.woken: list[str] = []
        self.published: list[str] = []
        self.armed: list[datetime] = []
        self.rung: list[str] = []
        self.down = False

    def now(self) -> datetime:
        """The time that the test says."""
        return self.time

    def new(self) -> str:
        """The next id."""
        self.last += 1
        return f"id-{self.last:08d}"

    def _send(self) -> None:
        if self.down:
            raise Unavailable("down")

    def wake(self, town_id: str, *, cause: str, dedup: str) -> None:
        """Remember the cause."""
        self._send()
        self.woken.append(cause)

    def publish(self, town_id: str, keys: Sequence[str]) -> None:
        """Remember the keys."""
        self._send()
        self.published.extend(keys)

    def arm(self, town_id: str, at: datetime, now: datetime) -> None:
        """Remember the moment."""
        self._send()
        self.armed.append(at)

    def disarm(self, town_id: str) -> None:
        """Nothing to forget."""

    def ring(self, connection_id: str) -> bool:
        """Remember the connection."""
        self._send()
        self.rung.append(connection_id)
        return True


@pytest.fixture
def outside() -> Outside:
    """Everything that a tick tells."""
    return Outside()


@pytest.fixture
def store() -> MemoryTownStore:
    """One empty table."""
    store = MemoryTownStore(MemoryDirectory())
    store.add_table(TOWN)
    return store


@pytest.fixture
def uow(store: MemoryTownStore, outside: Outside) -> UnitOfWork:
    """A founded town with one rig that has come to rest."""
    uow = UnitOfWork(
        store=store, directory=store.directory, wake_queue=outside, clock=outside, ids=outside, sleep=lambda _: None
    )
    uow.found(TOWN, "Town", "user-1")
    uow.change(TOWN, lambda town, _: town.rigs.update(a_town().rigs), actor="user-1", cause="rig")
    return uow


@pytest.fixture
def reconciler(uow: UnitOfWork, store: MemoryTownStore, outside: Outside) -> Reconciler:
    """The reconciler of that town."""
    reconciler = Reconciler(uow=uow, effects_queue=outside, alarm=outside, doorbell=outside)
    reconciler.tick(TOWN)
    store.calls.clear()
    return reconciler


def sling(uow: UnitOfWork) -> str:
    """One bead."""

    def move(town: Town, moment: Moment) -> str:
        return sling_bead(town, RIG, Task(title="Work"), "user-1", moment).id

    return uow.change(TOWN, move, actor="user-1", cause="sling")


def test_a_town_at_rest_costs_one_query_and_no_commit(reconciler: Reconciler, store: MemoryTownStore) -> None:
    """It is due at no time, so nobody will ask again (design section 8)."""
    report = reconciler.tick(TOWN)

    assert {"load": 1} == dict(store.calls)
    assert (False, None) == (report.committed, report.wake_at)
    assert TOWN not in store.directory.due


def test_finished_beads_cost_a_tick_nothing(reconciler: Reconciler, uow: UnitOfWork, store: MemoryTownStore) -> None:
    """A thousand finished beads are a thousand rows that no tick reads."""
    from gastown.domain.ending import end_bead

    for _ in range(30):
        bead_id = sling(uow)
        uow.change(
            TOWN,
            lambda town, moment, bead_id=bead_id: end_bead(  # type: ignore[misc]
                town, town.bead(bead_id), BeadStatus.CLOSED, "person", moment
            ),
            actor="user-1",
            cause="close",
        )
    reconciler.tick(TOWN)
    store.calls.clear()
    reconciler.tick(TOWN)

    assert {"load": 1} == dict(store.calls)
    assert {"META", "CONFIG", f"RIG#{RIG}", "PROJECTED"} == set(store.live[TOWN])


def test_one_tick_does_what_took_three(
    reconciler: Reconciler, uow: UnitOfWork, store: MemoryTownStore, outside: Outside
) -> None:
    """Hired, hooked and a container asked for in one commit; the alarm watches over the effect and the boot."""
    sling(uow)
    store.calls.clear()
    report = reconciler.tick(TOWN)

    assert (1, 1) == (store.calls["load"], store.calls["commit"])
    assert ["AssignBead", "ClaimContainer"] == [action.partition(":")[0] for action in report.actions]
    assert 1 == len(outside.published)
    assert outside.armed[-1] == store.directory.due[TOWN] <= outside.time + BOOT_DEADLINE


def test_signals_that_fail_after_the_commit_are_healed_by_the_next_tick(
    reconciler: Reconciler, uow: UnitOfWork, outside: Outside
) -> None:
    """A function that dies between commit and effect loses nothing: the effect is still in the outbox."""
    sling(uow)
    outside.down = True
    reconciler.tick(TOWN)
    assert [] == outside.published

    outside.down = False
    reconciler.tick(TOWN)
    assert list(uow.read(TOWN).effects) == [key.removeprefix("OUTBOX#") for key in outside.published]


def test_a_lost_answer_of_a_ticks_commit_does_not_repeat_it(
    reconciler: Reconciler, uow: UnitOfWork, store: MemoryTownStore, outside: Outside
) -> None:
    """The second look finds the town at rest and its effect unpublished."""
    sling(uow)
    store.faults = ["lost_answer"]
    reconciler.tick(TOWN)

    town = uow.read(TOWN)
    assert (1, 1) == (len(town.agents), town.container.generation)
    assert 1 == len(outside.published)


def test_an_event_that_the_town_refuses_is_dropped_and_said(reconciler: Reconciler, uow: UnitOfWork) -> None:
    """Unknown or stale: the inbox is empty afterwards and nothing else has changed."""
    done = {"agent_id": "nobody", "dispatch": 1, "branch": "b"}
    uow.deliver(TOWN, EventKind.AGENT_DONE, done, source="agent", event_id="1")
    report = reconciler.tick(TOWN)

    assert 1 == len(report.refused)
    assert {} == uow.read(TOWN).inbox


def test_an_event_that_raises_stops_nothing_else_and_is_set_aside(reconciler: Reconciler, uow: UnitOfWork) -> None:
    """Three tries, then an escalation with the error; the good event beside it is applied at once."""
    uow.deliver(TOWN, EventKind.TASK_STOPPED, {"no": "generation"}, source="ecs", event_id="bad")
    bead_id = sling(uow)
    for turn in range(MAX_EVENT_FAILURES):
        report = reconciler.tick(TOWN)
        assert 1 == len(report.failures), turn

    town = uow.read(TOWN)
    assert {} == town.inbox
    assert ["event"] == [escalation.cause.partition(":")[0] for escalation in town.escalations.values()]
    assert town.bead(bead_id).assignee is not None


def test_an_alarm_that_finds_nothing_due_is_armed_for_the_next_moment(
    reconciler: Reconciler, uow: UnitOfWork, outside: Outside
) -> None:
    """The boot deadline passes; the backoff of the next generation is what the town waits for then."""
    sling(uow)
    reconciler.tick(TOWN)
    outside.time += BOOT_DEADLINE
    report = reconciler.tick(TOWN)

    assert report.wake_at is not None
    assert report.wake_at == outside.armed[-1] > outside.time
    outside.time = report.wake_at
    assert any("ClaimContainer" in action for action in reconciler.tick(TOWN).actions)
    assert 2 == uow.read(TOWN).container.generation


def test_fifty_beads_start_in_commits_that_fit_and_the_tick_asks_for_more(
    reconciler: Reconciler, uow: UnitOfWork, store: MemoryTownStore, outside: Outside
) -> None:
    """A commit has at most 100 items; what does not fit is taken on by the tick that follows."""
    town_wide = 50
    uow.change(TOWN, lambda town, _: setattr(town.config, "max_polecats_per_rig", town_wide), actor="u", cause="limit")
    tasks = tuple(Task(title=f"t{n}") for n in range(town_wide))
    order = ConvoyOrder(rig_id=RIG, title="c", tasks=tasks)
    uow.change(TOWN, lambda town, moment: sling_convoy(town, order, moment), actor="u", cause="sling")
    for _ in range(10):
        if not reconciler.tick(TOWN).more:
            break

    assert town_wide == sum(1 for bead in uow.read(TOWN).beads.values() if bead.assignee)
    outside.time += timedelta(seconds=1)
    assert not reconciler.tick(TOWN).actions


def test_many_ends_between_two_ticks_are_tidied_up_in_commits_that_fit(
    reconciler: Reconciler, uow: UnitOfWork, outside: Outside
) -> None:
    """Stubs that nobody refers to go a few at a time, and the town is woken until none is left."""
    for _ in range(10):
        uow.change(TOWN, _sling_and_end, actor="u", cause="end")
    assert 200 == len(uow.read(TOWN).stubs)
    outside.woken.clear()

    assert reconciler.tick(TOWN).more
    assert "more" in outside.woken
    while reconciler.tick(TOWN).more:
        pass

    assert {} == uow.read(TOWN).stubs


def _sling_and_end(town: Town, moment: Moment) -> None:
    for _ in range(20):
        bead = sling_bead(town, RIG, Task(title="t"), "u", moment)
        end_bead(town, bead, BeadStatus.CLOSED, "person", moment)
