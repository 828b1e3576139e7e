"""`explain`: what something waits for, and what moves it next, by the word of the rules themselves."""

from datetime import timedelta

import pytest

from gastown.domain.agent import AgentStatus
from gastown.domain.asking import Question, open_triage_request
from gastown.domain.bead import HELD, BeadStatus, Stub
from gastown.domain.conversing import address_mayor, appoint_mayor, ensure_mayor
from gastown.domain.convoy import ConvoyState
from gastown.domain.ending import fail_bead, merge_review
from gastown.domain.errors import NotFound
from gastown.domain.escalation import Severity
from gastown.domain.event import EventKind, TownEvent
from gastown.domain.ids import BeadId
from gastown.domain.nudge import NudgeMode
from gastown.domain.nudging import push, queue_nudge
from gastown.domain.patrolling import open_batch
from gastown.domain.pull import MergeStrategy
from gastown.domain.redoing import Failed, retry_bead
from gastown.domain.review import Receipt, ReviewPhase
from gastown.domain.stepping import StepOrder, create_molecule
from gastown.domain.town import Town
from gastown.domain.triage import TriageType
from gastown.domain.warning import raise_escalation
from gastown.reconciler.decide import decide
from gastown.reconciler.explain import explain, explain_ended
from tests.support.builders import (
    NOW,
    RIG,
    a_bead,
    a_convoy,
    a_review,
    a_town,
    an_agent,
    at,
    at_work,
    beat,
    fresh,
    started,
    with_container,
    with_mayor,
)


def test_a_ready_bead_waits_for_nothing_and_the_next_rule_is_named() -> None:
    """It is the rule that the next tick runs."""
    town = a_town()
    bead = a_bead(town)

    told = explain(town, bead.id, NOW)

    assert ("open", [], "assign_ready_beads", NOW) == (
        told.state,
        told.waits_for,
        told.next_step and told.next_step.rule,
        told.next_step and told.next_step.at,
    )
    assert told.next_step is not None
    assert told.next_step.action in {type(action).__name__ for action in decide(town, NOW)}


def test_a_backoff_is_told_with_its_end_and_what_comes_then() -> None:
    """The rules are tried at that moment, and not before."""
    town = a_town()
    end = NOW + timedelta(seconds=30)
    bead = a_bead(town, not_before=end)

    told = explain(town, bead.id, NOW)

    assert [("backoff", end)] == [(one.what, one.until) for one in told.waits_for]
    assert told.next_step is not None
    assert ("assign_ready_beads", end) == (told.next_step.rule, told.next_step.at)


def test_a_blocked_bead_names_its_blockers_and_no_rule() -> None:
    """Nothing moves it by time alone."""
    town = a_town()
    first = a_bead(town, "first", status=BeadStatus.IN_PROGRESS)
    town.stubs[BeadId("gone")] = Stub(id=BeadId("gone"), title="Gone", status=BeadStatus.FAILED)
    bead = a_bead(town, "second", blockers=[first.id, BeadId("gone")])

    told = explain(town, bead.id, NOW)

    assert [("blocker", "first"), ("blocker", "gone")] == [(one.what, one.id) for one in told.waits_for]
    assert told.next_step is None


def test_what_waits_for_a_person_says_so() -> None:
    """A held bead, and one of a staged convoy."""
    town = a_town()
    held = a_bead(town, "held", labels=[HELD])
    staged = a_bead(town, "staged")
    a_convoy(town, staged, state=ConvoyState.STAGED)

    assert ["person"] == [one.what for one in explain(town, held.id, NOW).waits_for]
    assert "start" in explain(town, held.id, NOW).people_can
    assert ["person"] == [one.what for one in explain(town, staged.id, NOW).waits_for]


def test_a_bead_at_work_is_explained_by_its_agent() -> None:
    """The rule that would end its run is named with the moment at which it would."""
    town = with_container(a_town())
    agent, bead = an_agent(town), a_bead(town)
    at_work(town, agent, bead)
    beat(town, agent, 30)

    told = explain(town, bead.id, NOW + timedelta(seconds=31))

    assert ("in_progress", "agent", agent.id) == (told.state, told.waits_for[0].what, told.waits_for[0].id)
    assert told.next_step is not None
    assert NOW + timedelta(seconds=120) == told.next_step.at


def test_a_hooked_agent_waits_for_the_container() -> None:
    """Why there is none is told too."""
    town = a_town()
    agent, bead = an_agent(town), a_bead(town)
    agent.hook, bead.assignee = bead.id, agent.id
    town.container.last_error = "capacity"

    [obstacle] = explain(town, agent.id, NOW).waits_for

    assert "container" == obstacle.what
    assert "capacity" in obstacle.detail


