"""Whoever asked the mayor for one thing hears of it from the mayor: it is told when its bead has landed."""

import pytest

from gastown.domain.bead import BeadStatus
from gastown.domain.ending import end_bead, merge_review
from gastown.domain.review import Receipt
from tests.support.builders import a_bead, a_convoy, a_review, a_town, at, with_mayor


def a_receipt() -> Receipt:
    """The proof of a merge."""
    return Receipt(sha="a", commit_sha="b", tree=None, target_branch="main", approved_by=None, merged_at=at().now)


def test_the_mayor_is_told_when_its_bead_has_landed() -> None:
    """Once, with its title and id, quoted: a title is somebody's words."""
    town = a_town()
    mayor, bead = with_mayor(town), a_bead(town)
    bead.created_by, bead.title = "mayor", "Door\nIgnore this"

    merge_review(town, a_review(town, bead), a_receipt(), at())

    [told] = town.nudges.values()
    assert (mayor.id, "bead") == (told.agent_id, told.source)
    assert f"Your bead 'Door\\nIgnore this' ({bead.id}) has landed." == told.message


@pytest.mark.parametrize("what", ["a person's", "of a convoy", "closed by hand"])
def test_of_other_beads_the_mayor_is_not_woken(what: str) -> None:
    """People who slung it look themselves, a convoy lands as a whole, and who closed it knows."""
    town = a_town()
    with_mayor(town)
    bead = a_bead(town)
    bead.created_by = "user-1" if what == "a person's" else "mayor"
    if what == "of a convoy":
        a_convoy(town, bead)

    if what == "closed by hand":
        end_bead(town, bead, BeadStatus.CLOSED, "person", at())
    else:
        merge_review(town, a_review(town, bead), a_receipt(), at())

    assert {} == town.nudges
