"""What `explain` can be asked about: whatever has an id and lives in the town, in the words of its own states."""

from datetime import datetime

from gastown.domain.agent import Agent
from gastown.domain.bead import Bead
from gastown.domain.convoy import Convoy
from gastown.domain.errors import NotFound
from gastown.domain.escalation import Escalation
from gastown.domain.ids import AgentId, BeadId
from gastown.domain.mail import Mail
from gastown.domain.mayor import Mayor
from gastown.domain.molecule import Molecule
from gastown.domain.nudge import Nudge
from gastown.domain.nudging import messages
from gastown.domain.patrolling import batch_of
from gastown.domain.review import Review
from gastown.domain.town import Entity, Town
from gastown.domain.triage import TriageRequest

Subject = Entity | Agent | Mayor


def find_subject(town: Town, subject_id: str) -> Subject:
    """The live thing of this id: a bead of any kind, a nudge, an agent or the mayor. Raises `NotFound`."""
    agent = town.agents.get(AgentId(subject_id))
    if agent is not None:
        return agent
    if town.mayor is not None and town.mayor.id == subject_id:
        return town.mayor
    wanted = BeadId(subject_id)
    entities: list[Entity] = [*town.live_beads(), *messages(town)]
    found = next((entity for entity in entities if entity.id == wanted), None)
    if found is None:
        raise NotFound(f"Nothing live has the id {subject_id}")
    return found


def kind_of(subject: Subject) -> str:
    """What it is, in one word."""
    return "triage_request" if isinstance(subject, TriageRequest) else type(subject).__name__.lower()


def title_of(subject: Subject) -> str:
    """What people call it."""
    return subject.name if isinstance(subject, Agent | Mayor) else subject.title


def state_of(subject: Subject) -> str:
    """Its state in its own machine's words."""
    match subject:
        case Bead():
            return f"{subject.status} + hook" if subject.status == "open" and subject.assignee else str(subject.status)
        case Review():
            return str(subject.phase)
        case Convoy() | Nudge() | Mail():
            return str(subject.state)
        case Agent():
            return f"{subject.status} + hook" if subject.status == "idle" and subject.hook else str(subject.status)
        case Mayor() | Molecule():
            return str(subject.status)
        case Escalation():
            return "acknowledged" if subject.acknowledged_at else f"open, {subject.severity}"
        case TriageRequest():
            return str(subject.resolution) if subject.resolution else "open"


def since_of(subject: Subject) -> datetime:
    """Since when it stands there."""
    match subject:
        case Agent():
            run = subject.open_run
            return run.asked_at if run else subject.hooked_at or subject.last_activity_at or subject.created_at
        case Mayor():
            return subject.working_since or subject.last_activity_at or subject.created_at
        case Escalation():
            return subject.acknowledged_at or subject.created_at
        case TriageRequest() | Nudge() | Mail():
            return subject.closed_at or subject.created_at
        case _:
            return subject.updated_at


def related(town: Town, subject: Subject) -> set[str]:
    """The ids by which actions about it name it: its own, and of who is on it or what it is on."""
    return {subject.id, *(one.id if isinstance(one, Review | Bead) else one for one in _beside(town, subject) if one)}


def _beside(town: Town, subject: Subject) -> tuple[Review | Bead | str | None, ...]:
    match subject:
        case Bead():
            return subject.assignee, town.review_of(subject.id)
        case Review():
            return (subject.assignee,)
        case Convoy():
            return (town.landing_of(subject.id),)
        case Agent():
            return (subject.hook,)
        case TriageRequest():
            batch = batch_of(town)
            return batch, batch.assignee if batch else None
        case Nudge() | Mail():
            return (subject.agent_id if isinstance(subject, Nudge) else subject.recipient,)
        case Molecule():
            return (subject.bead_id,)
        case _:
            return ()
