"""What stands in the way of words and of who talks: the mayor, nudges and mail, escalations, triage requests."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from gastown.domain.asking import is_answerable
from gastown.domain.attempts import PUSHES, SESSIONS
from gastown.domain.container import ContainerState
from gastown.domain.conversing import has_words
from gastown.domain.escalation import Escalation
from gastown.domain.ids import AgentId
from gastown.domain.mail import Mail
from gastown.domain.mayor import Mayor
from gastown.domain.molecule import Molecule
from gastown.domain.nudge import Nudge, NudgeMode, NudgeState
from gastown.domain.nudging import is_under_way
from gastown.domain.patrolling import batch_of, triage_rig
from gastown.domain.town import Town
from gastown.domain.triage import TriageRequest
from gastown.reconciler.signs import is_responsive, listeners, may_claim, pushable, session_alive_at


@dataclass(frozen=True, kw_only=True)
class Obstacle:
    """One thing that is waited for; `until` if it is a moment, `id` if it is something in the town."""

    what: str
    detail: str
    id: str | None = None
    until: datetime | None = None


Talk = Mayor | Escalation | TriageRequest | Nudge | Mail | Molecule


def obstacles_in_talk(town: Town, subject: Talk, now: datetime) -> Iterator[Obstacle]:
    """Everything that the mayor, a message, a question or a set of steps waits for at this moment."""
    match subject:
        case Mayor():
            yield from _of_mayor(town, subject, now)
        case Escalation():
            yield Obstacle(what="person", detail="nobody has acknowledged it")
            asked = [request.id for request in town.triage.values() if request.escalation_id == subject.id]
            yield from (Obstacle(what="triage", detail="triage is asked about it", id=one) for one in asked)
        case TriageRequest():
            yield from _of_request(town, subject, now)
        case Nudge() | Mail():
            yield from _of_message(town, subject, now)
        case Molecule():
            step = subject.current.title if subject.current else "nothing"
            yield Obstacle(what="agent", detail=f"the agent on its bead is at {step!r}", id=subject.bead_id)


def _of_mayor(town: Town, mayor: Mayor, now: datetime) -> Iterator[Obstacle]:
    if mayor.open_session is not None:
        alive = session_alive_at(town)
        heard = f", last heard at {alive:%H:%M:%S}" if alive else ""
        waits = mayor.status == "waiting"
        said = "its turn is over, and it waits for words" if waits else f"it is working in session {mayor.dispatch}"
        yield Obstacle(what="person" if waits else "agent", detail=f"{said}{heard}", id=mayor.id)
    elif SESSIONS.is_over(mayor.attempts):
        yield Obstacle(what="person", detail=f"{mayor.attempts} sessions came to nothing; say something to try again")
    elif not (mayor.is_wanted or has_words(town, mayor)):
        yield Obstacle(what="person", detail="nobody has anything to say to it")
    else:
        if not is_responsive(town, now):
            yield container_obstacle(town)
        if mayor.not_before is not None and mayor.not_before > now:
            yield Obstacle(what="backoff", detail="its last session came to nothing", until=mayor.not_before)


def _of_request(town: Town, request: TriageRequest, now: datetime) -> Iterator[Obstacle]:
    batch = batch_of(town)
    if batch is not None:
        yield Obstacle(what="triage", detail=f"{batch.title!r} is {batch.status}", id=batch.id)
    elif not town.config.auto_triage:
        yield Obstacle(what="person", detail="triage by agents is switched off")
    elif triage_rig(town) is None:
        yield Obstacle(what="rig", detail="there is no rig for a triage agent to work in")
    elif is_answerable(request) and town.triage_not_before is not None and town.triage_not_before > now:
        yield Obstacle(what="backoff", detail="the last triage batch failed", until=town.triage_not_before)


def _of_message(town: Town, message: Nudge | Mail, now: datetime) -> Iterator[Obstacle]:
    whom = message.recipient if isinstance(message, Mail) else message.agent_id
    if is_under_way(town, message):
        yield Obstacle(what="container", detail="it is on its way; the container has not answered yet", id=whom)
    elif (detail := _left_to_its_agent(town, message, whom)) is not None:
        yield Obstacle(what="agent", detail=detail, id=whom)
    elif message.not_before is not None and message.not_before > now:
        yield Obstacle(what="backoff", detail="the last push was refused", until=message.not_before)
    elif not is_responsive(town, now):
        yield container_obstacle(town)
    elif not pushable(town, whom):
        yield Obstacle(what="container", detail="words before it are on their way", id=whom)


def _left_to_its_agent(town: Town, message: Nudge | Mail, whom: AgentId) -> str | None:
    """Why nothing is pushed at the moment, if that is because of whom it is for."""
    if isinstance(message, Nudge) and message.state is NudgeState.HEARD:
        return "it was heard, and the turn that answers it is not over"
    if isinstance(message, Nudge) and message.mode is NudgeMode.QUEUE:
        return "its agent has not fetched it"
    if PUSHES.is_over(message.tries):
        return f"{message.tries} pushes were refused; its agent has to ask"
    return None if whom in {agent_id for agent_id, _ in listeners(town)} else "whom it is for does not run"


def container_obstacle(town: Town) -> Obstacle:
    """Why there is no container that answers."""
    container = town.container
    if container.state is ContainerState.NONE and not may_claim(town):
        return Obstacle(what="person", detail="no container came up for a day; acknowledge its escalation")
    last = f"; the last: {container.last_error}" if container.last_error else ""
    return Obstacle(
        what="container",
        detail=f"the container of generation {container.generation} is {container.state}{last}",
        until=container.not_before,
    )
