"""Deleting the rows of beads that are deleted: text, history, final state and the line in the list of finished ones.

All of it may be repeated. The final state goes last, because it says which line of which list is the bead's.
What stays for a while is that the bead was this town's, so that the refs of its unfinished work can go too.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from gastown.domain.bead import Bead
from gastown.domain.ids import BeadId
from gastown.domain.molecule import Molecule
from gastown.domain.stepping import text_id
from gastown.domain.town import Entity
from gastown.ports.town_store import Row
from gastown.usecases.journal import done_key, final_line
from gastown.usecases.town_items import decode_final
from gastown.usecases.unit_of_work import UnitOfWork

PAGE = 200
"""Rows of one bead read at once."""
DELETED = "DELETED"
"""The partition of the ids of deleted beads."""
DELETED_LIFE = timedelta(days=365)
"""How long a town knows that a bead was its own: any container that it starts in that time removes the bead's refs."""

Key = tuple[str, str]


@dataclass(frozen=True, kw_only=True)
class Traces:
    """What a deleted bead has left outside its own partition: its line, and the texts of a molecule's steps."""

    bead_id: str
    elsewhere: tuple[Key, ...] = ()
    may_have_refs: bool = True
    """Only an agent's work on a bead is saved to refs; of what left the town live, nothing more is known."""


def final_of(uow: UnitOfWork, town_id: str, bead_id: str) -> Entity | None:
    """The final state of a bead, by a consistent read."""
    body = uow.store.read_row(town_id, f"BEAD#{bead_id}", "FINAL", consistent=True)
    return decode_final(body) if body else None


def traces_of(bead_id: str, entity: Entity | None) -> Traces:
    """The traces of a bead whose final state is known; of one without, only its own partition."""
    if entity is None:
        return Traces(bead_id=bead_id)
    steps = entity.steps if isinstance(entity, Molecule) else []
    texts = [(f"BEAD#{text_id(BeadId(bead_id), step)}", "TEXT") for step in steps]
    elsewhere = (done_key(final_line(BeadId(bead_id), entity)), *texts)
    return Traces(bead_id=bead_id, elsewhere=elsewhere, may_have_refs=isinstance(entity, Bead))


def traces_of_line(uow: UnitOfWork, town_id: str, key: Key, line: dict[str, Any]) -> Traces:
    """The traces of a bead by its line in the list of finished ones; only a molecule has to be read for it."""
    entity = final_of(uow, town_id, line["id"]) if line["kind"] == "molecule" else None
    elsewhere = (key, *traces_of(line["id"], entity).elsewhere)
    return Traces(bead_id=line["id"], elsewhere=elsewhere, may_have_refs=line["kind"] == "bead")


def sweep_beads(uow: UnitOfWork, town_id: str, bead_ids: Iterable[str]) -> None:
    """Delete all rows of some beads that are not live."""
    sweep(uow, town_id, [traces_of(bead_id, final_of(uow, town_id, bead_id)) for bead_id in bead_ids])


def sweep(uow: UnitOfWork, town_id: str, found: list[Traces]) -> None:
    """Delete all rows of the beads that left these traces."""
    if not found:
        return
    until = int((uow.now() + DELETED_LIFE).timestamp())
    # Whoever was deleted twice is named twice, and one write of many rows takes each key once.
    ids = dict.fromkeys(traces.bead_id for traces in found if traces.may_have_refs)
    uow.store.put_rows(town_id, [Row(pk=DELETED, sk=bead_id, body={}, expires_at=until) for bead_id in ids])
    own = [key for traces in found for key in _own_rows(uow, town_id, traces.bead_id)]
    uow.store.delete_rows(town_id, [key for key in own if key[1] != "FINAL"])
    uow.store.delete_rows(town_id, [key for traces in found for key in traces.elsewhere])
    uow.store.delete_rows(town_id, [key for key in own if key[1] == "FINAL"])


def was_deleted(uow: UnitOfWork, town_id: str, bead_id: str) -> bool:
    """Whether this bead was the town's and somebody deleted it; known for a year, by one read."""
    return uow.store.read_row(town_id, DELETED, bead_id) is not None


def _own_rows(uow: UnitOfWork, town_id: str, bead_id: str) -> Iterator[Key]:
    pk, before = f"BEAD#{bead_id}", None
    while True:
        page, before = uow.store.list_rows(town_id, pk, limit=PAGE, before=before)
        yield from ((pk, sk) for sk, _ in page)
        if before is None:
            return
