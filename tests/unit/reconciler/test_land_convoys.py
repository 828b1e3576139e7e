"""The rule `land_convoys`."""

from datetime import timedelta

import pytest

from gastown.domain.bead import BeadStatus
from gastown.domain.convoy import ConvoyState, MergeMode
from gastown.domain.convoying import close_convoy
from gastown.domain.ending import end_bead
from gastown.domain.limits import MAX_LANDINGS
from gastown.domain.town import Town
from gastown.reconciler.actions import CloseMember, FinishConvoy, OpenLanding, WaitForPerson
from gastown.reconciler.rules.land_convoys import land_convoys
from tests.support.builders import NOW, a_bead, a_convoy, a_town, at


def finished(mode: MergeMode) -> Town:
    """A town whose one-bead convoy is complete."""
    town = a_town()
    bead = a_bead(town)
    a_convoy(town, bead, mode=mode)
    end_bead(town, bead, BeadStatus.CLOSED, "merged", at())
    return town


def test_beads_that_merged_one_by_one_land_the_convoy_at_once() -> None:
    """Mode review-and-merge needs no landing review."""
    town = finished(MergeMode.REVIEW_AND_MERGE)

    assert [FinishConvoy] == [type(action) for action in land_convoys(town, NOW)]


def test_a_feature_branch_lands_by_a_review_of_its_own() -> None:
    """Mode review-then-land opens a landing review when there is something to land."""
    town = finished(MergeMode.REVIEW_THEN_LAND)
    assert [WaitForPerson] == [type(action) for action in land_convoys(town, NOW)]

    town.convoys["convoy-1"].feature_sha = "sha"  # type: ignore[index]
    assert [OpenLanding] == [type(action) for action in land_convoys(town, NOW)]


def test_a_convoy_with_an_open_bead_does_not_land() -> None:
    """Everything is in, or nothing lands (invariant 12)."""
    town = a_town()
    a_convoy(town, a_bead(town), mode=MergeMode.REVIEW_AND_MERGE)

    assert list(land_convoys(town, NOW)) == []


@pytest.mark.parametrize(("landings", "expected"), [(MAX_LANDINGS - 1, OpenLanding), (MAX_LANDINGS, WaitForPerson)])
def test_landing_is_tried_five_times(landings: int, expected: type) -> None:
    """Then a person decides."""
    town = finished(MergeMode.REVIEW_THEN_LAND)
    convoy = town.convoys["convoy-1"]  # type: ignore[index]
    convoy.feature_sha, convoy.landings, convoy.not_before = "sha", landings, NOW + timedelta(seconds=1)

    assert [expected] == [type(action) for action in land_convoys(town, NOW + timedelta(seconds=1))]


def test_a_closed_convoy_closes_its_beads_and_then_ends() -> None:
    """A person's word ends what is open, bead by bead."""
    town = a_town()
    bead = a_bead(town)
    a_convoy(town, bead)
    close_convoy(town, "convoy-1", at())
    assert [CloseMember] == [type(action) for action in land_convoys(town, NOW)]

    end_bead(town, bead, BeadStatus.CLOSED, "convoy_closed", at())
    (end,) = land_convoys(town, NOW)
    assert isinstance(end, FinishConvoy)
    assert ConvoyState.CLOSED is end.state
