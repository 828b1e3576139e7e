"""A town comes and goes by steps that may be repeated from the start."""

import pytest

from gastown.domain.errors import NotFound, Unavailable
from gastown.ports.directory import RigRow
from gastown.usecases.town_lifecycle import POLLS, Grounds, advance_town
from tests.support.stage import TOWN, Stage

NEW = "town-new"


@pytest.fixture
def stage() -> Stage:
    """A control plane on fakes with one quiet town."""
    return Stage()


def grounds(stage: Stage, *, retains: bool = False) -> Grounds:
    """What a town stands on; waiting takes no time."""
    return Grounds(
        uow=stage.uow, tables=stage.tables, runtime=stage.runtime, alarm=stage.alarm, secrets=stage.secrets,
        snapshots=stage.snapshots, town_secrets="stack/town/", retains_tables=retains, sleep=lambda _seconds: None,
    )  # fmt: skip


def test_a_town_is_made(stage: Stage) -> None:
    """Table, protection, first commit, and only then it is active."""
    stage.tables.looks = 3
    stage.add_row(NEW, "creating")

    assert advance_town(grounds(stage), NEW) == "active"
    assert stage.uow.load(NEW).town.version == 1
    assert NEW in stage.tables.protected
    assert advance_town(grounds(stage), NEW) == "active"


def test_a_table_that_takes_too_long_is_looked_at_later(stage: Stage) -> None:
    """The next call goes on where this one stopped."""
    stage.tables.looks = POLLS + 1
    stage.add_row(NEW, "creating")

    with pytest.raises(Unavailable):
        advance_town(grounds(stage), NEW)
    assert advance_town(grounds(stage), NEW) == "active"


def test_a_crash_after_the_first_commit_is_harmless(stage: Stage) -> None:
    """Founding twice founds once."""
    stage.add_row(NEW, "creating")
    stage.store.add_table(NEW)
    stage.uow.found(NEW, "Town", "user-1")

    assert advance_town(grounds(stage), NEW) == "active"
    assert stage.uow.load(NEW).town.version == 1


def delete(stage: Stage) -> None:
    """Ask for the town's end."""
    rig = RigRow(
        rig_id="rig-1", town_id=TOWN, owner_user_id="user-1", name="rig", git_url="/repo", default_branch="main",
        created_at=stage.now,
    )  # fmt: skip
    stage.directory.put_rig(rig)
    stage.secrets.put(f"stack/town/{TOWN}", "{}")
    stage.snapshots.kept = {f"{TOWN}/mayor/opencode/000000000001": b"memory"}
    stage.directory.set_town_state(TOWN, {"active"}, "deleting", now=stage.now)


def test_a_town_is_removed_with_all_that_it_had(stage: Stage) -> None:
    """Task, alarm, secret, what its agents remember, table, rigs, row."""
    generation = stage.register()
    arn = stage.runtime.run(TOWN, generation, "code", "token")
    stage.alarm.arm(TOWN, stage.now, stage.now)
    stage.tables.looks = 2
    delete(stage)

    assert advance_town(grounds(stage), TOWN) == "gone"
    assert stage.runtime.tasks[arn].state == "stopped"
    assert stage.alarm.armed == {}
    assert f"stack/town/{TOWN}" not in stage.secrets.values
    assert stage.snapshots.kept == {}
    assert (stage.directory.get_town(TOWN), stage.directory.list_rigs(TOWN)) == (None, [])
    with pytest.raises(NotFound):
        stage.uow.load(TOWN)
    assert advance_town(grounds(stage), TOWN) == "gone"


def test_a_retained_table_stays(stage: Stage) -> None:
    """Only its row goes."""
    delete(stage)

    assert advance_town(grounds(stage, retains=True), TOWN) == "gone"
    assert stage.uow.load(TOWN).town.id == TOWN


def test_a_town_that_was_never_founded_can_be_removed(stage: Stage) -> None:
    """With an empty table, or with none."""
    for town_id in ("empty", "none"):
        stage.add_row(town_id, "deleting")
    stage.store.add_table("empty")

    assert [advance_town(grounds(stage), town_id) for town_id in ("empty", "none")] == ["gone", "gone"]


def test_a_container_that_cannot_be_stopped_keeps_the_town(stage: Stage) -> None:
    """Its table is the only thing that knows of the task."""
    stage.register()
    delete(stage)
    stage.runtime.failure = Unavailable("away")

    with pytest.raises(Unavailable):
        advance_town(grounds(stage), TOWN)
    assert stage.uow.load(TOWN).town.id == TOWN
