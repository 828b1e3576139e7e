"""Exactly one structured record a request (REQ-2.1): route pattern, ids of the matched route, duration, outcome."""

import json
import time
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.event_handler.middlewares import NextMiddleware

from gastown import bootstrap
from gastown.observability import RequestFields, request_record

MAX_BODY = 1_048_576
"""Bytes of a request's body (design section 7)."""


@dataclass(kw_only=True)
class Seen:
    """What the router's match and the caller's token made known of one request."""

    route: str = "-"
    ids: dict[str, str] = field(default_factory=dict)
    user_id: str | None = None


_seen: ContextVar[Seen] = ContextVar("seen")


def name_user(user_id: str) -> None:
    """Remember who is calling, for the record."""
    if (seen := _seen.get(None)) is not None:
        seen.user_id = user_id


def watch_route(app: APIGatewayHttpResolver, next_middleware: NextMiddleware) -> Response[Any]:
    """Remember the matched route's pattern and ids before its handler runs."""
    if (seen := _seen.get(None)) is not None and (route := app.context.get("_route")) is not None:
        seen.route, seen.ids = route.path, dict(app.context.get("_route_args") or {})
    return next_middleware(app)


def recorded(app: APIGatewayHttpResolver) -> Callable[[dict[str, Any], Any], dict[str, Any]]:
    """A Lambda handler that answers by `app` and writes the request's one record."""

    def handle(event: dict[str, Any], context: Any) -> dict[str, Any]:
        """Answer one request of the HTTP API."""
        start, seen = time.perf_counter(), Seen()
        mark = _seen.set(seen)
        try:
            bootstrap.begin_work()
            answer = _too_large(event) or app.resolve(event, context)
        finally:
            _seen.reset(mark)
        _write(event, seen, answer, (time.perf_counter() - start) * 1000)
        return answer

    return handle


def _too_large(event: dict[str, Any]) -> dict[str, Any] | None:
    if len(event.get("body") or "") <= MAX_BODY:
        return None
    body = json.dumps({"success": False, "error": f"A body has at most {MAX_BODY} bytes"})
    return {"statusCode": 413, "headers": {"content-type": "application/json"}, "body": body}


def _write(event: dict[str, Any], seen: Seen, answer: dict[str, Any], duration_ms: float) -> None:
    status = int(answer.get("statusCode", 500))
    record = RequestFields(
        route=seen.route,
        method=str(event.get("requestContext", {}).get("http", {}).get("method", "-")),
        status=status,
        duration_ms=duration_ms,
        user_id=seen.user_id or seen.ids.get("user_id"),
        org_id=seen.ids.get("org_id"),
        town_id=seen.ids.get("town_id"),
        rig_id=seen.ids.get("rig_id"),
        agent_id=seen.ids.get("agent_id"),
        bead_id=seen.ids.get("bead_id"),
        convoy_id=seen.ids.get("convoy_id"),
        error=f"HTTP {status}" if status >= 400 else None,  # noqa: PLR2004 - where errors begin
    )
    request_record(**record)
