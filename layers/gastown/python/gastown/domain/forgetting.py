"""Agents that have had nothing to do for a day are forgotten, beside what a commit is for."""

from datetime import datetime

from gastown.domain.agent import Agent
from gastown.domain.ids import Moment
from gastown.domain.limits import AGENT_KEPT, MAX_FORGOTTEN
from gastown.domain.removing import drop_agent, messages_of
from gastown.domain.town import Town


def forget_old_agents(town: Town, moment: Moment) -> None:
    """Remove polecats and refineries that were idle for 24 h (at most 5 items); those with messages wait for them.

    The age of one that was never active counts from its creation (design section 9, row 12). It has no wake-up: an
    idle town stays asleep, and its agents cost nothing.
    """
    old = (agent for agent in town.agents.values() if _is_free(agent) and _idle_since(agent) + AGENT_KEPT <= moment.now)
    for agent in [agent for agent in old if not messages_of(town, agent)][:MAX_FORGOTTEN]:
        drop_agent(town, agent, moment)


def _is_free(agent: Agent) -> bool:
    return agent.hook is None and agent.open_run is None


def _idle_since(agent: Agent) -> datetime:
    run = agent.run
    signs = [agent.created_at, agent.last_activity_at, run.asked_at if run else None, run.ended_at if run else None]
    return max(sign for sign in signs if sign is not None)
