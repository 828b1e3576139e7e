"""Who belongs to a convoy: adding and removing beads, and how it lands. Progress is looked up, never counted."""

import re
from collections.abc import Iterable

from gastown.domain.bead import Bead, BeadStatus
from gastown.domain.convoy import Convoy, ConvoyState, MergeMode
from gastown.domain.edges import check_blockers, set_blockers
from gastown.domain.errors import Conflict, Invalid, NotFound
from gastown.domain.event import Note
from gastown.domain.ids import BeadId, Moment
from gastown.domain.limits import MAX_CONVOY_TASKS
from gastown.domain.redoing import settle_failure
from gastown.domain.town import Town

BRANCH = re.compile(r"^(?!-)(?!.*\.\.)(?!.*//)[\w./-]{1,200}(?<!/)(?<!\.lock)$")


def _check_open(town: Town, convoy: Convoy) -> None:
    if convoy.is_over:
        raise Conflict(f"Convoy {convoy.id} is {convoy.state}")
    if town.landing_of(convoy.id) is not None:
        raise Conflict(f"Convoy {convoy.id} is landing; wait for how that ends")


def add_to_convoy(town: Town, convoy_id: str, bead_id: str, depends_on: Iterable[str] | None, moment: Moment) -> Convoy:
    """Add an open bead without an agent to a convoy that is not landing (2 items). `NotFound`, `Conflict`, `Invalid`.

    A bead that is in it already only gets its blockers.
    """
    convoy, bead = town.convoy(convoy_id), town.bead(bead_id)
    check_joinable(town, convoy)
    known = bead.id in convoy.beads
    if not known:
        _check_joins(convoy, bead)
    blockers = None if depends_on is None else check_blockers(town, bead, depends_on, "depends_on")
    if blockers is not None:
        set_blockers(town, bead, blockers, moment)
    if not known:
        convoy.beads.append(bead.id)
        bead.convoy_id, bead.updated_at = convoy.id, moment.now
        bead.metadata |= {"convoy_id": convoy.id, "feature_branch": convoy.feature_branch}
        convoy.landing_waits_for_person = False
        _note(town, convoy, "beads", moment, added=bead.id)
    return convoy


def check_joinable(town: Town, convoy: Convoy) -> None:
    """Refuse to add anything to a convoy that is over or landing, or whose rig leaves. Raises `Conflict`."""
    _check_open(town, convoy)
    town.open_rig(convoy.rig_id)


def _check_joins(convoy: Convoy, bead: Bead) -> None:
    if bead.rig_id != convoy.rig_id:
        raise Invalid("All beads of a convoy belong to one rig", field="bead_id")
    if bead.is_triage_batch:
        raise Conflict("A triage batch belongs to no convoy")
    if bead.convoy_id is not None or bead.is_fix:
        raise Conflict(f"Bead {bead.id} belongs to {bead.convoy_id or bead.parent_id}")
    if bead.status is not BeadStatus.OPEN or bead.assignee is not None:
        raise Conflict(f"Bead {bead.id} is under way; its work would go elsewhere")
    if len(convoy.beads) >= MAX_CONVOY_TASKS:
        raise Conflict(f"A convoy has at most {MAX_CONVOY_TASKS} beads")


def remove_from_convoy(town: Town, convoy_id: str, bead_id: str, by: str, moment: Moment) -> Convoy:
    """Take an open or failed bead out of a convoy, with its edges to the rest (1 + beads items).

    Raises `NotFound`, `Conflict`. What waits for it in the convoy's execution is answered `removed`.
    """
    convoy = town.convoy(convoy_id)
    removed = BeadId(bead_id)
    check_leaves(town, convoy, removed)
    bead = town.beads.get(removed)
    convoy.beads = [member for member in convoy.beads if member != removed]
    _cut(town, convoy, removed, moment)
    if bead is not None:
        bead.convoy_id, bead.updated_at = None, moment.now
        bead.metadata = {k: v for k, v in bead.metadata.items() if k not in ("convoy_id", "feature_branch")}
    settle_failure(town, removed, by, moment)
    _note(town, convoy, "beads", moment, removed=removed)
    return convoy


