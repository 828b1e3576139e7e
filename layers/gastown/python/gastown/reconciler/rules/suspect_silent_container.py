"""Ask ECS about a container that has been silent for 90 s while it is wanted."""

from collections.abc import Iterator
from datetime import datetime

from gastown.domain.limits import STALE
from gastown.domain.town import Town
from gastown.reconciler.actions import SuspectContainer
from gastown.reconciler.signs import heard_at, is_vouched, is_wanted


def suspect_silent_container(town: Town, now: datetime) -> Iterator[SuspectContainer]:
    """Once per silence: before its agents are declared lost, ECS is asked (design section 3)."""
    heard = heard_at(town)
    if heard is None or town.container.suspected_at is not None or is_vouched(town):
        return
    if now - heard >= STALE and is_wanted(town, now):
        yield SuspectContainer(reason=f"no heartbeat since {heard:%H:%M:%S}")
