"""Hook a rig's refinery to its oldest queued review."""

from collections.abc import Iterator
from datetime import datetime

from gastown.domain.town import Town
from gastown.reconciler.actions import AssignReview
from gastown.reconciler.signs import assignable_reviews, held_until, is_refinery_free


def assign_queued_reviews(town: Town, now: datetime) -> Iterator[AssignReview]:
    """One refinery a rig, one review at a time, oldest first among those whose backoff is over.

    Nothing while the breaker is open.
    """
    served = set()
    for review in assignable_reviews(town):
        if review.rig_id in served or held_until(town, now, review) or not is_refinery_free(town, review):
            continue
        served.add(review.rig_id)
        yield AssignReview(review_id=review.id, reason="the refinery is free")
