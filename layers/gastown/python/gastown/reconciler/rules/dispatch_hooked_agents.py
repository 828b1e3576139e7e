"""Start the agents that are hooked and wait for the container."""

from collections.abc import Iterator
from datetime import datetime

from gastown.domain.breaking import breaker_until
from gastown.domain.town import Town
from gastown.reconciler.actions import Dispatch
from gastown.reconciler.signs import is_responsive, is_review_ready, waits_until


def dispatch_hooked_agents(town: Town, now: datetime) -> Iterator[Dispatch]:
    """The container is ready and answers, the work is still ready, and a run that was cancelled is 15 s ago.

    Nothing while the breaker is open.
    """
    if not is_responsive(town, now) or breaker_until(town, now) is not None:
        return
    for agent in town.agents.values():
        if agent.hook is None or agent.open_run is not None:
            continue
        bead, review = town.beads.get(agent.hook), town.reviews.get(agent.hook)
        if bead is not None and waits_until(bead, now) is not None:
            continue
        if town.is_ready(bead) if bead else review is not None and is_review_ready(town, review):
            yield Dispatch(agent_id=agent.id, reason=f"{agent.name} is hooked and the container is ready")
