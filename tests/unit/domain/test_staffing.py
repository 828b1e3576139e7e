"""Agents by a person's hand."""

import pytest

from gastown.domain.agent import Agent, AgentStatus, Role, RunEnd
from gastown.domain.bead import BeadStatus
from gastown.domain.errors import Conflict, Invalid, NotFound
from gastown.domain.hooking import hook
from gastown.domain.limits import MAX_RIG_AGENTS
from gastown.domain.review import ReviewPhase
from gastown.domain.staffing import delete_agent, get_or_create_agent, register_agent, reset_agent, reset_attempts
from gastown.domain.town import Town
from gastown.usecases.containers import Sighting, is_over
from tests.support.builders import RIG, a_bead, a_review, a_town, an_agent, at, at_work, with_container
from tests.support.invariants import check_town


def registered(town: Town, role: Role = Role.POLECAT, name: str = "Zed", identity: str = "zed@town") -> Agent:
    """Register an agent."""
    return register_agent(town, RIG, role, name, identity, at())


def test_a_registered_agent_is_idle_and_takes_work() -> None:
    """It is one of the pool from then on."""
    town = a_town()
    agent = registered(town)

    assert (AgentStatus.IDLE, "zed@town") == (agent.status, agent.identity)
    assert agent is get_or_create_agent(town, RIG, Role.POLECAT, at())


@pytest.mark.parametrize(
    ("role", "name", "identity"),
    [
        (Role.POLECAT, "Other", "Toast"),
        (Role.POLECAT, "toast", "new"),
        (Role.REFINERY, "Second", "second"),
    ],
)
def test_names_identities_and_the_refinery_are_taken_once(role: Role, name: str, identity: str) -> None:
    """Branches are named after agents, and a rig has one refinery (town facts, A6, A7)."""
    town = a_town()
    an_agent(town)
    an_agent(town, "refinery", Role.REFINERY)

    with pytest.raises(Conflict):
        registered(town, role, name, identity)
    assert 2 == len(town.agents)


def test_a_rig_has_room_for_so_many_agents_and_a_leaving_one_for_none() -> None:
    """Registering cannot fill the working set."""
    town = a_town()
    moment = at()
    for n in range(MAX_RIG_AGENTS):
        register_agent(town, RIG, Role.POLECAT, f"A{n}", str(n), moment)
    busy = a_bead(town)
    for agent in town.agents.values():
        agent.hook = busy.id

    with pytest.raises(Conflict):
        registered(town)
    with pytest.raises(Conflict):
        get_or_create_agent(town, RIG, Role.POLECAT, at())
    town.rigs[RIG].is_leaving = True
    with pytest.raises(Conflict):
        get_or_create_agent(town, RIG, Role.REFINERY, at())


def test_the_mayor_is_asked_for_elsewhere() -> None:
    """The refusal says where."""
    with pytest.raises(Invalid, match="mayor/ensure") as error:
        registered(a_town(), Role.MAYOR)
    assert "role" == error.value.field
    with pytest.raises(Invalid, match="mayor/ensure"):
        get_or_create_agent(a_town(), RIG, Role.MAYOR, at())


def test_get_or_create_prefers_who_is_there() -> None:
    """An idle polecat before a new one; the one refinery whether idle or not."""
    town = with_container(a_town())
    busy, refinery = an_agent(town), an_agent(town, "refinery", Role.REFINERY)
    at_work(town, busy, a_bead(town))
    at_work(town, refinery, a_review(town, None))

    new = get_or_create_agent(town, RIG, Role.POLECAT, at())
    assert new.id not in (busy.id, refinery.id)
    assert new is get_or_create_agent(town, RIG, Role.POLECAT, at())
    assert refinery is get_or_create_agent(town, RIG, Role.REFINERY, at())


def test_a_reset_agent_is_idle_and_its_bead_starts_over() -> None:
    """The session is stopped, the counters are 0."""
    town = with_container(a_town())
    agent, bead = an_agent(town), a_bead(town, attempts=3)
    run = at_work(town, agent, bead)

    reset_agent(town, agent, "user-1", at(1))

    assert (AgentStatus.IDLE, None, RunEnd.CANCELLED) == (agent.status, agent.hook, run.ended)
    assert (BeadStatus.OPEN, 0) == (bead.status, bead.attempts)
    assert ["stop"] == [str(command.kind) for command in town.commands.values()]
    assert agent is reset_agent(town, agent, "user-1", at(2))


def test_a_reset_refinery_gives_its_review_back_to_the_queue() -> None:
    """With attempts 0."""
    town = with_container(a_town())
    agent, review = an_agent(town, "refinery", Role.REFINERY), a_review(town, None, attempts=2)
    at_work(town, agent, review)

    reset_agent(town, agent, "user-1", at(1))

    assert (ReviewPhase.QUEUED, 0, None) == (review.phase, review.attempts, review.assignee)
    check_town(town, [])


@pytest.mark.parametrize("role", [Role.POLECAT, Role.REFINERY])
def test_a_deleted_agent_stays_deleted_and_its_work_goes_on(role: Role) -> None:
    """Its session and a late heartbeat are told to stop; the start is given back."""
    town = with_container(a_town())
    agent = an_agent(town, role.value, role)
    held = a_bead(town) if role is Role.POLECAT else a_review(town, None)
    at_work(town, agent, held)

    delete_agent(town, agent, "user-1", at(1))

    assert ({}, None, 0) == (town.agents, held.assignee, held.attempts)
    assert ["stop"] == [str(command.kind) for command in town.commands.values()]
    assert is_over(town, Sighting(agent_id=agent.id, dispatch=1))
    check_town(town, [])
    with pytest.raises(NotFound):
        town.agent(agent.id)


def test_a_hooked_agent_is_deleted_without_ado() -> None:
    """Nothing ran, so nothing is stopped."""
    town = with_container(a_town())
    agent, bead = an_agent(town), a_bead(town)
    at_work(town, agent, bead)
    reset_agent(town, agent, "user-1", at())
    hook(town, agent, bead, at())
    town.commands.clear()

    delete_agent(town, agent, "user-1", at(1))

    assert [None, BeadStatus.OPEN, 0] == [bead.assignee, bead.status, len(town.commands)]


def test_counters_are_reset_without_touching_the_run() -> None:
    """The agent goes on."""
    town = with_container(a_town())
    agent, bead = an_agent(town), a_bead(town, attempts=3)
    at_work(town, agent, bead)

    reset_attempts(town, agent, "user-1", at())

    assert (0, AgentStatus.WORKING, agent.id) == (bead.attempts, agent.status, bead.assignee)
