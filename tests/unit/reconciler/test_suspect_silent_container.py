"""The rule `suspect_silent_container`."""

from datetime import timedelta

from gastown.reconciler.rules.suspect_silent_container import suspect_silent_container
from tests.support.builders import NOW, a_bead, a_town, an_agent, at_work, with_container


def test_a_wanted_container_is_suspected_after_ninety_silent_seconds_once() -> None:
    """89.9 s are not enough, and a suspicion is not raised twice."""
    town = with_container(a_town())
    at_work(town, an_agent(town), a_bead(town))

    assert list(suspect_silent_container(town, NOW + timedelta(seconds=89.9))) == []
    assert len(list(suspect_silent_container(town, NOW + timedelta(seconds=90)))) == 1
    town.container.suspected_at = NOW + timedelta(seconds=90)
    assert list(suspect_silent_container(town, NOW + timedelta(seconds=120))) == []


def test_an_unwanted_container_is_left_in_peace() -> None:
    """Nobody waits for it, so nobody asks."""
    town = with_container(a_town())

    assert list(suspect_silent_container(town, NOW + timedelta(hours=1))) == []
