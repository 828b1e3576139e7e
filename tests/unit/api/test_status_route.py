"""T/status: trouble can be seen there, beside what is under way and what happened last."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from gastown.domain.agent import Agent, Role
from gastown.domain.asking import Question, open_triage_request
from gastown.domain.bead import Bead
from gastown.domain.conversing import ensure_mayor
from gastown.domain.ending import fail_bead
from gastown.domain.hooking import assign_bead, dispatch, hire
from gastown.domain.ids import Moment
from gastown.domain.patrolling import escalate_agent, stall_agent, warn_agent
from gastown.domain.slinging import Task, sling_bead
from gastown.domain.town import Town
from gastown.domain.triage import TriageType
from tests.support.people_door import PeopleDoor, T, people_door
from tests.support.stage import RIG


@pytest.fixture
def door() -> Iterator[PeopleDoor]:
    """A town with one rig and a ready container, behind the doors."""
    with people_door() as door:
        door.register()
        yield door


def put_to_work(town: Town, title: str, moment: Moment) -> tuple[Agent, Bead]:
    """A polecat at work on a bead of its own."""
    bead = sling_bead(town, RIG, Task(title=title), "user-1", moment)
    assign_bead(town, bead.id, moment)
    agent = next(agent for agent in town.agents.values() if agent.hook == bead.id)
    dispatch(town, agent.id, moment)
    return agent, bead


def test_trouble_is_counted_by_its_kind(door: PeopleDoor) -> None:
    """Who was warned, asked about and stopped; who waits for a start; questions; failures that nobody has seen."""

    def trouble(town: Town, moment: Moment) -> None:
        for title, steps in (("warned", 1), ("asked about", 2), ("stopped", 3)):
            agent, _ = put_to_work(town, title, moment)
            for step in (warn_agent, escalate_agent, stall_agent)[:steps]:
                step(town, agent, "silent", moment)
        waiting = sling_bead(town, RIG, Task(title="waits"), "user-1", moment)
        assign_bead(town, waiting.id, moment)
        lost = sling_bead(town, RIG, Task(title="failed"), "user-1", moment)
        fail_bead(town, lost, "exhausted", "no", moment)
        open_triage_request(
            town, hire(town, RIG, Role.POLECAT, moment), Question(type=TriageType.CRASH_LOOP, title="?"), moment
        )
        ensure_mayor(town, moment)

    door.change(trouble)
    door.clock.present += timedelta(minutes=6)
    shown = door.ask("GET", f"{T}/status").data

    assert {"guppWarnings": 3, "guppEscalations": 2, "stalledAgents": 1, "orphanedHooks": 1} == shown["patrol"]
    assert {"working": 2, "waiting": 0, "idle": 3, "stalled": 1, "total": 6} == shown["agents"]
    assert (1, 3, 1, 3) == tuple(shown["beads"][name] for name in ("failed", "triageRequests", "open", "inProgress"))
    assert "idle" == shown["mayor"]["status"]


def test_what_happened_last_stands_there_newest_first(door: PeopleDoor) -> None:
    """In few words, at most twenty lines."""
    bead_id = door.change(lambda town, moment: sling_bead(town, RIG, Task(title="Task"), "user-1", moment)).id
    door.tick()
    recent = door.ask("GET", f"{T}/status").data["recentEvents"]

    assert ("status_changed", "open -> in_progress", bead_id) == tuple(
        recent[0][name] for name in ("type", "message", "bead_id")
    )
    assert "created" == recent[-1]["type"]


def test_a_container_that_leaves_or_is_in_trouble_says_so(door: PeopleDoor) -> None:
    """Draining, suspected, how often none came up, and why."""
    assert door.ask("GET", f"{T}/status").data["draining"] is False

    def suspect(town: Town, moment: Moment) -> None:
        town.container.suspected_at, town.container.failures, town.container.last_error = moment.now, 2, "capacity"

    door.change(suspect)
    shown = door.ask("GET", f"{T}/status").data["container"]
    assert (True, 2, "capacity") == (shown["suspectedAt"] is not None, shown["failures"], shown["lastError"])
