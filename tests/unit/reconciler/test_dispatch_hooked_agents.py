"""The rule `dispatch_hooked_agents`."""

from datetime import timedelta

from gastown.domain.hooking import dispatch, hook
from gastown.reconciler.rules.dispatch_hooked_agents import dispatch_hooked_agents
from tests.support.builders import NOW, a_bead, a_town, an_agent, at, with_container


def test_a_hooked_agent_starts_when_the_container_answers_and_only_once() -> None:
    """Dispatch opens a run, and a run under way is not opened again."""
    town = a_town()
    agent = an_agent(town)
    hook(town, agent, a_bead(town), at())
    assert list(dispatch_hooked_agents(town, NOW)) == []

    with_container(town)
    assert [action.agent_id for action in dispatch_hooked_agents(town, NOW)] == ["toast"]
    dispatch(town, agent.id, at())
    assert list(dispatch_hooked_agents(town, NOW)) == []


def test_a_silent_container_is_given_nothing() -> None:
    """A start that nobody fetches would only cost an attempt."""
    town = with_container(a_town())
    hook(town, an_agent(town), a_bead(town), at())

    assert list(dispatch_hooked_agents(town, NOW + timedelta(seconds=90))) == []
