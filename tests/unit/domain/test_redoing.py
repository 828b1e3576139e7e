"""Reset, reassign and retry: work that a person has done again."""

from datetime import timedelta

import pytest

from gastown.domain.agent import Agent, AgentStatus, Role, RunEnd
from gastown.domain.bead import HELD, Bead, BeadStatus
from gastown.domain.command import CommandKind
from gastown.domain.convoy import Convoy
from gastown.domain.ending import end_bead, fail_bead
from gastown.domain.errors import Conflict, NotFound
from gastown.domain.ids import BeadId
from gastown.domain.redoing import Failed, reassign_bead, reset_bead, retry_bead
from gastown.domain.review import ReviewPhase
from gastown.domain.town import Town
from gastown.reconciler.rules.dispatch_hooked_agents import dispatch_hooked_agents
from gastown.reconciler.wake_ups import next_wake_up
from tests.support.builders import NOW, a_bead, a_convoy, a_review, a_town, an_agent, at, at_work, with_container


def test_a_reset_cancels_the_run_and_forgets_the_counters() -> None:
    """The session is told to stop; the next start waits 15 s."""
    town = with_container(a_town())
    bead, agent = a_bead(town, attempts=4, total_attempts=9, rejections=2), an_agent(town)
    run = at_work(town, agent, bead)
    agent.checkpoint = {"step": 3}

    reset_bead(town, bead, "user-1", at(1))

    assert (RunEnd.CANCELLED, AgentStatus.IDLE, None) == (run.ended, agent.status, agent.hook)
    assert (0, 0, 0) == (bead.attempts, bead.total_attempts, bead.rejections)
    assert (BeadStatus.OPEN, {"step": 3}) == (bead.status, bead.checkpoint)
    assert at(1).now + timedelta(seconds=15) == bead.not_before
    assert [CommandKind.STOP] == [command.kind for command in town.commands.values()]


def test_a_reset_of_a_bead_in_review_ends_its_review_with_all_fixes() -> None:
    """Nothing of it goes on behind the new start."""
    town = a_town()
    bead = a_bead(town, status=BeadStatus.IN_REVIEW)
    review = a_review(town, bead, phase=ReviewPhase.FIXING)
    fix = a_bead(town, "fix", labels=["gt:rework"], parent_id=review.id)

    reset_bead(town, bead, "user-1", at())

    assert ({}, BeadStatus.OPEN, BeadStatus.CLOSED) == (town.reviews, bead.status, fix.status)
    assert "abandoned" == review.failure


def two_polecats() -> tuple[Town, Bead, Agent, Agent]:
    """A town with one polecat at work on a bead, and an idle one."""
    town = with_container(a_town())
    bead, busy, idle = a_bead(town), an_agent(town), an_agent(town, "Maple")
    at_work(town, busy, bead)
    return town, bead, busy, idle


def test_a_bead_moves_from_one_polecat_to_another_in_one_move() -> None:
    """The cancelled start is given back, both sides agree, and the next start waits 15 s."""
    town, bead, busy, idle = two_polecats()

    reassign_bead(town, bead, idle.id, at(5))

    assert (idle.id, BeadStatus.OPEN, 0) == (bead.assignee, bead.status, bead.attempts)
    assert (bead.id, None, AgentStatus.IDLE) == (idle.hook, busy.hook, busy.status)
    assert [] == list(dispatch_hooked_agents(town, at(19.9).now))
    assert at(20).now == next_wake_up(town, at(6).now)
    assert [idle.id] == [action.agent_id for action in dispatch_hooked_agents(town, at(20).now)]


def test_giving_a_bead_to_the_agent_that_has_it_changes_nothing() -> None:
    """Saying it twice is fine."""
    town, bead, busy, _ = two_polecats()

    assert bead is reassign_bead(town, bead, busy.id, at())
    assert BeadStatus.IN_PROGRESS == bead.status


