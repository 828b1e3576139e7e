"""End a session of the mayor whose container is gone, or that has given no sign of life for 90 s."""

from collections.abc import Iterator
from datetime import datetime

from gastown.domain.container import ContainerState
from gastown.domain.limits import STALE
from gastown.domain.town import Town
from gastown.reconciler.actions import LoseSession
from gastown.reconciler.signs import session_alive_at


def end_lost_sessions(town: Town, now: datetime) -> Iterator[LoseSession]:
    """The same two ways in which other agents' runs are lost; what the cut-off turn was told is said again."""
    session = town.mayor.open_session if town.mayor else None
    if session is None:
        return
    container, alive = town.container, session_alive_at(town)
    if container.state is ContainerState.NONE or session.generation != container.generation:
        yield LoseSession(silent=False, reason=f"the container of generation {session.generation} is gone")
    elif container.state is not ContainerState.READY or container.suspected_at is not None:
        return
    elif alive is not None and now - alive >= STALE:
        yield LoseSession(silent=True, reason=f"the mayor gave no sign of life since {alive:%H:%M:%S}")
