"""End the runs of a container that is gone."""

from collections.abc import Iterator
from datetime import datetime

from gastown.domain.container import ContainerState
from gastown.domain.town import Town
from gastown.reconciler.actions import LoseOrphan


def lose_orphaned_runs(town: Town, _now: datetime) -> Iterator[LoseOrphan]:
    """One action a run, so that a town of many agents loses its container in commits that fit."""
    container = town.container
    for agent in town.agents.values():
        run = agent.open_run
        if run and (container.state is ContainerState.NONE or run.generation != container.generation):
            why = container.last_error or "it has left"
            yield LoseOrphan(agent_id=agent.id, reason=f"the container of generation {run.generation} is gone: {why}")
