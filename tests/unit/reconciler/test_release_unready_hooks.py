"""The rule `release_unready_hooks`."""

from gastown.domain.bead import HELD
from gastown.domain.convoy import ConvoyState
from gastown.domain.hooking import hook
from gastown.reconciler.rules.release_unready_hooks import release_unready_hooks
from tests.support.builders import NOW, a_bead, a_convoy, a_town, an_agent, at, at_work, with_container


def test_a_waiting_agent_leaves_a_bead_that_was_held_or_stopped() -> None:
    """What is no longer ready keeps nobody waiting."""
    town = a_town()
    held, stopped = a_bead(town, "held"), a_bead(town, "stopped")
    convoy = a_convoy(town, stopped)
    hook(town, an_agent(town, "Toast"), held, at())
    hook(town, an_agent(town, "Maple"), stopped, at())
    assert list(release_unready_hooks(town, NOW)) == []

    held.labels.append(HELD)
    convoy.state = ConvoyState.STOPPED

    assert [action.agent_id for action in release_unready_hooks(town, NOW)] == ["toast", "maple"]


def test_an_agent_at_work_is_left_alone() -> None:
    """Stopping a convoy lets running agents finish."""
    town = with_container(a_town())
    bead = a_bead(town)
    convoy = a_convoy(town, bead)
    at_work(town, an_agent(town), bead)
    convoy.state = ConvoyState.STOPPED

    assert list(release_unready_hooks(town, NOW)) == []
