"""The one place where ownership and role are checked, whatever the door."""

from dataclasses import dataclass

from aws_lambda_powertools.event_handler.api_gateway import BaseRouter

from gastown import bootstrap
from gastown.api import callers, identity
from gastown.domain.errors import Forbidden, NotFound, Unavailable
from gastown.domain.organization import Right, may
from gastown.ports.directory import TownRow
from gastown.usecases.tokens import AgentClaims


@dataclass(frozen=True, kw_only=True)
class Caller:
    """Who asks, as the journal names them; `agent` when it is an agent acting in its own rig."""

    name: str
    agent: AgentClaims | None = None


def myself(router: BaseRouter, user_id: str) -> str:
    """The calling person, who must be the one in the path. Raises `Unauthorized`, `Forbidden`."""
    caller = identity.user(router)
    if caller != user_id:
        raise Forbidden("These are somebody else's towns")
    return caller


def colleague(router: BaseRouter, organization_id: str, right: Right = Right.WORK) -> str:
    """The calling person, whose role has this right on an organisation's towns. Raises `Unauthorized`, `Forbidden`."""
    caller = identity.user(router)
    check_role(organization_id, caller, right, made_it=False)
    return caller


def check_role(organization_id: str, user_id: str, right: Right, *, made_it: bool) -> None:
    """Refuse whom their role does not allow this, as it is at this moment. Raises `Forbidden`."""
    organization = bootstrap.organizations().get(organization_id)
    role = organization.members.get(user_id) if organization else None
    if role is None:
        raise Forbidden("This belongs to an organization that you are no member of")
    if not may(role, right, made_it=made_it):
        raise Forbidden(f"Your role {role} does not allow this")


def owner(router: BaseRouter, town_id: str, right: Right = Right.WORK) -> str:
    """The calling person, who must own the town or have this right by their role in its organisation.

    Raises `Unauthorized`, `NotFound`, `Forbidden`, `Unavailable`.
    """
    caller = identity.user(router)
    check_owner(town_id, caller, right)
    return caller


def check_owner(town_id: str, user_id: str, right: Right = Right.WORK) -> TownRow:
    """The town's row if this person may. Raises `NotFound`, `Forbidden`, `Unavailable` while it is made."""
    row = bootstrap.directory().get_town(town_id)
    if row is None or row.state in ("deleting", "gone"):
        raise NotFound(f"Town {town_id} not found")
    if row.organization_id is not None:
        check_role(row.organization_id, user_id, right, made_it=row.owner_user_id == user_id)
    elif row.owner_user_id != user_id:
        raise Forbidden("This town belongs to somebody else")
    if row.state == "creating":
        raise Unavailable("The town is being made", retry_after=2)
    return row


def member(router: BaseRouter, town_id: str, rig_id: str) -> Caller:
    """The town's owner, its container, or an agent of this rig. Raises `Unauthorized`, `Forbidden`, `NotFound`."""
    if not identity.is_ours(identity.bearer(router)):
        return Caller(name=owner(router, town_id))
    claims = callers.member(router, town_id, rig_id)
    if isinstance(claims, AgentClaims):
        return Caller(name=f"agent {claims.agent_id}", agent=claims)
    return Caller(name="container")
