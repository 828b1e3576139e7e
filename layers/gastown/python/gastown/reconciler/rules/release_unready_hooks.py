"""Take waiting agents off work that is no longer ready."""

from collections.abc import Iterator
from datetime import datetime

from gastown.domain.town import Town
from gastown.reconciler.actions import Unhook
from gastown.reconciler.signs import is_review_ready


def release_unready_hooks(town: Town, _now: datetime) -> Iterator[Unhook]:
    """Held, blocked again, stopped or gone since the agent was hooked; agents at work are left alone."""
    for agent in town.agents.values():
        if agent.hook is None or agent.open_run is not None:
            continue
        bead, review = town.beads.get(agent.hook), town.reviews.get(agent.hook)
        ready = town.is_ready(bead) if bead else review is not None and is_review_ready(town, review)
        if not ready:
            yield Unhook(agent_id=agent.id, reason=f"{agent.hook} is no longer ready")
