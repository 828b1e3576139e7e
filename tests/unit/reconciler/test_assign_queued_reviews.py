"""The rule `assign_queued_reviews`."""

from datetime import timedelta

from gastown.domain.agent import Role
from gastown.domain.bead import BeadStatus
from gastown.domain.hooking import hook
from gastown.reconciler.rules.assign_queued_reviews import assign_queued_reviews
from tests.support.builders import NOW, a_bead, a_review, a_town, an_agent, at


def test_one_refinery_takes_the_oldest_review_first() -> None:
    """Reviews of one rig go one after another; hooking takes the refinery."""
    town = a_town()
    reviews = [a_review(town, a_bead(town, f"bead-{n}", status=BeadStatus.IN_REVIEW), f"review-{n}") for n in (1, 2)]
    reviews[0].created_at += timedelta(seconds=1)

    assert [action.review_id for action in assign_queued_reviews(town, NOW)] == ["review-2"]
    hook(town, an_agent(town, "refinery", Role.REFINERY), reviews[1], at())
    assert list(assign_queued_reviews(town, NOW)) == []
