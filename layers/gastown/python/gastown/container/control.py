"""The control server on 127.0.0.1: the reference's endpoints over the same handlers that commands of the town use.

It is for the task's health check, for people inside the container and for tests; nothing outside can reach it.
"""

import asyncio
import time
import uuid
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from json import JSONDecodeError

from pydantic import Field, SecretStr
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from gastown.container.control_key import ControlKey
from gastown.container.handlers import Handlers, parse, parse_start
from gastown.container.hydration_gate import NotHydratedError
from gastown.container.log import say
from gastown.container.payloads import (
    Cause,
    MergePayload,
    MessagePayload,
    Payload,
    SetupPayload,
)
from gastown.container.places import check_rig
from gastown.container.refusals import RefusedError
from gastown.container.roster import Roster
from gastown.container.setting_payloads import InstructionsPayload, ModelPayload

STATUS = {
    Cause.DRAINING: 503,
    Cause.INVALID: 400,
    Cause.STALE: 409,
    Cause.CAPACITY: 503,
    Cause.INFRASTRUCTURE: 500,
}
"""Refusals as HTTP statuses; at the gate it is 503 whatever the cause."""


class StartRequest(Payload):
    """A start as a person asks for it: the payload of the town's command, and the dispatch number."""

    dispatch: int
    payload: dict[str, object]


class TokenRequest(Payload):
    """Another token for the container; `townId` may only be its own."""

    token: SecretStr = Field(min_length=1)
    town_id: str | None = Field(default=None, validation_alias="townId")


class ModelRequest(ModelPayload):
    """Another model for a running agent; without one there is nothing to change."""

    model: str = Field(min_length=1)


class SystemPromptRequest(Payload):
    """What the mayor is to keep in mind."""

    text: str = Field(validation_alias="systemPrompt")


def build_control(handlers: Handlers, roster: Roster, *, town_id: str, key: ControlKey) -> Starlette:
    """The server's routes over these handlers; all but the health check ask for the key."""
    control = Control(handlers, roster, town_id=town_id)
    kept: list[tuple[str, str, Callable[[Request], Awaitable[Response]]]] = [
        ("POST", "/agents/start", control.start),
        ("POST", "/agents/{agent_id}/stop", control.stop),
        ("POST", "/agents/{agent_id}/message", control.message),
        ("GET", "/agents/{agent_id}/status", control.status),
        ("GET", "/agents/{agent_id}/events", control.events),
        ("PATCH", "/agents/{agent_id}/model", control.change_model),
        ("PUT", "/agents/{agent_id}/system-prompt", control.instruct),
        ("POST", "/refresh-token", control.refresh_token),
        ("POST", "/sync-config", control.sync_config),
        ("POST", "/git/merge", control.merge),
        ("POST", "/repos/setup", control.setup),
    ]
    routes = [Route("/health", control.health, methods=["GET"])]
    routes += [Route(path, key.guard(endpoint), methods=[method]) for method, path, endpoint in kept]
    return Starlette(routes=routes, exception_handlers={RefusedError: _refusal, 404: _missing})


