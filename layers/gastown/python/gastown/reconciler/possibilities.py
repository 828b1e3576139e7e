"""What a person can do about a thing at this moment, as the last words of its routes.

Each is asked of the guard that the move itself asks, so nothing is named here that would be refused.
"""

from collections.abc import Callable, Iterator

from gastown.domain.agent import Agent
from gastown.domain.bead import Bead, BeadStatus
from gastown.domain.convoy import Convoy, ConvoyState
from gastown.domain.errors import GastownError
from gastown.domain.escalation import Escalation
from gastown.domain.gathering import check_joinable, check_leaves, check_update
from gastown.domain.mayor import Mayor
from gastown.domain.redoing import check_reassign, check_reset, check_retry
from gastown.domain.review import Review
from gastown.domain.town import Entity, Town
from gastown.domain.triage import TriageRequest
from gastown.reconciler.subjects import Subject


def people_can(town: Town, subject: Subject) -> list[str]:
    """What a person can do about something live; nothing means that only the town or an agent moves it."""
    match subject:
        case Bead():
            return list(_with_bead(town, subject))
        case Review():
            return list(_with_review(town, subject))
        case Convoy():
            return list(_with_convoy(town, subject))
        case Agent():
            return ["nudge", "mail", "reset", "reset-attempts", "delete"]
        case Mayor():
            return ["message", *(["ensure"] if subject.open_session is None else []), "destroy"]
        case Escalation():
            return ["acknowledge"]
        case TriageRequest():
            return ["resolve"]
        case _:
            return []


def people_could(town: Town, ended: Entity) -> list[str]:
    """What a person can still do about something that has ended."""
    if not isinstance(ended, Bead):
        return []
    retry = ["retry"] if ended.status is BeadStatus.FAILED and _allowed(lambda: check_retry(town, ended)) else []
    return [*retry, "delete"]


def _allowed(check: Callable[[], object]) -> bool:
    try:
        check()
    except GastownError:
        return False
    return True


def _with_bead(town: Town, bead: Bead) -> Iterator[str]:
    if bead.is_held:
        yield "start"
    yield "edit"
    if _allowed(lambda: check_reset(town, bead)):
        yield "reset"
    others = (agent for agent in town.agents.values() if agent.hook != bead.id)
    if any(_allowed(lambda agent=agent: check_reassign(town, bead, agent)) for agent in others):  # type: ignore[misc]
        yield "reassign"
    yield from ("close", "delete")


def _with_review(town: Town, review: Review) -> Iterator[str]:
    """A review has no routes of its own: it goes with its bead, its convoy, or its request."""
    if review.source_id in town.beads:
        yield "close its bead"
    convoy = town.convoys.get(review.convoy_id) if review.convoy_id else None
    if convoy is not None and convoy.state is ConvoyState.ACTIVE:
        yield "stop its convoy"
    if review.watch.url is not None:
        yield "merge or close its pull request"


def _with_convoy(town: Town, convoy: Convoy) -> Iterator[str]:
    if convoy.state in (ConvoyState.STAGED, ConvoyState.STOPPED):
        yield "start"
    if _allowed(lambda: check_update(town, convoy)):
        yield "edit"
    if _allowed(lambda: check_joinable(town, convoy)):
        yield "add-bead"
    if any(_allowed(lambda bead_id=bead_id: check_leaves(town, convoy, bead_id)) for bead_id in convoy.beads):  # type: ignore[misc]
        yield "remove-bead"
    if not convoy.is_over:
        yield "close"
