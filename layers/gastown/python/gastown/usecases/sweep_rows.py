"""Deleting the rows of beads that are deleted: text, history, final state and the line in the list of finished ones.

All of it may be repeated. The final state goes last, because it says which line of which list is the bead's.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from gastown.domain.ids import BeadId
from gastown.domain.molecule import Molecule
from gastown.domain.stepping import text_id
from gastown.domain.town import Entity
from gastown.usecases.journal import done_key, final_line
from gastown.usecases.town_items import decode_final
from gastown.usecases.unit_of_work import UnitOfWork

PAGE = 200
"""Rows of one bead read at once."""


def final_of(uow: UnitOfWork, town_id: str, bead_id: str) -> Entity | None:
    """The final state of a bead, by a consistent read."""
    body = uow.store.read_row(town_id, f"BEAD#{bead_id}", "FINAL", consistent=True)
    return decode_final(body) if body else None


def sweep_beads(uow: UnitOfWork, town_id: str, bead_ids: Iterable[str]) -> None:
    """Delete all rows of some beads that are not live."""
    lines = [
        (bead_id, [done_key(final_line(BeadId(bead_id), entity))] if entity is not None else [])
        for bead_id, entity in ((bead_id, final_of(uow, town_id, bead_id)) for bead_id in bead_ids)
    ]
    sweep_lines(uow, town_id, lines)


def sweep_lines(uow: UnitOfWork, town_id: str, lines: Iterable[tuple[str, list[tuple[str, str]]]]) -> None:
    """Delete all rows of beads whose lines in the lists of finished ones are known."""
    found = list(lines)
    own = [key for bead_id, _ in found for key in _own_rows(uow, town_id, bead_id)]
    steps = [key for bead_id, _ in found for key in _step_texts(uow, town_id, bead_id, own)]
    uow.store.delete_rows(town_id, [*steps, *(key for key in own if key[1] != "FINAL")])
    uow.store.delete_rows(town_id, [key for _, keys in found for key in keys])
    uow.store.delete_rows(town_id, [key for key in own if key[1] == "FINAL"])


def _own_rows(uow: UnitOfWork, town_id: str, bead_id: str) -> Iterator[tuple[str, str]]:
    pk, before = f"BEAD#{bead_id}", None
    while True:
        page, before = uow.store.list_rows(town_id, pk, limit=PAGE, before=before)
        yield from ((pk, sk) for sk, _ in page)
        if before is None:
            return


def _step_texts(uow: UnitOfWork, town_id: str, bead_id: str, own: list[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """The texts of a molecule's steps; only its final state knows them."""
    if (f"BEAD#{bead_id}", "FINAL") not in own:
        return
    entity = final_of(uow, town_id, bead_id)
    if isinstance(entity, Molecule):
        yield from ((f"BEAD#{text_id(entity, step)}", "TEXT") for step in entity.steps)


def line_key(rig_id: str, sort_key: str) -> tuple[str, str]:
    """Where a line of a rig's list of finished beads is kept."""
    return f"DONE#{rig_id}", sort_key


def bead_status(line: dict[str, Any]) -> str:
    """The status, in people's words, of a line in a list of finished beads: reviews merge, convoys land."""
    return "failed" if line["status"] == "failed" else "closed"
