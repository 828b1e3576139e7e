"""Convoys: sling, start, close, and who belongs to them."""

from collections.abc import Callable, Sequence
from typing import Any

from gastown.domain.convoy import Convoy, MergeMode
from gastown.domain.convoying import close_convoy, start_convoy
from gastown.domain.gathering import add_to_convoy, remove_from_convoy, update_convoy
from gastown.domain.ids import Moment
from gastown.domain.slinging import ConvoyOrder, convoy_over, sling_convoy
from gastown.domain.town import Town
from gastown.usecases.unit_of_work import UnitOfWork

Show = Callable[[Town, Convoy], dict[str, Any]]


def sling(uow: UnitOfWork, town_id: str, order: ConvoyOrder, key: str | None, show: Show) -> dict[str, Any]:
    """Create a convoy with its beads and show it. Raises `NotFound`, `Invalid`, `Replayed`."""
    return uow.change(
        town_id,
        lambda town, moment: show(town, sling_convoy(town, order, moment)),
        actor=order.by or "user",
        cause="sling convoy",
        key=key,
        answer=lambda shown: {"status": 201, "data": shown},
    )


def over(uow: UnitOfWork, town_id: str, order: tuple[str, list[str]], by: str, show: Show) -> dict[str, Any]:
    """Make a convoy over live beads and show it. Raises `NotFound`, `Invalid`, `Conflict`."""
    title, bead_ids = order

    def move(town: Town, moment: Moment) -> dict[str, Any]:
        return show(town, convoy_over(town, title, bead_ids, by, moment))

    return uow.change(town_id, move, actor=by, cause="create convoy")


def start(uow: UnitOfWork, town_id: str, convoy_id: str, by: str) -> None:
    """Start or resume a convoy. Raises `NotFound`, `Conflict`."""
    uow.change(town_id, lambda town, moment: start_convoy(town, convoy_id, moment), actor=by, cause="start convoy")


def close(uow: UnitOfWork, town_id: str, convoy_id: str, by: str) -> None:
    """Close a convoy; its beads follow in the next ticks. Raises `NotFound`."""
    uow.change(town_id, lambda town, moment: close_convoy(town, convoy_id, moment), actor=by, cause="close convoy")


def add_bead(
    uow: UnitOfWork, town_id: str, convoy_id: str, bead_id: str, depends_on: Sequence[str] | None, by: str
) -> int:
    """Add a bead to a convoy; how many it has then. Raises `NotFound`, `Conflict`, `Invalid`."""

    def move(town: Town, moment: Moment) -> int:
        return len(add_to_convoy(town, convoy_id, bead_id, depends_on, moment).beads)

    return uow.change(town_id, move, actor=by, cause="add bead to convoy")


def remove_bead(uow: UnitOfWork, town_id: str, convoy_id: str, bead_id: str, by: str) -> int:
    """Take a bead out of a convoy; how many it has then. Raises `NotFound`, `Conflict`."""

    def move(town: Town, moment: Moment) -> int:
        return len(remove_from_convoy(town, convoy_id, bead_id, by, moment).beads)

    return uow.change(town_id, move, actor=by, cause="remove bead from convoy")


def update(
    uow: UnitOfWork, town_id: str, convoy_id: str, how: tuple[MergeMode | None, str | None], by: str
) -> tuple[Town, Convoy]:
    """Change merge mode or feature branch. Raises `NotFound`, `Conflict`, `Invalid`."""
    mode, branch = how

    def move(town: Town, moment: Moment) -> tuple[Town, Convoy]:
        return town, update_convoy(town, convoy_id, mode, branch, moment)

    return uow.change(town_id, move, actor=by, cause="update convoy")
