"""Carries out what the town tells the container, and answers: each command is done once, by its id.

The town delivers again what it has not been answered for, and is answered again.
"""

import asyncio
from collections import OrderedDict
from datetime import UTC, datetime
from typing import Any, assert_never

from gastown.container.handlers import Handlers, parse, parse_start
from gastown.container.log import logger, say
from gastown.container.outcomes import MergeOutcome, SetupOutcome
from gastown.container.payloads import (
    ACCEPTED,
    Ack,
    Cause,
    Command,
    CommandKind,
    DrainPayload,
    HeartbeatAnswer,
    MergePayload,
    MessagePayload,
    SetupPayload,
)
from gastown.container.places import check_branch, check_rig
from gastown.container.refusals import RefusedError
from gastown.container.setting_payloads import InstructionsPayload, ModelPayload
from gastown.container.town_answers import TownRefusedError, TownUnreachableError
from gastown.container.town_client import TownClient

REMEMBERED = 1000
"""Commands whose answers are kept, the newest."""
Outcome = MergeOutcome | SetupOutcome
Order = MergePayload | SetupPayload


class Work:
    """One command on its way: its answer, its outcome, and the task that brings them about."""

    def __init__(self) -> None:
        """Nothing is known yet."""
        self.ack: Ack | None = None
        self.order: Order | None = None
        self.outcome: Outcome | None = None
        self.task: asyncio.Task[Any] | None = None


class Commands:
    """The commands under way, and the answers to those that are done."""

    def __init__(self, *, client: TownClient, handlers: Handlers) -> None:
        """Answer by this client what these handlers did."""
        self._client = client
        self._handlers = handlers
        self._works: OrderedDict[str, Work] = OrderedDict()

    async def obey(self, answer: HeartbeatAnswer) -> None:
        """Take in the answer of a heartbeat; returns at once, the work goes on beside."""
        if answer.drain and not self._handlers.draining:
            self._handlers.drain(None)
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
        work = self._work(command)
        if work.task is not None and not work.task.done():
            return
        work.task = asyncio.create_task(self._do(command, work, answer=answer))

    async def resume(self, command: Command) -> Ack | None:
        """Do a start that the registry names, ahead of the gate; its answer follows beside.

        None means that a heartbeat has brought it already: it waits at the gate, or is done.
        """
        work = self._work(command)
        if work.task is not None:
            return None
        work.task = asyncio.create_task(self._begin(command, work, hydrating=True))
        await work.task
        self.submit(command)
        return work.ack

    def _work(self, command: Command) -> Work:
        work = self._works.setdefault(command.id, Work())
        self._works.move_to_end(command.id)
        while len(self._works) > REMEMBERED:
            self._works.popitem(last=False)
        return work

    async def settle(self, *, limit: float) -> None:
        """Give answers that are on their way up to `limit` seconds, then drop what is left."""
        tasks = [work.task for work in self._works.values() if work.task is not None and not work.task.done()]
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=limit)
            for task in late:
                task.cancel()

    async def carry_out(self, command: Command, *, hydrating: bool = False) -> None:
        """Do a command that is done when it returns: all but merge and setup. Raises `RefusedError`."""
        agent_id, payload, handlers = command.agent_id or "", command.payload, self._handlers
        match command.kind:
            case CommandKind.START:
                await handlers.start(parse_start(payload), command.dispatch or 0, hydrating=hydrating)
            case CommandKind.STOP:
                await handlers.stop(agent_id, command.dispatch)
            case CommandKind.MESSAGE:
                await handlers.message(agent_id, parse(MessagePayload, payload))
            case CommandKind.MODEL:
                await handlers.change_model(agent_id, parse(ModelPayload, payload))
            case CommandKind.CONFIG:
                await handlers.instruct(agent_id, parse(InstructionsPayload, payload))
            case CommandKind.DRAIN:
                handlers.drain(parse(DrainPayload, payload).deadline)
            case CommandKind.MERGE | CommandKind.SETUP:
                raise RefusedError(Cause.INVALID, "this command has an outcome of its own")

    async def _do(self, command: Command, work: Work, *, answer: bool) -> None:
        """Do what is not done yet, and tell what is not told yet."""
        try:
            if command.kind in {CommandKind.MERGE, CommandKind.SETUP}:
                await self._do_with_outcome(command, work)
                return
            ack = await self._begin(command, work)
            if answer:
                await self._client.acknowledge(command.id, ack)
        except (TownRefusedError, TownUnreachableError) as error:
            say("command.not_answered", command_id=command.id, kind=command.kind.value, error=str(error))

    async def _begin(self, command: Command, work: Work, *, hydrating: bool = False) -> Ack:
        """The answer to a command, which is carried out unless that has happened already."""
        if work.ack is None:
            taken = datetime.now(UTC)
            try:
                await self.carry_out(command, hydrating=hydrating)
                work.ack = ACCEPTED.model_copy(update={"at": taken})
            except RefusedError as refusal:
                say("command.refused", command_id=command.id, kind=command.kind.value, error=str(refusal))
                work.ack = refusal.ack
            except Exception as fault:  # noqa: BLE001 - a fault of ours: the town hears of it, and the others go on
                logger.exception("command.broken", extra={"fields": {"command_id": command.id}})
                work.ack = RefusedError(Cause.INFRASTRUCTURE, type(fault).__name__).ack
        return work.ack

    async def _do_with_outcome(self, command: Command, work: Work) -> None:
        if work.ack is None:
            try:
                order = self._order(command)
                await self._handlers.enter()
                work.order, work.ack = order, ACCEPTED
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
                return await self._handlers.merge(order)
            case SetupPayload():
                return await self._handlers.setup(order)
            case _:
                assert_never(order)
