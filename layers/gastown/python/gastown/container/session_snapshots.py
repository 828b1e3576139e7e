"""Keeps agents' session databases in the town's store, by addresses that the town gives: no right in AWS is here.

A child under the agents' account makes and unpacks the copies; what passes through this process has no name on any
disk. Everything is bounded in size and time, told when it fails, and never a reason not to start.
"""

import asyncio
import contextlib
import hashlib
import os
import sys
import tempfile
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Callable
from typing import IO

import httpx
import tenacity

from gastown.container.log import say
from gastown.container.processes import as_account, end_group, inherited
from gastown.container.runtimes import session_copy
from gastown.container.runtimes.session_copy import CHUNK, NOTHING, CopyError
from gastown.container.runtimes.session_keeper import Restored, SessionDatabase
from gastown.container.town_answers import TownRefusedError, TownUnreachableError
from gastown.container.town_client import TownClient
from gastown.domain.limits import MAX_SNAPSHOT_BYTES

LIMIT = 10.0
"""Seconds for one copy, either way (container facts, 2.10d)."""
TRIES = 3
REASON_CHARACTERS = 300


class StoreError(Exception):
    """The store did not take or give a copy; another try may help."""


PASSING = (StoreError, TownUnreachableError, TimeoutError)
FAILURES = (CopyError, TownRefusedError, OSError, *PASSING)


class SnapshotKeeper:
    """Keeps what each agent's sessions remember; `step` tells what became of it."""

    def __init__(
        self,
        *,
        client: TownClient,
        step: Callable[..., None],
        transport: httpx.AsyncBaseTransport | None = None,
        limit: float = LIMIT,
    ) -> None:
        """Over another way to the store, or with less time, if given."""
        self._client = client
        self._step = step
        self._transport = transport
        self._limit = limit
        self._useless: set[SessionDatabase] = set()
        self._kept: dict[SessionDatabase, str] = {}

    async def restore(self, database: SessionDatabase) -> Restored:
        """Bring the newest copy; what cannot be had or is damaged is told."""
        if database in self._useless:
            return Restored.NOTHING
        began = time.monotonic()
        try:
            async with asyncio.timeout(self._limit):
                found: bool = await _retrying()(self._fetch, database)
        except FAILURES as error:
            self._tell("session.not_restored", database, error)
            return Restored.NOT_NOW if isinstance(error, PASSING) else Restored.NOTHING
        if not found:
            return Restored.NOTHING
        took = round((time.monotonic() - began) * 1000)
        self._step("session.restored", agentId=database.agent_id, durationMs=took)
        return Restored.DONE

    async def keep(self, database: SessionDatabase) -> None:
        """Keep a consistent copy; what fails leaves the copy before, and the next turn's end tries again."""
        try:
            with tempfile.TemporaryFile() as spool:
                async with asyncio.timeout(self._limit):
                    await self._keep(database, spool)
        except FAILURES as error:
            self._tell("session.not_kept", database, error)

    def give_up(self, database: SessionDatabase, reason: str) -> None:
        """Tell why the agent begins anew, and do not bring the same again."""
        self._useless.add(database)
        self._tell("session.not_restored", database, CopyError(reason))

    async def _fetch(self, database: SessionDatabase) -> bool:
        url = await self._client.snapshot_source(database.agent_id, database.program)
        if url is None:
            return False
        async with self._store() as store, _reaching(), store.stream("GET", url) as answer:
            if answer.status_code == httpx.codes.NOT_FOUND:
                return False
            _check(answer)
            async with _copying("in", database) as child:
                await _pour(answer.aiter_raw(CHUNK), child)
        return True

    async def _keep(self, database: SessionDatabase, spool: IO[bytes]) -> None:
        size, digest = await _take(database, spool)
        if size == 0 or self._kept.get(database) == digest:
            return
        await _retrying()(self._put, database, spool, size)
        self._kept[database] = digest
        say("session.kept", agent_id=database.agent_id, program=database.program, bytes=size)

    async def _put(self, database: SessionDatabase, spool: IO[bytes], size: int) -> None:
        url = await self._client.snapshot_target(database.agent_id, database.program, size)
        if url is None:
            raise StoreError("the town names no place for it")
        spool.seek(0)
        headers = {"Content-Length": str(size)}
        async with self._store() as store, _reaching():
            _check(await store.put(url, content=_chunks(spool), headers=headers))

    def _store(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(timeout=self._limit, transport=self._transport)

    def _tell(self, event: str, database: SessionDatabase, error: BaseException) -> None:
        reason = (str(error) or type(error).__name__)[:REASON_CHARACTERS]
        self._step(event, agentId=database.agent_id, reason=reason)


def _retrying() -> tenacity.AsyncRetrying:
    """Again with a fresh address, as long as there is time; a copy that is no good stays so."""
    return tenacity.AsyncRetrying(
        retry=tenacity.retry_if_exception_type((StoreError, TownUnreachableError)),
        wait=tenacity.wait_random_exponential(multiplier=0.2, max=2),
        stop=tenacity.stop_after_attempt(TRIES),
        reraise=True,
    )


def _check(answer: httpx.Response) -> None:
    if not answer.is_success:
        raise StoreError(f"the store answered HTTP {answer.status_code}")


@contextlib.asynccontextmanager
async def _reaching() -> AsyncIterator[None]:
    """An error's own words name the address, and who knows that may use it."""
    try:
        yield
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise StoreError(f"the store cannot be reached: {type(error).__name__}") from error


@contextlib.asynccontextmanager
async def _copying(way: str, database: SessionDatabase) -> AsyncIterator[Process]:
    """The child that copies `out` or `in`; it does not outlive this block."""
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-I", "-S", session_copy.__file__, way, str(database.path)),
        cwd="/",
        env=inherited(os.environ),
        stdin=PIPE,
        stdout=PIPE,
        stderr=PIPE,
        **as_account(database.account),
    )
    try:
        yield child
    finally:
        await end_group(child, grace=0)


async def _take(database: SessionDatabase, spool: IO[bytes]) -> tuple[int, str]:
    """Fill the spool with a compressed copy; its size, 0 if there is no database, and its digest. Raises `CopyError`.

    The same database gives the same bytes.
    """
    size, digest = 0, hashlib.sha256()
    async with _copying("out", database) as child:
        while child.stdout is not None and (chunk := await child.stdout.read(CHUNK)):
            size += len(chunk)
            _check_size(size)
            digest.update(chunk)
            spool.write(chunk)
        await _succeed(child)
    return size, digest.hexdigest()


async def _pour(chunks: AsyncIterator[bytes], child: Process) -> None:
    """Give the child a compressed copy. Raises `CopyError` with its words."""
    size = 0
    # A child that will not read on says why when it ends.
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        async for chunk in chunks:
            size += len(chunk)
            _check_size(size)
            if child.stdin is not None:
                child.stdin.write(chunk)
                await child.stdin.drain()
        if child.stdin is not None:
            child.stdin.close()
            await child.stdin.wait_closed()
    await _succeed(child)


async def _succeed(child: Process) -> None:
    said = await child.stderr.read() if child.stderr is not None else b""
    if await child.wait() not in {0, NOTHING}:
        raise CopyError(said.decode(errors="replace").strip() or f"the copying ended with {child.returncode}")


def _check_size(size: int) -> None:
    if size > MAX_SNAPSHOT_BYTES:
        raise CopyError(f"the copy is larger than {MAX_SNAPSHOT_BYTES} bytes")


async def _chunks(spool: IO[bytes]) -> AsyncIterator[bytes]:
    while chunk := spool.read(CHUNK):
        yield chunk
