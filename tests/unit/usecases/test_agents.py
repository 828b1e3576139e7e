"""What agents may change themselves: their hook, beads that are theirs, and a word to people."""

from collections.abc import Callable

import pytest

from gastown.domain.agent import AgentStatus
from gastown.domain.bead import Bead, BeadStatus
from gastown.domain.errors import Conflict, Forbidden, Invalid, NotFound, StaleDispatch, Unavailable
from gastown.domain.escalating import KEPT_BESIDE
from gastown.domain.escalation import Severity
from gastown.domain.hooking import assign_bead
from gastown.domain.slinging import Task, sling_bead
from gastown.usecases import agents
from gastown.usecases.agents import Alarm
from gastown.usecases.unit_of_work import Replayed
from tests.support.agent_world import (
    RIG_ID,
    TOWN_ID,
    AgentWorld,
    a_desk,
    a_moment,
    an_agent_world,
    claims_of,
    send_to_review,
)


def a_free_polecat_world() -> tuple[AgentWorld, str]:
    """A polecat whose run has ended, and a ready bead."""
    world = an_agent_world()
    send_to_review(world)
    bead = sling_bead(world.town, RIG_ID, Task(title="Another"), "user-1", a_moment())
    return world, bead.id


def test_agents_are_listed_and_found_by_rig() -> None:
    """An agent is found in its own rig only."""
    world = an_agent_world()
    refinery, _ = send_to_review(world)
    work = a_desk(world.town).work

    _, found = agents.list_agents(work, TOWN_ID, RIG_ID)

    assert [world.polecat.id, refinery.id] == [agent.id for agent in found]
    assert agents.get_agent(work, TOWN_ID, RIG_ID, world.polecat.id)[1].name == "Toast"
    with pytest.raises(NotFound):
        agents.get_agent(work, TOWN_ID, "another rig", world.polecat.id)
    with pytest.raises(NotFound):
        agents.list_agents(work, TOWN_ID, "another rig")


def test_only_the_current_open_run_counts() -> None:
    """Older is stale, ended is a conflict, newer is not visible yet."""
    world = an_agent_world()
    assert agents.current_run(world.town, world.polecat.id, 1).dispatch == 1

    with pytest.raises(StaleDispatch):
        agents.current_run(world.town, world.polecat.id, 0)
    with pytest.raises(Unavailable):
        agents.current_run(world.town, world.polecat.id, 2)
    send_to_review(world)
    with pytest.raises(Conflict, match="has ended: done"):
        agents.current_run(world.town, world.polecat.id, 1)


def test_an_idle_agent_hooks_a_ready_bead() -> None:
    """Both sides point at each other in one commit."""
    world, bead_id = a_free_polecat_world()
    desk = a_desk(world.town)

    assert agents.hook_bead(desk.work, world.polecat_claims, bead_id, None) == {"hooked": True}

    assert (bead_id, world.polecat.id) == (
        desk.town().agent(world.polecat.id).hook,
        desk.town().bead(bead_id).assignee,
    )


def test_a_working_agent_cannot_hook_another_bead() -> None:
    """One agent, one hook."""
    world = an_agent_world()
    bead = sling_bead(world.town, RIG_ID, Task(title="Another"), "user-1", a_moment())

    with pytest.raises(Conflict):
        agents.hook_bead(a_desk(world.town).work, world.polecat_claims, bead.id, None)


def test_a_bead_that_is_not_ready_cannot_be_hooked() -> None:
    """Work in review belongs to its review."""
    world, _ = a_free_polecat_world()

    with pytest.raises(Conflict, match="not ready"):
        agents.hook_bead(a_desk(world.town).work, world.polecat_claims, world.bead.id, None)


def test_a_refinery_does_not_choose_its_work() -> None:
    """Reviews come in their order."""
    world, bead_id = a_free_polecat_world()
    refinery = next(agent for agent in world.town.agents.values() if agent.id != world.polecat.id)

    with pytest.raises(Forbidden):
        agents.hook_bead(a_desk(world.town).work, claims_of(world.town, refinery), bead_id, None)


def test_unhooking_at_work_gives_the_bead_back() -> None:
    """The run ends as released; the bead waits out its backoff."""
    world = an_agent_world()
    desk = a_desk(world.town)

    agents.unhook_bead(desk.work, world.polecat_claims, None)

    town = desk.town()
    run = town.agent(world.polecat.id).run
    assert run is not None
    assert (
        run.ended,
        town.bead(world.bead.id).status,
        town.bead(world.bead.id).assignee,
    ) == ("released", BeadStatus.OPEN, None)


def test_unhooking_before_work_only_takes_the_hook_back() -> None:
    """Nothing was started, so nothing is lost."""
    world, bead_id = a_free_polecat_world()
    assign_bead(world.town, world.town.bead(bead_id).id, a_moment())
    desk = a_desk(world.town)

    agents.unhook_bead(desk.work, world.polecat_claims, None)

    assert (
        desk.town().agent(world.polecat.id).status,
        desk.town().agent(world.polecat.id).hook,
    ) == (AgentStatus.IDLE, None)
    assert desk.town().bead(bead_id).attempts == 0