def test_a_review_waits_for_its_fix_or_its_refinery() -> None:
    """By phase."""
    town = a_town()
    bead = a_bead(town, status=BeadStatus.IN_REVIEW)
    review = a_review(town, bead, phase=ReviewPhase.FIXING)
    fix = a_bead(town, "fix", parent_id=review.id, labels=["gt:rework"])

    assert [fix.id] == [one.id for one in explain(town, review.id, NOW).waits_for]
    assert [review.id] == [one.id for one in explain(town, bead.id, NOW).waits_for]


def test_a_convoy_names_the_beads_that_are_not_done() -> None:
    """And lands by a rule when all are."""
    town = a_town()
    done, open_bead = a_bead(town, "done"), a_bead(town, "open")
    convoy = a_convoy(town, done, open_bead)
    del town.beads[done.id]
    town.stubs[done.id] = Stub(id=done.id, title="done", status=BeadStatus.CLOSED)

    assert [open_bead.id] == [one.id for one in explain(town, convoy.id, NOW).waits_for]


def test_what_never_was_is_not_explained() -> None:
    """What has ended is, by how it ended."""
    with pytest.raises(NotFound):
        explain(a_town(), "nobody", NOW)


def test_what_has_failed_says_why_and_that_it_may_be_retried() -> None:
    """No rule touches it any more; once it was replaced, it says by what."""
    town = a_town()
    bead = a_bead(town)
    fail_bead(town, bead, "exhausted", "5 starts without a result", at(7))

    told = explain_ended(town, bead)
    assert ("failed", NOW + timedelta(seconds=7), "exhausted; 5 starts without a result", None, []) == (
        told.state,
        told.since,
        told.ended_as,
        told.next_step,
        told.waits_for,
    )
    assert ["retry", "delete"] == told.people_can

    new = retry_bead(town, Failed(bead=bead), "person", fresh())
    again = explain_ended(town, town.finals[bead.id])
    assert new.id in str(again.ended_as)
    assert ["delete"] == again.people_can


def test_a_merged_review_names_what_was_merged() -> None:
    """By its receipt."""
    town = a_town()
    bead = a_bead(town, status=BeadStatus.IN_REVIEW)
    review = a_review(town, bead)
    receipt = Receipt(sha="s", commit_sha="c0ffee", tree=None, target_branch="main", approved_by=None, merged_at=NOW)
    merge_review(town, review, receipt, at())

    assert "merged as c0ffee" == explain_ended(town, review).ended_as


def test_the_mayor_waits_for_words_its_container_or_a_person() -> None:
    """The rule that starts it is named, although its action names nobody."""
    town = a_town()
    mayor = appoint_mayor(town, at())
    assert [("person", "nobody has anything to say to it")] == _waits(town, mayor.id)

    address_mayor(town, "Hello", fresh(), by="user-1")
    assert "container" == _waits(town, mayor.id)[0][0]
    with_container(town)
    told = explain(town, mayor.id, NOW)
    assert ([], "start_wanted_mayor") == (told.waits_for, told.next_step and told.next_step.rule)

    with_mayor(town)
    assert [("agent", "it is working in session 1, last heard at 12:00:00")] == _waits(town, mayor.id)
    mayor.status = AgentStatus.WAITING
    assert "person" == _waits(town, mayor.id)[0][0]


def test_a_mayor_that_never_came_up_says_what_to_do() -> None:
    """After five sessions a person has to speak."""
    town = a_town()
    mayor = ensure_mayor(town, at())
    mayor.attempts = 5

    assert [("person", "5 sessions came to nothing; say something to try again")] == _waits(town, mayor.id)


def test_words_say_how_far_they_are() -> None:
    """Their agent does not run, they are on their way, they were refused, or they have to be fetched."""
    town = with_container(a_town())
    agent, bead = an_agent(town), a_bead(town)
    nudge = queue_nudge(town, agent.id, "Hello", fresh())
    fetched = queue_nudge(town, agent.id, "Hello", fresh(), mode=NudgeMode.QUEUE)
    assert [("agent", "whom it is for does not run")] == _waits(town, nudge.id)

    run = started(town, agent, bead)
    assert [("agent", "its agent has not fetched it")] == _waits(town, fetched.id)
    told = explain(town, nudge.id, NOW)
    assert ([], "push_messages") == (told.waits_for, told.next_step and told.next_step.rule)
    push(town, agent.id, run.dispatch, [nudge], fresh())
    assert "container" == _waits(town, nudge.id)[0][0]

    later = queue_nudge(town, agent.id, "And", fresh())
    assert [("container", "words before it are on their way")] == _waits(town, later.id)
    town.commands.clear()
    town.container.suspected_at = NOW
    assert "container" == _waits(town, nudge.id)[0][0]
    town.container.suspected_at = None
    nudge.tries, nudge.not_before = 1, NOW + timedelta(seconds=30)
    assert [("backoff", "the last push was refused")] == _waits(town, nudge.id)
    nudge.tries = 5
    assert [("agent", "5 pushes were refused; its agent has to ask")] == _waits(town, nudge.id)


