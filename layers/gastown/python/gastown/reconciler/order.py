"""The order in which a tick applies what arrived: oldest first, but a run's exit never before its own `done`.

The two come from different processes and are stamped by different clocks; an exit that is applied first would end the
run and make good work late (invariant 8 of the reference's bug list, REQ-6.5).
"""

from collections.abc import Iterable
from datetime import datetime

from gastown.domain.event import EventKind, TownEvent


def in_order(events: Iterable[TownEvent]) -> list[TownEvent]:
    """The events sorted for application."""
    arrived = list(events)
    done_at = {_run(event): event.at for event in arrived if event.kind is EventKind.AGENT_DONE}

    def place(event: TownEvent) -> tuple[datetime, bool, str]:
        is_exit = event.kind is EventKind.AGENT_COMPLETED
        at = max(event.at, done_at.get(_run(event), event.at)) if is_exit else event.at
        return at, is_exit, event.key

    return sorted(arrived, key=place)


def _run(event: TownEvent) -> tuple[object, object]:
    return event.data.get("agent_id"), event.data.get("dispatch")
