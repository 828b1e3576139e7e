"""What every directory promises."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from gastown.ports.directory import Directory, RigRow, TownRow

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)


def a_town(town_id: str = "town-1", owner: str = "user-1", state: str = "creating") -> TownRow:
    """A town's row; creating unless said otherwise."""
    return TownRow(
        town_id=town_id,
        name="Town",
        owner_user_id=owner,
        state=state,
        table=f"x-town-{town_id}",
        created_at=NOW,
        updated_at=NOW,
    )


def a_rig(rig_id: str = "rig-1") -> RigRow:
    """A rig's row."""
    return RigRow(
        rig_id=rig_id,
        town_id="town-1",
        owner_user_id="user-1",
        name=rig_id,
        git_url="/repo",
        default_branch="main",
        created_at=NOW,
    )


class DirectoryContract:
    """Subclasses give the fixture `directory`, empty."""

    def test_a_town_is_added_once_and_found(self, directory: Directory) -> None:
        """The second of the same id is refused and changes nothing."""
        assert directory.put_town(a_town())
        assert not directory.put_town(a_town(owner="user-2"))

        assert a_town() == directory.get_town("town-1")
        assert directory.get_town("town-2") is None

    def test_a_state_moves_only_from_where_it_is(self, directory: Directory) -> None:
        """Two life cycles at once move a town one step, not two."""
        directory.put_town(a_town())
        later = NOW + timedelta(seconds=1)

        moved = directory.set_town_state("town-1", ["creating"], "active", now=later)
        again = directory.set_town_state("town-1", ["creating"], "active", now=later)

        assert (True, False) == (moved, again)
        assert a_town(state="active") == replace(directory.get_town("town-1") or a_town(), updated_at=NOW)
        assert not directory.set_town_state("nobody", ["creating"], "active", now=later)

    def test_towns_under_way_are_found_by_their_state(self, directory: Directory) -> None:
        """The sweep finds what a crash left half made."""
        directory.put_town(a_town())
        directory.put_town(a_town("town-2"))
        directory.set_town_state("town-2", ["creating"], "active", now=NOW)

        assert ["town-1"] == [row.town_id for row in directory.towns_in_state("creating")]
        assert [] == directory.towns_in_state("deleting")

    def test_a_person_sees_their_own_towns_newest_first(self, directory: Directory) -> None:
        """Nobody else's, and not those that are gone."""
        directory.put_town(a_town())
        directory.put_town(replace(a_town("town-2"), created_at=NOW + timedelta(seconds=1)))
        directory.put_town(a_town("town-3", owner="user-2"))

        assert ["town-2", "town-1"] == [row.town_id for row in directory.list_towns("user-1")]
        directory.delete_town("town-2")
        assert ["town-1"] == [row.town_id for row in directory.list_towns("user-1")]
        directory.delete_town("town-2")

    def test_an_organizations_towns_are_its_own(self, directory: Directory) -> None:
        """They are not among those of the person who made them; gone is gone from the list."""
        directory.put_town(a_town())
        directory.put_town(replace(a_town("town-2"), organization_id="org-1"))
        directory.put_town(replace(a_town("town-3"), organization_id="org-2"))

        assert ["town-1"] == [row.town_id for row in directory.list_towns("user-1")]
        assert ["town-2"] == [row.town_id for row in directory.list_organization_towns("org-1")]
        assert "org-1" == getattr(directory.get_town("town-2"), "organization_id", None)
        directory.delete_town("town-2")
        assert [] == directory.list_organization_towns("org-1")

    def test_an_active_town_is_not_due_by_itself(self, directory: Directory) -> None:
        """Only a commit or a delivery makes a town due."""
        directory.put_town(a_town())
        directory.set_town_state("town-1", ["creating"], "active", now=NOW)

        assert [] == directory.due_towns(NOW + timedelta(days=1))

    def test_rigs_lead_to_their_town(self, directory: Directory) -> None:
        """By id and by town; removed is gone from both."""
        directory.put_town(a_town())
        directory.put_rig(a_rig())
        directory.put_rig(a_rig("rig-2"))

        assert a_rig() == directory.get_rig("rig-1")
        assert {"rig-1", "rig-2"} == {row.rig_id for row in directory.list_rigs("town-1")}
        directory.delete_rig("rig-1")
        assert directory.get_rig("rig-1") is None
        assert ["rig-2"] == [row.rig_id for row in directory.list_rigs("town-1")]

    def test_rigs_are_found_by_their_repository_however_it_is_written(self, directory: Directory) -> None:
        """Webhooks name a repository, and several towns may work on it."""
        for rig_id, url in (("rig-1", "https://github.com/Acme/Widgets.git"), ("rig-2", "git@github.com:acme/widgets")):
            directory.put_rig(replace(a_rig(rig_id), git_url=url))
        directory.put_rig(replace(a_rig("rig-3"), git_url="https://github.com/acme/other"))

        found = [row.rig_id for row in directory.rigs_of("github.com/acme/widgets")]
        assert ["rig-1", "rig-2"] == sorted(found)
        directory.delete_rig("rig-1")
        assert ["rig-2"] == [row.rig_id for row in directory.rigs_of("github.com/acme/widgets")]
