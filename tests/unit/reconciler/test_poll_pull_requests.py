"""The rule `poll_pull_requests`."""

from datetime import timedelta

from gastown.domain.convoy import ConvoyState
from gastown.domain.effect import EffectKind
from gastown.domain.pull import Feedback, Look, Mergeability, MergeStrategy, PullState, PullStatus
from gastown.domain.reporting import approve
from gastown.domain.review import ReviewPhase
from gastown.domain.town import Town
from gastown.domain.watch import Watch
from gastown.domain.watching import apply_opened, apply_poll, ask_provider
from gastown.reconciler.rules.poll_pull_requests import poll_pull_requests
from gastown.reconciler.wake_ups import next_wake_up
from tests.support.builders import NOW, a_bead, a_convoy, a_review, a_town, fresh, settle

HELD = Feedback(head_sha="sha-1", awaiting_approval=True)
OPEN = PullState(status=PullStatus.OPEN, head_sha="sha-1", mergeability=Mergeability.CLEAN)


def watched() -> Town:
    """A town with a request that was approved just now."""
    town = a_town()
    review = a_review(
        town, a_bead(town, status="in_review"), strategy=MergeStrategy.PR, watch=Watch(url="https://x/pull/7", number=7)
    )
    approve(review, None, fresh())
    return town


def test_a_watched_request_is_looked_at_at_once_and_then_each_minute() -> None:
    """One look at a time; 59 s later is too early (REQ-5.13)."""
    town = watched()
    settle(town, 0)
    assert [EffectKind.POLL_PULL] == [effect.kind for effect in town.effects.values()]
    assert list(poll_pull_requests(town, NOW + timedelta(hours=1))) == []

    apply_poll(town, "review-1", 1, Look(state=OPEN, feedback=HELD), fresh(2))
    again = NOW + timedelta(seconds=62)
    assert next_wake_up(town, NOW + timedelta(seconds=2)) == again
    assert list(poll_pull_requests(town, again - timedelta(milliseconds=1))) == []
    assert len(list(poll_pull_requests(town, again))) == 1


def test_a_request_under_review_is_looked_at_now_and_then() -> None:
    """Somebody may merge or close it meanwhile."""
    town = watched()
    review = next(iter(town.reviews.values()))
    review.phase = ReviewPhase.REVIEWING
    settle(town, 0)
    apply_poll(town, "review-1", 1, Look(state=OPEN), fresh())

    assert review.watch.next_at == NOW + timedelta(minutes=10)


def test_a_request_that_waits_for_its_refinery_is_not_looked_at_first() -> None:
    """Its first look comes with its approval, and then at once."""
    town = a_town()
    review = a_review(town, a_bead(town, status="in_review"), strategy=MergeStrategy.PR)
    ask_provider(town, review, EffectKind.OPEN_PULL, fresh())
    apply_opened(town, review.id, 1, ("https://x/pull/7", 7), fresh())
    assert list(poll_pull_requests(town, NOW + timedelta(minutes=9))) == []

    approve(review, None, fresh(5))
    assert len(list(poll_pull_requests(town, NOW + timedelta(seconds=5)))) == 1


def test_an_approval_brings_the_next_look_forward() -> None:
    """It was looked at seldom while it was under review; now a minute after the last look is enough."""
    town = watched()
    review = next(iter(town.reviews.values()))
    review.phase, review.watch.polled_at = ReviewPhase.REVIEWING, NOW
    review.watch.next_at = NOW + timedelta(minutes=10)
    approve(review, None, fresh(5))

    assert review.watch.next_at == NOW + timedelta(seconds=60)


def test_a_merge_that_is_asked_for_is_not_looked_at_beside() -> None:
    """Its own answer says how it ended."""
    town = watched()
    next(iter(town.reviews.values())).phase = ReviewPhase.MERGING

    assert list(poll_pull_requests(town, NOW)) == []


def test_a_request_that_waits_in_a_stopped_convoy_is_not_looked_at_until_it_goes_on() -> None:
    """A convoy may stay stopped for weeks; looks that lead to nothing would be a polling loop."""
    town = watched()
    review = next(iter(town.reviews.values()))
    convoy = a_convoy(town, *town.beads.values(), state=ConvoyState.STOPPED)
    review.convoy_id, review.phase, review.watch.next_at = convoy.id, ReviewPhase.QUEUED, NOW + timedelta(minutes=1)
    later = NOW + timedelta(minutes=2)
    assert list(poll_pull_requests(town, later)) == []
    assert next_wake_up(town, NOW) is None

    convoy.state = ConvoyState.ACTIVE
    assert next_wake_up(town, NOW) == review.watch.next_at
    assert len(list(poll_pull_requests(town, later))) == 1
