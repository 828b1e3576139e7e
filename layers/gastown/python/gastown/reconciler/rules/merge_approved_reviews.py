"""Have approved shas merged."""

from collections.abc import Iterator
from datetime import datetime

from gastown.domain.limits import MERGE_REPORT_DEADLINE
from gastown.domain.town import Town
from gastown.reconciler.actions import AskMerge
from gastown.reconciler.signs import is_responsive, merges_in_git, waits_until


def merge_approved_reviews(town: Town, now: datetime) -> Iterator[AskMerge]:
    """Approved, not asked yet or not answered for half an hour, backoff over, container ready."""
    if not is_responsive(town, now):
        return
    for review in town.reviews.values():
        if not merges_in_git(review) or waits_until(review, now) is not None:
            continue
        asked = review.merge_asked_at if review.merge_command else None
        if asked is None or now - asked >= MERGE_REPORT_DEADLINE:
            yield AskMerge(review_id=review.id, reason=f"{review.approved_sha} is approved")
