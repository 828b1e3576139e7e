"""Agents without work are forgotten after a day, beside what a commit is for."""

from datetime import timedelta

from gastown.domain.agent import Agent, Role, RunEnd
from gastown.domain.ending import lose_run
from gastown.domain.forgetting import forget_old_agents
from gastown.domain.nudging import queue_nudge
from gastown.domain.town import Town
from gastown.reconciler.wake_ups import next_wake_up
from tests.support.builders import NOW, a_bead, a_town, an_agent, at_work, fresh, with_container
from tests.support.stage import TOWN, Stage

DAY = 24 * 3600


def test_an_agent_is_forgotten_a_day_after_its_last_activity() -> None:
    """For one that was never active, after its creation; not a moment before, and nobody wakes for it."""
    town = a_town()
    an_agent(town)
    an_agent(town, "Maple").last_activity_at = NOW + timedelta(seconds=60)

    forget_old_agents(town, fresh(DAY - 1))
    assert len(town.agents) == 2
    forget_old_agents(town, fresh(DAY))

    assert ([agent.name for agent in town.agents.values()], next_wake_up(town, NOW)) == (["Maple"], None)


def test_who_has_work_or_words_waiting_stays() -> None:
    """A hook, a run, a run that has just ended, a nudge."""
    town = with_container(a_town())
    at_work(town, an_agent(town, "Works"), a_bead(town))
    ended = an_agent(town, "Ended")
    at_work(town, ended, a_bead(town, "bead-2"))
    lose_run(town, ended, RunEnd.LOST, fresh(DAY), reason="gone")
    queue_nudge(town, an_agent(town, "Told").id, "Hello", fresh(), ttl=None)
    an_agent(town, "Old")

    forget_old_agents(town, fresh(2 * DAY - 1))

    assert [agent.name for agent in town.agents.values()] == ["Works", "Ended", "Told"]


def test_one_commit_forgets_at_most_five() -> None:
    """So that it stays within its bound."""
    town = a_town()
    for n in range(8):
        an_agent(town, f"Agent-{n}")

    forget_old_agents(town, fresh(2 * DAY))

    assert len(town.agents) == 3


def test_a_tick_that_has_nothing_else_to_do_forgets_nobody() -> None:
    """An idle town stays at zero commits; the next tick that commits does it."""
    stage = Stage()
    stage.change(lambda town, _: _add(town, stage))
    stage.tick()
    stage.clock.present += timedelta(days=2)
    version = stage.town.version
    stage.tick()
    assert (stage.town.version, len(stage.town.agents)) == (version, 1)

    stage.sling()
    stage.tick()

    assert [agent.role for agent in stage.uow.read(TOWN).agents.values()] == [Role.POLECAT]


def _add(town: Town, stage: Stage) -> Agent:
    agent = an_agent(town, "Old", Role.REFINERY)
    agent.created_at = stage.now
    return agent
