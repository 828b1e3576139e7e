"""Give up a container that did not register, drain or speak in time."""

from collections.abc import Iterator
from datetime import datetime

from gastown.domain.container import ContainerState
from gastown.domain.limits import SILENT_CONTAINER_STOP
from gastown.domain.town import Town
from gastown.reconciler.actions import GiveUpContainer
from gastown.reconciler.signs import heard_at, is_vouched


def expire_container(town: Town, now: datetime) -> Iterator[GiveUpContainer]:
    """Its deadline has passed, or ECS says that it runs although it has been silent for five minutes."""
    container = town.container
    if container.state is not ContainerState.NONE and container.deadline is not None and container.deadline <= now:
        yield GiveUpContainer(reason=f"generation {container.generation} stayed {container.state} past its deadline")
    heard = heard_at(town)
    if heard is not None and is_vouched(town) and now - heard >= SILENT_CONTAINER_STOP:
        yield GiveUpContainer(
            reason=f"generation {container.generation} runs but has been silent since {heard:%H:%M:%S}"
        )
