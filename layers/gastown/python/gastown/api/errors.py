"""The one place where a refusal becomes a status code and an envelope."""

import json
from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from pydantic import ValidationError

from gastown.domain.errors import Conflict, Forbidden, GastownError, Invalid, NotFound, Unauthorized, Unavailable
from gastown.observability import logger
from gastown.usecases.unit_of_work import Replayed

STATUS: tuple[tuple[type[GastownError], int], ...] = (
    (NotFound, 404),
    (Conflict, 409),
    (Invalid, 400),
    (Forbidden, 403),
    (Unauthorized, 401),
    (Unavailable, 503),
)
INVALID_BODY = "Invalid request body"


def answer(status: int, body: Any, headers: dict[str, str] | None = None) -> Response[str]:
    """A JSON answer."""
    text = json.dumps(body, default=str, separators=(",", ":"))
    return Response(status, "application/json", text, headers=headers)


def refusal(error: GastownError) -> Response[str]:
    """The envelope of a refusal."""
    if isinstance(error, Replayed):
        status, data = error.answer.get("status", 200), error.answer.get("data", error.answer)
        return answer(status, {"success": True, "data": data}, {"Idempotent-Replayed": "true"})
    status = next((code for kind, code in STATUS if isinstance(error, kind)), 500)
    if isinstance(error, Invalid):
        issue = {"code": "invalid", "path": error.field.split("."), "message": str(error)}
        return answer(status, {"success": False, "error": str(error), "issues": [issue]})
    headers = {"Retry-After": str(error.retry_after)} if isinstance(error, Unavailable) else None
    return answer(status, {"success": False, "error": str(error)}, headers)


def unreadable(error: ValidationError) -> Response[str]:
    """The envelope of a body that does not fit its model: each issue names its field."""
    issues = [{"code": i["type"], "path": list(i["loc"]), "message": i["msg"]} for i in error.errors()]
    return answer(400, {"success": False, "error": INVALID_BODY, "issues": issues})


def fault(error: Exception) -> Response[str]:
    """Something that nobody foresaw: logged with its stack, told without it."""
    logger().exception("unhandled", exc_info=error)
    return answer(500, {"success": False, "error": "Internal server error"})


def unknown(_error: Exception) -> Response[str]:
    """No such route."""
    return answer(404, {"success": False, "error": "Not found"})


def install(app: APIGatewayHttpResolver) -> None:
    """Give an application these answers."""
    app.not_found(unknown)
    app.exception_handler(GastownError)(refusal)
    app.exception_handler(ValidationError)(unreadable)
    app.exception_handler(Exception)(fault)