def test_an_older_dispatch_changes_nothing() -> None:
    """Every move of a stale token is refused before anything is written."""
    world = an_agent_world()
    desk, stale = a_desk(world.town), claims_of(world.town, world.polecat, 0)
    moves: list[Callable[[], object]] = [
        lambda: agents.hook_bead(desk.work, stale, world.bead.id, None),
        lambda: agents.unhook_bead(desk.work, stale, None),
        lambda: agents.close_bead(desk.work, stale, world.bead.id),
        lambda: agents.escalate(desk.work, stale, Alarm(title="Help")),
    ]

    for move in moves:
        with pytest.raises(StaleDispatch, match="stale dispatch"):
            move()

    assert desk.town().version == 1


def test_the_same_key_answers_the_same_without_doing_it_again() -> None:
    """A lost answer may be asked for again."""
    world, bead_id = a_free_polecat_world()
    desk = a_desk(world.town)
    agents.hook_bead(desk.work, world.polecat_claims, bead_id, "key-1")

    with pytest.raises(Replayed) as replayed:
        agents.hook_bead(desk.work, world.polecat_claims, bead_id, "key-1")

    assert replayed.value.answer == {"status": 200, "data": {"hooked": True}}


def test_an_agent_closes_what_it_works_on() -> None:
    """Nothing to do is an answer too."""
    world = an_agent_world()
    desk = a_desk(world.town)

    closed = agents.close_bead(desk.work, world.polecat_claims, world.bead.id)

    assert (closed.status, closed.outcome) == (BeadStatus.CLOSED, "agent")
    assert world.bead.id not in desk.town().beads


def test_an_agent_does_not_close_the_work_of_others() -> None:
    """Another's bead stays as it is."""
    world = an_agent_world()
    other = sling_bead(world.town, RIG_ID, Task(title="Another"), "user-1", a_moment())
    own = sling_bead(world.town, RIG_ID, Task(title="My own"), f"agent {world.polecat.id}", a_moment())
    desk = a_desk(world.town)

    with pytest.raises(Forbidden):
        agents.close_bead(desk.work, world.polecat_claims, other.id)
    assert BeadStatus.CLOSED is agents.close_bead(desk.work, world.polecat_claims, own.id).status


def test_an_escalation_keeps_body_and_metadata() -> None:
    """A person reads all that the agent said; a long text is kept whole beside it."""
    world = an_agent_world()
    desk = a_desk(world.town)
    alarm = Alarm(title="Stuck", body="long " * 1000, priority="high", metadata={"tried": 3})

    raised = agents.escalate(desk.work, world.polecat_claims, alarm)

    stored = desk.town().escalations[raised.id]
    assert (Severity.HIGH, {"tried": 3}, world.bead.id, world.polecat.id, RIG_ID) == (
        stored.severity,
        stored.metadata,
        stored.bead_id,
        stored.source_agent,
        stored.rig_id,
    )
    assert len(stored.message) == KEPT_BESIDE
    assert desk.store.read_row(TOWN_ID, f"BEAD#{raised.id}", "TEXT") == {"text": "long " * 1000}


def test_the_same_escalation_is_raised_once() -> None:
    """One cause, one escalation, however often the agent says it."""
    world = an_agent_world()
    desk = a_desk(world.town)

    raised = [agents.escalate(desk.work, world.polecat_claims, Alarm(title="Stuck")).id for _ in range(2)]

    assert 1 == len(set(raised)) == len(desk.town().escalations)


@pytest.mark.parametrize(
    ("alarm", "field"),
    [
        (Alarm(title=" "), "title"),
        (Alarm(title="x" * 501), "title"),
        (Alarm(title="x", body="é" * 40_000), "body"),
        (Alarm(title="x", metadata={"much": "x" * 3000}), "metadata"),
    ],
)
def test_an_escalation_out_of_bounds_is_refused(alarm: Alarm, field: str) -> None:
    """The refusal names the field."""
    world = an_agent_world()

    with pytest.raises(Invalid) as refused:
        agents.escalate(a_desk(world.town).work, world.polecat_claims, alarm)

    assert field == refused.value.field


def test_closing_again_with_the_same_key_is_answered_as_before() -> None:
    """The bead has left the working set, but its answer is still known."""
    world = an_agent_world()
    desk = a_desk(world.town)

    def stored(bead: Bead) -> dict[str, object]:
        return {"status": 200, "data": {"bead_id": bead.id}}

    agents.close_bead(desk.work, world.polecat_claims, world.bead.id, key="key-1", stored=stored)
    with pytest.raises(Replayed) as replayed:
        agents.close_bead(desk.work, world.polecat_claims, world.bead.id, key="key-1", stored=stored)

    assert replayed.value.answer == {"status": 200, "data": {"bead_id": world.bead.id}}
