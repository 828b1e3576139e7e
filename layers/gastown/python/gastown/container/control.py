"""The control server on 127.0.0.1: the reference's endpoints over the same handlers that commands of the town use.

It is for the task's health check, for people inside the container and for tests; nothing outside can reach it.
"""

import asyncio
import time
import uuid
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from json import JSONDecodeError

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from gastown.container.commands import Commands, Order, parse
from gastown.container.log import say
from gastown.container.payloads import Cause, MergePayload, MessagePayload, Payload, SetupPayload, StartPayload
from gastown.container.places import check_rig
from gastown.container.refusals import RefusedError
from gastown.container.roster import Roster

STATUS = {
    Cause.DRAINING: 503,
    Cause.INVALID: 400,
    Cause.STALE: 409,
    Cause.CAPACITY: 503,
    Cause.INFRASTRUCTURE: 500,
}
"""Refusals as HTTP statuses."""


class StartRequest(Payload):
    """A start as a person asks for it: the payload of the town's command, and the dispatch number."""

    dispatch: int
    payload: StartPayload


def build_control(commands: Commands, roster: Roster) -> Starlette:
    """The server's routes over these handlers."""
    control = Control(commands, roster)
    routes = [
        Route("/health", control.health, methods=["GET"]),
        Route("/agents/start", control.start, methods=["POST"]),
        Route("/agents/{agent_id}/stop", control.stop, methods=["POST"]),
        Route("/agents/{agent_id}/message", control.message, methods=["POST"]),
        Route("/agents/{agent_id}/status", control.status, methods=["GET"]),
        Route("/git/merge", control.merge, methods=["POST"]),
        Route("/repos/setup", control.setup, methods=["POST"]),
    ]
    handlers = {RefusedError: _refusal, 404: _missing}
    return Starlette(routes=routes, exception_handlers=handlers)


class Control:
    """One method per route."""

    def __init__(self, commands: Commands, roster: Roster) -> None:
        """Note when the container started."""
        self._commands = commands
        self._roster = roster
        self._began = time.monotonic()
        self._started_at = datetime.now(UTC)
        self._background: set[asyncio.Task[None]] = set()

    async def health(self, request: Request) -> Response:
        """200 as long as the process serves."""
        del request
        active = len(self._roster.active())
        body: dict[str, object] = {
            "status": "ok",
            "agents": active,
            "servers": active,
            "uptime": int((time.monotonic() - self._began) * 1000),
            "startedAt": self._started_at.isoformat(),
        }
        return JSONResponse(body | ({"draining": True} if self._commands.draining else {}))

    async def start(self, request: Request) -> Response:
        """201 with the agent's record; draining is looked at before the body."""
        if self._commands.draining:
            raise RefusedError(Cause.DRAINING, "the container drains")
        order = parse(StartRequest, await _body(request))
        record = await self._commands.start(order.payload, order.dispatch)
        return JSONResponse(record.show(), status_code=201)

    async def stop(self, request: Request) -> Response:
        """200, or 404 for an agent that is not known here."""
        if not await self._commands.stop(request.path_params["agent_id"], None):
            return _unknown(request)
        return JSONResponse({"stopped": True})

    async def message(self, request: Request) -> Response:
        """200; 404 unknown, 400 malformed, 500 not running or not possible."""
        agent_id = request.path_params["agent_id"]
        if agent_id not in self._roster.records:
            return _unknown(request)
        words = parse(MessagePayload, await _body(request))
        try:
            await self._commands.message(agent_id, words)
        except RefusedError as refusal:
            return JSONResponse({"error": str(refusal)}, status_code=500)
        return JSONResponse({"sent": True})

    async def status(self, request: Request) -> Response:
        """200 with what anybody may see of an agent, or 404."""
        record = self._roster.records.get(request.path_params["agent_id"])
        return _unknown(request) if record is None else JSONResponse(record.show())

    async def merge(self, request: Request) -> Response:
        """202: the merge goes on beside; its outcome is logged."""
        order = parse(MergePayload, await _body(request))
        return self._accept(order, lambda: self._commands.merge(order))

    async def setup(self, request: Request) -> Response:
        """202: the clone goes on beside; its outcome is logged."""
        order = parse(SetupPayload, await _body(request))
        return self._accept(order, lambda: self._commands.setup(order))

    def _accept(self, order: Order, work: Callable[[], Awaitable[Payload]]) -> Response:
        check_rig(order.rig)
        task_id = str(uuid.uuid4())

        async def run() -> None:
            try:
                outcome = await work()
            except RefusedError as refusal:
                say("control.refused", task_id=task_id, error=str(refusal))
                return
            say("control.done", task_id=task_id, outcome=outcome.model_dump(mode="json"))

        task = asyncio.create_task(run())
        self._background.add(task)
        task.add_done_callback(self._background.discard)
        return JSONResponse({"status": "accepted", "message": f"under way as {task_id}"}, status_code=202)


async def _body(request: Request) -> object:
    try:
        return await request.json()
    except (JSONDecodeError, UnicodeDecodeError) as error:
        raise RefusedError(Cause.INVALID, "the body is not JSON") from error


def _unknown(request: Request) -> Response:
    return JSONResponse({"error": f"Agent {request.path_params['agent_id']} not found"}, status_code=404)


async def _missing(request: Request, error: Exception) -> Response:
    del request, error
    return JSONResponse({"error": "Not found"}, status_code=404)


async def _refusal(request: Request, error: Exception) -> Response:
    del request
    status = STATUS[error.cause] if isinstance(error, RefusedError) else 500
    return JSONResponse({"error": str(error)}, status_code=status)
