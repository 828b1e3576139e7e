"""Jobs: long deletions slice by slice, each in a commit that fits, and nothing lost by a crash between two of them."""

from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any

import pytest

from gastown.domain.bead import Bead, BeadStatus
from gastown.domain.ending import end_bead
from gastown.domain.errors import Conflict, NotFound, Unavailable
from gastown.domain.hooking import assign_bead, dispatch
from gastown.domain.ids import Moment
from gastown.domain.limits import COMMIT_ITEMS, MAX_JOB_FAILURES
from gastown.domain.slinging import ConvoyOrder, Task, sling_bead, sling_convoy
from gastown.domain.stepping import StepOrder, create_molecule
from gastown.domain.town import Town
from gastown.ports.directory import RigRow
from gastown.ports.town_store import Commit, Row
from gastown.usecases import deleting, rigs, work_job
from gastown.usecases.deleting import Shelf
from tests.support.stage import RIG, TOWN, Stage

SHELF = Shelf(town_id=TOWN, rig_id=RIG, by="user-1")


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> Stage:
    """A town whose commits are weighed."""
    stage = Stage()
    commit = stage.store.commit

    def weighed(one: Commit) -> None:
        assert len(one.puts) + len(one.deletes) + len(one.rows) <= COMMIT_ITEMS + 4
        commit(one)

    monkeypatch.setattr(stage.store, "commit", weighed)
    return stage


def settle(stage: Stage, most: int = 100) -> int:
    """Tick until no job is due; how many ticks that took."""
    for ticks in range(most):
        if not any(job.is_due(stage.now) for job in stage.town.jobs.values()):
            return ticks
        stage.tick()
    raise AssertionError("the jobs do not end")


def sling(stage: Stage, count: int, *, body: str | None = "Do it") -> list[Bead]:
    """Sling some beads in one commit."""

    def move(town: Town, moment: Moment) -> list[Bead]:
        return [sling_bead(town, RIG, Task(title=f"T{n}", body=body), "user-1", moment) for n in range(count)]

    return stage.change(move)


def finish(stage: Stage, count: int, status: BeadStatus = BeadStatus.CLOSED) -> list[str]:
    """Sling and end beads, as many commits as that takes."""
    ended: list[str] = []
    while len(ended) < count:
        beads = sling(stage, min(15, count - len(ended)), body=None)

        def end(town: Town, moment: Moment, ids: tuple[str, ...] = tuple(bead.id for bead in beads)) -> None:
            for bead_id in ids:
                end_bead(town, town.bead(bead_id), status, "person", moment)

        stage.change(end)
        ended += [bead.id for bead in beads]
    return ended


def rows_of(stage: Stage, bead_id: str) -> list[tuple[str, str]]:
    """Every row that still is about a bead, but for the town's own history, and that it was there."""
    kept = ("EVENTS", "JOURNAL", "CHECKPOINT", "DELETED")
    return [key for key in stage.store.rows[TOWN] if bead_id in f"{key[0]} {key[1]}" and key[0] not in kept]


def test_a_deleted_bead_leaves_the_town_at_once_and_its_rows_with_the_next_ticks(stage: Stage) -> None:
    """Text, history and place in the lists; who waited for it is free."""
    [bead] = sling(stage, 1)
    stage.tick()

    deleting.delete_one(stage.uow, SHELF, bead.id)
    assert {} == stage.town.beads
    assert [] != rows_of(stage, bead.id)

    assert settle(stage) <= 3
    assert ([], {}) == (rows_of(stage, bead.id), stage.town.jobs)
    with pytest.raises(NotFound):
        deleting.delete_one(stage.uow, SHELF, bead.id)


