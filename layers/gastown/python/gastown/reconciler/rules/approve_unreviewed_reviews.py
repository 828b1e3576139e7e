"""Approve what no refinery has to judge: rigs without code review, and adopted pull requests."""

from collections.abc import Iterator
from datetime import datetime

from gastown.domain.review import ReviewPhase
from gastown.domain.town import Town
from gastown.reconciler.actions import ApproveReview


def approve_unreviewed_reviews(town: Town, _now: datetime) -> Iterator[ApproveReview]:
    """Queued ones of a named sha, also after a fix; the landing of a convoy is always reviewed (town facts, 6.10)."""
    for review in town.reviews.values():
        if review.phase is not ReviewPhase.QUEUED or review.assignee is not None or not review.sha:
            continue
        if review.is_adopted:
            yield ApproveReview(review_id=review.id, reason="it was adopted, and its review is its own affair")
        elif not review.is_landing and not town.rules_for(review.rig_id).code_review:
            yield ApproveReview(review_id=review.id, reason="its rig has no code review")
