"""The rule `open_pull_requests`."""

from datetime import timedelta

from gastown.domain.effect import EffectKind
from gastown.domain.pull import HttpError, MergeStrategy, Provider
from gastown.domain.review import ReviewPhase
from gastown.domain.watching import apply_opened, apply_refusal
from gastown.reconciler.rules.open_pull_requests import open_pull_requests
from gastown.reconciler.wake_ups import next_wake_up
from tests.support.builders import NOW, a_bead, a_review, a_town, fresh, settle, with_container

URL = "https://github.com/acme/rig/pull/7"


def test_a_pushed_branch_is_enough_to_open_a_request_once() -> None:
    """Asked once; the refinery waits until it is there."""
    town = with_container(a_town())
    review = a_review(town, a_bead(town, status="in_review"), strategy=MergeStrategy.PR)
    settle(town, 0)

    assert [EffectKind.OPEN_PULL] == [effect.kind for effect in town.effects.values()]
    assert [review.phase] == [ReviewPhase.QUEUED]
    assert town.agents == {}

    apply_opened(town, review.id, 1, (URL, 7), fresh())
    assert list(open_pull_requests(town, NOW)) == []
    settle(town, 0)
    assert review.phase == ReviewPhase.REVIEWING


def test_a_refused_opening_is_asked_again_in_a_minute() -> None:
    """And the town wakes for it."""
    town = a_town()
    review = a_review(town, a_bead(town, status="in_review"), strategy=MergeStrategy.PR)
    settle(town, 0)
    down = HttpError(provider=Provider.GITHUB, status=503, text="down", transient=True)
    apply_refusal(town, review.id, 1, down, fresh())

    again = NOW + timedelta(seconds=60)
    assert list(open_pull_requests(town, again - timedelta(seconds=1))) == []
    assert next_wake_up(town, NOW) == again
    assert len(list(open_pull_requests(town, again))) == 1


def test_work_that_the_container_merges_has_no_request() -> None:
    """Strategy `direct`."""
    town = a_town()
    a_review(town, a_bead(town))

    assert list(open_pull_requests(town, NOW)) == []
