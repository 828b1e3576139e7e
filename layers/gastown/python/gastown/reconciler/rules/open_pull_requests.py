"""Have a pull request opened for each review that its provider is to merge."""

from collections.abc import Iterator
from datetime import datetime

from gastown.domain.town import Town
from gastown.reconciler.actions import OpenPull
from gastown.reconciler.signs import may_ask


def open_pull_requests(town: Town, now: datetime) -> Iterator[OpenPull]:
    """Once a review, whoever opened it: the request of its branch is looked for before one is made."""
    for review in town.reviews.values():
        due = review.watch.next_at is None or review.watch.next_at <= now
        if due and may_ask(review) and review.watch.url is None:
            yield OpenPull(review_id=review.id, reason=f"{review.branch} is pushed and has no known pull request")
