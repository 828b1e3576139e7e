"""Speak to agents that show no activity, ask triage about them, and stop them at last."""

from collections.abc import Iterator
from datetime import datetime

from gastown.domain.town import Town
from gastown.reconciler.actions import ClimbLadder
from gastown.reconciler.troubles import is_watched, silent_since, steps_ahead


def climb_stuck_ladder(town: Town, now: datetime) -> Iterator[ClimbLadder]:
    """After 15 min, 1 h and 2 h; the highest step that is due, each once a silence. The mayor is nobody's ladder."""
    if not is_watched(town):
        return
    for agent in town.agents.values():
        due = [step for moment, step in steps_ahead(town, agent) if moment <= now]
        if due:
            since = silent_since(town, agent) or now
            yield ClimbLadder(agent_id=agent.id, step=due[0], reason=f"no activity since {since:%H:%M:%S} UTC")
