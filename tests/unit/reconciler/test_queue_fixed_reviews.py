"""The rule `queue_fixed_reviews`."""

from gastown.domain.bead import REWORK, BeadStatus
from gastown.domain.review import ReviewPhase
from gastown.reconciler.actions import FailReview, QueueReview
from gastown.reconciler.rules.queue_fixed_reviews import queue_fixed_reviews
from tests.support.builders import NOW, a_bead, a_review, a_town


def test_a_review_waits_for_its_open_fixes_and_then_queues() -> None:
    """The refinery looks again when the last fix has ended."""
    town = a_town()
    source = a_bead(town, status=BeadStatus.IN_REVIEW)
    review = a_review(town, source, phase=ReviewPhase.FIXING)
    fix = a_bead(town, "fix", labels=[REWORK], parent_id=review.id)

    assert list(queue_fixed_reviews(town, NOW)) == []
    del town.beads[fix.id]
    assert [QueueReview] == [type(action) for action in queue_fixed_reviews(town, NOW)]


def test_a_review_whose_fix_failed_fails() -> None:
    """Nobody will send better work."""
    town = a_town()
    a_review(town, a_bead(town), phase=ReviewPhase.FIXING, last_fix="failed")

    assert [FailReview] == [type(action) for action in queue_fixed_reviews(town, NOW)]
