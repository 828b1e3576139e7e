"""Lose the runs of agents that were told to stop and that nobody has reported as ended."""

from collections.abc import Iterator
from datetime import datetime

from gastown.domain.town import Town
from gastown.reconciler.actions import StopRun
from gastown.reconciler.troubles import freed_at, is_watched


def free_stalled_agents(town: Town, now: datetime) -> Iterator[StopRun]:
    """Half an hour after they were told; the attempt counts."""
    if not is_watched(town):
        return
    for agent in town.agents.values():
        freed = freed_at(agent)
        if freed is not None and freed <= now:
            yield StopRun(agent_id=agent.id, reason=f"{agent.name} was told to stop and did not end")
