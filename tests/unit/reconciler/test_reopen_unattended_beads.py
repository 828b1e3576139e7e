"""The rule `reopen_unattended_beads`."""

from gastown.domain.bead import BeadStatus
from gastown.reconciler.rules.reopen_unattended_beads import reopen_unattended_beads
from tests.support.builders import NOW, a_bead, a_review, a_town, an_agent, at_work, with_container


def test_beads_that_nobody_attends_are_reopened() -> None:
    """In progress without an agent, or in review without a review."""
    town = a_town()
    a_bead(town, "progress", status=BeadStatus.IN_PROGRESS)
    a_bead(town, "review", status=BeadStatus.IN_REVIEW)

    assert [action.bead_id for action in reopen_unattended_beads(town, NOW)] == ["progress", "review"]


def test_attended_beads_are_left_alone() -> None:
    """An agent or a review is reason enough to wait."""
    town = with_container(a_town())
    at_work(town, an_agent(town), a_bead(town, "progress"))
    a_review(town, a_bead(town, "reviewed", status=BeadStatus.IN_REVIEW))

    assert list(reopen_unattended_beads(town, NOW)) == []
