"""Words on their way to agents: nudges and mail are pushed by a command and end when the container took them.

A message is kept once. It is under way while its command waits; when that command is gone without an answer (its
container left, its run ended) the message waits again, so nothing here has to be taken back by hand.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from gastown.domain.attempts import PUSHES
from gastown.domain.command import Command, CommandKind
from gastown.domain.errors import Invalid, NotFound
from gastown.domain.event import Note
from gastown.domain.ids import AgentId, BeadId, CommandId, Moment
from gastown.domain.limits import (
    MAIL_LIFE,
    MAX_BODY_BYTES,
    MAX_NUDGE,
    MAX_TITLE,
    NUDGE_LIFE,
)
from gastown.domain.mail import Mail, MailState
from gastown.domain.nudge import Nudge, NudgeMode, NudgePriority, NudgeState
from gastown.domain.town import Town


def queue_nudge(  # noqa: PLR0913 - by keyword only: these are a nudge's own fields
    town: Town,
    agent_id: str,
    message: str,
    moment: Moment,
    *,
    mode: NudgeMode = NudgeMode.WAIT_IDLE,
    priority: NudgePriority = NudgePriority.NORMAL,
    source: str = "system",
    ttl: timedelta | None = NUDGE_LIFE,
) -> Nudge:
    """Keep a nudge for an agent or the mayor (1 item); no `ttl`: it never expires. Raises `NotFound`, `Invalid`."""
    if agent_id not in town.agents and (town.mayor is None or town.mayor.id != agent_id):
        raise NotFound(f"Agent {agent_id} not found")
    if not message.strip() or len(message.encode()) > MAX_BODY_BYTES:
        raise Invalid(f"A message has 1 to {MAX_BODY_BYTES} bytes", field="message")
    nudge = Nudge(
        id=BeadId(moment.new_id()),
        agent_id=AgentId(agent_id),
        message=message[:MAX_NUDGE],
        created_at=moment.now,
        mode=mode,
        priority=priority,
        source=source,
        expires_at=moment.now + ttl if ttl is not None else None,
        is_long=len(message) > MAX_NUDGE,
    )
    town.nudges[nudge.id] = nudge
    if nudge.is_long:
        town.texts[nudge.id] = message
    return nudge


def send_mail(town: Town, sender: str, recipient: str, subject: str, body: str, moment: Moment) -> Mail:
    """Keep a letter for an agent or the mayor (1 item). Raises `NotFound`, `Invalid`."""
    known = recipient in town.agents or (town.mayor is not None and town.mayor.id == recipient)
    if not known:
        raise NotFound(f"Agent {recipient} not found")
    if not subject.strip() or len(subject) > MAX_TITLE:
        raise Invalid(f"A subject has 1 to {MAX_TITLE} characters", field="subject")
    if not body.strip() or len(body.encode()) > MAX_BODY_BYTES:
        raise Invalid(f"A body has 1 to {MAX_BODY_BYTES} bytes", field="body")
    letter = Mail(
        id=BeadId(moment.new_id()), sender=sender, recipient=AgentId(recipient), title=subject, created_at=moment.now
    )
    town.mail[letter.id] = letter
    town.texts[letter.id] = body
    agent = town.agents.get(letter.recipient)
    if agent is not None and agent.hook is not None:
        town.note(Note(bead_id=agent.hook, type="mail_sent", at=moment.now, agent_id=agent.id, new=letter.id))
    return letter


def messages(town: Town) -> list[Nudge | Mail]:
    """Every nudge and letter that has not ended."""
    return [*town.nudges.values(), *town.mail.values()]


def is_under_way(town: Town, message: Nudge | Mail) -> bool:
    """Whether a command that carries it waits for the container's answer."""
    return message.command is not None and message.command in town.commands


def nudges_of(town: Town, agent_id: str) -> list[Nudge]:
    """An agent's nudges that wait or are under way, urgent ones first, then the oldest."""
    mine = [n for n in town.nudges.values() if n.agent_id == agent_id and n.state is NudgeState.PENDING]
    return sorted(mine, key=lambda n: (n.priority is not NudgePriority.URGENT, n.created_at, n.id))


def mail_of(town: Town, agent_id: str) -> list[Mail]:
    """An agent's open mail, oldest first."""
    return sorted((m for m in town.mail.values() if m.recipient == agent_id), key=lambda m: (m.created_at, m.id))


def push(town: Town, agent_id: str, dispatch: int, messages: Sequence[Nudge | Mail], moment: Moment) -> None:
    """Leave one command that carries these messages to a session; its acknowledgement ends them."""
    command_id = CommandId(moment.new_id())
    idle = all(isinstance(message, Nudge) and message.mode is NudgeMode.WAIT_IDLE for message in messages)
    town.commands[command_id] = Command(
        id=command_id,
        kind=CommandKind.MESSAGE,
        generation=town.container.generation,
        created_at=moment.now,
        agent_id=AgentId(agent_id),
        dispatch=dispatch,
        payload={"messages": [message.id for message in messages], "when": "idle" if idle else "now"},
    )
    for message in messages:
        message.command = command_id


def carried(town: Town, command: Command) -> list[Nudge | Mail]:
    """The messages that a command carries and that have not ended."""
    ids = command.payload.get("messages")
    homes: dict[BeadId, Nudge | Mail] = {**town.nudges, **town.mail}
    return [homes[BeadId(one)] for one in ids if BeadId(one) in homes] if isinstance(ids, list) else []


def settle_push(town: Town, command: Command, moment: Moment, *, accepted: bool) -> None:
    """The container took the messages of a command, or refused them: then they are tried again, each time later."""
    for message in carried(town, command):
        message.command = None
        if accepted and isinstance(message, Nudge) and town.mayor is not None and message.agent_id == town.mayor.id:
            message.state = NudgeState.HEARD
        elif accepted:
            end_message(town, message, "delivered", moment)
        else:
            message.tries += 1
            message.not_before = moment.now + PUSHES.wait(message.tries)


def end_message(town: Town, message: Nudge | Mail, state: str, moment: Moment) -> None:
    """End a nudge or letter as delivered, expired or dropped; it stays readable as an ended one."""
    message.closed_at, message.command = moment.now, None
    if isinstance(message, Nudge):
        message.state = NudgeState(state)
        del town.nudges[message.id]
    else:
        message.state = MailState(state)
        del town.mail[message.id]
    town.finals[message.id] = message


def is_orphan(town: Town, message: Nudge | Mail) -> bool:
    """Whether whom it is meant for is gone."""
    whom = message.recipient if isinstance(message, Mail) else message.agent_id
    return whom not in town.agents and (town.mayor is None or town.mayor.id != whom)


def expires_at(message: Nudge | Mail) -> datetime | None:
    """When a message that nobody took ends by itself."""
    return message.created_at + MAIL_LIFE if isinstance(message, Mail) else message.expires_at
