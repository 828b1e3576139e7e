"""Claim a container when there is something for it to do."""

from collections.abc import Iterator
from datetime import datetime

from gastown.domain.container import ContainerState
from gastown.domain.town import Town
from gastown.reconciler.actions import ClaimContainer
from gastown.reconciler.signs import is_wanted, may_claim


def start_wanted_container(town: Town, now: datetime) -> Iterator[ClaimContainer]:
    """None is there, its backoff is over, and work is hooked, merging or ready soon."""
    container = town.container
    backing_off = container.not_before is not None and container.not_before > now
    if container.state is ContainerState.NONE and not backing_off and may_claim(town) and is_wanted(town, now):
        yield ClaimContainer(reason="there is work for it")
