"""The mayor's moves: somebody asks for it, its session starts, turns begin and end."""

from datetime import datetime

from gastown.domain.agent import AgentStatus
from gastown.domain.ids import Moment
from gastown.domain.town import Town


def end_turn(town: Town, dispatch: int, fired_at: datetime | None, moment: Moment) -> None:
    """The mayor's turn is over; a callback that fired before the present turn began says nothing (town facts, A19)."""
    mayor = town.mayor
    if mayor is None or mayor.open_session is None or mayor.dispatch != dispatch:
        return
    stale = fired_at is not None and mayor.working_since is not None and fired_at < mayor.working_since
    if mayor.status is AgentStatus.WORKING and not stale:
        mayor.status, mayor.last_activity_at = AgentStatus.WAITING, moment.now
