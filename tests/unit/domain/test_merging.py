"""The platform's merge: each outcome, and why nothing lands that was not approved."""

from datetime import timedelta

import pytest

from gastown.domain.bead import BeadStatus
from gastown.domain.limits import MAX_MERGE_TRIES, MERGE_GIVE_UP, MERGE_RACE_BACKOFF
from gastown.domain.merge_status import MergeStatus
from gastown.domain.merging import MergeOutcome, apply_merge, ask_merge
from gastown.domain.reporting import approve
from gastown.domain.review import GateResult, Review, ReviewPhase
from gastown.domain.town import Town
from tests.support.builders import NOW, a_bead, a_convoy, a_review, a_town, at, with_container


@pytest.fixture
def town() -> Town:
    """A town with an approved review whose merge was asked for."""
    town = with_container(a_town())
    review = a_review(town, a_bead(town, status=BeadStatus.IN_REVIEW))
    approve(review, None, at())
    ask_merge(town, review, at())
    return town


def review_of(town: Town) -> Review:
    """The town's one review."""
    return next(iter(town.reviews.values()))


def outcome(status: MergeStatus, attempt: int = 1, **more: str) -> MergeOutcome:
    """What the container reports."""
    return MergeOutcome(review_id="review-1", attempt=attempt, status=status, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("status", [MergeStatus.MERGED, MergeStatus.ALREADY_MERGED])
def test_a_merge_closes_source_and_review_with_a_receipt(town: Town, status: MergeStatus) -> None:
    """The receipt names the approved sha (invariant 5)."""
    review = review_of(town)
    apply_merge(town, outcome(status, commit_sha="merge-1"), at(1))

    assert ({}, {}) == (town.reviews, town.beads)
    assert review.receipt is not None
    assert ("sha-1", "merge-1") == (review.receipt.sha, review.receipt.commit_sha)


def test_the_outcome_of_an_older_attempt_changes_nothing(town: Town) -> None:
    """Invariant 7: what was asked before the last ask does not count."""
    ask_merge(town, review_of(town), at(1))
    apply_merge(town, outcome(MergeStatus.CONFLICT), at(2))

    assert ReviewPhase.MERGING is review_of(town).phase


def test_a_conflict_becomes_work_under_the_review(town: Town) -> None:
    """A polecat brings the target into the branch; the review waits for it without an approval."""
    apply_merge(town, outcome(MergeStatus.CONFLICT, message="in a.py"), at(1))

    [fix] = town.fixes_of(review_of(town).id)
    assert ["gt:pr-conflict"] == fix.labels
    assert "in a.py" in town.texts[fix.id]
    assert (ReviewPhase.FIXING, None) == (review_of(town).phase, review_of(town).approved_sha)
    assert {} == town.escalations


def test_a_conflict_reopens_the_source_and_tells_a_person_where_the_settings_say_so(town: Town) -> None:
    """The next run starts from the target again."""
    town.config.refinery.auto_resolve_merge_conflicts = False
    apply_merge(town, outcome(MergeStatus.CONFLICT, message="in a.py"), at(1))

    assert BeadStatus.OPEN is town.bead("bead-1").status
    assert [True] == [escalation.metadata["conflict"] for escalation in town.escalations.values()]


def test_a_red_gate_asks_for_a_fix_with_the_gates_output(town: Town) -> None:
    """The approval is withdrawn."""
    red = GateResult(command="make test", exit_code=2, seconds=1.0, output="boom")
    apply_merge(town, MergeOutcome(review_id="review-1", attempt=1, status=MergeStatus.GATE_FAILED, gates=[red]), at(1))

    (feedback,) = town.texts.values()
    assert (ReviewPhase.FIXING, None) == (review_of(town).phase, review_of(town).approved_sha)
    assert "boom" in feedback


def test_a_moved_branch_is_reviewed_again_at_its_new_head(town: Town) -> None:
    """What was approved is not what is there."""
    apply_merge(town, outcome(MergeStatus.MOVED, head="sha-2"), at(1))

    review = review_of(town)
    assert (ReviewPhase.QUEUED, "sha-2", None) == (review.phase, review.sha, review.approved_sha)


def test_a_lost_push_race_is_tried_again_a_bounded_number_of_times(town: Town) -> None:
    """After 2, 4, ... 30 s; the eighth loss queues the review again."""
    review = review_of(town)
    for turn, wait in enumerate(MERGE_RACE_BACKOFF[: MAX_MERGE_TRIES - 1]):
        apply_merge(town, outcome(MergeStatus.PUSH_LOST, attempt=turn + 1), at())
        assert NOW + wait == review.not_before
        ask_merge(town, review, at())
    apply_merge(town, outcome(MergeStatus.PUSH_LOST, attempt=MAX_MERGE_TRIES), at())

    assert ReviewPhase.QUEUED is review.phase


def test_an_unavailable_merge_waits_a_minute_and_gives_up_after_a_day(town: Town) -> None:
    """Shown, bounded, never swallowed."""
    review = review_of(town)
    apply_merge(town, outcome(MergeStatus.UNAVAILABLE), at(1))
    assert at(61).now == review.not_before

    ask_merge(town, review, at(62))
    late = at((MERGE_GIVE_UP + timedelta(seconds=1)).total_seconds())
    apply_merge(town, outcome(MergeStatus.UNAVAILABLE, attempt=2, message="host down"), late)
    assert {} == town.reviews
    assert "host down" in (review.failure or "")


def test_a_merge_into_the_feature_branch_moves_the_convoys_head(town: Town) -> None:
    """The landing starts from there."""
    convoy = a_convoy(town, town.bead("bead-1"))
    review = review_of(town)
    review.convoy_id, review.target_branch = convoy.id, convoy.feature_branch
    apply_merge(town, outcome(MergeStatus.MERGED, commit_sha="merge-1"), at(1))

    assert "merge-1" == convoy.feature_sha


def test_a_merge_that_is_never_reported_is_asked_for_again_for_a_day_only(town: Town) -> None:
    """The container lives, and nothing of the merge is ever heard."""
    day = MERGE_GIVE_UP.total_seconds()
    ask_merge(town, review_of(town), at(day - 1))
    assert [2] == [command.attempt for command in list(town.commands.values())[-1:]]
    source = next(iter(town.beads.values()))
    ask_merge(town, review_of(town), at(day))

    assert ({}, BeadStatus.OPEN) == (town.reviews, source.status)
