"""The mayor's moves: somebody asks for it, its sessions start and end, its turns begin and end.

What is said to it are nudges. Those that its present turn answers end with the turn; if the session is lost before,
they are said again to the next one, at most three times (design section 9, row 20).
"""

from datetime import datetime

from gastown.domain.agent import AgentStatus, RunEnd
from gastown.domain.attempts import SAYINGS, SESSIONS
from gastown.domain.command import Command, CommandKind
from gastown.domain.escalation import Severity
from gastown.domain.ids import AgentId, CommandId, Moment, short
from gastown.domain.limits import MAX_MESSAGES_PUSHED
from gastown.domain.mail import Mail
from gastown.domain.mayor import Mayor, Session
from gastown.domain.nudge import Nudge, NudgeMode, NudgePriority, NudgeState
from gastown.domain.nudging import end_message, mail_of, nudges_of, queue_nudge, settle_push
from gastown.domain.town import Town
from gastown.domain.warning import raise_escalation


def appoint_mayor(town: Town, moment: Moment) -> Mayor:
    """The town's mayor; made now if there is none (1 item)."""
    if town.mayor is None:
        identity = f"mayor-{short(town.id)}"
        town.mayor = Mayor(id=AgentId(moment.new_id()), identity=identity, created_at=moment.now)
    return town.mayor


def ensure_mayor(town: Town, moment: Moment) -> Mayor:
    """Have the mayor there, warm, although nothing is said yet; harmless when it is."""
    mayor = appoint_mayor(town, moment)
    if mayor.open_session is None:
        mayor.is_wanted, mayor.attempts, mayor.not_before = True, 0, None
    return mayor


def address_mayor(town: Town, message: str, moment: Moment, *, by: str) -> Nudge:
    """A person speaks to the mayor. Raises `Invalid`."""
    mayor = appoint_mayor(town, moment)
    nudge = queue_nudge(
        town, mayor.id, message, moment, mode=NudgeMode.IMMEDIATE, priority=NudgePriority.URGENT, source=by, ttl=None
    )
    mayor.attempts, mayor.not_before = 0, None
    return nudge


def has_words(town: Town, mayor: Mayor) -> bool:
    """Whether something waits to be said to the mayor."""
    return bool(nudges_of(town, mayor.id) or mail_of(town, mayor.id))


def start_session(town: Town, moment: Moment) -> Session:
    """Open the mayor's next session and leave its start command, with what waits to be said."""
    mayor = appoint_mayor(town, moment)
    mayor.dispatch += 1
    mayor.status, mayor.is_wanted, mayor.working_since = AgentStatus.WORKING, False, moment.now
    mayor.instructions = town.mayor_instructions()
    mayor.model, mayor.small_model = town.mayor_model(), town.config.small_model
    mayor.session = Session(dispatch=mayor.dispatch, generation=town.container.generation, asked_at=moment.now)
    words: list[Nudge | Mail] = []
    words += nudges_of(town, mayor.id)
    words += mail_of(town, mayor.id)
    del words[MAX_MESSAGES_PUSHED:]
    command = _command(town, CommandKind.START, {"messages": [message.id for message in words]}, moment)
    for message in words:
        message.command = command.id
    return mayor.session


def accept_session(town: Town, dispatch: int, moment: Moment) -> None:
    """The container runs the mayor."""
    mayor = town.mayor
    if mayor is not None and mayor.open_session is not None and mayor.dispatch == dispatch:
        mayor.open_session.accepted_at, mayor.last_activity_at = moment.now, moment.now


def accept_unanswered_start(town: Town, dispatch: int, moment: Moment) -> None:
    """The mayor's program has ended, so it had started: it was told what its start carries.

    The end can be here before the answer to the start is; without this the next session would be told the same again.
    """
    for command in list(town.commands.values()):
        is_its_start = command.kind is CommandKind.START and command.dispatch == dispatch
        if is_its_start and town.mayor is not None and command.agent_id == town.mayor.id:
            settle_push(town, command, moment, accepted=True)


def begin_turn(town: Town, dispatch: int, taken_at: datetime | None, moment: Moment) -> None:
    """The live session was told something: its next turn began when the container took it (`taken_at`, or now).

    The answer to the command may be later than the end of the turn that it began: then nothing begins, for nobody
    would ever end it.
    """
    mayor = town.mayor
    if mayor is None or mayor.open_session is None or mayor.dispatch != dispatch:
        return
    began, over = min(taken_at or moment.now, moment.now), mayor.open_session.turn_over_at
    mayor.last_activity_at = moment.now
    if over is None or over < began:
        mayor.status, mayor.working_since = AgentStatus.WORKING, began
    elif mayor.status is not AgentStatus.WORKING:
        _answered(town, mayor, moment)


