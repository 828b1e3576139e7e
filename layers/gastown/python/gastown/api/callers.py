"""Who calls the `agents` door: an agent by the token of its dispatch, or a container by that of its generation."""

from datetime import timedelta
from typing import Any, TypeVar

from aws_lambda_powertools.event_handler.api_gateway import BaseRouter
from pydantic import BaseModel

from gastown import bootstrap
from gastown.api import identity
from gastown.domain.agent import Role
from gastown.domain.errors import Forbidden, Invalid, Unauthorized
from gastown.usecases import tokens
from gastown.usecases.tokens import AgentClaims, ContainerClaims

M = TypeVar("M", bound=BaseModel)


def _claims(router: BaseRouter, grace: timedelta = timedelta(0)) -> AgentClaims | ContainerClaims:
    token, now = identity.bearer(router), bootstrap.clock().now()
    return bootstrap.signing_secrets().prove(lambda live: tokens.verify(token, live, now=now, grace=grace))


def agent(router: BaseRouter, town_id: str, rig_id: str, agent_id: str | None = None) -> AgentClaims:
    """The calling agent, which acts only in its own rig and as itself. Raises `Unauthorized`, `Forbidden`."""
    claims = _claims(router)
    if not isinstance(claims, AgentClaims):
        raise Forbidden("Only the agent itself may do this")
    if claims.town_id != town_id:
        raise Forbidden("Cross-town access denied")
    if claims.rig_id != rig_id or agent_id not in (None, claims.agent_id):
        raise Forbidden("The token belongs to another agent")
    return claims


def mayor(router: BaseRouter, town_id: str) -> AgentClaims:
    """The calling mayor, which acts only in its own town. Raises `Unauthorized`, `Forbidden`."""
    claims = _claims(router)
    if claims.town_id != town_id:
        raise Forbidden("Cross-town access denied")
    if not isinstance(claims, AgentClaims) or claims.role != Role.MAYOR:
        raise Forbidden("Only the mayor may do this")
    return claims


def container(router: BaseRouter, town_id: str, *, grace: timedelta = timedelta(0)) -> ContainerClaims:
    """The calling container, which acts only for its own town. Raises `Unauthorized`, `Forbidden`."""
    claims = _claims(router, grace)
    if not isinstance(claims, ContainerClaims):
        raise Unauthorized("Invalid container token payload")
    if claims.town_id != town_id:
        raise Forbidden("Cross-town access denied")
    return claims


def member(router: BaseRouter, town_id: str, rig_id: str) -> AgentClaims | ContainerClaims:
    """The town's container or an agent of the rig. Raises `Unauthorized`, `Forbidden`."""
    claims = _claims(router)
    if claims.town_id != town_id:
        raise Forbidden("Cross-town access denied")
    if isinstance(claims, AgentClaims) and claims.rig_id != rig_id:
        raise Forbidden("The token belongs to another rig")
    return claims


def idempotency_key(router: BaseRouter) -> str | None:
    """The caller's key for this one request, if it named one."""
    return router.current_event.headers.get("idempotency-key") or None


def body(router: BaseRouter, of: type[M]) -> M:
    """The request's body as a model. Raises pydantic's `ValidationError`, also for no body or malformed JSON."""
    return of.model_validate(raw_body(router))


def whole_number(text: str | None, default: int, field: str, *, least: int = 0, most: int | None = None) -> int:
    """A number of a query, or its default. Raises `Invalid` for what is none, or out of bounds."""
    if text is None:
        return default
    if not text.isdecimal() or int(text) < least or (most is not None and int(text) > most):
        bounds = f"from {least}" if most is None else f"from {least} to {most}"
        raise Invalid(f"{field} is a whole number {bounds}", field=field)
    return int(text)


def raw_body(router: BaseRouter) -> Any:
    """The request's JSON, or none if there is none to read."""
    try:
        return router.current_event.json_body
    except ValueError:
        return None


def success(data: object) -> dict[str, Any]:
    """The reference's envelope around an answer."""
    return {"success": True, "data": data}