def test_a_watched_request_says_when_it_was_asked_about_or_will_be() -> None:
    """What was due a moment ago and is under way is no time to wait for."""
    town = a_town()
    bead = a_bead(town, status=BeadStatus.IN_REVIEW)
    review = a_review(town, bead, phase=ReviewPhase.WATCHING, strategy=MergeStrategy.PR)
    watch, due = review.watch, NOW + timedelta(seconds=60)
    watch.url, watch.next_at, watch.asks = "https://git.example/pull/1", due, 1
    [told] = explain(town, review.id, NOW).waits_for
    assert ("it is looked at again", due) == (told.detail, told.until)

    watch.asked_at, watch.held_by = due, ["check failed: lint"]
    held = explain(town, review.id, due + timedelta(seconds=1)).waits_for
    assert [("its provider was asked at 12:01:00", None), ("check failed: lint", None)] == [
        (one.detail, one.until) for one in held
    ]


def test_an_escalation_waits_for_a_person_and_says_when_it_is_raised_again() -> None:
    """To the second; a question behind it is named."""
    town = a_town()
    raised = raise_escalation(town, at(), cause="c", severity=Severity.LOW, title="Look", message="Look")
    question = Question(type=TriageType.ESCALATION, title="Look", escalation_id=raised.id)
    request = open_triage_request(town, an_agent(town), question, fresh())
    assert request is not None

    told = explain(town, raised.id, NOW)
    assert [("person", None), ("triage", request.id)] == [(one.what, one.id) for one in told.waits_for]
    assert told.next_step is not None
    assert ("raise_unanswered_escalations", NOW + timedelta(hours=4)) == (told.next_step.rule, told.next_step.at)


def test_a_question_waits_for_its_batch() -> None:
    """The batch is opened by a rule that names no request, and that counts as about each of them."""
    town = a_town()
    request = open_triage_request(town, an_agent(town), Question(type=TriageType.STUCK_AGENT, title="Stuck"), fresh())
    assert request is not None
    told = explain(town, request.id, NOW)
    assert ([], "open_triage_batch") == (told.waits_for, told.next_step and told.next_step.rule)

    town.triage_not_before = NOW + timedelta(seconds=30)
    assert [("backoff", "the last triage batch failed")] == _waits(town, request.id)
    batch = open_batch(town, RIG, fresh())
    assert [("triage", "'Triage: 1 open request' is open")] == _waits(town, request.id)
    assert batch.id == explain(town, request.id, NOW).waits_for[0].id
    town.beads.clear()
    town.config.auto_triage = False
    assert [("person", "triage by agents is switched off")] == _waits(town, request.id)


def test_steps_wait_for_the_agent_on_their_bead() -> None:
    """And say at which one it is."""
    town = a_town()
    bead = a_bead(town)
    molecule = create_molecule(town, bead, [StepOrder(title="Look", instructions="Look")], fresh())

    assert [("agent", "the agent on its bead is at 'Look'")] == _waits(town, molecule.id)


def test_the_next_look_is_the_towns_own() -> None:
    """At once if something has arrived; otherwise whatever comes first, by the rules or for an effect."""
    town = a_town()
    bead = a_bead(town, not_before=NOW + timedelta(seconds=30))
    assert NOW + timedelta(seconds=30) == explain(town, bead.id, NOW).next_look

    town.wake_at = NOW + timedelta(seconds=20)
    assert NOW + timedelta(seconds=20) == explain(town, bead.id, NOW).next_look
    town.inbox["INBOX#1"] = TownEvent(key="INBOX#1", kind=EventKind.TASK_STOPPED, at=NOW)
    assert NOW == explain(town, bead.id, NOW).next_look


def _waits(town: Town, subject_id: str) -> list[tuple[str, str]]:
    return [(one.what, one.detail) for one in explain(town, subject_id, NOW).waits_for]


def test_what_the_breaker_holds_says_so() -> None:
    """With the moment at which it closes, and what comes then."""
    town = a_town()
    town.failed_starts = [NOW] * 20
    bead = a_bead(town)

    told = explain(town, bead.id, NOW)

    assert [("breaker", NOW + timedelta(minutes=30))] == [(one.what, one.until) for one in told.waits_for]
    assert told.next_step is not None
    assert ("assign_ready_beads", NOW + timedelta(minutes=30)) == (told.next_step.rule, told.next_step.at)
