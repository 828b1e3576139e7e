"""Have the provider merge pull requests that stayed green, of exactly the approved sha."""

from collections.abc import Iterator
from datetime import datetime

from gastown.domain.town import Town
from gastown.reconciler.actions import MergePull
from gastown.reconciler.signs import green_until


def merge_green_pull_requests(town: Town, now: datetime) -> Iterator[MergePull]:
    """Green for the whole grace period as far as it was seen; the merge itself looks once more."""
    for review in town.reviews.values():
        ends = green_until(town, review)
        if ends is not None and ends <= now:
            yield MergePull(review_id=review.id, reason=f"{review.approved_sha} is approved and green")
