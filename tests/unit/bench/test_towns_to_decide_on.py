"""The towns that the bench decides on are in the states that it says."""

from datetime import timedelta

import pytest

from gastown.reconciler.actions import AssignBead
from gastown.reconciler.decide import decide
from gastown.reconciler.wake_ups import next_wake_up
from tests.bench.deciding_figures import AGENTS, BACKOFF, busy_town, idle_town
from tests.support.builders import NOW

SOON = NOW + timedelta(seconds=1)


def test_an_idle_town_has_as_many_beads_to_assign_as_agents() -> None:
    """Forty idle agents take forty of fifty beads."""
    actions = decide(idle_town(50), SOON)

    assert AGENTS == sum(isinstance(action, AssignBead) for action in actions)


def test_a_town_in_backoff_sleeps_until_it_ends() -> None:
    """Nothing to do, and a moment to wake at."""
    town = idle_town(50, until=NOW + BACKOFF)

    assert [] == list(decide(town, SOON))
    assert NOW + BACKOFF == next_wake_up(town, SOON)


@pytest.mark.parametrize("blocked", [True, False])
def test_a_busy_town_has_all_agents_at_work_and_nothing_to_do(*, blocked: bool) -> None:
    """The other beads are blocked, or wait for a slot."""
    town = busy_town(50, blocked=blocked)

    assert AGENTS == sum(agent.open_run is not None for agent in town.agents.values())
    assert [] == list(decide(town, SOON))
    assert blocked == any(bead.blockers for bead in town.beads.values())
