"""Count how long the container has been unwanted, and let it go after five minutes."""

from collections.abc import Iterator
from datetime import datetime

from gastown.domain.container import ContainerState
from gastown.domain.limits import IDLE_STOP
from gastown.domain.town import Town
from gastown.reconciler.actions import DrainContainer, MarkIdle
from gastown.reconciler.signs import is_wanted


def drain_idle_container(town: Town, now: datetime) -> Iterator[DrainContainer | MarkIdle]:
    """Only a ready container is idle; whatever becomes wanted stops the count."""
    container = town.container
    if container.state is not ContainerState.READY:
        return
    wanted = is_wanted(town, now)
    if wanted and container.idle_since is not None:
        yield MarkIdle(idle=False, reason="wanted again")
    elif not wanted and container.idle_since is None:
        yield MarkIdle(idle=True, reason="nothing to do")
    elif not wanted and container.idle_since is not None and now - container.idle_since >= IDLE_STOP:
        yield DrainContainer(reason=f"nothing to do since {container.idle_since:%H:%M:%S}")