def test_who_is_deleted_twice_is_remembered_once(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two people, or one who is impatient: a write of many rows would refuse the same key twice."""
    [gone] = finish(stage, 1)
    written: list[str] = []
    put = stage.store.put_rows

    def count(town_id: str, rows: Iterable[Row]) -> None:
        kept = list(rows)
        written.extend(row.sk for row in kept if row.pk == "DELETED")
        put(town_id, kept)

    for _ in range(2):
        deleting.delete_one(stage.uow, SHELF, gone)
    monkeypatch.setattr(stage.store, "put_rows", count)
    settle(stage)

    assert [gone] == written


def test_an_ended_bead_is_deleted_too(stage: Stage) -> None:
    """With its line in the list of finished ones, and the texts of its molecule."""
    [bead] = sling(stage, 1)
    steps = [StepOrder(title="One", instructions="Do")]
    molecule = stage.change(lambda town, moment: create_molecule(town, town.bead(bead.id), steps, moment))
    stage.change(lambda town, moment: end_bead(town, town.bead(bead.id), BeadStatus.CLOSED, "person", moment))
    assert 3 <= len(rows_of(stage, molecule.id))

    for gone in (bead.id, molecule.id):
        deleting.delete_one(stage.uow, SHELF, gone)
    settle(stage)

    assert ([], []) == (rows_of(stage, bead.id), rows_of(stage, molecule.id))


def test_many_are_deleted_by_id_live_and_ended_and_those_of_other_rigs_stay(stage: Stage) -> None:
    """Unknown ids are harmless; the answer says where to look."""
    live, ended = sling(stage, 12), finish(stage, 70)
    stays = sling(stage, 1)[0]
    stage.change(lambda town, _: setattr(town.bead(stays.id), "rig_id", "rig-2"))
    ids = [*(bead.id for bead in live), *ended, stays.id, "nobody"]

    job = deleting.delete_many(stage.uow, SHELF, [*ids, *ids])
    assert len(ids) == deleting.list_jobs(stage.uow, TOWN)[0].arguments["ids"]
    settle(stage)

    assert [stays.id] == list(stage.town.beads)
    assert [] == [key for bead_id in ids[:-2] for key in rows_of(stage, bead_id)]
    assert [] == [key for key in stage.store.rows[TOWN] if job.id in key[0]]
    assert [] != rows_of(stage, stays.id)


def test_ten_thousand_finished_beads_go_in_commits_that_fit(stage: Stage) -> None:
    """Only the named status; the working set stays small all the time."""
    failed = finish(stage, 1, BeadStatus.FAILED)
    finish(stage, 1)
    [(template_key, template)] = stage.store.list_rows(TOWN, f"DONE#{RIG}", limit=1)[0]
    fill(stage, template, 10_000)

    deleting.delete_by_status(stage.uow, SHELF, BeadStatus.CLOSED)
    ticks = settle(stage, most=400)

    rest, _ = stage.store.list_rows(TOWN, f"DONE#{RIG}", limit=100)
    assert failed == [line["id"] for _, line in rest]
    assert template_key not in [sort_key for sort_key, _ in rest]
    finals = [pk for pk, sk in stage.store.rows[TOWN] if sk == "FINAL"]
    assert [f"BEAD#{failed[0]}"] == finals
    assert 200 <= ticks <= 260


def fill(stage: Stage, template: dict[str, Any], count: int) -> None:
    """Write rows of as many finished beads as this one."""
    final = stage.store.read_row(TOWN, f"BEAD#{template['id']}", "FINAL") or {}
    rows = []
    for n in range(count):
        bead_id = f"00000000-0000-7000-8000-{n:012d}"
        line = {**template, "id": bead_id}
        rows += [
            Row(pk=f"DONE#{RIG}", sk=f"2025-01-01T00:00:00+00:00#{bead_id}", body=line),
            Row(pk=f"BEAD#{bead_id}", sk="FINAL", body=final),
            Row(pk=f"BEAD#{bead_id}", sk="EVENT#1", body={}),
        ]
    stage.store.put_rows(TOWN, rows)


def test_live_beads_of_one_status_are_deleted_and_later_ones_stay(stage: Stage) -> None:
    """What was slung after the job was asked for is not meant."""
    old = sling(stage, 14)
    stage.clock.move(timedelta(seconds=1))
    deleting.delete_by_status(stage.uow, SHELF, BeadStatus.OPEN, "issue")
    stage.clock.move(timedelta(seconds=1))
    new = sling(stage, 1)

    settle(stage)

    assert [new[0].id] == list(stage.town.beads)
    assert [] == [key for bead in old for key in rows_of(stage, bead.id)]


@pytest.mark.parametrize("fault", ["lost_request", "lost_answer", "conflict"])
def test_a_crash_between_rows_and_commit_repeats_one_slice_and_loses_nothing(stage: Stage, fault: str) -> None:
    """The cursor moves with the commit, and deleting rows again is harmless."""
    ids = [bead.id for bead in sling(stage, 7)] + finish(stage, 60)
    deleting.delete_many(stage.uow, SHELF, ids)

    for _ in range(200):
        if not stage.town.jobs:
            break
        stage.store.faults = [fault]
        stage.tick()

    assert ({}, {}) == (stage.town.jobs, stage.town.beads)
    assert [] == [key for bead_id in ids for key in rows_of(stage, bead_id)]


def test_rules_go_on_while_a_job_is_under_way(stage: Stage) -> None:
    """A slice leaves room for the rest of the tick."""
    finish(stage, 200)
    deleting.delete_by_status(stage.uow, SHELF, BeadStatus.CLOSED)
    [bead] = sling(stage, 1)

    stage.tick()

    assert stage.town.jobs
    assert stage.town.bead(bead.id).assignee is not None
    assert stage.directory.due[TOWN] <= stage.now
    assert "more" in [wake.cause for wake in stage.wake_queue.wakes]


def broken(*_: object) -> None:
    """A slice that cannot be prepared."""
    raise KeyError("rows")


def unbound(*_: object) -> None:
    """A slice that cannot be applied."""
    raise KeyError("beads")


@pytest.mark.parametrize(("name", "fault"), [("_prepare", broken), ("_take_out", unbound)])
def test_a_slice_that_raises_is_tried_five_times_and_then_a_person_is_told(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, name: str, fault: Callable[..., Any]
) -> None:
    """The rest of the town goes on all the while."""
    [bead] = sling(stage, 1)
    deleting.delete_by_status(stage.uow, SHELF, BeadStatus.FAILED)
    monkeypatch.setattr(work_job, name, fault)

    for tries in range(1, MAX_JOB_FAILURES + 1):
        stage.tick()
        [job] = stage.town.jobs.values()
        assert tries == job.failures
        assert tries == MAX_JOB_FAILURES or stage.town.wake_at is not None
        stage.clock.move(timedelta(seconds=700))
        stage.tick() if job.set_aside else None

    assert (True, "KeyError" in str(job.error)) == (job.set_aside, True)
    raised = [one.cause for one in stage.town.escalations.values() if one.cause.startswith("job:")]
    assert [f"job:{job.id}"] == raised
    assert stage.town.bead(bead.id).assignee is not None
    assert [job.id] == list(stage.town.jobs)


def test_storage_that_stays_away_costs_a_job_nothing(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """It waits and is not counted as failed."""

    def away(*_: object) -> None:
        raise Unavailable("throttled")

    [bead] = sling(stage, 1)
    deleting.delete_one(stage.uow, SHELF, bead.id)
    with monkeypatch.context() as patch:
        patch.setattr(stage.store, "delete_rows", away)
        stage.tick()
    [job] = stage.town.jobs.values()
    assert (0, False, [bead.id]) == (job.failures, job.set_aside, job.pending)
    assert job.not_before is not None

    stage.clock.move(timedelta(seconds=60))
    settle(stage)
    assert [] == rows_of(stage, bead.id)


def busy_rig(stage: Stage) -> list[str]:
    """A rig with a convoy, an agent at work, finished beads and a row in the directory; the ids of its beads."""
    row = RigRow(
        rig_id=RIG,
        town_id=TOWN,
        owner_user_id="user-1",
        name="rig",
        git_url="/repo",
        default_branch="main",
        created_at=stage.now,
    )
    stage.directory.put_rig(row)
    order = ConvoyOrder(rig_id=RIG, title="C", tasks=tuple(Task(title=f"C{n}") for n in range(20)))
    convoy = stage.change(lambda town, moment: sling_convoy(town, order, moment))
    stage.register()

    def work(town: Town, moment: Moment) -> None:
        assign_bead(town, convoy.beads[0], moment)
        dispatch(town, next(iter(town.agents)), moment)

    stage.change(work)
    return [*convoy.beads, convoy.id, *finish(stage, 70)]


def test_a_busy_rig_is_removed_with_everything_in_it(stage: Stage) -> None:
    """Nothing new starts in it; its row in the directory goes last; its name is free."""
    ids = busy_rig(stage)
    job_id, live = rigs.remove_rig(stage.uow, TOWN, RIG, "user-1")
    assert (21, True) == (live, stage.town.rigs[RIG].is_leaving)
    with pytest.raises(Conflict):
        sling(stage, 1)
    assert job_id == rigs.remove_rig(stage.uow, TOWN, RIG, "user-1")[0]
    assert RIG in stage.directory.rigs

    settle(stage)

    town = stage.town
    assert ({}, {}, {}, {}, {}) == (town.beads, town.reviews, town.convoys, town.agents, town.rigs)
    assert ({}, {}) == (town.jobs, stage.directory.rigs)
    assert [] == [key for bead_id in ids for key in rows_of(stage, bead_id)]
    assert [] == [key for key in stage.store.rows[TOWN] if key[0] == f"DONE#{RIG}"]
    assert "stop" in [str(command.kind) for command in town.commands.values()]


def test_a_crash_before_the_directory_forgets_a_rig_is_made_good(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """The job lives until the row is gone."""
    busy_rig(stage)
    rigs.remove_rig(stage.uow, TOWN, RIG, "user-1")
    with monkeypatch.context() as patch:
        patch.setattr(stage.directory, "delete_rig", lambda _: (_ for _ in ()).throw(Unavailable("away")))
        settle(stage)
    assert ({}, [RIG]) == (stage.town.rigs, list(stage.directory.rigs))

    stage.clock.move(timedelta(seconds=60))
    settle(stage)
    assert ({}, {}) == (stage.town.jobs, stage.directory.rigs)


def test_a_rig_that_only_the_directory_knows_leaves_at_once(stage: Stage) -> None:
    """What an interrupted addition left behind is no dead end."""
    busy_rig(stage)

    def forget(town: Town, _: Moment) -> None:
        for home in (town.rigs, town.beads, town.convoys, town.agents):
            home.clear()

    stage.change(forget)

    assert (None, 0) == rigs.remove_rig(stage.uow, TOWN, RIG, "user-1")
    assert {} == stage.directory.rigs


def test_no_more_jobs_wait_than_a_town_can_hold(stage: Stage) -> None:
    """The next one is refused."""
    for _ in range(20):
        deleting.delete_by_status(stage.uow, SHELF, BeadStatus.CLOSED)

    with pytest.raises(Conflict):
        deleting.delete_by_status(stage.uow, SHELF, BeadStatus.CLOSED)
