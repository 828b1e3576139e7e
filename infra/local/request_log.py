"""Writes one line for each request that reaches the emulator, so that a run's AWS requests can be counted.

A line is {at, service, operation, caller}: `at` in epoch seconds, `caller` the name by which an SDK calls itself
(`AWS_SDK_UA_APP_ID`), empty if it has none. A call of the HTTP API has the service `http-api` and `METHOD path`.
"""

import json
import re
import time
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

Scope = dict[str, Any]
App = Callable[[Scope, Any, Any], Awaitable[None]]

HTTP_API = "http-api"
STAND_IN = "gastown-stand-in"
"""How deployment and the local ECS agent call themselves: their requests are none of the service and are not logged."""
_SIGNED_FOR = re.compile(r"Credential=[^/]+/\d+/[^/]+/(?P<service>[^/]+)/aws4_request")
_CALLER = re.compile(r"\bapp/(?P<name>[\w-]+)")
_API_PATH = re.compile(r"^/_aws/execute-api/[^/]+(?P<path>/(?!live/).*)$")


def describe(scope: Scope, now: float) -> dict[str, Any] | None:
    """What one request was; none for what is no request of AWS, such as the emulator's own health check."""
    if scope["type"] != "http":
        return None
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope.get("headers", [])}
    called = _API_PATH.match(scope["path"])
    if called:
        return {"at": now, "service": HTTP_API, "operation": f"{scope['method']} {called['path']}", "caller": ""}
    signed = _SIGNED_FOR.search(headers.get("authorization", ""))
    if signed is None:
        return None
    caller = _CALLER.search(headers.get("user-agent", ""))
    if caller and caller["name"] == STAND_IN:
        return None
    return {
        "at": now,
        "service": signed["service"],
        "operation": _operation(headers, scope),
        "caller": caller["name"] if caller else "",
    }


def _operation(headers: Mapping[str, str], scope: Scope) -> str:
    target = headers.get("x-amz-target", "").rpartition(".")[2]
    return target or f"{scope['method']} {scope['path'].split('/')[1]}"


def logged(app: App, path: Path) -> App:
    """The emulator's application, writing to `path` as it answers."""
    lines = path.open("a", buffering=1)

    async def answer(scope: Scope, receive: Any, send: Any) -> None:
        if line := describe(scope, time.time()):
            lines.write(json.dumps(line) + "\n")
        await app(scope, receive, send)

    return answer


def read(path: Path) -> list[dict[str, Any]]:
    """All lines written so far; an unfinished last line is left out."""
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text().splitlines(keepends=True) if line.endswith("\n")]
