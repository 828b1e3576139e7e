"""Start the mayor when somebody wants it or has something to say to it."""

from collections.abc import Iterator
from datetime import datetime

from gastown.domain.town import Town
from gastown.reconciler.actions import StartMayor
from gastown.reconciler.signs import is_mayor_called, is_responsive


def start_wanted_mayor(town: Town, now: datetime) -> Iterator[StartMayor]:
    """No session, something to say, its backoff over, and a container that answers."""
    mayor = town.mayor
    if mayor is None or mayor.open_session is not None or not is_mayor_called(town):
        return
    if is_responsive(town, now) and (mayor.not_before is None or mayor.not_before <= now):
        yield StartMayor(reason="somebody wants the mayor")
