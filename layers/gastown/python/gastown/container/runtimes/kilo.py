"""The `kilo` runtime: a `kilo serve` or `opencode serve` child per worktree, driven over its HTTP API."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from gastown.container.log import say
from gastown.container.payloads import Cause
from gastown.container.refusals import RefusedError
from gastown.container.runtimes.configuration import name_models, variables_for
from gastown.container.runtimes.kilo_session import IdleLimits, KiloSession
from gastown.container.runtimes.runtime import Launch, Session
from gastown.container.runtimes.serve_client import ServeError
from gastown.container.runtimes.serve_process import Program, ServeProcess, start_server
from gastown.container.runtimes.session_keeper import Restored, SessionDatabase, SessionKeeper

KEEP_PATIENCE = 20.0
"""Seconds that the end of a session waits for its database to be kept: the copy under way, and one more."""


class KiloRuntime:
    """Keeps one server per folder, and gives sessions on it."""

    def __init__(
        self,
        *,
        program: Program,
        tools: Sequence[str],
        tools_path: str,
        draining: Callable[[], bool],
        keeper: SessionKeeper,
        idle_limits: IdleLimits | None = None,
    ) -> None:
        """`tools` is the command line of the agents' tools as an MCP server, `tools_path` its PYTHONPATH."""
        self.idle_limits = idle_limits or IdleLimits()
        self._program = program
        self._tools = tuple(tools)
        self._tools_path = tools_path
        self._draining = draining
        self._keeper = keeper
        self._servers: dict[Path, ServeProcess] = {}
        self._locks: defaultdict[Path, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._keeping: dict[str, asyncio.Task[None]] = {}
        self._outdated: set[str] = set()
        self._restored: set[str] = set()

    def is_draining(self) -> bool:
        """Whether the container is leaving."""
        return self._draining()

    def environment(self, launch: Launch) -> Mapping[str, str]:
        """All that the server's process gets, but for its password. Pure. Raises `RefusedError` (invalid)."""
        return {**launch.environment, **variables_for(launch, tools=self._tools, tools_path=self._tools_path)}

    async def warm(self, launch: Launch) -> None:
        """Have the folder's server running. Raises `RefusedError`."""
        async with self._locks[launch.folder]:
            await self._server_for(launch, early=True)

    async def start(self, launch: Launch) -> Session:
        """Open a session, or go on in the newest. Raises `RefusedError`."""
        async with self._locks[launch.folder]:
            try:
                return await self._open(launch)
            except ServeError as error:
                reason = str(error)
            except RefusedError as refusal:
                if launch.agent_id not in self._restored:
                    raise
                reason = str(refusal)
            say("session.not_opened", agent_id=launch.agent_id, error=reason)
            # A database that another version wrote may be the reason: once more, without what it remembered.
            await self._forget(launch, reason)
            try:
                return await self._open(launch)
            except ServeError as error:
                await self._drop(launch.folder)
                raise RefusedError(Cause.INFRASTRUCTURE, f"no session: {error}") from error

    async def close(self) -> None:
        """End every server, also those that were warmed and never used."""
        servers, self._servers = list(self._servers.values()), {}
        await asyncio.gather(*(server.close() for server in servers))

    async def replace(self, launch: Launch, old: ServeProcess) -> ServeProcess:
        """Another server for a folder that has one. Raises `RefusedError`."""
        server = await start_server(self._program, launch, self.environment(launch))
        server.sessions = old.sessions
        return server

    async def settle(self, launch: Launch, kept: ServeProcess, dropped: ServeProcess) -> None:
        """Of two servers of one folder, keep this one and close the other."""
        self._servers[launch.folder] = kept
        await dropped.close()

    async def release(self, launch: Launch, server: ServeProcess, *, grace: float) -> None:
        """Close a server with its last session; then its database is at rest and can be kept."""
        server.sessions -= 1
        if server.sessions <= 0:
            if self._servers.get(launch.folder) is server:
                del self._servers[launch.folder]
            await server.close(grace=grace)
        if launch.resume:
            self.remember(launch)
            await asyncio.wait({self._keeping[launch.agent_id]}, timeout=KEEP_PATIENCE)

    def remember(self, launch: Launch) -> None:
        """Keep the session's database outside; one copy at a time, and the newest state last."""
        self._outdated.add(launch.agent_id)
        under_way = self._keeping.get(launch.agent_id)
        if under_way is None or under_way.done():
            self._keeping[launch.agent_id] = asyncio.create_task(self._keep(launch))

    async def _keep(self, launch: Launch) -> None:
        """However often it was asked for meanwhile, one more copy holds all of it."""
        while launch.agent_id in self._outdated:
            self._outdated.discard(launch.agent_id)
            await self._keeper.keep(self._database(launch))

    async def _open(self, launch: Launch) -> Session:
        """Raises `ServeError`, `RefusedError`."""
        server = await self._server_for(launch)
        models = name_models(launch.model, launch.small_model, launch.access)
        known = await server.client.sessions(launch.folder) if launch.resume else []
        session_id = known[0] if known else await server.client.create_session()
        if not known and launch.history:
            # Beside the rules and not as a prompt: nobody said anything yet, and words of before are no turn.
            launch = replace(launch, system=f"{launch.system}\n\n{launch.history}")
        session = KiloSession(host=self, server=server, session_id=session_id, launch=launch, models=models)
        server.sessions += 1
        try:
            await session.open()
        except ServeError:
            server.sessions -= 1
            raise
        self._restored.discard(launch.agent_id)
        say("session.opened", agent_id=launch.agent_id, session_id=session_id, resumed=bool(known))
        return session

    async def _server_for(self, launch: Launch, *, early: bool = False) -> ServeProcess:
        """The folder's server if it is what this launch asks for, else a new one in its place."""
        wanted = self.environment(launch)
        server = self._servers.get(launch.folder)
        if server is not None and server.is_for(wanted):
            return server
        if server is not None:
            say("server.replaced", agent_id=launch.agent_id, why="another configuration, or it ended")
            await self._drop(launch.folder)
        if launch.resume:
            await self._recall(launch, early=early)
        server = await start_server(self._program, launch, wanted)
        self._servers[launch.folder] = server
        return server

    async def _recall(self, launch: Launch, *, early: bool) -> None:
        """Have the database in its place before a server makes one of its own. Raises `RefusedError` only if `early`.

        Who is not wanted yet had better come later, and with all that it knew: the real start tries again.
        """
        database = self._database(launch)
        if database.path.exists():
            return
        restored = await self._keeper.restore(database)
        if restored is Restored.DONE:
            self._restored.add(launch.agent_id)
        elif restored is Restored.NOT_NOW and early:
            raise RefusedError(Cause.INFRASTRUCTURE, "what its sessions remember cannot be had now")

    async def _forget(self, launch: Launch, reason: str) -> None:
        await self._drop(launch.folder)
        database = self._database(launch)
        database.remove()
        if launch.agent_id in self._restored:
            self._restored.discard(launch.agent_id)
            self._keeper.give_up(database, reason)

    async def _drop(self, folder: Path) -> None:
        if (server := self._servers.pop(folder, None)) is not None:
            await server.close()

    def _database(self, launch: Launch) -> SessionDatabase:
        program, home = self._program, Path(launch.environment["HOME"])
        return SessionDatabase(
            agent_id=launch.agent_id, program=program.name, path=program.database(home), account=launch.account
        )