def end_turn(town: Town, dispatch: int, fired_at: datetime | None, moment: Moment) -> None:
    """The mayor's turn is over; a callback that fired before the present turn began says nothing (town facts, A19)."""
    mayor = town.mayor
    if mayor is None or mayor.open_session is None or mayor.dispatch != dispatch:
        return
    if fired_at is not None:
        mayor.open_session.turn_over_at = max(fired_at, mayor.open_session.turn_over_at or fired_at)
    stale = fired_at is not None and mayor.working_since is not None and fired_at < mayor.working_since
    if mayor.status is AgentStatus.WORKING and not stale:
        mayor.status, mayor.last_activity_at, mayor.attempts = AgentStatus.WAITING, moment.now, 0
        _answered(town, mayor, moment)


def end_session(town: Town, how: RunEnd, moment: Moment, *, reason: str) -> None:
    """End the mayor's session; words of a turn that was cut off are said again."""
    mayor = town.mayor
    if mayor is None or mayor.session is None or not mayor.session.is_open:
        return
    was_working = mayor.status is AgentStatus.WORKING
    mayor.session.ended, mayor.session.ended_at = how, moment.now
    mayor.status, mayor.last_activity_at, mayor.working_since = AgentStatus.IDLE, moment.now, None
    _forget_start(town, mayor)
    if how is RunEnd.DONE or not was_working:
        mayor.attempts = 0
        _answered(town, mayor, moment)
    else:
        _say_again(town, mayor, moment)
        if how not in (RunEnd.EVICTED, RunEnd.CANCELLED):
            _back_off(town, mayor, moment, reason)


def lose_session(town: Town, moment: Moment, *, silent: bool, reason: str) -> None:
    """End a session that nobody hears any more; a silent one is told to stop."""
    if silent and town.mayor is not None and town.mayor.open_session is not None:
        _command(town, CommandKind.STOP, {"reason": reason}, moment)
    planned = not silent and town.container.evicted
    end_session(town, RunEnd.EVICTED if planned else RunEnd.LOST, moment, reason=reason)


def refresh_session(town: Town, what: str, moment: Moment) -> None:
    """Tell the live session what the settings say now."""
    mayor = appoint_mayor(town, moment)
    if what == "model":
        mayor.model, mayor.small_model = town.mayor_model(), town.config.small_model
        _command(town, CommandKind.MODEL, {"model": mayor.model, "small_model": mayor.small_model}, moment)
    else:
        mayor.instructions = town.mayor_instructions()
        _command(town, CommandKind.CONFIG, {"instructions": mayor.instructions}, moment)


def _command(town: Town, kind: CommandKind, payload: dict[str, object], moment: Moment) -> Command:
    mayor = appoint_mayor(town, moment)
    command = Command(
        id=CommandId(moment.new_id()),
        kind=kind,
        generation=town.container.generation,
        created_at=moment.now,
        agent_id=mayor.id,
        dispatch=mayor.dispatch,
        payload=payload,
    )
    town.commands[command.id] = command
    return command


def refuse_session(town: Town, dispatch: int, moment: Moment, *, reason: str) -> None:
    """The container did not start the mayor."""
    if town.mayor is not None and town.mayor.dispatch == dispatch:
        end_session(town, RunEnd.REFUSED, moment, reason=reason)


def dismiss_mayor(town: Town, moment: Moment) -> None:
    """End the mayor with its session; what waits for it is dropped by its rule. Harmless without one."""
    mayor = town.mayor
    if mayor is None:
        return
    if mayor.open_session is not None:
        _command(town, CommandKind.STOP, {"reason": "dismissed"}, moment)
        end_session(town, RunEnd.CANCELLED, moment, reason="dismissed")
    town.mayor = None


def _forget_start(town: Town, mayor: Mayor) -> None:
    mine = [command.id for command in town.commands.values() if command.agent_id == mayor.id]
    for command_id in mine:
        if town.commands[command_id].kind in (CommandKind.START, CommandKind.MESSAGE):
            del town.commands[command_id]


def _heard(town: Town, mayor: Mayor) -> list[Nudge]:
    """What the present turn was told: taken by the container, and not answered yet."""
    return [n for n in town.nudges.values() if n.agent_id == mayor.id and n.state is NudgeState.HEARD]


def _answered(town: Town, mayor: Mayor, moment: Moment) -> None:
    for nudge in _heard(town, mayor):
        end_message(town, nudge, NudgeState.DELIVERED, moment)


def _say_again(town: Town, mayor: Mayor, moment: Moment) -> None:
    for nudge in _heard(town, mayor):
        nudge.tries += 1
        if SAYINGS.is_over(nudge.tries):
            end_message(town, nudge, NudgeState.DROPPED, moment)
        else:
            nudge.state, nudge.not_before = NudgeState.PENDING, None


def _back_off(town: Town, mayor: Mayor, moment: Moment, reason: str) -> None:
    mayor.attempts += 1
    mayor.not_before = moment.now + SESSIONS.wait(mayor.attempts)
    if SESSIONS.is_over(mayor.attempts):
        raise_escalation(
            town,
            moment,
            cause="mayor",
            severity=Severity.HIGH,
            title="The mayor cannot be started",
            message=f"{mayor.attempts} sessions came to nothing; the last: {reason[:500]}. Say something to try again.",
        )
