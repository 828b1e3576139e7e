"""What agents report, and what the town makes of it."""

import pytest

from gastown.domain.agent import AgentStatus, Role, RunEnd
from gastown.domain.bead import BeadStatus
from gastown.domain.ending import end_bead, lose_run
from gastown.domain.errors import Conflict, Forbidden, Invalid, StaleDispatch
from gastown.domain.limits import DISPATCH_BACKOFF, MAX_ATTEMPTS, MAX_REVIEW_ROUNDS
from gastown.domain.reporting import (
    Done,
    Exit,
    apply_completed,
    apply_done,
    refuse_start,
    request_changes,
)
from gastown.domain.review import ReviewPhase
from gastown.domain.town import Town
from tests.support.builders import NOW, a_bead, a_convoy, a_review, a_town, an_agent, at, at_work, with_container

WORK = Done(branch="gt/toast/1", head_sha="sha-9", summary="did it")


@pytest.fixture
def town() -> Town:
    """A town with a ready container, Toast at work on a bead."""
    town = with_container(a_town())
    at_work(town, an_agent(town), a_bead(town))
    return town


def under_review(town: Town) -> None:
    """The refinery at work on the review of a bead."""
    source = a_bead(town, "source", status=BeadStatus.IN_REVIEW)
    at_work(town, an_agent(town, "refinery", Role.REFINERY), a_review(town, source))


def test_done_opens_one_review_of_the_reported_sha_and_frees_the_agent(town: Town) -> None:
    """The bead waits in review; its agent may take other work at once."""
    apply_done(town, "toast", 1, WORK, at(1))

    (review,) = town.reviews.values()
    assert ("sha-9", "main", "bead-1") == (review.sha, review.target_branch, review.source_id)
    assert BeadStatus.IN_REVIEW is town.bead("bead-1").status
    assert (None, AgentStatus.IDLE) == (town.agent("toast").hook, town.agent("toast").status)


def test_done_said_twice_changes_nothing_more(town: Town) -> None:
    """An identical repetition is heard and ignored."""
    apply_done(town, "toast", 1, WORK, at(1))
    apply_done(town, "toast", 1, WORK, at(2))

    assert 1 == len(town.reviews)


def test_a_convoys_work_targets_its_feature_branch(town: Town) -> None:
    """In mode review-then-land nothing goes to the default branch before the landing."""
    convoy = a_convoy(town, town.bead("bead-1"))
    apply_done(town, "toast", 1, WORK, at(1))

    assert convoy.feature_branch == next(iter(town.reviews.values())).target_branch


def test_a_report_of_an_older_dispatch_is_stale(town: Town) -> None:
    """The number decides, not the name."""
    with pytest.raises(StaleDispatch):
        apply_done(town, "toast", 0, WORK, at(1))

    assert {} == town.reviews


def test_late_but_good_work_is_kept_while_nobody_else_has_the_bead(town: Town) -> None:
    """A run that was called lost may still have done its work."""
    lose_run(town, town.agent("toast"), RunEnd.LOST, at(90), reason="silent")
    apply_done(town, "toast", 1, WORK, at(91))

    assert 1 == len(town.reviews)
    assert BeadStatus.IN_REVIEW is town.bead("bead-1").status


def test_late_work_is_dropped_when_somebody_else_has_the_bead(town: Town) -> None:
    """Two agents' work on one bead would be reviewed twice."""
    lose_run(town, town.agent("toast"), RunEnd.LOST, at(90), reason="silent")
    at_work(town, an_agent(town, "Maple"), town.bead("bead-1"))
    apply_done(town, "toast", 1, WORK, at(91))

    assert {} == town.reviews


def test_a_refinerys_done_approves_exactly_the_sha_under_review(town: Town) -> None:
    """Approval is the platform's licence to merge, nothing has merged yet."""
    under_review(town)
    apply_done(town, "refinery", 1, Done(branch="b", head_sha="sha-1"), at(1))

    (review,) = town.reviews.values()
    assert (ReviewPhase.MERGING, "sha-1") == (review.phase, review.approved_sha)


def test_an_approval_of_another_sha_is_none(town: Town) -> None:
    """Only what was looked at may be merged."""
    under_review(town)
    apply_done(town, "refinery", 1, Done(branch="b", head_sha="other"), at(1))

    (review,) = town.reviews.values()
    assert (ReviewPhase.QUEUED, None) == (review.phase, review.approved_sha)


def test_a_refinery_that_lost_its_hook_never_merges(town: Town) -> None:
    """REQ-6.5: the review fails, the source is open again, one escalation is raised."""
    under_review(town)
    lose_run(town, town.agent("refinery"), RunEnd.LOST, at(90), reason="silent")
    for seconds in (91, 92):
        apply_done(town, "refinery", 1, Done(branch="b", head_sha="sha-1"), at(seconds))

    assert {} == town.reviews
    assert BeadStatus.OPEN is town.bead("source").status
    assert 1 == len(town.escalations)


