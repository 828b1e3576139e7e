"""A container registers once, beats for its generation, and hears what to do; older generations change nothing."""

from datetime import timedelta

import pytest

from gastown.domain.bead import BeadStatus
from gastown.domain.container import ContainerState
from gastown.domain.ending import end_bead
from gastown.domain.errors import Conflict, Forbidden, StaleDispatch, Unauthorized
from gastown.domain.housing import accept_task, claim_container, drain_container, leave
from gastown.domain.patrolling import stall_agent
from gastown.domain.town import Town
from gastown.usecases import containers, tokens
from gastown.usecases.containers import Ack, Registration, Sighting
from tests.support.agent_world import (
    NOW,
    SECRETS,
    TOWN_ID,
    AgentWorld,
    Desk,
    a_desk,
    a_moment,
    a_town,
    an_agent_world,
    container_claims,
)


def a_starting_desk() -> Desk:
    """A town whose container of generation 1 has not registered yet."""
    town = Town(id=TOWN_ID, name="Testville", owner_user_id="user-1", created_at=NOW)
    claim_container(town, a_moment())
    accept_task(town, 1, "arn:task/1", a_moment())
    return a_desk(town)


def asking(*, generation: int = 1, code: str | None = None, instance_id: str = "i-1") -> Registration:
    """A registration with the right code unless another one is given."""
    right = tokens.boot_code(SECRETS[0], TOWN_ID, generation)
    return Registration(town_id=TOWN_ID, generation=generation, code=code or right, instance_id=instance_id)


def seen(world: AgentWorld, dispatch: int | None = None) -> Sighting:
    """The polecat, as a heartbeat speaks of it."""
    number = world.polecat.dispatch if dispatch is None else dispatch
    return Sighting(agent_id=world.polecat.id, dispatch=number, activity={"last_event_type": "tool"})


def test_registering_makes_the_container_ready() -> None:
    """The boot code buys a token for this generation."""
    desk = a_starting_desk()

    token = containers.register_container(desk.work, SECRETS, asking())

    claims = tokens.verify(token, SECRETS, now=NOW)
    assert isinstance(claims, tokens.ContainerClaims)
    assert (claims.town_id, claims.generation) == (TOWN_ID, 1)
    assert ContainerState.READY is desk.town().container.state
    assert desk.around.wakes == ["container_registered"]


def test_a_wrong_boot_code_changes_nothing() -> None:
    """Whoever does not know the code learns nothing and gets nothing."""
    desk = a_starting_desk()

    with pytest.raises(Unauthorized):
        containers.register_container(desk.work, SECRETS, asking(code="0" * 64))

    assert ContainerState.STARTING is desk.town().container.state
    assert desk.store.calls["commit"] == 1


def test_registering_again_as_the_same_instance_is_fine() -> None:
    """The answer of the first registration may have been lost."""
    desk = a_starting_desk()
    containers.register_container(desk.work, SECRETS, asking())

    assert containers.register_container(desk.work, SECRETS, asking())


def test_a_second_instance_is_refused() -> None:
    """The code is of single use: one generation has one container."""
    desk = a_starting_desk()
    containers.register_container(desk.work, SECRETS, asking())

    with pytest.raises(Conflict):
        containers.register_container(desk.work, SECRETS, asking(instance_id="i-2"))


def test_an_older_generation_cannot_register() -> None:
    """A task that starts late finds that it is superseded."""
    town = a_town()
    leave(town, a_moment(), reason="gone", failed=True)
    claim_container(town, a_moment())
    desk = a_desk(town)

    with pytest.raises(Conflict):
        containers.register_container(desk.work, SECRETS, asking(generation=1))


def test_a_beat_is_stored_with_the_servers_time_and_brings_commands() -> None:
    """One conditional update and one Query; no commit."""
    world = an_agent_world()
    desk = a_desk(world.town)
    commits = desk.store.calls["commit"]
    desk.around.time = NOW + timedelta(seconds=30)

    answer = containers.beat(desk.work, world.container_claims, 1, [seen(world)])

    assert [command["kind"] for command in answer["commands"]] == ["start"]
    assert (answer["drain"], answer["superseded"], answer["stop"]) == (False, False, [])
    assert desk.town().pulse_of(desk.town().agent(world.polecat.id)) == NOW + timedelta(seconds=30)
    assert commits == desk.store.calls["commit"]


@pytest.mark.parametrize(("reported", "stopped"), [(0, [0]), (1, []), (2, [])])
def test_only_older_runs_are_told_to_stop(reported: int, stopped: list[int]) -> None:
    """A run newer than this eventual read knows is left alone."""
    world = an_agent_world()
    desk = a_desk(world.town)

    answer = containers.beat(desk.work, world.container_claims, 1, [seen(world, reported)])

    assert [{"agent_id": world.polecat.id, "dispatch": number} for number in stopped] == answer["stop"]


def test_a_run_that_has_ended_is_told_to_stop() -> None:
    """The heartbeat's answer makes sure of what a stop command made quick."""
    world = an_agent_world()
    end_bead(world.town, world.bead, BeadStatus.CLOSED, "person", a_moment())

    answer = containers.beat(a_desk(world.town).work, world.container_claims, 1, [seen(world)])

    assert [{"agent_id": world.polecat.id, "dispatch": 1}] == answer["stop"]


