"""/api/orgs: a person's organisations and their members."""

from typing import Any

from aws_lambda_powertools.event_handler.api_gateway import Router

from gastown import bootstrap
from gastown.api import access, identity
from gastown.api.callers import body, success
from gastown.api.schemas.people import RoleBody, TownBody
from gastown.api.views import stamp
from gastown.domain.errors import NotFound
from gastown.domain.organization import Organization, Right
from gastown.usecases import organizations

router = Router()
ORGS = "/api/orgs"
MEMBER = f"{ORGS}/<org_id>/members/<user_id>"


def show_organization(organization: Organization, caller: str) -> dict[str, Any]:
    """An organisation as one of its members sees it."""
    return {
        "id": organization.id,
        "name": organization.name,
        "role": organization.members.get(caller),
        "members": [{"user_id": who, "role": role} for who, role in sorted(organization.members.items())],
        "created_at": stamp(organization.created_at),
    }


@router.post(ORGS)
def create() -> tuple[dict[str, Any], int]:
    """Make an organisation; whoever makes it owns it."""
    caller, said = identity.user(router), body(router, TownBody)
    made = organizations.make_organization(bootstrap.unit_of_work(), bootstrap.organizations(), said.name, caller)
    return success(show_organization(made, caller)), 201


@router.get(ORGS)
def list_all() -> dict[str, Any]:
    """The caller's organisations, newest first."""
    caller = identity.user(router)
    return success([show_organization(one, caller) for one in bootstrap.organizations().of_user(caller)])


@router.get(f"{ORGS}/<org_id>")
def get(org_id: str) -> dict[str, Any]:
    """One organisation, for any of its members."""
    caller = identity.user(router)
    organization = bootstrap.organizations().get(org_id)
    if organization is None or caller not in organization.members:
        raise NotFound(f"Organization {org_id} not found")
    return success(show_organization(organization, caller))


@router.put(MEMBER)
def put_member(org_id: str, user_id: str) -> dict[str, Any]:
    """Add a member, or give them another role; owners do."""
    caller = access.colleague(router, org_id, Right.REMOVAL)
    said = body(router, RoleBody)
    changed = organizations.put_member(bootstrap.organizations(), org_id, user_id, said.role)
    return success(show_organization(changed, caller))


@router.delete(MEMBER)
def remove_member(org_id: str, user_id: str) -> dict[str, Any]:
    """Take a member out: owners anybody, everybody themselves; never the last owner."""
    caller = identity.user(router)
    if caller != user_id:
        access.check_role(org_id, caller, Right.REMOVAL, made_it=False)
    changed = organizations.remove_member(bootstrap.organizations(), org_id, user_id)
    return success(show_organization(changed, caller))
