"""Single beads: sling, list, start, end."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from gastown.domain.bead import HELD, Bead, BeadStatus, Priority
from gastown.domain.ending import end_bead
from gastown.domain.errors import Conflict, Invalid, NotFound
from gastown.domain.ids import Moment
from gastown.domain.slinging import Task, sling_bead
from gastown.domain.town import Entity, Town
from gastown.usecases.history import BeadFilter, finished
from gastown.usecases.unit_of_work import UnitOfWork

Place = tuple[str, str, str]
"""Town, rig and bead id."""
Show = Callable[[Entity], dict[str, Any]]


@dataclass(frozen=True, kw_only=True)
class BeadOrder:
    """Where a new bead goes and who wants it."""

    town_id: str
    rig_id: str
    by: str
    held: bool = False


def sling(uow: UnitOfWork, order: BeadOrder, said: Mapping[str, Any], key: str | None, show: Show) -> Bead:
    """Create one bead. Raises `NotFound`, `Invalid`, and `Replayed` for a known key."""
    task = Task(
        title=said["title"],
        body=said.get("body"),
        priority=Priority(said.get("priority") or Priority.MEDIUM),
        labels=tuple(said.get("labels") or ()),
        metadata=dict(said.get("metadata") or {}),
    )
    return uow.change(
        order.town_id,
        lambda town, moment: sling_bead(town, order.rig_id, task, order.by, moment, held=order.held),
        actor=order.by,
        cause="sling",
        key=key,
        answer=lambda bead: {"status": 201, "data": show(bead)},
    )


def list_beads(uow: UnitOfWork, town_id: str, chosen: BeadFilter, show: Show) -> list[dict[str, Any]]:
    """Live beads of every kind, then finished ones, newest first. Raises `NotFound` for an unknown rig."""
    town = uow.read(town_id)
    if chosen.rig_id is not None:
        town.rig(chosen.rig_id)
    live = [show(entity) for entity in town.live_beads()]
    live = [bead for bead in live if bead["rig_id"] == chosen.rig_id]
    rows = finished(uow, town_id, chosen.rig_id or "town", chosen.limit + chosen.offset)
    ended = [{**row, "bead_id": row["id"], "metadata": {"outcome": row.get("outcome")}} for row in rows]
    beads = sorted((*live, *ended), key=lambda bead: str(bead["created_at"]), reverse=True)
    wanted = [bead for bead in beads if _fits(bead, chosen)]
    return wanted[chosen.offset : chosen.offset + chosen.limit]


def _fits(bead: Mapping[str, Any], chosen: BeadFilter) -> bool:
    return chosen.status in (None, bead["status"]) and chosen.type in (None, bead["type"])


def _of_rig(town: Town, rig_id: str, bead_id: str) -> Bead:
    bead = town.bead(bead_id)
    if bead.rig_id != rig_id:
        raise NotFound(f"Bead {bead_id} not found")
    return bead


def end(uow: UnitOfWork, place: Place, status: BeadStatus | None, by: str) -> Bead:
    """A person closes a bead, or fails it. Raises `NotFound`, also for an ended bead, and `Invalid`."""
    town_id, rig_id, bead_id = place
    if status not in (None, BeadStatus.CLOSED, BeadStatus.FAILED):
        raise Invalid("A person closes or fails a bead; the town decides the rest", field="status")

    def move(town: Town, moment: Moment) -> Bead:
        bead = _of_rig(town, rig_id, bead_id)
        end_bead(town, bead, status or BeadStatus.CLOSED, "person", moment)
        return bead

    return uow.change(town_id, move, actor=by, cause="end bead")


def start_held(uow: UnitOfWork, place: Place, by: str) -> Bead:
    """Take the hold off a bead. Raises `NotFound`, `Conflict`."""
    town_id, rig_id, bead_id = place

    def move(town: Town, moment: Moment) -> Bead:
        bead = _of_rig(town, rig_id, bead_id)
        if not bead.is_held:
            raise Conflict(f"Bead {bead_id} is not held")
        bead.labels.remove(HELD)
        bead.updated_at = moment.now
        return bead

    return uow.change(town_id, move, actor=by, cause="start bead")