@pytest.mark.parametrize("wrong", ["unknown", "refinery", "busy", "held", "blocked", "review", "used up", "full"])
def test_what_cannot_be_reassigned_stays_where_it_is(wrong: str) -> None:
    """The agent is idle and a polecat, the bead is ready, a place is free."""
    town, bead, busy, idle = two_polecats()
    target, free = idle, a_bead(town, "free")
    match wrong:
        case "refinery":
            target = an_agent(town, "refinery", Role.REFINERY)
        case "busy":
            target, bead = busy, free
        case "held":
            bead.labels.append(HELD)
        case "blocked":
            bead.blockers.append(free.id)
        case "review":
            bead = a_bead(town, "reviewed", status=BeadStatus.IN_REVIEW)
        case "used up":
            bead.total_attempts = 20
        case "full":
            town.config.max_polecats_per_rig, bead = 1, free
    before = (bead.assignee, bead.status)

    with pytest.raises(NotFound if wrong == "unknown" else Conflict):
        reassign_bead(town, bead, "nobody" if wrong == "unknown" else target.id, at())
    assert before == (bead.assignee, bead.status)


def a_failure() -> tuple[Town, Convoy, Bead, Bead]:
    """A convoy whose first bead has failed while another one waits for it."""
    town = a_town()
    first = a_bead(town, "first", metadata={"mine": 1}, accepted_sha="sha")
    second = a_bead(town, "second", blockers=[first.id])
    convoy = a_convoy(town, first, second)
    fail_bead(town, first, "exhausted", "no luck", at())
    return town, convoy, first, second


def test_a_new_bead_takes_the_place_of_a_failed_one() -> None:
    """In convoy and blockers; the failed one stays failed, and nobody has to look at it any more."""
    town, convoy, failed, second = a_failure()
    [escalation] = town.escalations.values()

    new = retry_bead(town, Failed(bead=failed, body="Do it"), "user-1", at(9))

    assert ([new.id, second.id], [new.id]) == (convoy.beads, second.blockers)
    assert (BeadStatus.OPEN, "sha", {"mine": 1, "retry_of": "first"}) == (new.status, new.accepted_sha, new.metadata)
    assert ("Do it", convoy.id, 0) == (town.texts[new.id], new.convoy_id, new.attempts)
    assert ({}, "user-1") == (town.escalations, escalation.acknowledged_by)
    kept = town.finals[failed.id]
    assert isinstance(kept, Bead)
    assert (BeadStatus.FAILED, "exhausted", new.id) == (kept.status, kept.outcome, kept.replaced_by)
    assert town.is_ready(new)
    assert not town.is_ready(second)


@pytest.mark.parametrize("wrong", ["closed", "replaced", "fix", "landing", "leaving", "cycle"])
def test_what_cannot_be_retried_is_a_conflict(wrong: str) -> None:
    """Not twice, not while a landing is under way, not in a rig that leaves."""
    town, convoy, failed, second = a_failure()
    match wrong:
        case "closed":
            failed.status = BeadStatus.CLOSED
        case "replaced":
            failed.replaced_by = BeadId("other")
        case "fix":
            failed.labels.append("gt:rework")
        case "landing":
            a_review(town, None, convoy_id=convoy.id)
        case "leaving":
            town.rigs[failed.rig_id].is_leaving = True
        case "cycle":
            failed.blockers.append(second.id)
    beads = dict(town.beads)

    with pytest.raises(Conflict):
        retry_bead(town, Failed(bead=failed), "user-1", at())
    assert beads == town.beads


def test_a_retry_after_its_convoy_is_a_bead_of_its_own() -> None:
    """There is nothing left that it could land with."""
    town = a_town()
    bead = a_bead(town, convoy_id=BeadId("gone"))
    end_bead(town, bead, BeadStatus.FAILED, "person", at())

    assert retry_bead(town, Failed(bead=bead), "user-1", at()).convoy_id is None
    assert bead.closed_at == NOW
