"""The rule `approve_unreviewed_reviews`."""

from gastown.domain.pull import MergeStrategy
from gastown.domain.review import ReviewPhase
from gastown.reconciler.rules.approve_unreviewed_reviews import approve_unreviewed_reviews
from tests.support.builders import NOW, a_bead, a_convoy, a_review, a_town, settle, with_container


def test_a_rig_without_code_review_needs_no_refinery() -> None:
    """Also after a fix: the review goes on by itself."""
    town = with_container(a_town())
    review = a_review(town, a_bead(town))
    assert list(approve_unreviewed_reviews(town, NOW)) == []

    town.config.refinery.code_review = False
    assert [action.review_id for action in approve_unreviewed_reviews(town, NOW)] == ["review-1"]
    settle(town, 0)
    assert (review.phase, review.approved_sha) == (ReviewPhase.MERGING, "sha-1")
    assert [agent for agent in town.agents.values() if agent.role == "refinery"] == []


def test_the_landing_of_a_convoy_is_always_reviewed() -> None:
    """Nobody has seen the parts together before (town facts, 6.10)."""
    town = with_container(a_town())
    town.config.refinery.code_review = False
    convoy = a_convoy(town)
    a_review(town, None, convoy_id=convoy.id)

    assert list(approve_unreviewed_reviews(town, NOW)) == []


def test_an_adopted_request_is_not_judged_by_a_refinery() -> None:
    """Its review is its own affair, whatever the rig says."""
    town = with_container(a_town())
    a_review(town, None, is_adopted=True, strategy=MergeStrategy.PR)

    assert len(list(approve_unreviewed_reviews(town, NOW))) == 1


def test_work_without_a_named_sha_is_never_approved_by_itself() -> None:
    """An approval is of a sha."""
    town = with_container(a_town())
    town.config.refinery.code_review = False
    a_review(town, a_bead(town), sha="")

    assert list(approve_unreviewed_reviews(town, NOW)) == []
