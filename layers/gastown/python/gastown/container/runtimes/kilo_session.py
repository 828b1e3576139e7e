"""One session of a served agent program: its event stream, its turns, what is said to it, and how it ends."""

import asyncio
import contextlib
from collections.abc import Coroutine
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Protocol

from gastown.container.log import say
from gastown.container.masking import mask
from gastown.container.payloads import Cause, When
from gastown.container.refusals import RefusedError
from gastown.container.runtimes.configuration import Models, name_models
from gastown.container.runtimes.runtime import MODEL, Activity, AgentEvent, Exit, Launch
from gastown.container.runtimes.serve_client import ServeError, ServeEvent
from gastown.container.runtimes.serve_process import ServeProcess
from gastown.container.runtimes.turns import Change, Turns

STREAM_LIMIT = 30.0
"""Seconds until the event stream is open."""
ABORT_LIMIT = 5.0
LOOK_PAUSE = 1.0
"""Seconds between two looks at the idle timer: draining shortens it."""
MAYOR = "mayor"


@dataclass(frozen=True, kw_only=True)
class IdleLimits:
    """Seconds that an idle session is kept, by role; the mayor's stays (container facts, 2.5)."""

    usual: float = 120.0
    refinery: float = 600.0
    draining: float = 10.0

    def of(self, role: str, *, draining: bool) -> float:
        """The limit that holds now."""
        if draining:
            return self.draining
        return self.refinery if role == "refinery" else self.usual


class Host(Protocol):
    """What a session needs of the runtime that started it."""

    idle_limits: IdleLimits

    def is_draining(self) -> bool:
        """Whether the container is leaving."""

    async def replace(self, launch: Launch, old: ServeProcess) -> ServeProcess:
        """Another server beside the old one, for the same folder and with other models. Raises `RefusedError`."""

    async def settle(self, launch: Launch, kept: ServeProcess, dropped: ServeProcess) -> None:
        """Of two servers of one folder, keep this one and close the other."""

    async def release(self, launch: Launch, server: ServeProcess, *, grace: float) -> None:
        """The session has ended: close the server when nobody uses it, and keep what it remembers."""

    def remember(self, launch: Launch) -> None:
        """Keep what the session knows by now, beside its work."""


