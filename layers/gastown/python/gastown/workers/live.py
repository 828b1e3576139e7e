"""The WebSocket on which containers are rung and people hear what an agent does. Nobody answers what they say on it.

A container shows its token, a person a ticket in the query: a browser can set no headers here. A connection that closes
needs no word to the town, for API Gateway does not say whose it was. Ringing one does nothing, and the container that
connects again takes its place; a person's is forgotten when something is said to it.
"""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from gastown import bootstrap, observability
from gastown.domain.errors import Conflict, Forbidden, GastownError, NotFound, Unauthorized
from gastown.usecases.live import connect
from gastown.usecases.viewers import admit

STATUS: tuple[tuple[type[GastownError], int], ...] = (
    (Unauthorized, 401),
    (Forbidden, 403),
    (NotFound, 404),
    (Conflict, 409),
    (GastownError, 503),
)
"""What the handshake answers; the first that fits."""

log = observability.logger()


@log.inject_lambda_context(clear_state=True)
def handle(event: dict[str, Any], _context: LambdaContext) -> dict[str, int]:
    """Let a container or a person connect, or refuse them; every other event is taken without a word."""
    asked = event.get("requestContext", {})
    if asked.get("routeKey") != "$connect":
        return {"statusCode": 200}
    bootstrap.begin_work()
    let_in = _watch if "ticket" in (event.get("queryStringParameters") or {}) else _hang_doorbell
    try:
        let_in(event, str(asked["connectionId"]))
    except GastownError as refusal:
        status = next(status for kind, status in STATUS if isinstance(refusal, kind))
        log.info("connection.refused", extra={"status": status, "error": str(refusal)})
        return {"statusCode": status}
    return {"statusCode": 200}


def _hang_doorbell(event: dict[str, Any], connection_id: str) -> None:
    headers = {str(name).lower(): str(value) for name, value in (event.get("headers") or {}).items()}
    uow, shown = bootstrap.unit_of_work(), headers.get("authorization", "")
    claims = bootstrap.signing_secrets().prove(lambda live: connect(uow, live, shown, connection_id))
    log.info("doorbell.connected", extra={"town_id": claims.town_id, "generation": claims.generation})


def _watch(event: dict[str, Any], connection_id: str) -> None:
    uow, shown = bootstrap.unit_of_work(), str(event["queryStringParameters"]["ticket"])
    claims = bootstrap.signing_secrets().prove(lambda live: admit(uow, live, shown, connection_id))
    who = {"town_id": claims.town_id, "agent_id": claims.agent_id, "user_id": claims.user_id}
    log.info("viewer.connected", extra=who)
