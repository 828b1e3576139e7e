"""Which beads a list is asked for: one set of names for people, agents and the mayor (api facts, 4.1)."""

from collections.abc import Collection, Mapping

from gastown.api.callers import whole_number
from gastown.domain.bead import BeadStatus
from gastown.domain.errors import Invalid
from gastown.usecases.history import KIND_TYPES, BeadFilter

MOST = 500
"""Beads of one answer."""

STATUSES = tuple(str(status) for status in BeadStatus)
TYPES = tuple(dict.fromkeys(KIND_TYPES.values()))


def bead_filter(query: Mapping[str, str] | None, rig_id: str) -> BeadFilter:
    """The beads of a rig that a query names. Raises `Invalid` for a status, type or number that is none."""
    asked = query or {}
    return BeadFilter(
        rig_id=rig_id,
        status=_one_of(STATUSES, asked.get("status"), "status"),
        type=_one_of(TYPES, asked.get("type"), "type"),
        assignee=asked.get("assignee_agent_bead_id") or asked.get("assignee_agent_id"),
        parent=asked.get("parent_bead_id"),
        limit=min(whole_number(asked.get("limit"), 100, "limit"), MOST),
        offset=whole_number(asked.get("offset"), 0, "offset"),
    )


def _one_of(known: Collection[str], text: str | None, field: str) -> str | None:
    if text is not None and text not in known:
        raise Invalid(f"{field} is one of {', '.join(known)}", field=field)
    return text
