"""Organisations in memory."""

from gastown.domain.organization import Organization


class MemoryOrganizations:
    """By id."""

    def __init__(self) -> None:
        """Start empty."""
        self.stored: dict[str, Organization] = {}

    def get(self, organization_id: str) -> Organization | None:
        """One organisation."""
        return self.stored.get(organization_id)

    def save(self, organization: Organization) -> bool:
        """Store the version that follows the stored one."""
        known = self.stored.get(organization.id)
        if organization.version != (known.version + 1 if known else 1):
            return False
        self.stored[organization.id] = organization
        return True

    def of_user(self, user_id: str) -> list[Organization]:
        """Those that somebody belongs to, newest first."""
        mine = [one for one in self.stored.values() if user_id in one.members]
        return sorted(mine, key=lambda one: one.created_at, reverse=True)
