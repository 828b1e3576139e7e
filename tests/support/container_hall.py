"""A whole container in this process: its town is a function, its runtime a record, and nothing is spawned."""

import asyncio
import json
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
from pydantic import SecretStr

from gastown.container.container_process import ContainerProcess
from gastown.container.hydration_gate import HydrationGate
from gastown.container.payloads import Command, CommandKind, When
from gastown.container.runtimes.choice import Runtimes
from gastown.container.runtimes.runtime import Activity, Exit, Launch
from gastown.container.settings import ContainerSettings

TOWN = "town-1"
BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
SOON = 5.0
"""Seconds that a test waits at most for what has to come at once."""
Envelope = tuple[int, Any]


@dataclass
class Session:
    """A session that lives until it is stopped."""

    launch: Launch
    heard: list[tuple[str, When]] = field(default_factory=list)
    models: list[tuple[str, str | None]] = field(default_factory=list)
    over: asyncio.Event = field(default_factory=asyncio.Event)

    async def wait(self) -> Exit:
        """Return when it was stopped."""
        await self.over.wait()
        return Exit(code=0)

    async def stop(self, *, grace: float) -> None:
        """End."""
        self.over.set()

    async def send(self, prompt: str, *, when: When = When.NOW) -> None:
        """Hear."""
        self.heard.append((prompt, when))

    async def use_model(self, model: str, small_model: str | None) -> None:
        """Go on with it."""
        self.models.append((model, small_model))

    def activity(self) -> Activity:
        """Nothing happens here."""
        return Activity(last_event_type="started", last_event_at=BEGAN)


@dataclass
class WarmRuntime:
    """A runtime with a server per folder, as the Protocol says: an equal start reuses it, another one replaces it.

    `hold` keeps every start and warm-up waiting until it is set; `trouble` is raised by them.
    """

    spawned: list[Launch] = field(default_factory=list)
    sessions: list[Session] = field(default_factory=list)
    hold: asyncio.Event | None = None
    trouble: Exception | None = None
    entered: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(0))
    servers: dict[Path, tuple[object, ...]] = field(default_factory=dict)

    async def warm(self, launch: Launch) -> None:
        """Have the folder's server run."""
        self.entered.release()
        if self.hold is not None:
            await self.hold.wait()
        if self.trouble is not None:
            raise self.trouble
        assert launch.folder.is_dir(), "a server changes into its folder"
        wanted = (launch.agent_id, launch.role, launch.model, launch.small_model, dict(launch.environment))
        if self.servers.get(launch.folder) != wanted:
            self.spawned.append(launch)
            self.servers[launch.folder] = wanted

    async def start(self, launch: Launch) -> Session:
        """A session on the folder's server."""
        await self.warm(launch)
        self.sessions.append(Session(launch))
        return self.sessions[-1]

    async def close(self) -> None:
        """Nothing runs between sessions."""


class TownDouble:
    """The town's side of every call, by the end of its path; `held` makes a call wait for its event."""

    def __init__(self) -> None:
        """A town that wants nothing and has no mayor."""
        self.calls: list[tuple[str, str, Any, str]] = []
        self.settled: list[str] = []
        """The paths of the calls that were answered, in the order of their answers."""
        self.held: dict[str, asyncio.Event] = {}
        self.reached: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)
        self.answers: dict[str, Envelope | Callable[[], Envelope]] = {
            "container-registry": (200, {"success": True, "data": []}),
            "mayor-id": (200, {"success": True, "agentId": None}),
            "refresh-container-token": (200, {"success": True, "data": {"token": "token-two"}}),
            "credentials": (200, {"success": True, "data": {"agent_token": "agent-token"}}),
        }

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        """Answer one call."""
        last = request.url.path.rsplit("/", 1)[-1]
        body = json.loads(request.content) if request.content else None
        self.calls.append((request.method, request.url.path, body, request.headers.get("authorization", "")))
        self.reached[last].set()
        if last in self.held:
            await self.held[last].wait()
        answer = self.answers.get(last, (200, {"success": True, "data": {}}))
        status, envelope = answer() if callable(answer) else answer
        self.settled.append(request.url.path)
        return httpx.Response(status, json=envelope)

    def heard(self, last: str) -> list[Any]:
        """The bodies of all calls whose path ends so."""
        return [body for _, path, body, _ in self.calls if path.endswith(last)]


@dataclass
class Hall:
    """A container whose parts are put together as in production."""

    process: ContainerProcess
    town: TownDouble
    runtime: WarmRuntime


def settings_for(api_url: str, workspace: Path, *, town_id: str = TOWN) -> ContainerSettings:
    """What a container of this town is told: no agents' account, no command, any free port."""
    return ContainerSettings(
        api_url=api_url,
        town_id=town_id,
        generation=1,
        boot_code="boot-code",
        agent_command=(),
        workspace=workspace,
        control_port=0,
        heartbeat_seconds=30,
        agent_user=None,
    )


@asynccontextmanager
async def open_hall(workspace: Path) -> AsyncIterator[Hall]:
    """A registered container that has not begun; its sessions and calls end with it."""
    town, runtime = TownDouble(), WarmRuntime()
    settings = settings_for("http://town.test", workspace)
    known = Runtimes(known={"command": runtime})
    process = ContainerProcess(settings, transport=httpx.MockTransport(town), runtimes=known)
    process.client.token = SecretStr("token-one")
    try:
        yield Hall(process=process, town=town, runtime=runtime)
    finally:
        await process.departure.kill()
        await process.commands.settle(limit=SOON)
        await process.client.close()


def watch_gate(gate: HydrationGate) -> asyncio.Event:
    """Set as soon as somebody has come to the gate: from then on only the gate holds him."""
    come, wait = asyncio.Event(), gate.wait

    async def watched() -> None:
        come.set()
        await wait()

    gate.wait = watched  # type: ignore[method-assign]
    return come


def a_mayor_start(agent_id: str = "mayor", dispatch: int = 1, **changes: Any) -> Command:
    """The town's command to start a mayor."""
    payload: Mapping[str, Any] = {
        "agent": {"id": agent_id, "name": "mayor", "role": "mayor"},
        "rig_id": f"mayor-{TOWN}",
        "words": "Build a house",
        "model": "big",
        "small_model": "small",
    }
    return Command(
        id=f"start-{agent_id}-{dispatch}",
        kind=CommandKind.START,
        agent_id=agent_id,
        dispatch=dispatch,
        payload={**payload, **changes},
    )
