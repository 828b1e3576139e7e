"""The life of the process: put together, register, serve until it is superseded, drained or told to end."""

import asyncio
import contextlib
import os
import signal
import socket
from collections.abc import Coroutine
from functools import partial
from typing import Any

import httpx

from gastown.container.broker import build_broker, close_socket, open_socket
from gastown.container.browsing import Browsing
from gastown.container.cleaning import Cleaning
from gastown.container.commands import Commands
from gastown.container.control import build_control
from gastown.container.control_key import ControlKey
from gastown.container.departure import Departure
from gastown.container.doorbell import Doorbell
from gastown.container.environment import Outfit
from gastown.container.gates import Gates
from gastown.container.handlers import Handlers
from gastown.container.heartbeat import Heartbeat
from gastown.container.hydration import Hydration
from gastown.container.hydration_gate import HydrationGate
from gastown.container.log import say
from gastown.container.mayor_folder import MayorFolder
from gastown.container.merging import Merging
from gastown.container.places import Places
from gastown.container.prewarm import Prewarm
from gastown.container.processes import find_account, make_folder
from gastown.container.repositories import Repositories
from gastown.container.roster import Roster
from gastown.container.runtimes.choice import Runtimes
from gastown.container.runtimes.installed import build_runtimes
from gastown.container.saving import Saving
from gastown.container.serving import QuietServer, make_server
from gastown.container.session_snapshots import SnapshotKeeper
from gastown.container.settings import ContainerSettings
from gastown.container.starting import Starting
from gastown.container.token_watch import watch_token
from gastown.container.town_answers import TownRefusedError, TownUnreachableError
from gastown.container.town_client import TownClient
from gastown.container.watching import Watching
from gastown.container.worktrees import Worktrees

BOOT_PATIENCE = 280.0
"""Seconds to keep trying to register; the town gives up on a container after 300."""


TELL_LIMIT = 5.0
"""Seconds to tell the town the last events."""


