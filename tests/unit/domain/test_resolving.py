"""What each answer to a triage request does (reconciler facts, 3.10)."""

from datetime import timedelta

import pytest

from gastown.domain.agent import Agent, Role, RunEnd
from gastown.domain.asking import Question, open_triage_request
from gastown.domain.bead import Bead, BeadStatus
from gastown.domain.command import CommandKind
from gastown.domain.ending import lose_run
from gastown.domain.errors import Invalid, NotFound
from gastown.domain.escalating import Plea, route_escalation
from gastown.domain.nudge import NudgeMode, NudgePriority
from gastown.domain.resolving import Answer, resolve_triage
from gastown.domain.review import ReviewPhase
from gastown.domain.town import Town
from gastown.domain.triage import TriageAction, TriageRequest, TriageType
from tests.support.builders import (
    NOW,
    a_bead,
    a_review,
    a_town,
    an_agent,
    beat,
    fresh,
    settle,
    started,
    with_container,
    with_mayor,
)

A = TriageAction


def stuck() -> tuple[Town, Agent, Bead, TriageRequest]:
    """An agent at work on a bead, and an open request about it."""
    town = with_container(a_town())
    agent, bead = an_agent(town), a_bead(town)
    started(town, agent, bead)
    request = open_triage_request(town, agent, Question(type=TriageType.STUCK_AGENT, title="Stuck"), fresh())
    assert request is not None
    return town, agent, bead, request


def answer(town: Town, request: TriageRequest, action: TriageAction, notes: str = "") -> None:
    """Answer a minute after NOW."""
    resolve_triage(town, request.id, Answer(action=action, by="agent x", notes=notes), fresh(60))


@pytest.mark.parametrize("action", list(TriageAction))
def test_every_answer_closes_the_request(action: TriageAction) -> None:
    """It stays readable with what was decided, by whom and why; a second answer finds nothing."""
    town, _, _, request = stuck()

    answer(town, request, action, "because")

    assert (request.resolution, request.notes, request.resolved_by, request.closed_at) == (
        action, "because", "agent x", NOW + timedelta(minutes=1),
    )  # fmt: skip
    assert town.finals[request.id] is request
    with pytest.raises(NotFound):
        answer(town, request, action)


@pytest.mark.parametrize(("action", "waits"), [(A.RESTART, 30), (A.RESTART_WITH_BACKOFF, 600)])
def test_a_restart_ends_the_run_and_its_bead_waits(action: TriageAction, waits: float) -> None:
    """The process is told to stop and the attempt counts."""
    town, agent, bead, request = stuck()

    answer(town, request, action)

    assert agent.run is not None
    assert (agent.run.ended, bead.status, bead.attempts) == (RunEnd.LOST, BeadStatus.OPEN, 1)
    assert bead.not_before == NOW + timedelta(seconds=60 + waits)
    assert [command.kind for command in town.commands.values()] == [CommandKind.STOP]


def test_restarts_end_when_the_attempts_are_used_up() -> None:
    """The bead fails like after any lost run."""
    town, _, bead, request = stuck()
    bead.attempts = 5

    answer(town, request, A.RESTART)

    assert (bead.status, bead.outcome, len(town.escalations)) == (BeadStatus.FAILED, "exhausted", 1)


def test_reassigned_work_goes_to_another_polecat() -> None:
    """One that is free, or a new one; it starts when the backoff is over."""
    town, agent, bead, request = stuck()

    answer(town, request, A.REASSIGN_BEAD)

    assert bead.assignee not in (None, agent.id)
    assert agent.hook is None
    beat(town, agent, 95)
    settle(town, 95)
    assert bead.status is BeadStatus.IN_PROGRESS


def test_a_bead_that_triage_closes_fails_with_its_words() -> None:
    """And one escalation, since others may wait for it."""
    town, agent, bead, request = stuck()

    answer(town, request, A.CLOSE_BEAD, "it cannot be done")

    assert (bead.status, bead.outcome, agent.hook) == (BeadStatus.FAILED, "triage_close", None)
    assert "it cannot be done" in (bead.failure or "")
    assert [escalation.cause for escalation in town.escalations.values()] == [f"bead_failed:{bead.id}"]


@pytest.mark.parametrize(
    ("action", "mode", "priority"),
    [
        (A.NUDGE, NudgeMode.IMMEDIATE, NudgePriority.URGENT),
        (A.PROVIDE_GUIDANCE, NudgeMode.WAIT_IDLE, NudgePriority.NORMAL),
    ],
)
def test_words_reach_the_agent(action: TriageAction, mode: NudgeMode, priority: NudgePriority) -> None:
    """The notes, or a default."""
    town, agent, _, request = stuck()

    answer(town, request, action, "Try the other door")

    [nudge] = town.nudges.values()
    assert (nudge.agent_id, nudge.message, nudge.mode, nudge.priority, nudge.source) == (
        agent.id, "Try the other door", mode, priority, "triage",
    )  # fmt: skip


@pytest.mark.parametrize("action", [A.RESTART, A.REASSIGN_BEAD, A.NUDGE])
def test_an_agent_that_has_moved_on_is_left_alone(action: TriageAction) -> None:
    """The request speaks of the bead that it was on."""
    town, agent, _, request = stuck()
    lose_run(town, agent, RunEnd.LOST, fresh(1), reason="gone")
    run = started(town, agent, a_bead(town, "bead-2"), 2)

    answer(town, request, action)

    assert (run.is_open, town.nudges, town.commands) == (True, {}, {})


def test_the_mayor_is_told_or_else_a_person() -> None:
    """Without a mayor there is an escalation; `ESCALATE` always is one."""
    town, _, _, request = stuck()
    answer(town, request, A.ESCALATE_TO_MAYOR)
    assert [escalation.cause for escalation in town.escalations.values()] == [f"triage:{request.id}"]

    town, _, _, request = stuck()
    with_mayor(town)
    answer(town, request, A.ESCALATE_TO_MAYOR)
    assert (town.escalations, len(town.nudges)) == ({}, 1)

    town, _, _, request = stuck()
    with_mayor(town)
    answer(town, request, A.ESCALATE)
    assert len(town.escalations) == 1


def test_an_escalation_that_is_taken_further_stays_open() -> None:
    """A person has not seen it yet; every other answer acknowledges it."""
    town, agent, _, _ = stuck()
    raised = route_escalation(town, agent, Plea(title="Help", text="Help"), fresh())
    request = next(one for one in town.triage.values() if one.escalation_id == raised.id)

    answer(town, request, A.ESCALATE)

    assert list(town.escalations) == [raised.id]


def test_a_refinery_is_restarted_by_its_review() -> None:
    """A review has no bead of its own to close or give away."""
    town = with_container(a_town())
    agent, review = an_agent(town, "refinery", Role.REFINERY), a_review(town, None)
    started(town, agent, review)
    request = open_triage_request(town, agent, Question(type=TriageType.STUCK_AGENT, title="Stuck"), fresh())
    assert request is not None

    answer(town, request, A.RESTART)

    assert (review.phase, review.attempts, agent.hook) == (ReviewPhase.QUEUED, 1, None)


def test_notes_have_a_bound() -> None:
    """And a refused answer changes nothing."""
    town, _, _, request = stuck()

    with pytest.raises(Invalid) as refusal:
        answer(town, request, A.DISCARD, "x" * 2001)

    assert (refusal.value.field, list(town.triage)) == ("resolution_notes", [request.id])
