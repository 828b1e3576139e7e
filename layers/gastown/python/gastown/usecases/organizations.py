"""Organisations: made by a person, who owns them; members come, change their role and go."""

from collections.abc import Callable

from gastown.domain.errors import NotFound, Unavailable
from gastown.domain.organization import Organization, OrgRole, with_member, without_member
from gastown.ports.organizations import Organizations
from gastown.usecases.unit_of_work import UnitOfWork

TRIES = 5
"""Two people who change one organisation at once are rare; more than this is somebody's loop."""


def make_organization(uow: UnitOfWork, organizations: Organizations, name: str, owner: str) -> Organization:
    """A new organisation with its first owner."""
    made = Organization(id=uow.new_id(), name=name, created_at=uow.now(), members={owner: OrgRole.OWNER})
    organizations.save(made)
    return made


def put_member(organizations: Organizations, organization_id: str, user_id: str, role: OrgRole) -> Organization:
    """Add a member, or give them another role. Raises `NotFound`, `Invalid`, `Conflict` for the last owner."""
    return _change(organizations, organization_id, lambda org: with_member(org, user_id, role))


def remove_member(organizations: Organizations, organization_id: str, user_id: str) -> Organization:
    """Take a member out. Raises `NotFound`, `Conflict` for the last owner."""
    return _change(organizations, organization_id, lambda org: without_member(org, user_id))


def _change(
    organizations: Organizations, organization_id: str, move: Callable[[Organization], Organization]
) -> Organization:
    """Read, move, save; again when somebody else was quicker. Raises what the move raises, `Unavailable`."""
    for _ in range(TRIES):
        present = organizations.get(organization_id)
        if present is None:
            raise NotFound(f"Organization {organization_id} not found")
        changed = move(present)
        if organizations.save(changed):
            return changed
    raise Unavailable("The organization is being changed by others", retry_after=1)
