"""Stop runs that take longer than their bead allows."""

from collections.abc import Iterator
from datetime import datetime

from gastown.domain.town import Town
from gastown.reconciler.actions import StopRun
from gastown.reconciler.troubles import is_watched, overdue_at


def end_overdue_runs(town: Town, now: datetime) -> Iterator[StopRun]:
    """Four hours, or the bead's `timeout_ms`; the run is lost, so its attempt counts and the caps end the series."""
    if not is_watched(town):
        return
    for agent in town.agents.values():
        end = overdue_at(town, agent)
        if end is not None and end <= now:
            yield StopRun(agent_id=agent.id, reason=f"{agent.name} ran until its bead's time limit, {end:%H:%M:%S} UTC")
