"""The rule `merge_green_pull_requests`."""

from datetime import timedelta

import pytest

from gastown.domain.effect import EffectKind
from gastown.domain.pull import MergeStrategy
from gastown.domain.reporting import approve
from gastown.domain.review import Review, ReviewPhase
from gastown.domain.town import Town
from gastown.domain.watch import Watch
from gastown.reconciler.rules.merge_green_pull_requests import merge_green_pull_requests
from gastown.reconciler.wake_ups import next_wake_up
from tests.support.builders import NOW, a_bead, a_review, a_town, fresh, settle

FIVE = timedelta(minutes=5)


@pytest.fixture
def town() -> Town:
    """A town with a request that is green since NOW."""
    town = a_town()
    watch = Watch(url="https://x/pull/7", number=7)
    review = a_review(town, a_bead(town, status="in_review"), strategy=MergeStrategy.PR, watch=watch)
    approve(review, None, fresh())
    watch.green_since, watch.next_at = NOW, NOW + timedelta(minutes=6)
    return town


def review_of(town: Town) -> Review:
    """The town's one review."""
    return next(iter(town.reviews.values()))


def test_green_for_the_whole_delay_is_merged_to_the_second(town: Town) -> None:
    """Not a moment earlier; the town wakes for it, and asks once."""
    assert list(merge_green_pull_requests(town, NOW + FIVE - timedelta(milliseconds=1))) == []
    assert next_wake_up(town, NOW) == NOW + FIVE

    settle(town, FIVE.total_seconds())
    assert [EffectKind.MERGE_PULL] == [effect.kind for effect in town.effects.values()]
    assert ReviewPhase.MERGING is review_of(town).phase
    assert list(merge_green_pull_requests(town, NOW + FIVE)) == []


def test_a_delay_of_nothing_merges_at_once(town: Town) -> None:
    """0 is a delay; none is a person's merge."""
    town.config.refinery.auto_merge_delay_minutes = 0
    assert len(list(merge_green_pull_requests(town, NOW))) == 1


@pytest.mark.parametrize("setting", ["never", "off", "rig"])
def test_where_a_person_merges_the_platform_does_not(town: Town, setting: str) -> None:
    """By the town's settings or the rig's own (design section 9, row 8)."""
    match setting:
        case "never":
            town.config.refinery.auto_merge_delay_minutes = None
        case "off":
            town.config.refinery.auto_merge = False
        case _:
            next(iter(town.rigs.values())).overrides.auto_merge = False

    assert list(merge_green_pull_requests(town, NOW + timedelta(days=1))) == []
    assert next_wake_up(town, NOW) == NOW + timedelta(minutes=6)


def test_a_request_that_is_not_green_waits(town: Town) -> None:
    """Whatever its age."""
    review_of(town).watch.green_since = None
    assert list(merge_green_pull_requests(town, NOW + timedelta(days=1))) == []
