"""Single beads: sling, list, start, end, and what people change about them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gastown.domain.agent import Role
from gastown.domain.bead import Bead, BeadStatus, Priority
from gastown.domain.editing import BeadEdit, check_labels, check_metadata, edit_bead, end_by_person, live_bead
from gastown.domain.editing import start_held as start
from gastown.domain.ending import stub_of
from gastown.domain.errors import Conflict, Invalid, NotFound
from gastown.domain.ids import BeadId, Moment
from gastown.domain.limits import MAX_CONVOY_TASKS
from gastown.domain.redoing import Failed, reassign_bead, reset_bead, retry_bead
from gastown.domain.slinging import Task, announce_held, sling_bead
from gastown.domain.town import Entity, Town
from gastown.usecases.history import BeadFilter, finished, kept_bead
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
    """Create one bead, for a certain polecat if one is named; of one that a person holds the mayor is told.

    Raises `NotFound`, `Invalid`, `Conflict`, and `Replayed` for a known key.
    """
    assignee = said.get("assignee_agent_id")
    check_labels((), said.get("labels") or ())
    check_metadata(said.get("metadata") or {})
    task = Task(
        title=said["title"],
        body=said.get("body"),
        priority=Priority(said.get("priority") or Priority.MEDIUM),
        labels=tuple(said.get("labels") or ()),
        metadata=dict(said.get("metadata") or {}),
    )

    def move(town: Town, moment: Moment) -> Bead:
        bead = sling_bead(town, order.rig_id, task, order.by, moment, held=order.held)
        if bead.is_held and order.by != Role.MAYOR:
            announce_held(town, bead, moment)
        return reassign_bead(town, bead, assignee, moment) if assignee else bead

    return uow.change(
        order.town_id,
        move,
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
    asked = {
        "status": chosen.status,
        "type": chosen.type,
        "assignee_agent_bead_id": chosen.assignee,
        "parent_bead_id": chosen.parent,
    }
    return all(wanted is None or bead.get(name) == wanted for name, wanted in asked.items())


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
        end_by_person(town, bead, status or BeadStatus.CLOSED, moment)
        return bead

    return uow.change(town_id, move, actor=by, cause="end bead")


def start_held(uow: UnitOfWork, place: Place, by: str) -> Bead:
    """Take the hold off a bead. Raises `NotFound`, `Conflict`."""
    town_id, rig_id, bead_id = place

    def move(town: Town, moment: Moment) -> Bead:
        return start(town, _of_rig(town, rig_id, bead_id), by, moment)

    return uow.change(town_id, move, actor=by, cause="start bead")


Change = Callable[[Town, Bead, Moment], Bead]


def _change(uow: UnitOfWork, place: Place, change: Change, *, by: str, cause: str, key: str | None = None) -> Bead:
    """Change a live bead of a rig. Raises `NotFound`, and `Conflict` for one that has ended."""
    town_id, rig_id, bead_id = place
    try:
        return uow.change(
            town_id,
            lambda town, moment: change(town, live_bead(town, rig_id, bead_id), moment),
            actor=by,
            cause=cause,
            key=key,
        )
    except NotFound:
        if getattr(kept_bead(uow, town_id, bead_id), "rig_id", None) == rig_id:
            raise Conflict(f"Bead {bead_id} has ended and never changes; a failed one can be retried") from None
        raise


def edit(uow: UnitOfWork, place: Place, said: BeadEdit, by: str) -> Bead:
    """Change the named fields of a live bead. Raises `NotFound`, `Conflict`, `Invalid`."""
    ended = _ended_blockers(uow, place, said.get("depends_on", []))

    def change(town: Town, bead: Bead, moment: Moment) -> Bead:
        town.stubs.update({one.id: stub_of(one) for one in ended if one.id not in town.beads})
        return edit_bead(town, bead, said, by, moment)

    return _change(uow, place, change, by=by, cause="update bead")


def _ended_blockers(uow: UnitOfWork, place: Place, wanted: Sequence[str]) -> list[Bead]:
    """The blockers that have ended and that the working set need not know any more."""
    town_id, rig_id, _ = place
    town = uow.read(town_id)
    unknown = [bead_id for bead_id in dict.fromkeys(wanted) if town.status_of(BeadId(bead_id)) is None]
    found = [kept_bead(uow, town_id, bead_id) for bead_id in unknown[:MAX_CONVOY_TASKS]]
    return [one for one in found if isinstance(one, Bead) and one.rig_id == rig_id]


def reset(uow: UnitOfWork, place: Place, by: str) -> Bead:
    """Start a live bead over. Raises `NotFound`, `Conflict`."""
    return _change(uow, place, lambda town, bead, moment: reset_bead(town, bead, by, moment), by=by, cause="reset bead")


def reassign(uow: UnitOfWork, place: Place, agent_id: str, by: str) -> Bead:
    """Give a bead to a certain idle polecat. Raises `NotFound`, `Conflict`."""

    def change(town: Town, bead: Bead, moment: Moment) -> Bead:
        return reassign_bead(town, bead, agent_id, moment)

    return _change(uow, place, change, by=by, cause="reassign bead")


def retry(uow: UnitOfWork, place: Place, by: str, key: str | None, show: Show) -> Bead:
    """Put a new bead in the place of a failed one. Raises `NotFound`, `Conflict`, `Replayed`."""
    town_id, rig_id, bead_id = place

    def move(town: Town, moment: Moment) -> Bead:
        failed = kept_bead(uow, town_id, bead_id, consistent=True)
        if not isinstance(failed, Bead) or failed.rig_id != rig_id:
            live_bead(town, rig_id, bead_id)
            raise Conflict(f"Bead {bead_id} has not failed")
        text = uow.store.read_row(town_id, f"BEAD#{bead_id}", "TEXT")
        return retry_bead(town, Failed(bead=failed, body=text["text"] if text else None), by, moment)

    return uow.change(
        town_id, move, actor=by, cause="retry bead", key=key, answer=lambda bead: {"status": 201, "data": show(bead)}
    )
