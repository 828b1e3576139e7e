"""What a person, or the mayor for them, changes about a bead that has not ended."""

import json
from collections.abc import Iterable, Mapping
from typing import TypedDict

from gastown.domain.bead import HELD, Bead, BeadStatus, Priority
from gastown.domain.edges import check_blockers, waiting_for
from gastown.domain.ending import end_bead, fail_bead
from gastown.domain.errors import Conflict, Invalid, NotFound
from gastown.domain.event import Note
from gastown.domain.ids import BeadId, Moment
from gastown.domain.limits import MAX_LABEL, MAX_LABELS, MAX_METADATA_BYTES
from gastown.domain.redoing import check_reset, reset_bead
from gastown.domain.slinging import Task, check_task
from gastown.domain.timing import check_time_limit
from gastown.domain.town import Town

OURS = "gt:"
"""Labels that begin so are the town's own; `gt:held` alone is for people."""

OUR_METADATA = frozenset(
    {"convoy_id", "feature_branch", "rework_for", "mr_bead_id", "branch", "target_branch", "files", "retry_of"}
)
"""Metadata that the town keeps: what people write never replaces it (town facts, section 6, no. 15)."""

BY_HAND = (BeadStatus.OPEN, BeadStatus.CLOSED, BeadStatus.FAILED)


class BeadEdit(TypedDict, total=False):
    """The fields to change; absent ones stay. `labels`, `metadata` and `depends_on` are replaced whole."""

    title: str
    body: str | None
    priority: Priority
    labels: list[str]
    metadata: dict[str, object]
    depends_on: list[str]
    status: BeadStatus


def live_bead(town: Town, rig_id: str, bead_id: str) -> Bead:
    """The live task or fix of this rig. Raises `NotFound`, and `Conflict` when it is known to have ended."""
    bead = town.beads.get(BeadId(bead_id))
    if bead is None and BeadId(bead_id) in town.stubs:
        raise Conflict(f"Bead {bead_id} has ended and never changes; a failed one can be retried")
    if bead is None or bead.rig_id != rig_id:
        raise NotFound(f"Bead {bead_id} not found")
    return bead


def edit_bead(town: Town, bead: Bead, edit: BeadEdit, by: str, moment: Moment) -> Bead:
    """Change some fields of a live bead (1 item; with a status as many as ending it). Raises `Invalid`, `Conflict`."""
    _check(town, bead, edit)
    blockers = check_blockers(town, bead, edit["depends_on"], "depends_on") if "depends_on" in edit else bead.blockers
    bead.title = edit.get("title", bead.title)
    bead.priority = edit.get("priority", bead.priority)
    bead.labels = list(dict.fromkeys(edit.get("labels", bead.labels)))
    if "metadata" in edit:
        kept = {name: value for name, value in bead.metadata.items() if name in OUR_METADATA}
        bead.metadata = {**edit["metadata"], **kept}
    if "body" in edit:
        town.texts[bead.id] = edit["body"] or ""
    bead.blockers = blockers
    names = [name for name in edit if name != "status"]
    if names:
        _note(town, bead, names, by, moment)
    if "status" in edit:
        _move(town, bead, edit["status"], by, moment)
    return bead


def _check(town: Town, bead: Bead, edit: BeadEdit) -> None:
    if not edit:
        raise Invalid("Name at least one field to change", field="body")
    check_task(Task(title=edit.get("title", bead.title), body=edit.get("body")), "title")
    if "labels" in edit:
        check_labels(bead.labels, edit["labels"])
    if "metadata" in edit:
        check_metadata(edit["metadata"])
    if (status := edit.get("status")) is not None and status not in BY_HAND:
        raise Invalid("A person reopens, closes or fails a bead; the town decides the rest", field="status")
    if status is BeadStatus.OPEN:
        check_reset(town, bead)


def check_labels(old: Iterable[str], new: Iterable[str]) -> None:
    """Refuse labels that are too many or too long, and any change of the town's own. Raises `Invalid`."""
    labels = list(new)
    if len(labels) > MAX_LABELS or any(not 1 <= len(label) <= MAX_LABEL for label in labels):
        raise Invalid(f"At most {MAX_LABELS} labels of 1 to {MAX_LABEL} characters", field="labels")
    if _reserved(old) != _reserved(labels):
        raise Invalid(f"Labels that begin with {OURS} are the town's own; only {HELD} is yours", field="labels")


def _reserved(labels: Iterable[str]) -> set[str]:
    return {label for label in labels if label.startswith(OURS) and label != HELD}


def check_metadata(metadata: Mapping[str, object]) -> None:
    """Refuse metadata that does not fit into a bead's item, or names no time limit. Raises `Invalid`."""
    if len(json.dumps(metadata, ensure_ascii=False, default=str).encode()) > MAX_METADATA_BYTES:
        raise Invalid(f"Metadata takes at most {MAX_METADATA_BYTES} bytes as JSON", field="metadata")
    check_time_limit(metadata)


def _note(town: Town, bead: Bead, names: list[str], by: str, moment: Moment) -> None:
    bead.updated_at = moment.now
    changed: dict[str, object] = {"changed": names, "actor": by}
    town.note(Note(bead_id=bead.id, type="fields_updated", at=moment.now, new=",".join(names), metadata=changed))


def start_held(town: Town, bead: Bead, by: str, moment: Moment) -> Bead:
    """Take the hold off a bead (1 item). Raises `Conflict` for one that nobody holds."""
    if not bead.is_held:
        raise Conflict(f"Bead {bead.id} is not held")
    bead.labels = [label for label in bead.labels if label != HELD]
    _note(town, bead, ["labels"], by, moment)
    return bead


def _move(town: Town, bead: Bead, status: BeadStatus, by: str, moment: Moment) -> None:
    if status is BeadStatus.OPEN:
        reset_bead(town, bead, by, moment)
    else:
        end_by_person(town, bead, status, moment)


def end_by_person(town: Town, bead: Bead, status: BeadStatus, moment: Moment) -> None:
    """Close or fail a bead by a person's word; a failure that holds other work up is escalated like any other."""
    held_up = bead.convoy_id in town.convoys or waiting_for(town, bead.id)
    if status is BeadStatus.FAILED and held_up and not bead.is_fix:
        fail_bead(town, bead, "person", "A person failed it; retry it, or take it out of what waits for it", moment)
    else:
        end_bead(town, bead, status, "person", moment)
