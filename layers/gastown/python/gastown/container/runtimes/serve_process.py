"""One server of an agent program: a child in its worktree, on a free port of 127.0.0.1, behind its own password."""

import asyncio
import contextlib
import secrets
import socket
from asyncio.subprocess import Process
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from gastown.container.log import say
from gastown.container.masking import mask
from gastown.container.payloads import Cause
from gastown.container.processes import as_account, end_group
from gastown.container.refusals import RefusedError
from gastown.container.runtimes.command import LAST_WORDS, BoundedLog
from gastown.container.runtimes.runtime import Launch
from gastown.container.runtimes.serve_client import ServeClient

START_LIMIT = 30.0
"""Seconds from the child's start until it answers (container facts, 2.4)."""
POLL_LIMIT, POLL_PAUSE = 2.0, 0.1
"""Seconds for one question whether it is there, and between two: a request that comes too early hangs for ever."""
TRIES = 3
"""A port that was free a moment ago may be taken."""
CLOSE_GRACE = 5.0


@dataclass(frozen=True, kw_only=True)
class Program:
    """An agent program that serves this API: its command, and how it spells its variables and files."""

    name: str
    command: tuple[str, ...]
    start_limit: float = START_LIMIT

    @property
    def password_variable(self) -> str:
        """What it reads its password from."""
        return f"{self.name.upper()}_SERVER_PASSWORD"

    def database(self, home: Path) -> Path:
        """Where it keeps its sessions."""
        return home / ".local" / "share" / self.name / f"{self.name}.db"


class ServeProcess:
    """A running server; `is_for` says whether another start may use it."""

    def __init__(self, process: Process, client: ServeClient, launch: Launch, wanted: Mapping[str, str]) -> None:
        """Begin to read its output."""
        self.client = client
        self.sessions = 0
        self._process = process
        self._wanted = dict(wanted)
        self._secrets = tuple(launch.secrets)
        self._tail = bytearray()
        self._reading = asyncio.create_task(self._read(launch.log))

    def is_for(self, wanted: Mapping[str, str]) -> bool:
        """Whether it runs, and was started with exactly this environment, its configuration included (REQ-1.15)."""
        return self._process.returncode is None and self._wanted == dict(wanted)

    @property
    def pid(self) -> int:
        """The child's process id."""
        return self._process.pid

    async def wait(self) -> str:
        """Return its last words when it has ended."""
        code = await self._process.wait()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(asyncio.shield(self._reading), 5)
        return f"the server ended ({code}): {self.last_words()}"

    def last_words(self) -> str:
        """The end of its output, without secrets."""
        words = mask(bytes(self._tail).decode(errors="replace").strip(), self._secrets)
        return "\n".join(words.splitlines()[-20:])

    async def close(self, *, grace: float = CLOSE_GRACE) -> None:
        """End it and all it started."""
        await self.client.close()
        await end_group(self._process, grace=grace)
        await asyncio.wait({self._reading}, timeout=5)

    async def _read(self, path: Path) -> None:
        stream = self._process.stdout
        with BoundedLog(path) as log:
            while stream is not None and (chunk := await stream.read(8192)):
                self._tail += chunk
                del self._tail[:-LAST_WORDS]
                log.try_write(chunk)


async def start_server(program: Program, launch: Launch, environment: Mapping[str, str]) -> ServeProcess:
    """Start a server and wait until it answers. Raises `RefusedError` (infrastructure) after `program.start_limit`."""
    said = ""
    try:
        async with asyncio.timeout(program.start_limit):
            for _ in range(TRIES):
                server = await _spawn(program, launch, environment)
                said = await _ready(server)
                if not said:
                    return server
    except TimeoutError:
        said = f"it did not answer within {program.start_limit:g} s"
    raise RefusedError(Cause.INFRASTRUCTURE, f"{program.name} does not start: {said}")


async def _spawn(program: Program, launch: Launch, environment: Mapping[str, str]) -> ServeProcess:
    password = secrets.token_urlsafe(24)
    port = _free_port()
    try:
        process = await asyncio.create_subprocess_exec(
            *program.command,
            *("serve", "--hostname", "127.0.0.1", "--port", str(port)),
            cwd=launch.folder,
            env={**environment, program.password_variable: password},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            **as_account(launch.account),
        )
    except OSError as error:
        raise RefusedError(Cause.INFRASTRUCTURE, f"{program.name} does not start: {error.strerror}") from error
    say("server.spawned", agent_id=launch.agent_id, program=program.name, port=port, pid=process.pid)
    client = ServeClient(port=port, user=program.name, password=password)
    return ServeProcess(process, client, launch, environment)


async def _ready(server: ServeProcess) -> str:
    """Wait until it answers; its last words if it ends before. Cancelled, it takes the server along."""
    ended = asyncio.create_task(server.wait())
    polling = asyncio.create_task(_poll(server.client))
    try:
        await asyncio.wait({ended, polling}, return_when=asyncio.FIRST_COMPLETED)
        return "" if polling.done() else ended.result()
    finally:
        ready = polling.done() and not polling.cancelled()
        ended.cancel()
        polling.cancel()
        if not ready:
            await server.close(grace=0)


async def _poll(client: ServeClient) -> None:
    while not await client.is_ready(limit=POLL_LIMIT):  # noqa: ASYNC110 - another process: there is no event
        await asyncio.sleep(POLL_PAUSE)


def _free_port() -> int:
    """A port that was free just now; the programs take 0 for a fixed number of their own."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
    return port
