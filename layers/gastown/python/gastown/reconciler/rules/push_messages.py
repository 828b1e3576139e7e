"""Push nudges and mail to agents that run."""

from collections.abc import Iterator
from datetime import datetime

from gastown.domain.town import Town
from gastown.reconciler.actions import PushMessages
from gastown.reconciler.signs import is_responsive, listeners, pushable


def push_messages(town: Town, now: datetime) -> Iterator[PushMessages]:
    """One command at a time for each accepted session, urgent words first; refused ones wait longer each time."""
    if not is_responsive(town, now):
        return
    for agent_id, dispatch in listeners(town):
        waiting = [m for m in pushable(town, agent_id) if m.not_before is None or m.not_before <= now]
        if waiting:
            yield PushMessages(agent_id=agent_id, dispatch=dispatch, reason=f"{len(waiting)} messages wait for it")
