"""The rule `drain_idle_container`."""

from datetime import timedelta

from gastown.reconciler.actions import DrainContainer, MarkIdle
from gastown.reconciler.rules.drain_idle_container import drain_idle_container
from tests.support.builders import NOW, a_bead, a_town, with_container


def test_an_unwanted_container_is_drained_after_five_minutes() -> None:
    """The count begins when nothing is wanted any more."""
    town = with_container(a_town())
    assert [MarkIdle] == [type(action) for action in drain_idle_container(town, NOW)]
    town.container.idle_since = NOW

    assert list(drain_idle_container(town, NOW + timedelta(seconds=299.9))) == []
    drained = drain_idle_container(town, NOW + timedelta(seconds=300))
    assert [DrainContainer] == [type(action) for action in drained]


def test_new_work_stops_the_count() -> None:
    """A container that is wanted again stays."""
    town = with_container(a_town())
    town.container.idle_since = NOW
    a_bead(town)

    actions = list(drain_idle_container(town, NOW + timedelta(hours=1)))
    assert [MarkIdle(idle=False, reason="wanted again")] == actions
