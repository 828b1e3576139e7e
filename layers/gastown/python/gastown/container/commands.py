"""Carries commands out, whoever brings them: the pull loop answers to the town, the control server to its caller.

Every command is done once, by its id: the town delivers again what it has not been answered for, and is answered again.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import TypeVar, assert_never

from pydantic import BaseModel, ValidationError

from gastown.container.git import GitError
from gastown.container.log import say
from gastown.container.merging import Merging
from gastown.container.payloads import (
    ACCEPTED,
    Ack,
    Cause,
    Command,
    CommandKind,
    DrainPayload,
    HeartbeatAnswer,
    MayorStart,
    MergeOutcome,
    MergePayload,
    MergeStatus,
    MessagePayload,
    SetupOutcome,
    SetupPayload,
    StartPayload,
)
from gastown.container.places import check_branch, check_rig
from gastown.container.refusals import RefusedError
from gastown.container.repositories import Repositories
from gastown.container.roster import Record, Roster, SessionStatus
from gastown.container.starting import Starting
from gastown.container.town_client import TownClient, TownRefusedError, TownUnreachableError

REMEMBERED = 1000
"""Commands whose answers are kept, the newest."""
P = TypeVar("P", bound=BaseModel)
Outcome = MergeOutcome | SetupOutcome
Order = MergePayload | SetupPayload


def parse(model: type[P], payload: object) -> P:
    """Read a payload. Raises `RefusedError` (invalid) that names the first wrong field."""
    try:
        return model.model_validate(payload)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise RefusedError(Cause.INVALID, f"{where}: {first['msg']}") from error


def _start_of(command: Command) -> StartPayload | MayorStart:
    agent = command.payload.get("agent")
    is_mayor = isinstance(agent, dict) and agent.get("role") == "mayor"
    return parse(MayorStart, command.payload) if is_mayor else parse(StartPayload, command.payload)


class Work:
    """One command on its way: its answer, its outcome, and the task that brings them about."""

    def __init__(self) -> None:
        """Nothing is known yet."""
        self.ack: Ack | None = None
        self.order: Order | None = None
        self.outcome: Outcome | None = None
        self.task: asyncio.Task[None] | None = None


class Commands:
    """The handlers of all commands."""

    def __init__(
        self, *, client: TownClient, roster: Roster, repositories: Repositories, starting: Starting, merging: Merging
    ) -> None:
        """`leave` is set by the process: what a drain does at its end."""
        self._client = client
        self._roster = roster
        self._repositories = repositories
        self._starting = starting
        self._merging = merging
        self._works: OrderedDict[str, Work] = OrderedDict()
        self.draining = False
        self.leave: Callable[[str | None], None] = lambda _: None

    async def obey(self, answer: HeartbeatAnswer) -> None:
        """Take in the answer of a heartbeat; returns at once, the work goes on beside."""
        if answer.drain and not self.draining:
            self.drain(None)
        for order in answer.stop:
            dispatch = order.dispatch
            stop = Command(id=f"stop:{order.agent_id}:{dispatch}", kind=CommandKind.STOP, agent_id=order.agent_id)
            self.submit(stop.model_copy(update={"dispatch": dispatch}), answer=False)
        for given in answer.commands:
            try:
                self.submit(parse(Command, given))
            except RefusedError as refusal:
                self._refuse_unread(str(given.get("id", "")), refusal)

    def _refuse_unread(self, command_id: str, refusal: RefusedError) -> None:
        """Answer a command of a kind that this container does not know."""
        say("command.unknown", command_id=command_id, error=str(refusal))
        work = self._works.setdefault(command_id, Work())
        if command_id and work.task is None:
            work.task = asyncio.create_task(self._tell(command_id, refusal.ack))

    async def _tell(self, command_id: str, ack: Ack) -> None:
        try:
            await self._client.acknowledge(command_id, ack)
        except (TownRefusedError, TownUnreachableError) as error:
            say("command.not_answered", command_id=command_id, error=str(error))

    def submit(self, command: Command, *, answer: bool = True) -> None:
        """Do a command once; delivered again, it is only answered again."""
        work = self._works.setdefault(command.id, Work())
        self._works.move_to_end(command.id)
        if work.task is not None and not work.task.done():
            return
        work.task = asyncio.create_task(self._do(command, work, answer=answer))
        while len(self._works) > REMEMBERED:
            self._works.popitem(last=False)

    async def settle(self, *, limit: float) -> None:
        """Give answers that are on their way up to `limit` seconds, then drop what is left."""
        tasks = [work.task for work in self._works.values() if work.task is not None and not work.task.done()]
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=limit)
            for task in late:
                task.cancel()

    async def carry_out(self, command: Command) -> None:
        """Do a command that is done when it returns: start, stop, message, drain. Raises `RefusedError`."""
        match command.kind:
            case CommandKind.START:
                await self.start(_start_of(command), command.dispatch or 0)
            case CommandKind.STOP:
                await self.stop(command.agent_id or "", command.dispatch)
            case CommandKind.MESSAGE:
                await self.message(command.agent_id or "", parse(MessagePayload, command.payload))
            case CommandKind.MODEL | CommandKind.CONFIG:
                self.settings_changed(command)
            case CommandKind.DRAIN:
                self.drain(parse(DrainPayload, command.payload).deadline)
            case CommandKind.MERGE | CommandKind.SETUP:
                raise RefusedError(Cause.INVALID, "this command has an outcome of its own")

    async def start(self, start: StartPayload | MayorStart, dispatch: int) -> Record:
        """Start an agent. Raises `RefusedError`."""
        if self.draining:
            raise RefusedError(Cause.DRAINING, "the container drains")
        return await self._starting.start(start, dispatch)

    async def stop(self, agent_id: str, dispatch: int | None) -> bool:
        """Stop an agent's run of this dispatch or older; false if there is none."""
        record = self._roster.records.get(agent_id)
        if dispatch is None and record is None:
            return False
        newest = dispatch if dispatch is not None else record.dispatch if record else 0
        self._roster.mark_stopped(agent_id, newest)
        async with self._roster.lock(agent_id):
            record = self._roster.records.get(agent_id)
            if record is None or record.dispatch > newest:
                return False
            await self._starting.stop(record)
        return True

    async def message(self, agent_id: str, words: MessagePayload) -> None:
        """Say something to a running agent; returns when it was taken. Raises `RefusedError`."""
        record = self._roster.records.get(agent_id)
        if record is None or record.session is None or record.status is not SessionStatus.RUNNING:
            raise RefusedError(Cause.STALE, f"{agent_id} does not run here")
        await record.session.send(words.prompt, when=words.when)

    def settings_changed(self, command: Command) -> None:
        """The mayor's settings have others: each start asks the town for them, so the next session has them."""
        say("mayor.settings_changed", what=command.kind.value, agent_id=command.agent_id or "")

    def drain(self, deadline: str | None) -> None:
        """Start nothing new; the process leaves when the agents have ended or the deadline has come."""
        self.draining = True
        self.leave(deadline)

    async def merge(self, order: MergePayload) -> MergeOutcome:
        """Merge an approved sha; every way it can end is a value. Raises `RefusedError` (invalid)."""
        try:
            return await self._merging.merge(order, partial(self._client.rig_git, order.rig.id))
        except (TownRefusedError, TownUnreachableError) as error:
            status = MergeStatus.UNAVAILABLE
            return MergeOutcome(review_id=order.review_id, attempt=order.attempt, status=status, message=str(error))

    async def setup(self, order: SetupPayload) -> SetupOutcome:
        """Clone a rig ahead of time. Raises `RefusedError` (invalid)."""
        try:
            await self._repositories.refresh(order.rig, partial(self._client.rig_git, order.rig.id))
        except (GitError, OSError, TownRefusedError, TownUnreachableError) as error:
            return SetupOutcome(rig_id=order.rig.id, status="failed", message=str(error)[:1000])
        return SetupOutcome(rig_id=order.rig.id, status="ready")

    async def _do(self, command: Command, work: Work, *, answer: bool) -> None:
        """Do what is not done yet, and tell what is not told yet."""
        try:
            if command.kind in {CommandKind.MERGE, CommandKind.SETUP}:
                await self._do_with_outcome(command, work)
                return
            if work.ack is None:
                work.ack = await self._acked(command)
            if answer:
                await self._client.acknowledge(command.id, work.ack)
        except (TownRefusedError, TownUnreachableError) as error:
            say("command.not_answered", command_id=command.id, kind=command.kind.value, error=str(error))

    async def _acked(self, command: Command) -> Ack:
        taken = datetime.now(UTC)
        try:
            await self.carry_out(command)
        except RefusedError as refusal:
            say("command.refused", command_id=command.id, kind=command.kind.value, error=str(refusal))
            return refusal.ack
        return ACCEPTED.model_copy(update={"at": taken})

    async def _do_with_outcome(self, command: Command, work: Work) -> None:
        if work.ack is None:
            try:
                work.order = self._order(command)
                work.ack = ACCEPTED
            except RefusedError as refusal:
                work.ack = refusal.ack
        # A merge waits in the town until its report; the report of a setup says nothing of its command.
        if work.order is None or command.kind is CommandKind.SETUP:
            await self._client.acknowledge(command.id, work.ack)
        if work.order is None:
            return
        if work.outcome is None:
            work.outcome = await self._outcome(work.order)
        await self._client.report(command.id, work.outcome)

    def _order(self, command: Command) -> Order:
        """Read and check what a merge or setup asks for. Raises `RefusedError` (invalid)."""
        kind: type[Order] = MergePayload if command.kind is CommandKind.MERGE else SetupPayload
        order = parse(kind, command.payload)
        check_rig(order.rig)
        if isinstance(order, MergePayload):
            for branch in (order.branch, order.target_branch, order.base_branch):
                check_branch(branch)
        return order

    async def _outcome(self, order: Order) -> Outcome:
        match order:
            case MergePayload():
                return await self.merge(order)
            case SetupPayload():
                return await self.setup(order)
            case _:
                assert_never(order)