def check_leaves(town: Town, convoy: Convoy, bead_id: BeadId) -> None:
    """Refuse to take out what is not in a convoy, or what is or was its work. Raises `NotFound`, `Conflict`."""
    if convoy.is_over:
        raise Conflict(f"Convoy {convoy.id} is {convoy.state}")
    if bead_id not in convoy.beads:
        raise NotFound(f"Bead {bead_id} is not in convoy {convoy.id}")
    bead = town.beads.get(bead_id)
    if bead is not None and (bead.status is not BeadStatus.OPEN or bead.assignee is not None):
        raise Conflict(f"Bead {bead_id} is under way for this convoy; reset or close it first")
    if bead is None and town.status_of(bead_id) is BeadStatus.CLOSED:
        raise Conflict(f"Bead {bead_id} has ended; its work belongs to the convoy")


def _cut(town: Town, convoy: Convoy, removed: BeadId, moment: Moment) -> None:
    """Drop the edges between a removed bead and its former siblings, in both directions."""
    for sibling in [town.beads[member] for member in convoy.beads if member in town.beads]:
        if removed in sibling.blockers:
            set_blockers(town, sibling, [b for b in sibling.blockers if b != removed], moment)
    if (bead := town.beads.get(removed)) and set(bead.blockers) & set(convoy.beads):
        set_blockers(town, bead, [b for b in bead.blockers if b not in convoy.beads], moment)


def update_convoy(
    town: Town, convoy_id: str, merge_mode: MergeMode | None, branch: str | None, moment: Moment
) -> Convoy:
    """Change how a convoy lands, while nothing of it was merged or is under review (1 + beads items).

    Raises `NotFound`, `Conflict`, `Invalid`.
    """
    convoy = town.convoy(convoy_id)
    if merge_mode is None and branch is None:
        raise Invalid("Name merge_mode or feature_branch", field="body")
    check_update(town, convoy)
    if branch is not None:
        _check_branch(town, convoy, branch)
    convoy.merge_mode, convoy.feature_branch = merge_mode or convoy.merge_mode, branch or convoy.feature_branch
    for bead in [town.beads[member] for member in convoy.beads if member in town.beads]:
        bead.metadata["feature_branch"] = convoy.feature_branch
    _note(town, convoy, "merge_mode,feature_branch", moment, merge_mode=str(convoy.merge_mode))
    return convoy


def check_update(town: Town, convoy: Convoy) -> None:
    """Refuse to change how a convoy lands once its work goes that way. Raises `Conflict`."""
    _check_open(town, convoy)
    if convoy.state is not ConvoyState.STAGED and _has_results(town, convoy):
        raise Conflict(f"Work of convoy {convoy.id} was merged or is under review already")


def _check_branch(town: Town, convoy: Convoy, branch: str) -> None:
    if not BRANCH.match(branch) or branch == town.rig(convoy.rig_id).default_branch:
        raise Invalid("That is no name for a feature branch", field="feature_branch")
    others = (other for other in town.convoys.values() if other.id != convoy.id and other.rig_id == convoy.rig_id)
    if any(other.feature_branch == branch for other in others):
        raise Conflict(f"Another convoy uses {branch}")


def _has_results(town: Town, convoy: Convoy) -> bool:
    merged = any(town.stubs[member].outcome == "merged" for member in convoy.beads if member in town.stubs)
    return merged or convoy.feature_sha is not None or any(r.convoy_id == convoy.id for r in town.reviews.values())


def _note(town: Town, convoy: Convoy, what: str, moment: Moment, **detail: object) -> None:
    convoy.updated_at = moment.now
    town.note(Note(bead_id=convoy.id, type="fields_updated", at=moment.now, new=what, metadata=detail))
