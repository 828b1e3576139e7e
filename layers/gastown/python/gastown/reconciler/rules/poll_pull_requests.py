"""Look at pull requests: each minute while they are watched, now and then otherwise."""

from collections.abc import Iterator
from datetime import datetime

from gastown.domain.town import Town
from gastown.reconciler.actions import PollPull
from gastown.reconciler.signs import is_pollable


def poll_pull_requests(town: Town, now: datetime) -> Iterator[PollPull]:
    """One look at a time, not before its moment (REQ-5.13)."""
    for review in town.reviews.values():
        if is_pollable(town, review) and (review.watch.next_at is None or review.watch.next_at <= now):
            yield PollPull(review_id=review.id, reason=f"it is {review.phase}, and it is time to look")
