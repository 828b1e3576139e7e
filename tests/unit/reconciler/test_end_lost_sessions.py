"""The rule `end_lost_sessions`."""

from datetime import timedelta

import pytest

from gastown.domain.container import AgentPulse, Container, ContainerState, Pulse
from gastown.reconciler.rules.end_lost_sessions import end_lost_sessions
from tests.support.builders import NOW, a_town, with_container, with_mayor


@pytest.mark.parametrize(("silence", "lost"), [(89.9, 0), (90.0, 1)])
def test_a_session_is_lost_after_ninety_seconds_without_its_own_pulse(silence: float, lost: int) -> None:
    """The mayor's session is measured like any run."""
    town = with_container(a_town())
    mayor = with_mayor(town)
    seen = NOW + timedelta(seconds=30)
    town.pulses = {1: Pulse(generation=1, at=seen, agents={mayor.id: AgentPulse(dispatch=mayor.dispatch, at=seen)})}

    assert lost == len(list(end_lost_sessions(town, seen + timedelta(seconds=silence))))


def test_a_session_ends_with_its_container() -> None:
    """Nobody waits for 90 s when the container is known to be gone."""
    town = with_container(a_town())
    with_mayor(town)
    town.container = Container(state=ContainerState.NONE, generation=1)

    [action] = end_lost_sessions(town, NOW)

    assert not action.silent


def test_a_suspected_container_takes_no_session_with_it() -> None:
    """ECS is asked first."""
    town = with_container(a_town())
    with_mayor(town)
    town.container.suspected_at = NOW

    assert list(end_lost_sessions(town, NOW + timedelta(hours=1))) == []
