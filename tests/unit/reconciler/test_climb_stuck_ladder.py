"""The rule `climb_stuck_ladder` (reconciler facts, 3.5)."""

from datetime import timedelta

import pytest

from gastown.domain.agent import Agent, AgentStatus
from gastown.domain.command import CommandKind
from gastown.domain.container import ContainerState
from gastown.domain.town import Town
from gastown.domain.triage import TriageType
from gastown.reconciler.apply_action import apply_action
from gastown.reconciler.rules.climb_stuck_ladder import climb_stuck_ladder
from gastown.reconciler.wake_ups import next_wake_up
from tests.support.builders import (
    NOW,
    a_bead,
    a_town,
    an_agent,
    beat,
    fresh,
    started,
    with_container,
    with_mayor,
)

MINUTE, HOUR = 60.0, 3600.0


def a_silent_agent() -> tuple[Town, Agent]:
    """An agent whose run was accepted at NOW."""
    town = with_container(a_town())
    agent = an_agent(town)
    started(town, agent, a_bead(town))
    return town, agent


def climb(town: Town, seconds: float) -> list[str]:
    """Take the steps that are due; which ones."""
    actions = list(climb_stuck_ladder(town, NOW + timedelta(seconds=seconds)))
    for action in actions:
        apply_action(town, action, fresh(seconds))
    return [action.step for action in actions]


@pytest.mark.parametrize(
    ("seconds", "step"),
    [
        (15 * MINUTE - 0.1, []),
        (15 * MINUTE, ["warn"]),
        (HOUR - 0.1, ["warn"]),
        (HOUR, ["escalate"]),
        (2 * HOUR, ["stop"]),
    ],
)
def test_the_highest_step_that_is_due_is_taken(seconds: float, step: list[str]) -> None:
    """To the tenth of a second; a town that looks late does not catch up step by step."""
    town, _ = a_silent_agent()

    assert climb(town, seconds) == step


def test_each_step_is_taken_once_a_silence() -> None:
    """One warning, one question to triage, one stop; the wake-ups name exactly these moments."""
    town, agent = a_silent_agent()
    steps, seconds = [], 0.0
    while (wake := next((at for at in ladder_moments(town, seconds)), None)) is not None:
        assert climb(town, wake - 0.1) == []
        steps += climb(town, wake)
        assert climb(town, wake) == []
        seconds = wake

    run = agent.open_run
    assert steps == ["warn", "escalate", "stop"]
    assert run is not None
    assert (run.warned_at, run.escalated_at, run.stalled_at) == (
        NOW + timedelta(minutes=15),
        NOW + timedelta(hours=1),
        NOW + timedelta(hours=2),
    )
    assert agent.status is AgentStatus.STALLED
    assert [nudge.source for nudge in town.nudges.values()] == ["reconciler:warn", "reconciler:escalate"]
    assert [(r.type, r.bead_id, r.agent_id) for r in town.triage.values()] == [
        (TriageType.STUCK_AGENT, "bead-1", agent.id)
    ]
    assert [command.kind for command in town.commands.values()] == [CommandKind.STOP]


def ladder_moments(town: Town, seconds: float) -> list[float]:
    """The next wake-up while the agent beats without activity, as seconds after NOW, up to the stop."""
    agent = next(iter(town.agents.values()))
    if agent.status is AgentStatus.STALLED:
        return []
    wakes: list[float] = []
    at = seconds
    while not wakes:
        beat(town, agent, at)
        wake = next_wake_up(town, NOW + timedelta(seconds=at))
        assert wake is not None
        at = (wake - NOW).total_seconds()
        wakes = [at for _ in climb_stuck_ladder(town, wake)]
    return wakes


def test_activity_begins_the_ladder_anew() -> None:
    """What the last pulse of this run says counts, and an earlier warning no longer does."""
    town, agent = a_silent_agent()
    climb(town, 15 * MINUTE)
    beat(town, agent, 20 * MINUTE, last_event_at=(NOW + timedelta(minutes=19)).isoformat())

    assert climb(town, 34 * MINUTE - 1) == []
    assert climb(town, 34 * MINUTE) == ["warn"]
    assert climb(town, 19 * MINUTE + HOUR) == ["escalate"]


def test_a_running_tool_is_no_idleness_before_an_hour() -> None:
    """A long build is not warned; after an hour triage looks all the same."""
    town, agent = a_silent_agent()
    beat(town, agent, 30 * MINUTE, active_tools=["bash"])

    assert climb(town, 30 * MINUTE) == []
    assert climb(town, HOUR) == ["escalate"]


@pytest.mark.parametrize("said", ["yesterday", 5, None, "", (NOW + timedelta(days=1)).isoformat()])
def test_a_clock_that_cannot_be_right_does_not_stop_the_ladder(said: object) -> None:
    """Nonsense says nothing, and an activity after its own pulse counts as of the pulse."""
    town, agent = a_silent_agent()
    beat(town, agent, 60, last_event_at=said)

    assert climb(town, 16 * MINUTE) == ["warn"]


def test_an_agent_that_says_where_it_is_is_not_silent() -> None:
    """A program without any output may still speak with `gt status`."""
    town, agent = a_silent_agent()
    agent.last_activity_at = NOW + timedelta(minutes=10)

    assert climb(town, 25 * MINUTE - 1) == []
    assert climb(town, 25 * MINUTE) == ["warn"]


def test_a_pulse_of_another_run_says_nothing() -> None:
    """The process of the run before may still report activity."""
    town, agent = a_silent_agent()
    agent.dispatch -= 1
    beat(town, agent, 10 * MINUTE, last_event_at=(NOW + timedelta(minutes=10)).isoformat())
    agent.dispatch += 1

    assert climb(town, 15 * MINUTE) == ["warn"]


def test_nobody_climbs_while_the_container_drains_or_is_suspected() -> None:
    """Then the silence may be the container's."""
    town, _ = a_silent_agent()
    town.container.suspected_at = NOW
    assert climb(town, 3 * HOUR) == []

    town.container.suspected_at, town.container.state = None, ContainerState.DRAINING
    assert climb(town, 3 * HOUR) == []


def test_the_mayor_and_agents_that_only_wait_are_left_alone() -> None:
    """The mayor waits for people; an agent that nobody accepted yet is another rule's."""
    town = with_container(a_town())
    with_mayor(town)
    an_agent(town)

    assert climb(town, 3 * HOUR) == []
