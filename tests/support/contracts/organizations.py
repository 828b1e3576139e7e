"""What every keeper of organisations promises."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from gastown.domain.organization import Organization, OrgRole, with_member, without_member
from gastown.ports.organizations import Organizations

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
ACME = Organization(id="org-1", name="Acme", created_at=NOW, members={"ann": OrgRole.OWNER})


class OrganizationsContract:
    """Subclasses give the fixture `organizations`, empty."""

    def test_an_organization_is_stored_once_and_found(self, organizations: Organizations) -> None:
        """A second one of the same id is refused and changes nothing."""
        assert organizations.save(ACME)
        assert not organizations.save(replace(ACME, name="Other"))

        assert ACME == organizations.get("org-1")
        assert organizations.get("org-2") is None

    def test_only_the_next_version_is_stored(self, organizations: Organizations) -> None:
        """Of two people who change it at once, one is told to look again."""
        organizations.save(ACME)
        ben, eva = (with_member(ACME, who, OrgRole.MEMBER) for who in ("ben", "eva"))

        assert (True, False) == (organizations.save(ben), organizations.save(eva))
        assert ben == organizations.get("org-1")

    def test_members_find_their_organizations_until_they_leave(self, organizations: Organizations) -> None:
        """Newest first; whoever left finds it no more."""
        newer = replace(ACME, id="org-2", created_at=NOW + timedelta(seconds=1))
        organizations.save(ACME)
        organizations.save(newer)
        with_ben = with_member(ACME, "ben", OrgRole.BILLING_MANAGER)
        organizations.save(with_ben)

        assert ["org-2", "org-1"] == [one.id for one in organizations.of_user("ann")]
        assert [with_ben] == organizations.of_user("ben")
        organizations.save(without_member(with_ben, "ben"))
        assert [] == organizations.of_user("ben")
