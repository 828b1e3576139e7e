"""The WebSocket on which containers are rung. They say nothing on it, and nobody answers.

A connection that closes needs no word to the town: API Gateway does not say whose it was, ringing it does nothing, and
the container that connects again takes its place.
"""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from gastown import bootstrap, observability
from gastown.domain.errors import Conflict, Forbidden, GastownError, NotFound, Unauthorized
from gastown.usecases.live import connect

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
    """Let a container connect, or refuse it; every other event is taken without a word."""
    asked = event.get("requestContext", {})
    if asked.get("routeKey") != "$connect":
        return {"statusCode": 200}
    bootstrap.begin_work()
    headers = {str(name).lower(): str(value) for name, value in (event.get("headers") or {}).items()}
    try:
        uow, shown = bootstrap.unit_of_work(), headers.get("authorization", "")
        claims = bootstrap.signing_secrets().prove(lambda live: connect(uow, live, shown, str(asked["connectionId"])))
    except GastownError as refusal:
        status = next(status for kind, status in STATUS if isinstance(refusal, kind))
        log.info("doorbell.refused", extra={"status": status, "error": str(refusal)})
        return {"statusCode": status}
    log.info("doorbell.connected", extra={"town_id": claims.town_id, "generation": claims.generation})
    return {"statusCode": 200}
