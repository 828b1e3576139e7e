"""The broker: where an agent's own programs find what works now, at each call (design section 3).

It listens on a Unix socket that only the agents' account may open, and answers whoever shows the pass of a run that is
under way: it makes that agent's calls to the town, and gives what signs `gh` and `glab` in and git credentials for the
repository of its rig alone. So no credential lies in an agent's environment or in a file, and none outlives its run.
"""

import asyncio
import contextlib
import secrets
import socket
import tempfile
from collections.abc import Mapping
from functools import partial
from http import HTTPStatus
from json import JSONDecodeError
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from gastown.container.passes import Passes
from gastown.container.payloads import GitCredentials, StartPayload
from gastown.container.processes import Account, share
from gastown.container.roster import ACTIVE, Record, Roster
from gastown.container.tools.catalog import Call, Identity
from gastown.container.tools.toolbox import tools_of
from gastown.container.town_answers import TownRefusedError, TownUnreachableError
from gastown.container.town_client import TownClient
from gastown.container.wallet import Wallet

LONGEST_PATH = 100
"""Characters that a socket's path may have everywhere; Linux allows 107."""
CALL_LIMIT = 60.0
"""Seconds for one tool's call, credentials included; who asks waits for 70."""


class NotServedError(Exception):
    """The broker does not do this for whoever asks; `status` and the words say why."""

    def __init__(self, status: HTTPStatus, message: str) -> None:
        """Keep the status beside the words."""
        super().__init__(message)
        self.status = status


class Broker:
    """One method per route."""

    def __init__(self, passes: Passes, roster: Roster, client: TownClient, town_id: str) -> None:
        """Answer holders of these passes, for the runs in this roster; their calls go to this town."""
        self._passes = passes
        self._roster = roster
        self._client = client
        self._town_id = town_id

    async def call(self, request: Request) -> Response:
        """What the town answers to one tool of the agent's role."""
        record, wallet = self._run(request)
        who = Identity(town_id=self._town_id, rig_id=record.start.rig_id, agent_id=record.agent_id)
        call = _read_call(record.start.agent.role, who, await _body(request))
        try:
            async with asyncio.timeout(CALL_LIMIT):
                return JSONResponse({"data": await self._use_tool(call, who, wallet)})
        except TownRefusedError as refusal:
            message = f"Gastown API error ({refusal.status}): {refusal.message}"
            raise NotServedError(HTTPStatus.CONFLICT, message) from refusal
        except (TownUnreachableError, TimeoutError) as error:
            message = f"Gastown API error (0): {str(error) or 'no answer in time'}; try again in a minute"
            raise NotServedError(HTTPStatus.SERVICE_UNAVAILABLE, message) from error

    async def _use_tool(self, call: Call, who: Identity, wallet: Wallet) -> Any:
        """Make the call; once more with another token if this one is not accepted."""
        use = partial(self._client.use_tool, call.method, call.address(who), call.body)
        try:
            return await use((await wallet.credentials()).agent_token)
        except TownRefusedError as refusal:
            if refusal.status != HTTPStatus.UNAUTHORIZED:
                raise
        return await use((await wallet.credentials(fresh=True)).agent_token)

    async def tools(self, request: Request) -> Response:
        """The variables that sign the provider's own command line in."""
        _, wallet = self._run(request)
        given = await wallet.credentials()
        return JSONResponse({name: value.get_secret_value() for name, value in given.tools.items()})

    async def git(self, request: Request) -> Response:
        """User name and password for the rig's own repository; 403 for any other."""
        record, wallet = self._run(request)
        asked = await _body(request)
        given = (await wallet.credentials()).git
        if given is None:
            raise NotServedError(HTTPStatus.NOT_FOUND, "this rig has no credentials")
        _check_repository(record, given, asked)
        return JSONResponse({"username": given.username, "password": given.password.get_secret_value()})

    async def git_refused(self, request: Request) -> Response:
        """The remote did not accept what it was shown; the next question gets another token."""
        _, wallet = self._run(request)
        wallet.refuse(str((await _body(request)).get("password")))
        return JSONResponse({})

    def _run(self, request: Request) -> tuple[Record, Wallet]:
        """The run behind the request's pass. Raises `NotServedError`."""
        shown = request.headers.get("authorization", "").removeprefix("Bearer ")
        agent_id = self._passes.holder(shown)
        if agent_id is None:
            raise NotServedError(HTTPStatus.UNAUTHORIZED, "this session has ended")
        record = self._roster.records.get(agent_id)
        if record is None or record.status not in ACTIVE or record.wallet is None:
            raise NotServedError(HTTPStatus.CONFLICT, "no run of this agent is under way")
        return record, record.wallet


