"""An organisation: people who share towns, each with one role."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from gastown.domain.errors import Conflict, Invalid, NotFound
from gastown.domain.limits import MAX_MEMBERS


class OrgRole(StrEnum):
    """What somebody is in an organisation (api facts, 2.10)."""

    OWNER = "owner"
    MEMBER = "member"
    BILLING_MANAGER = "billing_manager"
    """Sees the organisation, and none of its towns."""


class Right(StrEnum):
    """What somebody wants to do with a town."""

    WORK = "work"
    """Look at it, sling, talk to its mayor, add rigs."""
    SETTINGS = "settings"
    REMOVAL = "removal"


@dataclass(frozen=True, kw_only=True)
class Organization:
    """Its members by user id; `version` rises with each change."""

    id: str
    name: str
    created_at: datetime
    members: Mapping[str, OrgRole]
    version: int = 1


def may(role: OrgRole | None, right: Right, *, made_it: bool) -> bool:
    """Whether a member may do this with a town of the organisation; `made_it`: they created that town."""
    if role is OrgRole.OWNER:
        return True
    if role is not OrgRole.MEMBER or right is Right.REMOVAL:
        return False
    return right is Right.WORK or made_it


def with_member(organization: Organization, user_id: str, role: OrgRole) -> Organization:
    """The organisation with this member in this role. Raises `Invalid`, `Conflict` for the last owner."""
    if user_id not in organization.members and len(organization.members) >= MAX_MEMBERS:
        raise Invalid(f"An organisation has at most {MAX_MEMBERS} members", field="user_id")
    return _changed(organization, {**organization.members, user_id: role})


def without_member(organization: Organization, user_id: str) -> Organization:
    """The organisation without this member. Raises `NotFound`, `Conflict` for the last owner."""
    if user_id not in organization.members:
        raise NotFound(f"{user_id} is no member")
    return _changed(organization, {who: role for who, role in organization.members.items() if who != user_id})


def _changed(organization: Organization, members: Mapping[str, OrgRole]) -> Organization:
    if OrgRole.OWNER not in members.values():
        raise Conflict("An organisation has at least one owner")
    return replace(organization, members=members, version=organization.version + 1)
