"""Organisations over HTTP: towns that people share, by role."""

from collections.abc import Iterator
from typing import Any

import pytest

from gastown.ports.directory import TownRow
from tests.support.fakes.life_cycle import MemoryLifeCycle
from tests.support.people_door import PeopleDoor
from tests.support.stage import TOWN

OWNER, MAKER, MEMBER, BILLING, STRANGER = "ann", "max", "ben", "bill", "sam"
CONFIG = {"default_model": "a-model"}


class Founding(MemoryLifeCycle):
    """A life cycle whose towns are there at once."""

    def __init__(self, door: PeopleDoor) -> None:
        """Found towns in this door's store."""
        super().__init__()
        self.door = door

    def advance(self, town_id: str) -> None:
        """Found the town, unless it is being deleted."""
        super().advance(town_id)
        row = self.door.directory.towns[town_id]
        if row.state == "creating":
            self.door.store.add_table(town_id)
            self.door.uow.found(town_id, row.name, row.owner_user_id, row.organization_id)
            self.door.directory.set_town_state(town_id, {"creating"}, "active", now=row.created_at)


class Acme:
    """An organisation with one of each role and a town that a member made."""

    def __init__(self, door: PeopleDoor) -> None:
        """Make it."""
        self.door = door
        self.id = self.ask(OWNER, "POST", "/api/orgs", {"name": "Acme"}).data["id"]
        self.o = f"/api/orgs/{self.id}"
        for user, role in ((MAKER, "member"), (MEMBER, "member"), (BILLING, "billing_manager")):
            self.ask(OWNER, "PUT", f"{self.o}/members/{user}", {"role": role})
        self.town = self.ask(MAKER, "POST", f"{self.o}/towns", {"name": "Ours"}).data["id"]

    def ask(self, user: str, method: str, path: str, body: Any = None) -> Any:
        """One request by one of them."""
        return self.door.ask(method, path, body, token=self.door.token(user))

    def statuses(self, method: str, path: str, body: Any = None) -> dict[str, int]:
        """What each of them is answered."""
        everybody = (OWNER, MAKER, MEMBER, BILLING, STRANGER)
        return {user: self.ask(user, method, path, body).status for user in everybody}


@pytest.fixture
def acme() -> Iterator[Acme]:
    """The organisation, behind the people's door."""
    door = PeopleDoor()
    door.life_cycle = Founding(door)
    with door.open():
        yield Acme(door)


ROLES = {OWNER: 200, MAKER: 200, MEMBER: 200, BILLING: 403, STRANGER: 403}


@pytest.mark.parametrize("path", ["status", "config", "convoys", "mayor/status", "escalations"])
def test_members_work_in_a_shared_town(acme: Acme, path: str) -> None:
    """Billing managers and strangers see nothing of it."""
    assert acme.statuses("GET", f"/api/towns/{acme.town}/{path}") == ROLES


def test_a_shared_town_is_listed_by_its_organization_alone(acme: Acme) -> None:
    """And never among its maker's own."""
    assert [acme.town] == [row["id"] for row in acme.ask(MEMBER, "GET", f"{acme.o}/towns").data]
    assert [] == acme.ask(MAKER, "GET", f"/api/users/{MAKER}/towns").data
    assert acme.ask(MAKER, "GET", f"/api/users/{MAKER}/towns/{acme.town}").status == 404
    assert acme.statuses("GET", f"{acme.o}/towns/{acme.town}") == ROLES


def test_settings_are_changed_by_owners_and_whoever_made_the_town(acme: Acme) -> None:
    """The reference let any member change them, secrets included."""
    changed = acme.statuses("PATCH", f"/api/towns/{acme.town}/config", CONFIG)

    assert changed == ROLES | {MEMBER: 403}


def test_rigs_are_added_by_members_and_removed_by_owners(acme: Acme) -> None:
    """A rig is found by the organisation that its town belongs to."""
    rig = {"town_id": acme.town, "name": "rig", "git_url": "https://git.example/r.git"}
    assert acme.ask(BILLING, "POST", f"{acme.o}/rigs", rig).status == 403
    made = acme.ask(MEMBER, "POST", f"{acme.o}/rigs", rig)
    path = f"{acme.o}/rigs/{made.data['id']}"

    assert made.status == 201
    assert acme.statuses("GET", path) == ROLES
    assert [made.data["id"]] == [row["id"] for row in acme.ask(MAKER, "GET", f"{acme.o}/towns/{acme.town}/rigs").data]
    assert acme.statuses("DELETE", path) == {OWNER: 200, MAKER: 403, MEMBER: 403, BILLING: 403, STRANGER: 403}


def test_towns_are_deleted_by_owners_alone(acme: Acme) -> None:
    """Whoever made it included; by neither of the two ways (the reference had two, with two rules)."""
    for path in (f"{acme.o}/towns/{acme.town}", f"/api/users/{MAKER}/towns/{acme.town}"):
        assert acme.ask(MAKER, "DELETE", path).status == 403
    assert acme.ask(OWNER, "DELETE", f"{acme.o}/towns/{acme.town}").status == 200
    assert acme.door.directory.towns[acme.town].state == "deleting"


def test_taking_a_role_away_holds_at_once(acme: Acme) -> None:
    """A role is looked up at each request, and no token carries it."""
    acme.ask(OWNER, "DELETE", f"{acme.o}/members/{MAKER}")

    assert acme.ask(MAKER, "GET", f"/api/towns/{acme.town}/status").status == 403
    assert acme.ask(MAKER, "GET", "/api/orgs").data == []


def test_owners_decide_who_belongs(acme: Acme) -> None:
    """Everybody may leave; the last owner may not."""
    path = f"{acme.o}/members/eva"
    assert acme.statuses("PUT", path, {"role": "member"}) == {
        OWNER: 200, MAKER: 403, MEMBER: 403, BILLING: 403, STRANGER: 403,
    }  # fmt: skip
    assert acme.ask(MEMBER, "DELETE", path).status == 403
    assert acme.ask("eva", "DELETE", path).status == 200
    assert acme.ask(OWNER, "DELETE", f"{acme.o}/members/{OWNER}").status == 409
    assert acme.ask(OWNER, "PUT", path, {"role": "king"}).status == 400


def test_members_see_their_organization_and_others_do_not(acme: Acme) -> None:
    """Billing managers do see it: they are there for its bills."""
    assert acme.statuses("GET", acme.o) == {OWNER: 200, MAKER: 200, MEMBER: 200, BILLING: 200, STRANGER: 404}
    assert acme.ask(BILLING, "GET", acme.o).data["role"] == "billing_manager"


def test_one_organization_does_not_reach_the_towns_of_another(acme: Acme) -> None:
    """Not even its owner, by the other's path or by their own."""
    other = acme.ask(STRANGER, "POST", "/api/orgs", {"name": "Other"}).data["id"]
    private: TownRow = acme.door.directory.towns[TOWN]

    for town in (acme.town, private.town_id):
        assert acme.ask(STRANGER, "GET", f"/api/orgs/{other}/towns/{town}").status == 404
        assert acme.ask(STRANGER, "DELETE", f"/api/orgs/{other}/towns/{town}").status == 404
    assert acme.ask(OWNER, "GET", f"{acme.o}/towns/{private.town_id}").status == 404


def test_the_mayor_is_told_its_organization(acme: Acme) -> None:
    """The town knows whose it is from its first commit (REQ-N.3)."""
    assert acme.door.uow.read(acme.town).organization_id == acme.id
