"""The rule `expire_container`."""

from datetime import timedelta

from gastown.domain.container import Container, ContainerState
from gastown.domain.limits import BOOT_DEADLINE
from gastown.reconciler.rules.expire_container import expire_container
from tests.support.builders import NOW, a_town, with_container


def test_a_container_that_never_registered_is_given_up_at_its_deadline() -> None:
    """Five minutes are enough to boot; one millisecond less is not over."""
    town = a_town()
    town.container = Container(state=ContainerState.STARTING, generation=1, deadline=NOW + BOOT_DEADLINE)

    assert list(expire_container(town, NOW + BOOT_DEADLINE - timedelta(milliseconds=1))) == []
    assert len(list(expire_container(town, NOW + BOOT_DEADLINE))) == 1


def test_a_container_that_runs_but_stays_silent_is_replaced_after_five_minutes() -> None:
    """ECS vouches for the task, not for its network."""
    town = with_container(a_town())
    town.container.vouched_at = NOW + timedelta(seconds=95)

    assert list(expire_container(town, NOW + timedelta(seconds=299))) == []
    assert len(list(expire_container(town, NOW + timedelta(seconds=300)))) == 1