def test_requested_changes_become_one_fix_bead_that_the_review_waits_for(town: Town) -> None:
    """The refinery is free at once; the approval is withdrawn."""
    under_review(town)
    fix_id = request_changes(town, "refinery", 1, "the door is missing", ["door.py"], at(1))

    (review,) = town.reviews.values()
    assert (ReviewPhase.FIXING, review.id) == (review.phase, town.bead(fix_id).parent_id)
    assert "the door is missing" == town.texts[town.bead(fix_id).id]
    with pytest.raises(Conflict):
        request_changes(town, "refinery", 1, "again", [], at(2))


def test_a_fix_gives_its_review_the_new_sha(town: Town) -> None:
    """The review goes on with the fixed work; the fix needs no review of its own."""
    under_review(town)
    fix = town.bead(request_changes(town, "refinery", 1, "mend it", [], at(1)))
    at_work(town, an_agent(town, "Maple"), fix)
    apply_done(town, "maple", 1, Done(branch="gt/maple/2", head_sha="sha-2"), at(2))

    (review,) = town.reviews.values()
    assert ("gt/maple/2", "sha-2") == (review.branch, review.sha)
    assert "accepted" == fix.outcome


def test_rounds_of_changes_are_bounded(town: Town) -> None:
    """After five rounds the review fails and takes its fix with it."""
    under_review(town)
    town.reviews["review-1"].rounds = MAX_REVIEW_ROUNDS  # type: ignore[index]
    request_changes(town, "refinery", 1, "once more", [], at(1))

    assert {} == town.reviews
    assert {"bead-1", "source"} == set(town.beads)


def test_only_a_refinery_with_words_requests_changes(town: Town) -> None:
    """A polecat may not, and empty feedback helps nobody."""
    under_review(town)
    with pytest.raises(Forbidden):
        request_changes(town, "toast", 1, "x", [], at(1))
    with pytest.raises(Invalid):
        request_changes(town, "refinery", 1, "  ", [], at(1))


def test_an_agent_that_ends_without_done_gives_its_bead_back(town: Town) -> None:
    """With a backoff, so that nobody spins."""
    apply_completed(town, "toast", 1, Exit(failed=True, reason="exit 1"), at(1))

    bead = town.bead("bead-1")
    assert (BeadStatus.OPEN, None) == (bead.status, bead.assignee)
    assert bead.not_before == at(1).now + DISPATCH_BACKOFF[1]


def test_the_fifth_start_without_result_fails_the_bead_with_one_escalation(town: Town) -> None:
    """Somebody has to look, once."""
    town.bead("bead-1").attempts = MAX_ATTEMPTS
    apply_completed(town, "toast", 1, Exit(failed=False), at(1))

    assert BeadStatus.FAILED is town.stubs["bead-1"].status  # type: ignore[index]
    assert 1 == len(town.escalations)


def test_what_a_lost_run_saved_goes_to_whoever_takes_the_bead_and_to_nobody_else(town: Town) -> None:
    """A checkpoint is for the work, not for the worker."""
    town.agent("toast").checkpoint = {"step": 3}
    lose_run(town, town.agent("toast"), RunEnd.LOST, at(90), reason="silent")
    assert town.agent("toast").checkpoint is None

    at_work(town, an_agent(town, "Maple"), town.bead("bead-1"))
    assert {"step": 3} == town.agent("maple").checkpoint


def test_an_evicted_agent_costs_its_bead_nothing(town: Town) -> None:
    """The container left, not the work: at once again, the attempt given back."""
    apply_completed(town, "toast", 1, Exit(failed=False, reason="container eviction"), at(1))

    bead = town.bead("bead-1")
    assert (0, None) == (bead.attempts, bead.not_before)


def test_infrastructure_refusals_cost_no_attempt_but_wait_longer_each_time(town: Town) -> None:
    """REQ-3.8: a Git host that is away does not burn the attempts; a person is told once."""
    bead, agent = town.bead("bead-1"), town.agent("toast")
    waits = []
    for turn in range(4):
        refuse_start(town, "toast", agent.dispatch, "infrastructure", "no route", at(turn))
        waits.append((bead.not_before or NOW) - at(turn).now)
        at_work(town, agent, bead)

    assert list(DISPATCH_BACKOFF[1:5]) == waits
    assert 1 == bead.attempts
    assert 1 == len(town.escalations)


def test_closed_and_failed_are_final(town: Town) -> None:
    """A second end changes neither outcome nor history (invariant 3)."""
    bead = town.bead("bead-1")
    end_bead(town, bead, BeadStatus.CLOSED, "person", at(1))
    notes = len(town.notes)
    end_bead(town, bead, BeadStatus.FAILED, "other", at(2))

    assert (BeadStatus.CLOSED, "person", notes) == (bead.status, bead.outcome, len(town.notes))


def test_closing_a_bead_at_work_stops_its_session(town: Town) -> None:
    """The stop command waits for the container although the start is taken back."""
    end_bead(town, town.bead("bead-1"), BeadStatus.CLOSED, "person", at(1))

    assert ["stop"] == [command.kind for command in town.commands.values()]