class Control:
    """One method per route."""

    def __init__(self, handlers: Handlers, roster: Roster, *, town_id: str) -> None:
        """Note when the container started."""
        self._handlers = handlers
        self._roster = roster
        self._town_id = town_id
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
        if (ready := self._handlers.mayor_ready_at) is not None:
            body["mayorReadyAt"] = ready.isoformat()
        return JSONResponse(body | ({"draining": True} if self._handlers.draining else {}))

    async def start(self, request: Request) -> Response:
        """201 with the agent's record; draining is looked at before the body, and again after the gate."""
        self._handlers.check_draining()
        order = parse(StartRequest, await _body(request))
        record = await self._handlers.start(parse_start(order.payload), order.dispatch)
        return JSONResponse(record.show(), status_code=201)

    async def stop(self, request: Request) -> Response:
        """200, or 404 for an agent that is not known here."""
        if not await self._handlers.stop(request.path_params["agent_id"], None):
            return _unknown(request)
        return JSONResponse({"stopped": True})

    async def message(self, request: Request) -> Response:
        """200; 404 unknown, 400 malformed, 503 at the gate, 500 not running or not possible."""
        if not self._knows(request):
            return _unknown(request)
        words = parse(MessagePayload, await _body(request))
        return await _tried(self._handlers.message(request.path_params["agent_id"], words), {"sent": True})

    async def status(self, request: Request) -> Response:
        """200 with what anybody may see of an agent, or 404."""
        record = self._roster.records.get(request.path_params["agent_id"])
        return _unknown(request) if record is None else JSONResponse(record.show())

    async def events(self, request: Request) -> Response:
        """200 with the newest events after `after`; of an agent that nobody knows none, and a bad number is 0."""
        after = request.query_params.get("after", "")
        shown = self._handlers.events(request.path_params["agent_id"], int(after) if after.isdecimal() else 0)
        events = [
            {"id": one.sequence, "event": one.event.kind, "data": one.event.data, "timestamp": one.event.at.isoformat()}
            for one in shown
        ]
        return JSONResponse({"events": events})

    async def change_model(self, request: Request) -> Response:
        """200; 404 unknown, 400 malformed, 503 at the gate, 500 not running or not possible."""
        if not self._knows(request):
            return _unknown(request)
        wish = parse(ModelRequest, await _body(request))
        return await _tried(self._handlers.change_model(request.path_params["agent_id"], wish), {"updated": True})

    async def instruct(self, request: Request) -> Response:
        """200; 404 unknown, 400 malformed or no mayor, 503 at the gate. It holds from the next turn on."""
        if not self._knows(request):
            return _unknown(request)
        wish = InstructionsPayload(instructions=parse(SystemPromptRequest, await _body(request)).text)
        await self._handlers.instruct(request.path_params["agent_id"], wish)
        return JSONResponse({"updated": True})

    async def refresh_token(self, request: Request) -> Response:
        """200; 400 without a token or for another town, 503 at the gate. No agent is restarted: they ask each time."""
        wish = parse(TokenRequest, await _body(request))
        if wish.town_id not in (None, self._town_id):
            raise RefusedError(Cause.INVALID, "townId: this is the container of another town")
        await self._handlers.refresh_token(wish.token)
        return JSONResponse({"refreshed": True, "agentsRestarted": 0, "agentsFailed": 0, "results": []})

    async def sync_config(self, request: Request) -> Response:
        """200, or 503 at the gate: running agents get the credentials that the town's settings give now."""
        del request
        await self._handlers.refresh_credentials()
        return JSONResponse({"synced": True})

    async def merge(self, request: Request) -> Response:
        """202: the merge goes on beside; its outcome is logged."""
        order = parse(MergePayload, await _body(request))
        return await self._accept(order, lambda: self._handlers.merge(order))

    async def setup(self, request: Request) -> Response:
        """202: the clone goes on beside; its outcome is logged."""
        order = parse(SetupPayload, await _body(request))
        return await self._accept(order, lambda: self._handlers.setup(order))

    async def _accept(self, order: MergePayload | SetupPayload, work: Callable[[], Awaitable[Payload]]) -> Response:
        check_rig(order.rig)
        await self._handlers.enter()
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

    def _knows(self, request: Request) -> bool:
        return request.path_params["agent_id"] in self._roster.records


async def _tried(work: Awaitable[None], done: dict[str, bool]) -> Response:
    """What came of something that a session was asked; what it cannot do is a 500, as in the reference."""
    try:
        await work
    except RefusedError as refusal:
        if refusal.cause is Cause.DRAINING or isinstance(refusal, NotHydratedError):
            raise
        return JSONResponse({"error": str(refusal)}, status_code=500)
    return JSONResponse(done)


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
    headers = {"Retry-After": str(error.retry_after)} if isinstance(error, NotHydratedError) else None
    status = 503 if headers else STATUS[error.cause] if isinstance(error, RefusedError) else 500
    return JSONResponse({"error": str(error)}, status_code=status, headers=headers)
