"""Triage requests: what is open, and how agents at work on a triage batch, or people, answer them."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from gastown.domain.errors import Forbidden
from gastown.domain.ids import Moment
from gastown.domain.resolving import Answer, resolve_triage
from gastown.domain.town import Town
from gastown.domain.triage import TriageRequest
from gastown.usecases.agents import actor, own_key, speaker
from gastown.usecases.tokens import AgentClaims
from gastown.usecases.unit_of_work import UnitOfWork

CAUSE = "triage_resolved"
Stored = Callable[[TriageRequest], dict[str, Any]]


def list_requests(uow: UnitOfWork, town_id: str) -> list[TriageRequest]:
    """The open requests of a town, oldest first."""
    return sorted(uow.read(town_id).triage.values(), key=lambda request: (request.created_at, request.id))


def resolve_as_agent(
    uow: UnitOfWork, claims: AgentClaims, request_id: str, answer: Answer, *, key: str | None, stored: Stored
) -> TriageRequest:
    """A triage agent answers. Raises `NotFound`, `Invalid`, `StaleDispatch`, `Forbidden` unless a batch is its work."""
    mine = replace(answer, by=actor(claims))

    def move(town: Town, moment: Moment) -> TriageRequest:
        agent = speaker(town, claims)
        run = agent.open_run
        bead = town.beads.get(run.hook) if run else None
        if bead is None or not bead.is_triage_batch:
            raise Forbidden("Only an agent at work on a triage batch answers triage requests")
        return resolve_triage(town, request_id, mine, moment)

    own = own_key(claims, CAUSE, key)
    return uow.change(claims.town_id, move, actor=actor(claims), cause=CAUSE, key=own, answer=stored)


def resolve_as_person(
    uow: UnitOfWork, town_id: str, request_id: str, answer: Answer, *, key: str | None, stored: Stored
) -> TriageRequest:
    """A person answers. Raises `NotFound`, `Invalid`."""

    def move(town: Town, moment: Moment) -> TriageRequest:
        return resolve_triage(town, request_id, answer, moment)

    return uow.change(town_id, move, actor=answer.by, cause=CAUSE, key=key, answer=stored)