def test_a_stalled_run_is_told_to_stop_again() -> None:
    """Until its container obeys, in case the command was lost."""
    world = an_agent_world()
    stall_agent(world.town, world.polecat, "silent", a_moment())
    desk = a_desk(world.town)

    answer = containers.beat(
        desk.work, world.container_claims, 1, [Sighting(agent_id=world.polecat.id, dispatch=world.polecat.dispatch)]
    )

    assert [stop["agent_id"] for stop in answer["stop"]] == [world.polecat.id]


def test_an_unknown_agent_is_told_to_stop() -> None:
    """A container may not keep somebody whom the town has forgotten."""
    desk = a_desk(a_town())

    answer = containers.beat(desk.work, container_claims(1), 1, [Sighting(agent_id="nobody", dispatch=1)])

    assert answer["stop"] == [{"agent_id": "nobody", "dispatch": 1}]


def test_a_superseded_container_is_told_to_leave() -> None:
    """It gets no commands and its beat leaves no trace."""
    town = a_town()
    leave(town, a_moment(), reason="gone", failed=True)
    claim_container(town, a_moment())
    desk = a_desk(town)

    answer = containers.beat(desk.work, container_claims(1), 1, [])

    assert answer == {"drain": False, "superseded": True, "stop": [], "commands": []}
    assert desk.town().pulses == {}


def test_a_container_of_a_town_that_is_gone_is_told_to_leave() -> None:
    """Nothing is left that it could work for."""
    desk = a_desk(a_town())
    desk.store.drop_table(TOWN_ID)

    assert containers.beat(desk.work, container_claims(1), 1, [])["superseded"]


def test_a_beat_for_another_generation_than_the_tokens_is_refused() -> None:
    """Nobody beats for a neighbour."""
    with pytest.raises(Forbidden):
        containers.beat(a_desk(a_town()).work, container_claims(1), 2, [])


def test_a_draining_town_says_so_in_its_answer() -> None:
    """The drain reaches a container even if its command is lost."""
    town = a_town()
    drain_container(town, a_moment())

    answer = containers.beat(a_desk(town).work, container_claims(1), 1, [])

    assert (answer["drain"], [command["kind"] for command in answer["commands"]]) == (True, ["drain"])


def test_an_acknowledgement_is_delivered_once() -> None:
    """Saying it twice leaves one event."""
    world = an_agent_world()
    desk = a_desk(world.town)
    ack = Ack(outcome="refused", cause="capacity", error="full")

    delivered = [containers.acknowledge(desk.work, world.container_claims, "c-1", ack) for _ in range(2)]

    assert delivered == [True, False]
    data = {"command_id": "c-1", "outcome": "refused", "cause": "capacity", "error": "full", "at": None}
    assert [("command_acked", data)] == desk.inbox()


def test_reports_of_an_older_generation_change_nothing() -> None:
    """Whatever a superseded container writes is refused."""
    desk = a_desk(a_town())

    with pytest.raises(StaleDispatch, match="stale dispatch"):
        containers.acknowledge(desk.work, container_claims(0), "c-1", Ack(outcome="accepted"))
    with pytest.raises(StaleDispatch):
        containers.report_merge(desk.work, container_claims(0), "c-1", {"review_id": "r", "attempt": 1})

    assert desk.inbox() == []


def test_a_merge_report_keeps_the_end_of_a_red_gate() -> None:
    """What an agent needs to fix a gate stands at the end of its output."""
    desk = a_desk(a_town())
    red = {"command": "make test", "exit_code": 2, "seconds": 3.5, "output": "x" * 20_000 + "the reason"}
    green = {"command": "make lint", "exit_code": 0, "seconds": 1.0, "output": "y" * 20_000}
    outcome = {"review_id": "r", "attempt": 1, "status": "gate_failed", "gates": [red, green], "message": "red"}

    containers.report_merge(desk.work, container_claims(1), "c-1", outcome)

    [(kind, data)] = desk.inbox()
    gates = data["gates"]
    assert isinstance(gates, list)
    assert (kind, data["command_id"], data["message"]) == ("merge_reported", "c-1", "red")
    assert gates[0]["output"].endswith("the reason")
    assert [len(gate["output"]) for gate in gates] == [containers.RED_OUTPUT, containers.GREEN_OUTPUT]


def test_a_setup_report_is_delivered() -> None:
    """A repository that cannot be cloned becomes a town event."""
    desk = a_desk(a_town())

    containers.report_setup(desk.work, container_claims(1), "c-1", {"status": "failed", "message": "no access"})

    assert desk.inbox() == [("setup_reported", {"status": "failed", "message": "no access", "command_id": "c-1"})]


def test_a_token_is_renewed_for_the_current_generation_only() -> None:
    """A leaked token of an older generation cannot live for ever."""
    desk = a_desk(a_town())

    assert tokens.verify(containers.renew_token(desk.work, SECRETS, container_claims(1)), SECRETS, now=NOW)
    with pytest.raises(StaleDispatch):
        containers.renew_token(desk.work, SECRETS, container_claims(2))
