"""`explain`: what something waits for, and what moves it next, by the word of the rules themselves."""

from datetime import timedelta

import pytest

from gastown.domain.bead import HELD, BeadStatus, Stub
from gastown.domain.convoy import ConvoyState
from gastown.domain.errors import NotFound
from gastown.domain.ids import BeadId
from gastown.domain.review import ReviewPhase
from gastown.reconciler.decide import decide
from gastown.reconciler.explain import explain
from tests.support.builders import (
    NOW,
    a_bead,
    a_convoy,
    a_review,
    a_town,
    an_agent,
    at_work,
    beat,
    with_container,
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


def test_what_has_ended_is_not_explained() -> None:
    """Its history is read instead."""
    with pytest.raises(NotFound):
        explain(a_town(), "nobody", NOW)


def test_what_the_breaker_holds_says_so() -> None:
    """With the moment at which it closes, and what comes then."""
    town = a_town()
    town.failed_starts = [NOW] * 20
    bead = a_bead(town)

    told = explain(town, bead.id, NOW)

    assert [("breaker", NOW + timedelta(minutes=30))] == [(one.what, one.until) for one in told.waits_for]
    assert told.next_step is not None
    assert ("assign_ready_beads", NOW + timedelta(minutes=30)) == (told.next_step.rule, told.next_step.at)
