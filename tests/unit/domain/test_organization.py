"""Roles in an organisation and what they allow."""

from dataclasses import replace

import pytest

from gastown.domain.errors import Conflict, Invalid, NotFound
from gastown.domain.limits import MAX_MEMBERS
from gastown.domain.organization import Organization, OrgRole, Right, may, with_member, without_member
from tests.support.builders import NOW

ACME = Organization(
    id="org", name="Acme", created_at=NOW, members={"ann": OrgRole.OWNER, "ben": OrgRole.MEMBER}
)  # fmt: skip
ALLOWED = {
    (OrgRole.OWNER, False): {Right.WORK, Right.SETTINGS, Right.REMOVAL},
    (OrgRole.MEMBER, False): {Right.WORK},
    (OrgRole.MEMBER, True): {Right.WORK, Right.SETTINGS},
    (OrgRole.BILLING_MANAGER, True): set(),
    (None, True): set(),
}


@pytest.mark.parametrize(("role", "made_it"), ALLOWED)
def test_a_role_allows_what_the_table_says(role: OrgRole | None, made_it: bool) -> None:  # noqa: FBT001 - of the table
    """Owners everything, members their work, makers their town's settings, billing managers nothing."""
    assert {right for right in Right if may(role, right, made_it=made_it)} == ALLOWED[role, made_it]


def test_members_come_change_and_go() -> None:
    """Each change is a version of its own."""
    grown = with_member(ACME, "eva", OrgRole.BILLING_MANAGER)
    shrunk = without_member(with_member(grown, "eva", OrgRole.OWNER), "ann")

    assert {"ben": OrgRole.MEMBER, "eva": OrgRole.OWNER} == shrunk.members
    assert (2, 4) == (grown.version, shrunk.version)
    with pytest.raises(NotFound):
        without_member(shrunk, "ann")


def test_the_last_owner_stays() -> None:
    """Neither gone nor degraded, or nobody could ever change anything again."""
    with pytest.raises(Conflict):
        without_member(ACME, "ann")
    with pytest.raises(Conflict):
        with_member(ACME, "ann", OrgRole.MEMBER)


def test_an_organization_is_bounded() -> None:
    """A role may still change when it is full."""
    full = replace(ACME, members={f"user-{n}": OrgRole.OWNER for n in range(MAX_MEMBERS)})

    with pytest.raises(Invalid):
        with_member(full, "one more", OrgRole.MEMBER)
    assert with_member(full, "user-1", OrgRole.MEMBER).members["user-1"] is OrgRole.MEMBER
