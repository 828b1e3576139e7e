"""End runs that have given no sign of life for 90 s."""

from collections.abc import Iterator
from datetime import datetime

from gastown.domain.container import ContainerState
from gastown.domain.limits import STALE
from gastown.domain.town import Town
from gastown.reconciler.actions import LoseRun
from gastown.reconciler.signs import alive_at


def lose_silent_runs(town: Town, now: datetime) -> Iterator[LoseRun]:
    """Only while the container is ready and nobody suspects it; 89.9 s of silence is not enough (REQ-6.3, 6.4)."""
    if town.container.state is not ContainerState.READY or town.container.suspected_at is not None:
        return
    for agent in town.agents.values():
        alive = alive_at(town, agent)
        if alive is not None and now - alive >= STALE:
            yield LoseRun(agent_id=agent.id, reason=f"{agent.name} gave no sign of life since {alive:%H:%M:%S}")