class ContainerProcess:
    """All parts of one container, and the order in which they live and end."""

    def __init__(
        self,
        settings: ContainerSettings,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        runtimes: Runtimes | None = None,
    ) -> None:
        """Put the parts together, over another way to the town or other runtimes if given; nothing runs yet."""
        self._settings = settings
        self.watching = Watching()
        account = find_account(settings.agent_user)
        places = Places(workspace=settings.workspace)
        self.client = TownClient(settings, transport=transport)
        self.roster = Roster()
        self.repositories = Repositories(places=places, account=account)
        self.outfit = Outfit(settings=settings, places=places, account=account)
        self.outfit.prepare()
        self.saving = Saving(
            repositories=self.repositories, provider_of=lambda rig_id: partial(self.client.rig_git, rig_id)
        )
        self.worktrees = Worktrees(repositories=self.repositories, account=account)
        self.cleaning = Cleaning(client=self.client, saving=self.saving, worktrees=self.worktrees)
        self.starting = self._build_starting(runtimes)
        self.gate = HydrationGate()
        self.handlers = self._build_handlers()
        self.commands = Commands(client=self.client, handlers=self.handlers)
        prewarm = Prewarm(client=self.client, starting=self.starting)
        self.hydration = Hydration(client=self.client, commands=self.commands, gate=self.gate, prewarm=prewarm)
        self.departure = Departure(client=self.client, roster=self.roster, saving=self.saving, starting=self.starting)
        self._end: asyncio.Future[str] | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._at_the_end = contextlib.ExitStack()

    def _build_starting(self, runtimes: Runtimes | None) -> Starting:
        account, places = self.outfit.account, self.outfit.places
        return Starting(
            client=self.client,
            roster=self.roster,
            repositories=self.repositories,
            worktrees=self.worktrees,
            saving=self.saving,
            cleaning=self.cleaning,
            runtimes=runtimes or self._build_runtimes(),
            outfit=self.outfit,
            mayor_folder=MayorFolder(places=places, account=account),
            is_draining=lambda: self.handlers.draining,
            browsing=Browsing(repositories=self.repositories, client=self.client),
            watching=self.watching,
        )

    def _build_runtimes(self) -> Runtimes:
        keeper = SnapshotKeeper(client=self.client, step=self.watching.step)
        return build_runtimes(self._settings, lambda: self.handlers.draining, keeper)

    def _build_handlers(self) -> Handlers:
        account, workspace = self.outfit.account, self._settings.workspace
        gates = Gates(home=make_folder(workspace / "gates-home", account, mode=0o700), account=account)
        return Handlers(
            client=self.client,
            roster=self.roster,
            repositories=self.repositories,
            starting=self.starting,
            merging=Merging(repositories=self.repositories, gates=gates, account=account),
            gate=self.gate,
        )

    async def run(self) -> int:
        """Live; returns the exit code: 0 after a proper end, 1 if the town never took this container in."""
        loop = asyncio.get_running_loop()
        self._end = loop.create_future()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._finish, number.name)
        servers = [self._serve_broker(), *self._serve_control()]
        try:
            if not await self._register():
                return 1
            self._begin()
            why = await self._end
            say("container.leaving", why=why)
            await self._leave(why)
        finally:
            await self._close(servers)
        return 0

    async def _register(self) -> bool:
        """Introduce this container, as long as the town waits for it; a signal ends the waiting."""
        registering: asyncio.Future[bool] = asyncio.ensure_future(self._try_register())
        waited: list[asyncio.Future[Any]] = [registering, self._end] if self._end else [registering]
        await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
        if not registering.done():
            registering.cancel()
            return False
        return registering.result()

    async def _try_register(self) -> bool:
        try:
            await self.client.register(patience=BOOT_PATIENCE)
        except (TownRefusedError, TownUnreachableError) as error:
            say("container.not_registered", error=str(error))
            return False
        self.watching.step(
            "container.registered", instance_id=self.client.instance_id, durationMs=self.watching.uptime()
        )
        self.watching.open(self.client)
        return True

    def _begin(self) -> None:
        heartbeat = Heartbeat(
            client=self.client, roster=self.roster, obey=self.commands.obey, period=self._settings.heartbeat_seconds
        )
        self.handlers.leave = self._drain
        # Before the first beat: what it brings waits at the gate that this closes.
        hydrating = self.hydration.begin()
        self._tasks.add(hydrating)
        hydrating.add_done_callback(self._tasks.discard)
        self._spawn(self._beat(heartbeat))
        self._spawn(self.cleaning.run())
        self._spawn(watch_token(self.client, self.gate))
        if self.client.live_url:
            door = Doorbell(url=self.client.live_url, token=lambda: self.client.token, ring=heartbeat.ring)
            self._spawn(door.run())

    async def _beat(self, heartbeat: Heartbeat) -> None:
        await heartbeat.run()
        self._finish("superseded")

    def _drain(self, deadline: str | None) -> None:
        async def wait() -> None:
            await self.departure.wait_for_agents(deadline)
            self._finish("drained")

        self._spawn(wait())

    async def _leave(self, why: str) -> None:
        """End the agents in the way that fits the reason; while draining no start is taken any more."""
        self.handlers.draining = True
        if why in {"SIGTERM", "drained"}:
            await self.departure.evict()
            await self.commands.settle(limit=5)
        else:
            await self.departure.kill()
        self.watching.step("container.left", reason=why)
        await self.watching.settle(limit=TELL_LIMIT)

    def _finish(self, why: str) -> None:
        if self._end is not None and not self._end.done():
            self._end.set_result(why)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Run a part beside the others; if it breaks, the container ends rather than lives on maimed."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._part_ended)

    def _part_ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            say("container.broken", error=repr(error))
            self._finish("SIGTERM")

    def _serve_broker(self) -> QuietServer:
        """Open the broker's socket before any agent can start: without it none could work. Raises `OSError`."""
        listener = open_socket(self.outfit.socket, self.outfit.account)
        self._at_the_end.callback(close_socket, listener, self.outfit.socket)
        server = make_server(build_broker(self.outfit.passes, self.roster, self.client, self._settings.town_id))
        self._spawn(server.serve(sockets=[listener]))
        return server

    def _serve_control(self) -> list[QuietServer]:
        """Open the control server; without its port the container works all the same, and says so."""
        try:
            listener = socket.create_server(("127.0.0.1", self._settings.control_port))
        except OSError as error:
            say("control.not_served", port=self._settings.control_port, error=str(error))
            return []
        key = ControlKey.make(self._settings.workspace)
        server = make_server(build_control(self.handlers, self.roster, town_id=self._settings.town_id, key=key))
        self._spawn(server.serve(sockets=[listener]))
        say("control.served", port=listener.getsockname()[1], pid=os.getpid())
        return [server]

    async def _close(self, servers: list[QuietServer]) -> None:
        for server in servers:
            server.should_exit = True
        await asyncio.sleep(0.2)
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.starting.runtimes.close()
        await self.client.close()
        self._at_the_end.close()
