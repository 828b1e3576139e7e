"""The rule `lose_silent_runs` (REQ-6.3, 6.4)."""

from datetime import timedelta

import pytest

from gastown.reconciler.rules.lose_silent_runs import lose_silent_runs
from tests.support.builders import NOW, a_bead, a_town, an_agent, at_work, beat, with_container


@pytest.mark.parametrize(("silence", "lost"), [(89.9, 0), (90.0, 1)])
def test_a_run_is_lost_after_ninety_seconds_without_its_own_pulse(silence: float, lost: int) -> None:
    """The last pulse of this run counts, to the tenth of a second."""
    town = with_container(a_town())
    agent = an_agent(town)
    at_work(town, agent, a_bead(town))
    beat(town, agent, 30)

    assert lost == len(list(lose_silent_runs(town, NOW + timedelta(seconds=30 + silence))))


def test_a_pulse_of_an_older_run_says_nothing() -> None:
    """The process of the run before may still beat; that keeps nobody alive."""
    town = with_container(a_town())
    agent = an_agent(town)
    at_work(town, agent, a_bead(town))
    beat(town, agent, 60)
    agent.dispatch += 1

    assert len(list(lose_silent_runs(town, NOW + timedelta(seconds=90)))) == 1


def test_nobody_is_lost_while_the_container_is_suspected() -> None:
    """ECS is asked first."""
    town = with_container(a_town())
    at_work(town, an_agent(town), a_bead(town))
    town.container.suspected_at = NOW

    assert list(lose_silent_runs(town, NOW + timedelta(hours=1))) == []
