"""Dry run and replay: what a tick would do, and where today's rules would have gone another way."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from gastown.reconciler.rules import STAGES
from gastown.reconciler.rules.assign_ready_beads import assign_ready_beads
from tests.support.people_door import PeopleDoor, R, people_door
from tests.support.stage import TOWN

D = f"/debug/towns/{TOWN}"


@pytest.fixture
def door() -> Iterator[PeopleDoor]:
    """A town with one rig, behind the doors."""
    with people_door() as door:
        yield door


def live_a_little(door: PeopleDoor) -> None:
    """A bead is slung, assigned, started and lost with its container, some minutes later started again."""
    door.ask("POST", f"{R}/sling", {"title": "Task"})
    door.tick()
    door.register()
    door.tick()
    door.clock.present += timedelta(seconds=95)
    door.tick()


def range_of(door: PeopleDoor) -> dict[str, Any]:
    """All of the town's life."""
    return {"from": (door.now - timedelta(hours=1)).isoformat(), "to": (door.now + timedelta(hours=1)).isoformat()}


def test_a_dry_run_says_what_a_tick_would_do_and_changes_nothing(door: PeopleDoor) -> None:
    """The tick that follows does exactly that."""
    door.ask("POST", f"{R}/sling", {"title": "Task"})
    version = door.town.version

    dry = door.ask("POST", f"{D}/reconcile-dry-run").body

    assert (version, False) == (door.town.version, dry["committed"])
    assert dry["actions"] == door.ask("POST", f"{D}/tick").body["actions"] != []


def test_a_dry_run_looks_ahead_to_the_tenth_of_a_second(door: PeopleDoor) -> None:
    """A run that is not heard of again is lost at 90.0 s and not at 89.9, if nothing happens before (REQ-6.3, 6.4)."""
    door.ask("POST", f"{R}/sling", {"title": "Task"})
    door.tick()
    door.register()
    door.tick()
    version, begun = door.town.version, door.now
    door.clock.present += timedelta(seconds=60)
    door.store.beat(TOWN, door.town.container.generation, {"at": door.now.isoformat(), "agents": {}})

    early, late = (
        door.ask("POST", f"{D}/reconcile-dry-run", {"at": (begun + timedelta(seconds=after)).isoformat()}).body
        for after in (89.9, 90)
    )
    assert (0, 1) == tuple(sum(act.startswith("LoseRun") for act in dry["actions"]) for dry in (early, late))
    assert version == door.town.version


@pytest.mark.parametrize("at", ["2020-01-01T00:00:00Z", "2999-01-01", "soon"])
def test_a_moment_that_has_passed_or_is_none_is_refused_by_name(door: PeopleDoor, at: str) -> None:
    """What has passed is replayed; a moment has its zone."""
    refused = door.ask("POST", f"{D}/reconcile-dry-run", {"at": at})

    assert (400, ["at"]) == (refused.status, refused.body["issues"][0]["path"])


def test_the_rules_of_today_decide_the_past_again_as_it_was(door: PeopleDoor) -> None:
    """Every tick of the journal, with what it saw then."""
    live_a_little(door)

    replayed = door.ask("POST", f"{D}/replay-events", range_of(door)).body

    assert (0, []) == (replayed["skipped"], replayed["differences"]), replayed
    assert replayed["ticks"] >= 3


def test_another_rule_shows_where_it_would_have_gone_another_way(
    door: PeopleDoor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The ticks that assigned would not, today."""
    live_a_little(door)
    stages = [[rule for rule in stage if rule is not assign_ready_beads] for stage in STAGES]
    monkeypatch.setattr("gastown.reconciler.decide.STAGES", stages)

    replayed = door.ask("POST", f"{D}/replay-events", range_of(door)).body

    missing = [action for difference in replayed["differences"] for action in difference["then_only"]]
    assert any(action.startswith("AssignBead") for action in missing), replayed


def test_a_range_that_ends_before_it_begins_is_refused_by_name(door: PeopleDoor) -> None:
    """So is a time without its zone."""
    backwards = {"from": "2026-01-02T00:00:00Z", "to": "2026-01-01T00:00:00Z"}
    assert 400 == door.ask("POST", f"{D}/replay-events", backwards).status
    assert 400 == door.ask("POST", f"{D}/replay-events", {"from": "2026-01-02", "to": "2026-01-03T00:00:00Z"}).status
