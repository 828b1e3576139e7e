"""What a commit leaves behind: its journal row, and the history rows that are projected from it."""

import json
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from gastown.domain.container import Pulse
from gastown.domain.event import Note, TownEvent
from gastown.domain.ids import BeadId
from gastown.domain.town import Entity, Town
from gastown.ports.town_store import Row
from gastown.usecases.town_items import PROJECTED, dump, encode_final, encode_meta

JOURNAL_BYTES = 100_000
"""A journal row's diff is left out above this size (design section 7)."""

CHECKPOINT_EVERY = 500
HOMES = {"nudge": "nudges", "mail": "mail"}
"""The list of finished ones of a kind that belongs to no rig; the rest is the list `town`."""

SECRET_FIELDS = frozenset({"token"})
"""Task tokens stay out of journal, API and log (design section 7)."""


@dataclass(kw_only=True)
class Account:
    """Who committed, why, and what was drained and asked for."""

    actor: str
    cause: str
    reasons: list[str] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)
    """What a tick drained, whole, so that it can be replayed."""
    seen: dict[str, Any] = field(default_factory=dict)
    """What a tick decided on beside the items of the journal: container, pulses, counters."""
    refused: list[str] = field(default_factory=list)


def drained(event: TownEvent) -> dict[str, Any]:
    """An event as the journal keeps it."""
    return {**dump(event, TownEvent), "key": event.key}


def seen(town: Town) -> dict[str, Any]:
    """What a decision about this town rests on beside the items whose differences the journal keeps."""
    generation = town.container.generation
    pulses = {f"PULSE#{generation}": dump(town.pulses[generation], Pulse)} if generation in town.pulses else {}
    meta = encode_meta(town, "")
    return {"pulses": pulses, "meta": {name: meta[name] for name in ("container", "generation", "names_used")}}


def journal_sk(version: int) -> str:
    """The sort key of one commit: 20 digits, so that they sort as numbers."""
    return f"{version:020d}"


def differences(old: Mapping[str, Mapping[str, Any]], new: Mapping[str, Mapping[str, Any] | None]) -> dict[str, Any]:
    """Per changed item the changed attributes as [before, after]; a removed item is `None`."""
    return {
        key: None if body is None else _changed(old.get(key, {}), body)
        for key, body in new.items()
    }  # fmt: skip


def _changed(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, list[Any]]:
    names = [name for name in new if new[name] != old.get(name) and name not in SECRET_FIELDS]
    return {name: [old.get(name), new[name]] for name in names}


def journal_row(town: Town, account: Account, diff: dict[str, Any], now: datetime) -> Row:
    """The journal row of the commit that makes `town.version`."""
    body: dict[str, Any] = {
        "version": town.version,
        "commit_id": town.commit_id,
        "at": now.isoformat(),
        **vars(account),
        "effects": [str(effect.kind) for key, effect in town.effects.items() if f"OUTBOX#{key}" in diff],
        "notes": [{**_plain_note(note), "rig_id": _rig_of(town, note)} for note in town.notes],
        "finals": [final_line(bead_id, entity) for bead_id, entity in town.finals.items()],
        "diff": diff,
    }
    if len(json.dumps(body, default=str)) > JOURNAL_BYTES:
        body["diff"] = {"left_out": len(diff)}
        if len(json.dumps(body, default=str)) > JOURNAL_BYTES:
            body["events"], body["seen"] = [event["key"] for event in account.events], {}
    return Row(pk="JOURNAL", sk=journal_sk(town.version), body=body)


def _rig_of(town: Town, note: Note) -> str | None:
    """The rig of what a line of history is about; none if that belongs to no rig, or leaves with this commit."""
    bead_id = BeadId(note.bead_id)
    ended = town.finals.get(bead_id)
    about = ended or next((entity for entity in town.live_beads() if entity.id == bead_id), None)
    return getattr(about, "rig_id", None)


def _plain_note(note: Note) -> dict[str, Any]:
    plain: dict[str, Any] = json.loads(json.dumps(asdict(note), default=_plain))
    return plain


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def final_line(bead_id: BeadId, entity: Entity) -> dict[str, Any]:
    """The line of an ended bead in the list of finished ones."""
    body = encode_final(entity)
    status = body["entity"].get("status") or body["entity"].get("phase") or body["entity"].get("state") or "closed"
    ended = body["entity"].get("closed_at") or body["entity"].get("landed_at") or body["entity"].get("acknowledged_at")
    return {
        "id": bead_id,
        "kind": body["kind"],
        "title": body["entity"].get("title") or body["entity"]["message"][:200],
        "rig_id": body["entity"].get("rig_id") or HOMES.get(body["kind"], "town"),
        "status": status,
        "outcome": body["entity"].get("outcome") or body["entity"].get("failure"),
        "closed_at": ended or body["entity"].get("updated_at"),
        "created_at": body["entity"]["created_at"],
    }


def final_rows(town: Town) -> Iterator[Row]:
    """The rows by which ended beads are read by id, in one request, for ever."""
    for bead_id, entity in town.finals.items():
        yield Row(pk=f"BEAD#{bead_id}", sk="FINAL", body=encode_final(entity))


def text_rows(town: Town, known: Container[str], *, new: bool) -> list[Row]:
    """The long texts: of new beads, written before the commit that refers to them; of known ones, within it."""
    return [
        Row(pk=f"BEAD#{bead_id}", sk="TEXT", body={"text": text})
        for bead_id, text in town.texts.items()
        if (f"BEAD#{bead_id}" not in known) is new
    ]


def history_rows(journal: Mapping[str, Any]) -> Iterator[Row]:
    """The history of one commit: per bead, for the whole town, and the list of finished beads."""
    version = int(journal["version"])
    for place, note in enumerate(journal["notes"]):
        event = {
            "bead_event_id": f"{version}-{place}",
            "bead_id": note["bead_id"],
            "agent_id": note["agent_id"],
            "event_type": note["type"],
            "old_value": note["old"],
            "new_value": note["new"],
            "metadata": note["metadata"],
            "created_at": note["at"],
        }
        if "rig_id" in note:  # older journals do not say
            event["rig_id"] = note["rig_id"]
        yield Row(pk=f"BEAD#{note['bead_id']}", sk=f"EVENT#{journal_sk(version)}#{place:03d}", body=event)
        yield Row(pk="EVENTS", sk=f"{journal_sk(version)}#{place:03d}", body=event)
    for line in journal["finals"]:
        pk, sk = done_key(line)
        yield Row(pk=pk, sk=sk, body=dict(line))


def done_key(line: Mapping[str, Any]) -> tuple[str, str]:
    """Where the line of an ended bead is kept: by the time of its end."""
    return f"DONE#{line['rig_id']}", f"{line['closed_at']}#{line['id']}"


def projected_row(version: int) -> Row:
    """The mark up to which history is written; the next load brings it along."""
    return Row(pk="LIVE", sk=PROJECTED, body={"version": version})


def checkpoint_row(town: Town, bodies: Mapping[str, Mapping[str, Any]]) -> Row | None:
    """Every 500 versions the whole working set, so that a replay need not start at the beginning."""
    if town.version % CHECKPOINT_EVERY:
        return None
    items = {key: {k: v for k, v in body.items() if k not in SECRET_FIELDS} for key, body in bodies.items()}
    return Row(pk="CHECKPOINT", sk=journal_sk(town.version), body={"items": items})


def all_rows(rows: Iterable[Row | None]) -> list[Row]:
    """The rows that are there."""
    return [row for row in rows if row is not None]
