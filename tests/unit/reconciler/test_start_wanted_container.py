"""The rule `start_wanted_container`."""

from datetime import timedelta

from gastown.reconciler.rules.start_wanted_container import start_wanted_container
from tests.support.builders import NOW, a_bead, a_town, with_container


def test_work_wants_a_container_and_its_backoff_is_waited_for() -> None:
    """No container, work, no backoff: claim."""
    town = a_town()
    a_bead(town)
    town.container.not_before = NOW + timedelta(seconds=30)

    assert list(start_wanted_container(town, NOW)) == []
    assert len(list(start_wanted_container(town, NOW + timedelta(seconds=30)))) == 1


def test_held_work_and_a_container_that_is_there_want_none() -> None:
    """Waiting for people keeps nobody awake."""
    town = a_town()
    a_bead(town, labels=["gt:held"])
    assert list(start_wanted_container(town, NOW)) == []
    a_bead(town, "more")
    assert list(start_wanted_container(with_container(town), NOW)) == []
