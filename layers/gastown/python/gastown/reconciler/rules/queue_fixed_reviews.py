"""Send a review back to the refinery when the fixes that it asked for have ended."""

from collections.abc import Iterator
from datetime import datetime

from gastown.domain.bead import BeadStatus
from gastown.domain.review import ReviewPhase
from gastown.domain.town import Town
from gastown.reconciler.actions import FailReview, QueueReview


def queue_fixed_reviews(town: Town, _now: datetime) -> Iterator[QueueReview | FailReview]:
    """A review waits in `fixing` exactly as long as a fix of it is open; a failed fix fails it."""
    for review in town.reviews.values():
        if review.phase is not ReviewPhase.FIXING or any(True for _ in town.fixes_of(review.id)):
            continue
        if review.last_fix == BeadStatus.FAILED:
            yield FailReview(review_id=review.id, reason="fix_failed")
        else:
            yield QueueReview(review_id=review.id, reason="all its fixes are done")
