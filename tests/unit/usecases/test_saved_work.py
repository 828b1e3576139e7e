"""Which refs a container may delete: those of ended beads of this town, when nobody goes on from them."""

from datetime import timedelta
from functools import partial

import pytest

from gastown.domain.agent import RunEnd
from gastown.domain.bead import BeadStatus
from gastown.domain.ending import end_bead, fail_bead, lose_run
from gastown.domain.errors import NotFound, StaleDispatch
from gastown.domain.handing_over import wip_ref
from gastown.domain.ids import Moment
from gastown.domain.redoing import Failed, retry_bead
from gastown.domain.town import Town
from gastown.usecases import deleting, saved_work
from gastown.usecases.deleting import Shelf
from gastown.usecases.history import kept_bead
from gastown.usecases.work_job import Slice, apply_slice, next_slice
from tests.support.agent_world import RIG_ID, TOWN_ID, AgentWorld, Desk, a_desk, an_agent_world, container_claims


@pytest.fixture
def world() -> AgentWorld:
    """A polecat at work on one bead."""
    return an_agent_world()


@pytest.fixture
def desk(world: AgentWorld) -> Desk:
    """The town as it is stored."""
    return a_desk(world.town)


def asked(world: AgentWorld, desk: Desk, *more: str) -> list[str]:
    """What the town says of the run's ref."""
    refs = [wip_ref(world.bead.id, world.polecat.id, 1), *more]
    return saved_work.over(desk.work, container_claims(1), RIG_ID, refs)


def end(desk: Desk, world: AgentWorld, status: BeadStatus) -> None:
    """End the bead after its run was lost."""

    def move(town: Town, moment: Moment) -> None:
        lose_run(town, town.agent(world.polecat.id), RunEnd.LOST, moment, reason="silent")
        if status is BeadStatus.FAILED:
            fail_bead(town, town.bead(world.bead.id), "exhausted", "no luck", moment)
        else:
            end_bead(town, town.bead(world.bead.id), status, "merged", moment)

    desk.work.change(TOWN_ID, move, actor="test", cause="test")


def work_off_jobs(desk: Desk) -> None:
    """Have the rows of deleted beads deleted."""
    while (part := next_slice(desk.work, desk.town(), desk.work.now())) is not None:
        desk.work.change(TOWN_ID, partial(_apply, part), actor="test", cause="test")


def _apply(part: Slice, town: Town, moment: Moment) -> None:
    apply_slice(town, part, moment)


def test_the_ref_of_a_live_bead_stays(world: AgentWorld, desk: Desk) -> None:
    """Its agent may be at work this moment."""
    assert asked(world, desk) == []


def test_the_ref_of_a_closed_bead_is_over(world: AgentWorld, desk: Desk) -> None:
    """What it held is merged, or was not wanted; refs of unknown beads and other names are somebody else's."""
    end(desk, world, BeadStatus.CLOSED)

    others = ["refs/gastown/wip/another-towns-bead/toast/1", "refs/heads/main", "refs/gastown/wip/x"]
    assert asked(world, desk, *others) == [wip_ref(world.bead.id, world.polecat.id, 1)]


def test_the_ref_of_a_failed_bead_stays_for_a_month(world: AgentWorld, desk: Desk) -> None:
    """A person may have it retried."""
    end(desk, world, BeadStatus.FAILED)

    assert asked(world, desk) == []
    desk.around.time += timedelta(days=30)
    assert len(asked(world, desk)) == 1


def test_a_retried_beads_refs_stay_until_the_new_one_needs_them_no_more(world: AgentWorld, desk: Desk) -> None:
    """The new bead goes on from the failed one's work; when it has ended too, that is over."""
    end(desk, world, BeadStatus.FAILED)
    failed = kept_bead(desk.work, TOWN_ID, world.bead.id)
    new = desk.work.change(
        TOWN_ID,
        lambda town, moment: retry_bead(town, Failed(bead=failed), "user-1", moment).id,  # type: ignore[arg-type]
        actor="test",
        cause="test",
    )

    assert asked(world, desk) == []
    desk.work.change(
        TOWN_ID,
        lambda town, moment: end_bead(town, town.bead(new), BeadStatus.CLOSED, "merged", moment),
        actor="test",
        cause="test",
    )
    assert len(asked(world, desk)) == 1


@pytest.mark.parametrize("first", ["live", "closed"])
def test_the_ref_of_a_deleted_bead_is_over_and_no_other_towns(world: AgentWorld, desk: Desk, first: str) -> None:
    """Somebody deleted it live or ended: nothing else is left of it, and a bead that never was here is another's."""
    if first == "closed":
        end(desk, world, BeadStatus.CLOSED)
    deleting.delete_one(desk.work, Shelf(town_id=TOWN_ID, rig_id=RIG_ID, by="user-1"), world.bead.id)
    work_off_jobs(desk)
    assert kept_bead(desk.work, TOWN_ID, world.bead.id) is None

    others = ["refs/gastown/wip/another-towns-bead/toast/1"]
    assert asked(world, desk, *others) == [wip_ref(world.bead.id, world.polecat.id, 1)]


def test_an_older_container_and_an_unknown_rig_are_refused(world: AgentWorld, desk: Desk) -> None:
    """Neither learns what may be deleted."""
    del world
    with pytest.raises(StaleDispatch):
        saved_work.over(desk.work, container_claims(2), RIG_ID, [])
    with pytest.raises(NotFound):
        saved_work.over(desk.work, container_claims(1), "another", [])