class KiloSession:
    """Drives one session; everything it hears comes by the server's event stream."""

    def __init__(self, *, host: Host, server: ServeProcess, session_id: str, launch: Launch, models: Models) -> None:
        """Nothing runs yet; `open` begins."""
        self.server = server
        self._host = host
        self._launch = launch
        self._models = models
        self._turns = Turns(session_id, datetime.now(UTC))
        self._idle = asyncio.Event()
        self._ended: asyncio.Future[Exit] = asyncio.get_running_loop().create_future()
        self._grace = ABORT_LIMIT
        self._talking = asyncio.Lock()
        self._line = asyncio.Lock()
        self._hearing: asyncio.Task[None] | None = None
        self._beside: set[asyncio.Task[None]] = set()
        self._closing: asyncio.Task[Exit] | None = None

    async def open(self) -> None:
        """Listen, then say the first words. Raises `ServeError`."""
        self._hearing = await self._listen(self.server)
        try:
            if self._launch.prompt:
                await self._prompt(self._launch.prompt)
            else:
                self._rest(datetime.now(UTC))
        except ServeError:
            self._hearing.cancel()
            raise
        self._aside(self._keep_time())

    async def wait(self) -> Exit:
        """Return when the session has ended and its server is given back."""
        ended = await asyncio.shield(self._ended)
        if self._closing is None:
            self._closing = asyncio.create_task(self._close(ended))
        return await asyncio.shield(self._closing)

    async def stop(self, *, grace: float) -> None:
        """Cut its turn off and end it; `grace` bounds how long it is asked politely."""
        if not self._ended.done() and grace > 0:
            with contextlib.suppress(ServeError, TimeoutError):
                await asyncio.wait_for(self.server.client.abort(self._turns.session_id), min(grace, ABORT_LIMIT))
        self._grace = grace
        self._finish(Exit(code=0, reason="stopped"))
        await self.wait()

    async def send(self, prompt: str, *, when: When = When.NOW) -> None:
        """Say something, at once or when its turn is over. Raises `RefusedError`."""
        if when is When.NOW:
            async with self._talking:
                await self._try_prompt(prompt)
            return
        async with self._line:
            while not await self._said_at_rest(prompt):
                await self._until_idle()

    async def use_model(self, model: str, small_model: str | None) -> None:
        """Move to a server with other models, in the same session, between two turns (container facts, 2.9).

        A failure leaves the old server and its models. Raises `RefusedError`.
        """
        # As a start with these models has it: then such a start may go on with this server.
        environment = {**self._launch.environment, MODEL: model}
        launch = replace(self._launch, model=model, small_model=small_model, environment=environment)
        models = name_models(launch.model, launch.small_model, launch.access)
        async with self._line:
            await self._until_idle()
            fresh = await self._host.replace(launch, self.server)
            try:
                await self._until_idle()
                async with self._talking:
                    await self._move(fresh)
            except (ServeError, RefusedError) as error:
                await self._host.settle(self._launch, self.server, fresh)
                raise RefusedError(Cause.INFRASTRUCTURE, f"the models stay as they were: {error}") from error
            old, self.server = self.server, fresh
            self._launch, self._models = launch, models
            await self._host.settle(launch, fresh, old)

    def activity(self) -> Activity:
        """Its last sign of life."""
        return self._turns.activity()

    async def _move(self, fresh: ServeProcess) -> None:
        if not self._turns.is_idle:
            raise ServeError("a turn began meanwhile")
        if self._turns.session_id not in await fresh.client.sessions(self._launch.folder):
            raise ServeError("the new server does not know the session")
        hearing = await self._listen(fresh)
        if self._hearing is not None:
            self._hearing.cancel()
        self._hearing = hearing

    async def _said_at_rest(self, prompt: str) -> bool:
        """Say it if no turn is under way; whether it was."""
        async with self._talking:
            if self._turns.is_idle:
                await self._try_prompt(prompt)
                return True
        return False

    async def _until_idle(self) -> None:
        idle = asyncio.create_task(self._idle.wait())
        either: list[asyncio.Future[Any]] = [idle, self._ended]
        try:
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        finally:
            idle.cancel()
        self._check_alive()

    def _check_alive(self) -> None:
        if self._ended.done():
            raise RefusedError(Cause.STALE, "the session has ended")

    async def _try_prompt(self, prompt: str) -> None:
        self._check_alive()
        try:
            await self._prompt(prompt)
        except ServeError as error:
            raise RefusedError(Cause.INFRASTRUCTURE, str(error)) from error

    async def _prompt(self, prompt: str) -> None:
        was_idle = self._turns.sent(datetime.now(UTC))
        self._idle.clear()
        try:
            await self.server.client.prompt(
                self._turns.session_id, prompt, model=self._models.reference, system=self._launch.system
            )
        except ServeError:
            self._turns.unsent(was_idle=was_idle)
            if self._turns.is_idle:
                self._idle.set()
            raise
        if self._launch.role == MAYOR:
            # A crash while it answers must not lose what was said (container facts, 2.6).
            self._host.remember(self._launch)

    async def _listen(self, server: ServeProcess) -> asyncio.Task[None]:
        """Open the event stream. Raises `ServeError`."""
        opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        task = asyncio.create_task(self._hear_all(server, opened))
        try:
            await asyncio.wait_for(asyncio.shield(opened), STREAM_LIMIT)
        except TimeoutError as error:
            task.cancel()
            raise ServeError("the event stream does not open") from error
        return task

    async def _hear_all(self, server: ServeProcess, opened: "asyncio.Future[None]") -> None:
        why = "the event stream ended"
        try:
            async for event in server.client.events():
                if not opened.done():
                    opened.set_result(None)
                self._hear(event)
        except ServeError as error:
            why = str(error)
        if not opened.done():
            opened.set_exception(ServeError(why))
            return
        # Nobody ended it, so a clean end is a failure like any other: the program would be silent for ever.
        self._finish(Exit(code=1, reason=self._masked(f"{why}: {server.last_words()}")))

    def _hear(self, event: ServeEvent) -> None:
        now = datetime.now(UTC)
        if event.type in {"permission.asked", "question.asked"}:
            self._aside(self._refuse(event))
        change = self._turns.hear(event, now)
        # The pieces of a text are left out: each text comes whole when it is complete.
        if event.session_id == self._turns.session_id and event.type != "message.part.delta":
            self._launch.listener(AgentEvent(kind=event.type, data=event.properties, at=now))
        if change is Change.FAILED:
            self._finish(Exit(code=1, reason=self._masked(self._turns.failure)))
        elif change is Change.IDLE:
            if self._launch.role == MAYOR:
                self._host.remember(self._launch)
            self._rest(now)

    def _rest(self, now: datetime) -> None:
        """Nothing more to do for now."""
        self._idle.set()
        if self._launch.role == MAYOR:
            self._aside(self._launch.turn_over(now))

    async def _refuse(self, event: ServeEvent) -> None:
        """Nobody is there to be asked: an unanswered question would hold the turn for ever."""
        client, request_id = self.server.client, str(event.properties.get("id"))
        say("agent.asked", agent_id=self._launch.agent_id, what=event.type)
        try:
            if event.type == "question.asked":
                await client.refuse_question(request_id)
            else:
                await client.refuse_permission(request_id)
        except ServeError as error:
            say("agent.not_answered", agent_id=self._launch.agent_id, error=str(error))

    async def _keep_time(self) -> None:
        """End a session that has been idle for too long."""
        while self._launch.role != MAYOR and not self._ended.done():
            await self._idle.wait()
            idle = (datetime.now(UTC) - self._turns.idle_since).total_seconds()
            left = self._host.idle_limits.of(self._launch.role, draining=self._host.is_draining()) - idle
            if left <= 0 and self._turns.is_idle:
                self._finish(Exit(code=0))
            await asyncio.sleep(max(min(left, LOOK_PAUSE), 0))

    def _finish(self, how: Exit) -> None:
        if not self._ended.done():
            self._ended.set_result(how)

    async def _close(self, ended: Exit) -> Exit:
        for task in (self._hearing, *self._beside):
            if task is not None:
                task.cancel()
        await self._host.release(self._launch, self.server, grace=self._grace)
        return ended

    def _masked(self, text: str) -> str:
        return mask(text, self._launch.secrets)

    def _aside(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._beside.add(task)
        task.add_done_callback(self._beside.discard)
