"""The edges between beads: who waits for whom. Every change of them is checked whole before anything moves."""

from collections.abc import Iterable

from gastown.domain.bead import Bead
from gastown.domain.errors import Invalid
from gastown.domain.event import Note
from gastown.domain.ids import BeadId, Moment, RigId
from gastown.domain.limits import MAX_CONVOY_TASKS
from gastown.domain.town import Town


def check_blockers(town: Town, bead: Bead, blockers: Iterable[str], where: str) -> list[BeadId]:
    """The blockers once each, if they may be set. Raises `Invalid` for unknown ones, other rigs', and cycles."""
    wanted = [BeadId(blocker) for blocker in dict.fromkeys(blockers)]
    if wanted and bead.is_fix:
        raise Invalid("A fix waits for nothing: its review, and so its bead, waits for it", field=where)
    if wanted and (bead.is_triage_batch or any(b in town.beads and town.beads[b].is_triage_batch for b in wanted)):
        raise Invalid("A triage batch waits for nothing, and nothing waits for it", field=where)
    if len(wanted) > MAX_CONVOY_TASKS:
        raise Invalid(f"A bead waits for at most {MAX_CONVOY_TASKS} others", field=where)
    for blocker in wanted:
        _check_known(town, bead, blocker, where)
    if cycle := cycle_through(town, bead.id, wanted):
        raise Invalid(f"That would be a cycle: {' -> '.join(cycle)}", field=where)
    return wanted


def _check_known(town: Town, bead: Bead, blocker: BeadId, where: str) -> None:
    if blocker == bead.id:
        raise Invalid("A bead does not wait for itself", field=where)
    live = town.beads.get(blocker)
    if live is None and blocker not in town.stubs:
        raise Invalid(f"Bead {blocker} is not known", field=where)
    if live is not None and live.rig_id != bead.rig_id:
        raise Invalid(f"Bead {blocker} belongs to another rig", field=where)
    if blocker not in bead.blockers and len(waiting_for(town, blocker)) >= MAX_CONVOY_TASKS:
        raise Invalid(f"{MAX_CONVOY_TASKS} beads wait for {blocker} already", field=where)


def cycle_through(town: Town, bead_id: BeadId, blockers: Iterable[BeadId]) -> list[BeadId]:
    """The way from a bead along its blockers back to itself, or nothing; over all live beads."""
    ways = [[bead_id, blocker] for blocker in blockers]
    seen: set[BeadId] = set()
    while ways:
        way = ways.pop()
        if way[-1] == bead_id:
            return way
        live = town.beads.get(way[-1])
        if live is not None and live.id not in seen:
            seen.add(live.id)
            ways += [[*way, blocker] for blocker in live.blockers]
    return []


def waiting_for(town: Town, bead_id: BeadId, rig_id: RigId | None = None) -> list[Bead]:
    """The live beads that name this one as a blocker."""
    waiting = (bead for bead in town.beads.values() if bead_id in bead.blockers)
    return [bead for bead in waiting if rig_id in (None, bead.rig_id)]


def replace_blocker(town: Town, old: BeadId, new: BeadId | None, moment: Moment) -> None:
    """Put another bead, or none, in the place of a blocker, wherever it blocks (one item a waiting bead)."""
    for bead in waiting_for(town, old):
        kept = [new if blocker == old else blocker for blocker in bead.blockers]
        set_blockers(town, bead, [blocker for blocker in kept if blocker is not None], moment)


def set_blockers(town: Town, bead: Bead, blockers: list[BeadId], moment: Moment) -> None:
    """Set what a bead waits for, with its line of history."""
    changed: dict[str, object] = {"changed": ["depends_on"], "depends_on": list(blockers)}
    town.note(Note(bead_id=bead.id, type="fields_updated", at=moment.now, new="depends_on", metadata=changed))
    bead.blockers, bead.updated_at = blockers, moment.now
