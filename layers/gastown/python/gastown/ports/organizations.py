"""Organisations: who belongs to them, in which role. Read at each request, so that taking a role away holds at once."""

from typing import Protocol

from gastown.domain.organization import Organization


class Organizations(Protocol):
    """Kept in the stack's directory."""

    def get(self, organization_id: str) -> Organization | None:
        """One organisation, as it is now."""
        ...

    def save(self, organization: Organization) -> bool:
        """Store a new version; false, and nothing changed, when the stored one is not the version before it."""
        ...

    def of_user(self, user_id: str) -> list[Organization]:
        """The organisations that somebody belongs to, newest first."""
        ...
