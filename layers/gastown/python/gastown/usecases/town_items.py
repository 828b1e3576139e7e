"""A town as the items of its `LIVE` partition, and back. Attributes that this code does not know survive."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from functools import cache
from typing import Any

from pydantic import TypeAdapter

from gastown.domain.agent import Agent
from gastown.domain.bead import Bead, Stub
from gastown.domain.command import Command
from gastown.domain.config import TownConfig
from gastown.domain.container import Container, Pulse
from gastown.domain.convoy import Convoy
from gastown.domain.effect import Effect, Wait
from gastown.domain.errors import Unavailable
from gastown.domain.escalation import Escalation
from gastown.domain.event import TownEvent
from gastown.domain.ids import TownId
from gastown.domain.job import Job
from gastown.domain.mail import Mail
from gastown.domain.mayor import Mayor
from gastown.domain.molecule import Molecule
from gastown.domain.nudge import Nudge
from gastown.domain.review import Review
from gastown.domain.rig import Rig
from gastown.domain.town import Entity, Town
from gastown.domain.triage import TriageRequest
from gastown.ports.town_store import LiveItem

SCHEMA = 1
"""Older code refuses newer towns; newer code upgrades older ones when it loads them."""

META, CONFIG, PROJECTED, MAYOR = "META", "CONFIG", "PROJECTED", "MAYOR"
COLLECTIONS: dict[str, tuple[str, type]] = {
    "RIG": ("rigs", Rig),
    "AGENT": ("agents", Agent),
    "BEAD": ("beads", Bead),
    "REVIEW": ("reviews", Review),
    "CONVOY": ("convoys", Convoy),
    "ESCALATION": ("escalations", Escalation),
    "STUB": ("stubs", Stub),
    "NUDGE": ("nudges", Nudge),
    "MAIL": ("mail", Mail),
    "TRIAGE": ("triage", TriageRequest),
    "MOLECULE": ("molecules", Molecule),
    "JOB": ("jobs", Job),
    "COMMAND": ("commands", Command),
    "WAIT": ("waits", Wait),
    "OUTBOX": ("effects", Effect),
}
UNVERSIONED = ("INBOX#", "OUTBOX#", "PULSE#", PROJECTED)
"""Items that others than commits write or remove; the digest leaves them out."""

KINDS: dict[str, type] = {
    "bead": Bead,
    "review": Review,
    "convoy": Convoy,
    "escalation": Escalation,
    "molecule": Molecule,
    "triage": TriageRequest,
    "nudge": Nudge,
    "mail": Mail,
}


class TornLoad(Unavailable):
    """The items of one load were written by more than one commit; reading again helps."""


@dataclass(kw_only=True)
class Meta:
    """The META item: what a town is beside its collections."""

    schema_number: int
    version: int
    digest: str
    id: TownId
    name: str
    owner_user_id: str
    created_at: datetime
    committed_at: datetime | None
    commit_id: str | None
    wake_at: datetime | None
    alarm_at: datetime | None
    due_at: datetime | None
    names_used: int
    organization_id: str | None = None
    failed_starts: list[datetime] = field(default_factory=list)
    triage_not_before: datetime | None = None
    generation: int
    container: Container


@cache
def adapter(of: type) -> TypeAdapter[Any]:
    """The converter of one dataclass, made once a process."""
    return TypeAdapter(of)


def dump(value: object, of: type) -> dict[str, Any]:
    """A dataclass as JSON-like values."""
    body: dict[str, Any] = adapter(of).dump_python(value, mode="json")
    return body


def digest(items: Iterable[tuple[str, int]]) -> str:
    """One word for a working set: which keys, written by which versions."""
    lines = sorted(f"{key}={version}" for key, version in items if key != META and not key.startswith(UNVERSIONED))
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:32]


def decode(items: Iterable[LiveItem]) -> Town:
    """The town of these items. Raises `TornLoad` when they do not belong together, `Unavailable` for a newer schema."""
    found = {item.key: item for item in items}
    if META not in found:
        raise TornLoad("The town is not there yet", retry_after=2)
    if int(found[META].body.get("schema_number", 0)) > SCHEMA:
        raise Unavailable("This town was written by a newer version of the service", retry_after=60)
    meta: Meta = adapter(Meta).validate_python(found[META].body)
    if meta.digest != digest((item.key, item.version) for item in found.values()):
        raise TornLoad(f"Torn load of town {meta.id} at version {meta.version}")
    town = Town(
        id=meta.id,
        name=meta.name,
        owner_user_id=meta.owner_user_id,
        created_at=meta.created_at,
        organization_id=meta.organization_id,
        version=meta.version,
        committed_at=meta.committed_at,
        commit_id=meta.commit_id,
        wake_at=meta.wake_at,
        alarm_at=meta.alarm_at,
        due_at=meta.due_at,
        names_used=meta.names_used,
        failed_starts=meta.failed_starts,
        triage_not_before=meta.triage_not_before,
        container=meta.container,
    )
    for item in found.values():
        _place(town, item)
    return town


def _place(town: Town, item: LiveItem) -> None:
    prefix, _, identifier = item.key.partition("#")
    if item.key == CONFIG:
        town.config = adapter(TownConfig).validate_python(item.body)
    elif item.key == MAYOR:
        town.mayor = adapter(Mayor).validate_python(item.body)
    elif item.key == PROJECTED:
        town.projected = int(item.body["version"])
    elif prefix == "INBOX":
        town.inbox[item.key] = adapter(TownEvent).validate_python({**item.body, "key": item.key})
    elif prefix == "PULSE":
        town.pulses[int(identifier)] = adapter(Pulse).validate_python({**item.body, "generation": int(identifier)})
    elif prefix in COLLECTIONS:
        name, of = COLLECTIONS[prefix]
        getattr(town, name)[identifier] = adapter(of).validate_python(item.body)


def encode(town: Town) -> dict[str, dict[str, Any]]:
    """All items of a town that commits write, by key; META is made by the commit itself."""
    bodies = {CONFIG: dump(town.config, TownConfig)}
    if town.mayor is not None:
        bodies[MAYOR] = dump(town.mayor, Mayor)
    for prefix, (name, of) in COLLECTIONS.items():
        for identifier, value in getattr(town, name).items():
            bodies[f"{prefix}#{identifier}"] = dump(value, of)
    for generation, pulse in town.pulses.items():
        bodies[f"PULSE#{generation}"] = dump(pulse, Pulse)
    bodies.update({key: dump(event, TownEvent) for key, event in town.inbox.items() if event.failures})
    return bodies


def encode_meta(town: Town, state: str) -> dict[str, Any]:
    """The META body of a town whose working set has the digest `state`."""
    own = {part.name: getattr(town, part.name) for part in fields(Meta) if hasattr(town, part.name)}
    meta = Meta(**own, schema_number=SCHEMA, digest=state, generation=town.container.generation)
    return dump(meta, Meta)


def keep_unknown(old: Mapping[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """`new` with the attributes of `old` that this code does not write."""
    return {**{name: value for name, value in old.items() if name not in new}, **new}


def encode_final(entity: Entity) -> dict[str, Any]:
    """An ended bead of any kind, as its FINAL row."""
    kind = next(name for name, of in KINDS.items() if isinstance(entity, of))
    return {"kind": kind, "entity": dump(entity, KINDS[kind])}


def decode_final(body: Mapping[str, Any]) -> Entity:
    """The ended bead of a FINAL row."""
    entity: Entity = adapter(KINDS[body["kind"]]).validate_python(body["entity"])
    return entity
