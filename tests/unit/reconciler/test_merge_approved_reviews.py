"""The rule `merge_approved_reviews`."""

from datetime import timedelta

from gastown.domain.limits import MERGE_REPORT_DEADLINE
from gastown.domain.merging import ask_merge
from gastown.domain.reporting import approve
from gastown.reconciler.rules.merge_approved_reviews import merge_approved_reviews
from tests.support.builders import NOW, a_bead, a_review, a_town, an_agent, at, beat, with_container


def test_an_approved_sha_is_merged_once_and_asked_again_only_after_half_an_hour() -> None:
    """A merge without a report is asked again; merging the same sha twice is harmless."""
    town = with_container(a_town())
    review = a_review(town, a_bead(town))
    assert list(merge_approved_reviews(town, NOW)) == []

    approve(review, None, at())
    assert [action.review_id for action in merge_approved_reviews(town, NOW)] == ["review-1"]
    ask_merge(town, review, at())
    assert list(merge_approved_reviews(town, NOW)) == []
    beat(town, an_agent(town), MERGE_REPORT_DEADLINE.total_seconds())
    assert len(list(merge_approved_reviews(town, NOW + MERGE_REPORT_DEADLINE))) == 1


def test_a_lost_race_waits_for_its_backoff() -> None:
    """The next try comes when its time has come."""
    town = with_container(a_town())
    review = a_review(town, a_bead(town))
    approve(review, None, at())
    review.not_before = NOW + timedelta(seconds=2)

    assert list(merge_approved_reviews(town, NOW)) == []
    assert len(list(merge_approved_reviews(town, NOW + timedelta(seconds=2)))) == 1
