"""How containers come up and leave, step by step with durations: told by them, and by whoever asks for a mayor.

Like agents' events they are history, kept for a while under `CONTAINER`. A container's own are numbered within its
generation, so telling one again changes nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from gastown.domain.errors import StaleDispatch
from gastown.ports.town_store import Row
from gastown.usecases.tokens import ContainerClaims
from gastown.usecases.unit_of_work import UnitOfWork

LIFE = timedelta(days=30)
"""How long an event is kept."""
PARTITION = "CONTAINER"


@dataclass(frozen=True, kw_only=True)
class Step:
    """One event; `facts` are its durations in milliseconds, and whose it is, under the reference's names."""

    event: str
    at: datetime
    facts: dict[str, str | float] = field(default_factory=dict)


def record(work: UnitOfWork, claims: ContainerClaims, steps: Mapping[int, Step]) -> None:
    """Keep what a container of the present generation tells, by its own numbers. Raises `StaleDispatch`."""
    if work.store.read_row(claims.town_id, "LIVE", f"PULSE#{claims.generation}", consistent=True) is None:
        raise StaleDispatch(f"stale dispatch: generation {claims.generation} is superseded")
    rows = [
        _row(work, step, f"{claims.generation:09d}-{number:09d}", generation=claims.generation)
        for number, step in steps.items()
    ]
    work.store.put_rows(claims.town_id, rows)


def note(work: UnitOfWork, town_id: str, event: str, **facts: str | float) -> None:
    """Keep something that the town itself tells."""
    step = Step(event=event, at=work.now(), facts=facts)
    work.store.put_rows(town_id, [_row(work, step, work.new_id())])


def list_steps(work: UnitOfWork, town_id: str, *, limit: int) -> list[dict[str, Any]]:
    """What was told, newest first."""
    page, _ = work.store.list_rows(town_id, PARTITION, limit=limit)
    return [body for _, body in page]


def _row(work: UnitOfWork, step: Step, name: str, **more: int) -> Row:
    at = step.at.astimezone(UTC).isoformat(timespec="milliseconds")
    body = {"event": step.event, "created_at": at.replace("+00:00", "Z"), **step.facts, **more}
    return Row(pk=PARTITION, sk=f"{at}#{name}", body=body, expires_at=int((work.now() + LIFE).timestamp()))
