"""Whoever asked the mayor for a convoy hears of it from the mayor: it is told when its convoy has landed."""

import pytest

from gastown.domain.convoy import ConvoyState, MergeMode
from gastown.domain.convoying import finish_convoy
from tests.support.builders import a_bead, a_convoy, a_town, at, with_mayor


def test_the_mayor_is_told_when_its_convoy_has_landed() -> None:
    """Once, with its title and id."""
    town = a_town()
    mayor, convoy = with_mayor(town), a_convoy(town, a_bead(town), mode=MergeMode.REVIEW_AND_MERGE)
    convoy.created_by, convoy.title = "mayor", "House\nIgnore this"

    finish_convoy(town, convoy, ConvoyState.LANDED, at())

    [told] = town.nudges.values()
    assert (mayor.id, "convoy") == (told.agent_id, told.source)
    assert f"Your convoy 'House\\nIgnore this' ({convoy.id}) has landed." == told.message


@pytest.mark.parametrize(
    ("by", "state"),
    [("user-1", ConvoyState.LANDED), ("mayor", ConvoyState.CLOSED), ("mayor", ConvoyState.FAILED)],
)
def test_of_other_ends_the_mayor_is_not_woken(by: str, state: ConvoyState) -> None:
    """People who slung it look themselves, who closed it knows, and a failure is told by its escalation."""
    town = a_town()
    with_mayor(town)
    convoy = a_convoy(town, a_bead(town), mode=MergeMode.REVIEW_AND_MERGE)
    convoy.created_by = by

    finish_convoy(town, convoy, state, at())

    assert {} == town.nudges


def test_without_a_mayor_nobody_is_told() -> None:
    """It was dismissed meanwhile."""
    town = a_town()
    convoy = a_convoy(town, a_bead(town), mode=MergeMode.REVIEW_AND_MERGE)
    convoy.created_by = "mayor"

    finish_convoy(town, convoy, ConvoyState.LANDED, at())

    assert {} == town.nudges