def build_broker(passes: Passes, roster: Roster, client: TownClient, town_id: str) -> Starlette:
    """The broker's routes."""
    broker = Broker(passes, roster, client, town_id)
    routes = [
        Route("/call", broker.call, methods=["POST"]),
        Route("/tools", broker.tools, methods=["POST"]),
        Route("/git", broker.git, methods=["POST"]),
        Route("/git/refused", broker.git_refused, methods=["POST"]),
    ]
    handlers = {NotServedError: _not_served, TownRefusedError: _refused, TownUnreachableError: _unreachable}
    return Starlette(routes=routes, exception_handlers=handlers)


def place_socket(workspace: Path) -> Path:
    """Where the broker's socket will be: in the workspace, or below the temporary folder if that path is too long."""
    here = workspace / "broker" / "socket"
    if len(str(here)) <= LONGEST_PATH:
        return here
    return Path(tempfile.gettempdir(), f"gastown-{secrets.token_hex(8)}", "socket")


def open_socket(path: Path, account: Account | None) -> socket.socket:
    """The listening socket, which nobody but this user and the agents' account may open. Raises `OSError`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    share(path.parent, account, mode=0o710)
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(str(path))
    share(path, account, mode=0o660)
    listener.listen()
    return listener


def close_socket(listener: socket.socket, path: Path) -> None:
    """Take the socket away, and its folder."""
    listener.close()
    with contextlib.suppress(OSError):
        path.unlink()
        path.parent.rmdir()


def covers(git_url: str, asked: Mapping[str, Any]) -> bool:
    """Whether what git asks for (protocol, host, path) is this repository, or its large files."""
    parts = urlsplit(git_url)
    host = parts.netloc.rpartition("@")[2].lower()
    if (parts.scheme, host) != (asked.get("protocol"), str(asked.get("host", "")).lower()):
        return False
    repository, path = parts.path.strip("/").removesuffix(".git"), str(asked.get("path", "")).strip("/")
    if not path.startswith(repository):
        return False
    rest = path.removeprefix(repository)
    return rest in {"", ".git"} or rest.startswith((".git/", "/info/lfs"))


def _check_repository(record: Record, given: GitCredentials, asked: Mapping[str, Any]) -> None:
    """Refuse any repository but the one of the run's rig; the mayor has none, and its token names its own."""
    start = record.start
    own = start.rig.git_url if isinstance(start, StartPayload) else given.repository or ""
    if not covers(own, asked):
        where = f"{asked.get('host', '')}/{asked.get('path', '')}"
        raise NotServedError(HTTPStatus.FORBIDDEN, f"{where} is not the repository of this run's rig")


def _read_call(role: str, who: Identity, asked: Mapping[str, Any]) -> Call:
    """The call behind a tool's name and values. Raises `NotServedError`, with a line for each wrong value."""
    tool = next((tool for tool in tools_of(role) if tool.name == asked.get("tool")), None)
    if tool is None:
        raise NotServedError(HTTPStatus.NOT_FOUND, f"a {role} has no tool {asked.get('tool')}")
    try:
        return tool.call(who, asked.get("values", {}))
    except ValidationError as error:
        wrong = [f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors(include_url=False)]
        raise NotServedError(HTTPStatus.UNPROCESSABLE_ENTITY, "\n".join(wrong)) from error


async def _body(request: Request) -> dict[str, Any]:
    try:
        said = await request.json()
    except (JSONDecodeError, UnicodeDecodeError):
        said = None
    if not isinstance(said, dict):
        raise NotServedError(HTTPStatus.BAD_REQUEST, "the body is not a JSON object")
    return said


async def _not_served(request: Request, error: Exception) -> Response:
    del request
    status = error.status if isinstance(error, NotServedError) else HTTPStatus.INTERNAL_SERVER_ERROR
    return JSONResponse({"error": str(error)}, status_code=status)


async def _refused(request: Request, error: Exception) -> Response:
    del request
    return JSONResponse({"error": str(error)}, status_code=HTTPStatus.CONFLICT)


async def _unreachable(request: Request, error: Exception) -> Response:
    del request
    return JSONResponse({"error": str(error)}, status_code=HTTPStatus.SERVICE_UNAVAILABLE)
