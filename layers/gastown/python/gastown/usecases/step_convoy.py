"""One step of a convoy's execution: wait in the town for the answer, or answer at once if it is known.

The town decides and the execution mirrors (design section 4). A wait registers its token by a commit; the tick that
learns the answer sends it. A convoy that is over answers from what its end left behind.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from gastown.domain.bead import Bead, BeadStatus
from gastown.domain.convoy import Convoy
from gastown.domain.effect import Wait
from gastown.domain.errors import Conflict, Invalid, NotFound
from gastown.domain.ids import BeadId, Moment
from gastown.domain.town import Entity, Town
from gastown.domain.waiting import answer_of, keep_wait
from gastown.ports.workflows import Workflows
from gastown.usecases.execution_effects import CONTRACT
from gastown.usecases.town_items import decode_final
from gastown.usecases.unit_of_work import UnitOfWork

STEPS = frozenset({"start", "bead", "landing", "close"})
Answer = dict[str, object]


@dataclass(frozen=True, kw_only=True)
class Step:
    """What an execution asks; `entered_at` orders two waits of one step if the state machine sends it."""

    name: str
    token: str
    town_id: str
    convoy_id: str
    bead_id: str | None = None
    entered_at: datetime | None = None

    @property
    def key(self) -> str:
        """What the wait is called in the town: one for each step, and for each bead of the step `bead`."""
        return "#".join(part for part in (self.convoy_id, self.name, self.bead_id) if part)


def read_step(event: Mapping[str, Any]) -> Step:
    """The step of an event. Raises `Invalid` for another contract, an unknown step or a missing field."""
    if int(event.get("contract") or 0) > CONTRACT:
        raise Invalid("This execution speaks a newer contract", field="contract")
    for name in ("step", "token", "town_id", "convoy_id"):
        if not isinstance(event.get(name), str) or not event[name]:
            raise Invalid(f"A step has a {name}", field=name)
    if event["step"] not in STEPS or (event["step"] == "bead") != bool(event.get("bead_id")):
        raise Invalid("A step is start, landing or close, or bead with a bead_id", field="step")
    entered = event.get("entered_at")
    return Step(
        name=event["step"],
        token=event["token"],
        town_id=event["town_id"],
        convoy_id=event["convoy_id"],
        bead_id=event.get("bead_id") or None,
        entered_at=datetime.fromisoformat(entered) if entered else None,
    )


class ConvoyOverError(Conflict):
    """The convoy ended between the look and the commit; its end has the answer."""


def step_convoy(uow: UnitOfWork, workflows: Workflows, step: Step) -> Literal["answered", "waiting"]:
    """Answer or register one step. Raises `NotFound` for a convoy that never was, `Unavailable`."""
    answer = _known_answer(uow, uow.load(step.town_id).town, step)
    if answer is None:
        try:
            uow.change(step.town_id, lambda t, m: register_wait(t, step, m), actor="execution", cause="wait_registered")
        except ConvoyOverError:
            answer = _known_answer(uow, uow.load(step.town_id).town, step)
    if answer is None:
        return "waiting"
    workflows.succeed(step.token, answer)
    return "answered"


def register_wait(town: Town, step: Step, moment: Moment) -> None:
    """Keep the wait; if its answer has become known by now, the tick after this commit sends it."""
    if step.convoy_id not in town.convoys:
        raise ConvoyOverError(f"Convoy {step.convoy_id} is over")
    wait = Wait(
        key=step.key,
        convoy_id=step.convoy_id,
        step=step.name,
        bead_id=step.bead_id,
        token=step.token,
        registered_at=step.entered_at or moment.now,
    )
    keep_wait(town, wait)


def _known_answer(uow: UnitOfWork, town: Town, step: Step) -> Answer | None:
    convoy = town.convoys.get(BeadId(step.convoy_id)) or _final(uow, step.town_id, step.convoy_id)
    if not isinstance(convoy, Convoy):
        raise NotFound(f"Convoy {step.convoy_id} not found")
    return answer_of(convoy, step.name, _bead_status(uow, town, step), step.bead_id)


def _bead_status(uow: UnitOfWork, town: Town, step: Step) -> BeadStatus | None:
    """How the step's bead stands; one that has ended and that nobody refers to any more is read by its id."""
    if step.bead_id is None:
        return None
    if (known := town.status_of(BeadId(step.bead_id))) is not None:
        return known
    ended = _final(uow, step.town_id, step.bead_id)
    return ended.status if isinstance(ended, Bead) else None


def _final(uow: UnitOfWork, town_id: str, entity_id: str) -> Entity | None:
    body = uow.store.read_row(town_id, f"BEAD#{entity_id}", "FINAL", consistent=True)
    return decode_final(body) if body is not None else None
