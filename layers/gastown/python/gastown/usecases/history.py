"""Reading what has ended and what has happened: single beads, lists and events."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from gastown.domain.convoy import Convoy
from gastown.domain.errors import NotFound
from gastown.domain.ids import BeadId
from gastown.domain.mail import Mail
from gastown.domain.nudge import Nudge
from gastown.domain.town import Entity, Town
from gastown.usecases.town_items import decode_final
from gastown.usecases.unit_of_work import UnitOfWork

PAGE, PAGES = 200, 10
"""Lines of history read at once, and how many times for one answer, where not all of them are wanted."""

KIND_TYPES = {
    "bead": "issue",
    "review": "merge_request",
    "convoy": "convoy",
    "escalation": "escalation",
    "molecule": "molecule",
    "triage": "issue",
    "nudge": "nudge",
    "mail": "message",
}


@dataclass(frozen=True, kw_only=True)
class BeadFilter:
    """Which beads to list; absent means any."""

    rig_id: str | None = None
    status: str | None = None
    type: str | None = None
    assignee: str | None = None
    """The agent that is on it; ended beads have none any more."""
    parent: str | None = None
    """The review that a live fix belongs to."""
    limit: int = 100
    offset: int = 0


def live_entity(town: Town, bead_id: str) -> Entity | None:
    """A live bead of any kind, or a nudge that has not ended."""
    nudge = town.nudges.get(BeadId(bead_id))
    return nudge or next((entity for entity in town.live_beads() if entity.id == bead_id), None)


def find_bead(uow: UnitOfWork, town_id: str, bead_id: str) -> tuple[Entity, str | None]:
    """A bead of any kind, live or ended, with its text. Raises `NotFound`."""
    entity = live_entity(uow.read(town_id), bead_id) or ended_bead(uow, town_id, bead_id)
    return entity, bead_text(uow, town_id, bead_id)


def concerns(entity: Entity, agent_id: str) -> bool:
    """Whether a nudge or letter is to or from an agent; everything else concerns everybody in its rig."""
    if isinstance(entity, Nudge):
        return agent_id in (entity.agent_id, entity.source.removeprefix("agent "))
    return not isinstance(entity, Mail) or agent_id in (entity.recipient, entity.sender.removeprefix("agent "))


def bead_text(uow: UnitOfWork, town_id: str, bead_id: str) -> str | None:
    """The long text of a bead, nudge or letter, by one read; none if it has none."""
    row = uow.store.read_row(town_id, f"BEAD#{bead_id}", "TEXT")
    return str(row["text"]) if row and row.get("text") is not None else None


def ended_bead(uow: UnitOfWork, town_id: str, bead_id: str) -> Entity:
    """An ended bead, by one read. Raises `NotFound`."""
    if (entity := kept_bead(uow, town_id, bead_id)) is None:
        raise NotFound(f"Bead {bead_id} not found")
    return entity


def kept_bead(uow: UnitOfWork, town_id: str, bead_id: str, *, consistent: bool = False) -> Entity | None:
    """An ended bead, by one read, or none."""
    row = uow.store.read_row(town_id, f"BEAD#{bead_id}", "FINAL", consistent=consistent)
    return decode_final(row) if row is not None else None


def finished(uow: UnitOfWork, town_id: str, rig_id: str, count: int) -> list[dict[str, Any]]:
    """The newest finished beads of a rig, as the list keeps them."""
    page, _ = uow.store.list_rows(town_id, f"DONE#{rig_id}", limit=count)
    return [{**body, "type": KIND_TYPES[body["kind"]], "status": bead_status(body)} for _, body in page]


def bead_status(line: Mapping[str, Any]) -> str:
    """The status, in people's words, of a line in a list of finished beads: reviews merge, convoys land."""
    return "failed" if line["status"] == "failed" else "closed"


def find_convoy(uow: UnitOfWork, town_id: str, convoy_id: str) -> tuple[Town, Convoy]:
    """A convoy, live or ended, with its town. Raises `NotFound`."""
    town = uow.read(town_id)
    entity = live_entity(town, convoy_id) or ended_bead(uow, town_id, convoy_id)
    if not isinstance(entity, Convoy):
        raise NotFound(f"Convoy {convoy_id} not found")
    return town, entity


def members(uow: UnitOfWork, town: Town, convoy: Convoy) -> list[Entity]:
    """The beads of a convoy; those that have ended are read one by one, at most 50; deleted ones are left out."""
    found = [live_entity(town, bead_id) or kept_bead(uow, town.id, bead_id) for bead_id in convoy.beads]
    return [entity for entity in found if entity is not None]


@dataclass(frozen=True, kw_only=True)
class Chapter:
    """Which part of the history: of one bead, later than a moment, so many lines."""

    bead_id: str | None = None
    since: str | None = None
    limit: int = 100


def list_events(
    uow: UnitOfWork, town_id: str, *, bead_id: str | None = None, since: str | None = None, limit: int = 100
) -> list[dict[str, Any]]:
    """History, newest first: of one bead, or of the whole town."""
    return _newest(uow, town_id, Chapter(bead_id=bead_id, since=since, limit=limit))


def list_rig_events(uow: UnitOfWork, town_id: str, rig_id: str, chapter: Chapter) -> list[dict[str, Any]]:
    """History of a rig alone, newest first; lines of older versions, which name no rig, count as of each."""
    return _newest(uow, town_id, chapter, lambda event: event.get("rig_id", rig_id) == rig_id)


def _newest(
    uow: UnitOfWork, town_id: str, chapter: Chapter, wanted: Callable[[dict[str, Any]], bool] | None = None
) -> list[dict[str, Any]]:
    pk, prefix = (f"BEAD#{chapter.bead_id}", "EVENT#") if chapter.bead_id else ("EVENTS", "")
    size, found, before = chapter.limit if wanted is None else PAGE, list[dict[str, Any]](), None
    for _ in range(1 if wanted is None else PAGES):
        page, before = uow.store.list_rows(town_id, pk, prefix=prefix, limit=size, before=before)
        later = [event for _, event in page if chapter.since is None or str(event["created_at"]) > chapter.since]
        found += later if wanted is None else filter(wanted, later)
        if before is None or len(later) < len(page) or len(found) >= chapter.limit:
            break
    return found[: chapter.limit]
