"""History over HTTP: of a rig for who works in it, of the whole town for its owner (api facts, 4.5)."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from gastown.domain.ids import Moment, RigId
from gastown.domain.rig import Rig
from gastown.domain.slinging import Task, sling_bead
from gastown.domain.town import Town
from gastown.usecases import history
from tests.support.people_door import PeopleDoor, R, T, U, people_door
from tests.support.stage import RIG, TOWN

OTHER = RigId("rig-2")


@pytest.fixture
def door() -> Iterator[PeopleDoor]:
    """A town with a second rig, behind the doors."""

    def add(town: Town, moment: Moment) -> None:
        town.rigs[OTHER] = Rig(id=OTHER, name="other", git_url="/other", default_branch="main", created_at=moment.now)

    with people_door() as door:
        door.change(add)
        yield door


def slung(door: PeopleDoor, rig_id: str = RIG) -> str:
    """A bead of a rig; its id."""
    return str(door.change(lambda town, moment: sling_bead(town, rig_id, Task(title="T"), "user-1", moment)).id)


def beads_of(door: PeopleDoor, path: str) -> set[str]:
    """The beads that lines of history are about."""
    answer = door.ask("GET", path)
    assert 200 == answer.status, answer.body
    return {event["bead_id"] for event in answer.data}


def test_a_rigs_history_tells_of_its_own_beads_alone(door: PeopleDoor) -> None:
    """The reference told each rig everything; the town's owner still reads all of it."""
    mine, theirs = slung(door), slung(door, OTHER)

    assert {mine} == beads_of(door, f"{R}/events")
    assert {theirs} == beads_of(door, f"{T}/rigs/{OTHER}/events")
    assert {mine, theirs} == beads_of(door, f"{U}/towns/{TOWN}/events")
    assert set() == beads_of(door, f"{R}/events?bead_id={theirs}")
    assert {mine} == beads_of(door, f"{R}/events?bead_id={mine}")


def test_a_bead_that_ends_or_is_deleted_keeps_its_place(door: PeopleDoor) -> None:
    """Its last line is told too."""
    ended = slung(door)
    door.ask("POST", f"{R}/beads/{ended}/close")

    told = door.ask("GET", f"{R}/events?bead_id={ended}").data
    assert ["status_changed", "created"] == [event["event_type"] for event in told]
    assert {RIG} == {event["rig_id"] for event in told}


def test_a_quiet_rig_beside_a_busy_one_is_read_page_by_page(door: PeopleDoor, monkeypatch: pytest.MonkeyPatch) -> None:
    """Up to a bound; what lies behind it is found by its bead."""
    monkeypatch.setattr(history, "PAGE", 3)
    monkeypatch.setattr(history, "PAGES", 4)
    mine = slung(door)
    for _ in range(10):
        slung(door, OTHER)

    assert {mine} == beads_of(door, f"{R}/events")
    assert 2 == len(door.ask("GET", f"{T}/rigs/{OTHER}/events?limit=2").data)
    slung(door, OTHER)
    slung(door, OTHER)
    assert set() == beads_of(door, f"{R}/events")
    assert {mine} == beads_of(door, f"{R}/events?bead_id={mine}")


def test_lines_of_an_older_version_are_not_lost(door: PeopleDoor) -> None:
    """They name no rig, so they are told in each."""
    bead_id = slung(door)
    [row] = [row for row in door.store.rows[TOWN].values() if row.pk == "EVENTS" and row.body["bead_id"] == bead_id]
    row.body.pop("rig_id")

    assert {bead_id} == beads_of(door, f"{R}/events")


def test_since_is_the_last_line_that_one_has_seen(door: PeopleDoor) -> None:
    """What is older is not told again, nor read."""
    slung(door)
    seen = door.ask("GET", f"{R}/events").data[0]["created_at"]
    door.clock.present += timedelta(seconds=1)
    new = slung(door)

    later = history.list_rig_events(door.uow, TOWN, RIG, history.Chapter(since=seen))
    assert [new] == [event["bead_id"] for event in later]
