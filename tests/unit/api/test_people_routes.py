"""What people can do over HTTP, and what they are told when they cannot."""

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gastown import bootstrap
from gastown.adapters.system.clock import OffsetClock
from gastown.adapters.system.clock_offset import FileClockOffset
from gastown.domain.errors import Unavailable
from gastown.domain.variables import RESERVED
from gastown.usecases import tokens
from tests.support.fakes.clock import FixedClock
from tests.support.people_door import PeopleDoor, R, T, U, people_door
from tests.support.stage import RIG, SIGNING_SECRET, TOWN

TASKS = [{"title": "A"}, {"title": "B", "depends_on": [0]}, {"title": "C", "depends_on": [0]}]


@pytest.fixture
def door() -> Iterator[PeopleDoor]:
    """A town of user-1 with one rig, behind the doors."""
    with people_door() as door:
        yield door


def sling(door: PeopleDoor, **more: Any) -> Any:
    """Sling a convoy."""
    return door.ask("POST", f"{T}/convoys/sling", {"rig_id": RIG, "convoy_title": "House", "tasks": TASKS, **more})


def test_anybody_may_ask_whether_the_service_is_there(door: PeopleDoor) -> None:
    """Health needs no token."""
    assert {"service": "gastown", "status": "ok"} == door.ask("GET", "/", token="").body
    assert {"status": "ok"} == door.ask("GET", "/health", token="").body


def test_an_unknown_path_is_a_404_in_the_envelope(door: PeopleDoor) -> None:
    """Also without a token."""
    answer = door.ask("GET", "/api/nothing", token="")

    assert (404, {"success": False, "error": "Not found"}) == (answer.status, answer.body)


@pytest.mark.parametrize(
    ("token", "error"),
    [
        ("", "Authentication required"),
        ("rubbish", "Invalid token"),
        ("forged", "Invalid token signature"),
        ("expired", "Token expired"),
    ],
)
def test_whoever_proves_nothing_is_a_401_with_the_references_words(door: PeopleDoor, token: str, error: str) -> None:
    """Clients decide by `Token expired` whether to refresh (api facts, 1.3)."""
    forged = door.token(secret="another secret that is long enough for this")
    given = {"forged": forged, "expired": door.token(hours=-1)}.get(token, token)
    answer = door.ask("GET", f"{T}/status", token=given)

    assert (401, error) == (answer.status, answer.body["error"])


def test_an_agents_token_opens_no_door_of_people(door: PeopleDoor) -> None:
    """Nor does a container's."""
    token = tokens.mint_container((SIGNING_SECRET,), town_id=TOWN, generation=1, now=door.now)

    assert 401 == door.ask("GET", f"{T}/status", token=token).status


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", f"{T}/status"), ("PATCH", f"{T}/config"), ("POST", f"{T}/convoys/sling"), ("DELETE", f"{U}/towns/{TOWN}")],
)
def test_other_peoples_towns_are_refused_and_stay_as_they_are(door: PeopleDoor, method: str, path: str) -> None:
    """Whose it is comes before everything else (design section 9, row 19)."""
    before = door.town.version
    answer = door.ask(method, path, {"tasks": TASKS}, token=door.token("user-2"))

    assert 403 == answer.status
    assert (before, "active") == (door.town.version, door.directory.towns[TOWN].state)


def test_a_town_is_made_and_waited_for(door: PeopleDoor, monkeypatch: pytest.MonkeyPatch) -> None:
    """201 when it is there, 503 with `Retry-After` when its table takes longer."""
    monkeypatch.setattr("time.sleep", lambda _seconds: None)
    slow = door.ask("POST", f"{U}/towns", {"name": "Slow"})
    assert 503 == slow.status
    assert "Retry-After" in slow.headers

    monkeypatch.setattr(
        door.life_cycle,
        "advance",
        lambda town_id: door.directory.set_town_state(town_id, {"creating"}, "active", now=door.now),
    )
    made = door.ask("POST", f"{U}/towns", {"name": "  Quick "})
    assert (201, "Quick", "active") == (made.status, made.data["name"], made.data["state"])
    assert made.data["id"] in [town["id"] for town in door.ask("GET", f"{U}/towns").data]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "name"),
        ({"name": ""}, "name"),
        ({"name": 7}, "name"),
        ({"name": "x" * 65}, "name"),
        (None, None),
        ("{", None),
    ],
)
def test_a_wrong_body_is_a_400_that_names_the_field(door: PeopleDoor, body: Any, field: str | None) -> None:
    """Missing, empty, of the wrong type, too long, not there, malformed."""
    answer = door.ask("POST", f"{U}/towns", body)

    assert (400, "Invalid request body") == (answer.status, answer.body["error"])
    assert ([] if field is None else [field]) == answer.body["issues"][0]["path"]


def test_a_body_over_a_megabyte_is_a_413(door: PeopleDoor) -> None:
    """Before anybody reads it."""
    assert 413 == door.ask("POST", f"{U}/towns", "x" * 1_048_577).status


@pytest.mark.parametrize(
    "url", ["ftp://host/x", "https://user:secret@host/x", "https://host", "nonsense", "javascript:alert(1)"]
)
def test_a_rig_needs_a_proper_address_without_credentials(door: PeopleDoor, url: str) -> None:
    """The field is named, the value is not repeated."""
    answer = door.ask("POST", f"{U}/rigs", {"town_id": TOWN, "name": "new", "git_url": url})

    assert (400, ["git_url"]) == (answer.status, answer.body["issues"][0]["path"])
    assert "secret" not in str(answer.body)


def test_a_rigs_name_is_taken_once(door: PeopleDoor) -> None:
    """The second is a conflict, and the directory forgets it."""
    order = {"town_id": TOWN, "name": "rig", "git_url": "https://host/a/b.git"}

    assert 409 == door.ask("POST", f"{U}/rigs", order).status
    assert {} == door.directory.rigs
    assert 201 == door.ask("POST", f"{U}/rigs", order | {"name": "other"}).status
    assert ["other"] == [row.name for row in door.directory.rigs.values()]


def test_settings_change_by_name_and_the_rest_stays(door: PeopleDoor) -> None:
    """A partial update injects no defaults (api facts, 6.5)."""
    door.ask("PATCH", f"{T}/config", {"refinery": {"gates": ["make test"]}, "max_polecats_per_rig": 3})
    changed = door.ask("PATCH", f"{T}/config", {"failed_blockers": "release"}).data

    assert (["make test"], True) == (changed["refinery"]["gates"], changed["refinery"]["code_review"])
    assert (3, "release") == (changed["max_polecats_per_rig"], changed["failed_blockers"])


def test_an_empty_name_of_a_model_takes_it_back(door: PeopleDoor) -> None:
    """As null does, for town and rig: an empty name would go to the container as a model."""
    for empty in ("", None):
        door.ask("PATCH", f"{T}/config", {"default_model": "a", "small_model": "b"})
        door.ask("PATCH", R, {"model": "c"})

        shown = door.ask("PATCH", f"{T}/config", {"default_model": empty, "small_model": empty}).data
        rig = door.ask("PATCH", R, {"model": empty}).data
        assert (None, None, None) == (shown["default_model"], shown["small_model"], rig["config"]["model"])


@pytest.mark.parametrize(
    "body",
    [
        {"owner_user_id": "me"},
        {"max_polecats_per_rig": 0},
        {"env_vars": {"GASTOWN_API_URL": "x"}},
        {"refinery": {"gates": "x"}},
        {"runtime": "vim"},
        {"runtime": "aider"},
        {"role_runtimes": {"polecat": "vim"}},
        {"role_runtimes": {"mayor": "aider"}},
    ],
)
def test_settings_that_do_not_exist_or_make_no_sense_are_refused(door: PeopleDoor, body: dict[str, Any]) -> None:
    """A setting that does nothing does not exist (design section 9, row 23)."""
    answer = door.ask("PATCH", f"{T}/config", body)

    assert 400 == answer.status
    assert next(iter(body)) == answer.body["issues"][0]["path"][0]


@pytest.mark.parametrize("body", [{"runtime": "aider"}, {"role_runtimes": {"refinery": "aider"}}, {"runtime": "vim"}])
def test_a_rig_has_no_runtime_that_its_roles_cannot_use(door: PeopleDoor, body: dict[str, Any]) -> None:
    """Aider runs no commands, so it writes code and does nothing else; nothing is changed."""
    answer = door.ask("PATCH", R, body)

    assert (400, next(iter(body))) == (answer.status, answer.body["issues"][0]["path"][0])


def test_rig_and_town_say_how_sessions_are_run(door: PeopleDoor) -> None:
    """A program for everybody, another one for polecats; the rig shows what it was told."""
    wishes = {"runtime": "claude", "role_runtimes": {"polecat": "aider"}, "merge_strategy": "pr"}
    town, rig = door.ask("PATCH", f"{T}/config", wishes), door.ask("PATCH", R, wishes)

    assert [wishes, wishes] == [{name: held[name] for name in wishes} for held in (town.data, rig.data["config"])]


def test_a_convoy_is_slung_whole(door: PeopleDoor) -> None:
    """With its beads and edges; the list shows it, its detail the edges."""
    slung = sling(door)
    convoy_id = slung.data["convoy"]["id"]

    assert (201, 3) == (slung.status, len(slung.data["beads"]))
    assert [convoy_id] == [convoy["id"] for convoy in door.ask("GET", f"{T}/convoys").data]
    assert 2 == len(door.ask("GET", f"{T}/convoys/{convoy_id}").data["dependency_edges"])


@pytest.mark.parametrize(
    ("tasks", "path"),
    [
        ([{"title": "A", "depends_on": [1]}, {"title": "B", "depends_on": [0]}], ["tasks"]),
        ([{"title": "A", "depends_on": [5]}], ["tasks", "0", "depends_on"]),
        ([{"title": "A", "depends_on": [0]}], ["tasks", "0", "depends_on"]),
        ([], ["tasks"]),
        ([{"title": "A"}] * 51, ["tasks"]),
        ([{"title": ""}], ["tasks", 0, "title"]),
        ([{"title": "A", "depends_on": ["x"]}], ["tasks", 0, "depends_on", 0]),
    ],
)
def test_a_convoy_that_cannot_be_done_is_refused_and_nothing_is_made(
    door: PeopleDoor, tasks: list[Any], path: list[Any]
) -> None:
    """Cycles, positions out of range, none, too many, nameless, of the wrong type."""
    before = door.town.version
    answer = sling(door, tasks=tasks)

    assert (400, path) == (answer.status, answer.body["issues"][0]["path"])
    assert before == door.town.version


def test_a_staged_convoy_starts_once(door: PeopleDoor) -> None:
    """The second start is a conflict; an unknown one is not found."""
    convoy_id = sling(door, staged=True).data["convoy"]["id"]

    assert "active" == door.ask("POST", f"{T}/convoys/{convoy_id}/start").data["state"]
    assert 409 == door.ask("POST", f"{T}/convoys/{convoy_id}/start").status
    assert 404 == door.ask("POST", f"{T}/convoys/nothing/start").status


def test_closing_a_convoy_closes_its_beads(door: PeopleDoor) -> None:
    """And afterwards it can still be read."""
    convoy_id = sling(door).data["convoy"]["id"]
    door.ask("POST", f"{T}/convoys/{convoy_id}/close")
    for _ in range(3):
        door.tick()

    ended = door.ask("GET", f"{T}/convoys/{convoy_id}").data
    assert ("closed", ["closed"] * 3) == (ended["state"], [bead["status"] for bead in ended["beads"]])
    assert [] == door.ask("GET", f"{T}/convoys").data


def test_a_held_bead_waits_until_it_is_started(door: PeopleDoor) -> None:
    """Live and ended beads are found by the same path."""
    bead_id = door.ask("POST", f"{R}/beads", {"title": "Later", "body": "words", "held": True}).data["bead_id"]
    door.tick()
    assert None is door.ask("GET", f"{R}/beads/{bead_id}").data["assignee_agent_bead_id"]

    door.ask("POST", f"{R}/beads/{bead_id}/start")
    door.tick()
    assert door.ask("GET", f"{R}/beads/{bead_id}").data["assignee_agent_bead_id"]
    door.ask("POST", f"{R}/beads/{bead_id}/close")
    ended = door.ask("GET", f"{R}/beads/{bead_id}").data
    assert ("closed", "words") == (ended["status"], ended["body"])
    assert [bead_id] == [bead["bead_id"] for bead in door.ask("GET", f"{R}/beads?status=closed").data]


def test_lists_refuse_numbers_that_are_none(door: PeopleDoor) -> None:
    """The parameter is named (api facts, 1.2)."""
    answer = door.ask("GET", f"{R}/beads?limit=many")

    assert (400, ["limit"]) == (answer.status, answer.body["issues"][0]["path"])


def test_agents_end_no_beads_as_a_person_would(door: PeopleDoor) -> None:
    """The status of a bead is its owner's to set."""
    bead_id = door.ask("POST", f"{R}/beads", {"title": "Mine"}).data["bead_id"]
    token = tokens.mint_container((SIGNING_SECRET,), town_id=TOWN, generation=0, now=door.now)

    assert 401 == door.ask("PATCH", f"{R}/beads/{bead_id}/status", {"status": "failed"}, token=token).status


def test_an_idempotency_key_answers_again_and_does_nothing_twice(door: PeopleDoor) -> None:
    """The same status and data, marked as replayed."""
    first = door.ask("POST", f"{R}/sling", {"title": "Once"}, key="k-1")
    again = door.ask("POST", f"{R}/sling", {"title": "Once"}, key="k-1")

    assert (201, 201, "true") == (first.status, again.status, again.headers["Idempotent-Replayed"])
    assert 1 == len(door.town.beads)


def test_escalations_are_listed_until_somebody_has_seen_them(door: PeopleDoor) -> None:
    """Acknowledged once, and then found among the acknowledged."""
    bead_id = door.ask("POST", f"{R}/beads", {"title": "Doomed"}).data["bead_id"]
    door.change(lambda town, moment: _fail(town, bead_id, moment))
    (escalation,) = door.ask("GET", f"{T}/escalations").data

    assert 200 == door.ask("POST", f"{T}/escalations/{escalation['id']}/acknowledge").status
    assert 200 == door.ask("POST", f"{T}/escalations/{escalation['id']}/acknowledge").status
    assert [] == door.ask("GET", f"{T}/escalations").data
    assert [1] == [each["acknowledged"] for each in door.ask("GET", f"{T}/escalations?acknowledged=true").data]


def _fail(town: Any, bead_id: str, moment: Any) -> None:
    from gastown.domain.ending import fail_bead

    fail_bead(town, town.bead(bead_id), "exhausted", "no luck", moment)


def test_history_is_told_newest_first(door: PeopleDoor) -> None:
    """Of the whole town, and of one bead."""
    bead_id = door.ask("POST", f"{R}/beads", {"title": "Told"}).data["bead_id"]
    door.ask("POST", f"{R}/beads/{bead_id}/close")

    assert "status_changed" == door.ask("GET", f"{U}/towns/{TOWN}/events?limit=1").data[0]["event_type"]
    kinds = [event["event_type"] for event in door.ask("GET", f"{R}/events?bead_id={bead_id}").data]
    assert ["status_changed", "created"] == kinds


def test_storage_that_stays_away_is_a_503_and_not_a_500(door: PeopleDoor, monkeypatch: pytest.MonkeyPatch) -> None:
    """The caller learns when to come back."""

    def away(*_: object, **__: object) -> None:
        raise Unavailable("away", retry_after=3)

    monkeypatch.setattr(door.store, "load", away)
    answer = door.ask("GET", f"{T}/status")

    assert (503, "3") == (answer.status, answer.headers["Retry-After"])


def test_a_fault_is_told_without_its_insides(door: PeopleDoor, monkeypatch: pytest.MonkeyPatch) -> None:
    """The stack is for the log."""

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("a secret inside")

    monkeypatch.setattr(door.store, "load", broken)
    answer = door.ask("GET", f"{T}/status")

    assert (500, {"success": False, "error": "Internal server error"}) == (answer.status, answer.body)


@pytest.mark.parametrize(
    ("path", "route", "ids"),
    [
        (f"{T}/status", "/api/towns/<town_id>/status", {"town_id": TOWN}),
        (
            f"{R}/beads/x",
            "/api/towns/<town_id>/rigs/<rig_id>/beads/<bead_id>",
            {"town_id": TOWN, "rig_id": RIG, "bead_id": "x"},
        ),
        (f"{U}/rigs/r-9", "/api/users/<user_id>/rigs/<rig_id>", {"user_id": "user-1", "rig_id": "r-9"}),
        (f"{T}/convoys/c-1", "/api/towns/<town_id>/convoys/<convoy_id>", {"town_id": TOWN, "convoy_id": "c-1"}),
    ],
)
def test_each_request_leaves_exactly_one_record(
    door: PeopleDoor, caplog: pytest.LogCaptureFixture, path: str, route: str, ids: dict[str, str]
) -> None:
    """With the route's pattern and the ids of its match, whatever its prefix (REQ-2.1, 2.2, 7.4)."""
    with caplog.at_level(logging.INFO):
        status = door.ask("GET", path).status
    (record,) = [vars(line) for line in caplog.records if line.getMessage() == "request"]

    assert (route, status) == (record["route"], record["status"])
    assert ids == {name: record[name] for name in ids}
    assert record["duration_ms"] >= 0


def test_operators_sling_watch_and_tick(door: PeopleDoor) -> None:
    """Raw answers: rigs, a convoy without a mayor, what a tick did (REQ-3.1 to 3.3)."""
    debug = f"/debug/towns/{TOWN}"
    rig_id = door.ask("GET", f"{debug}/rigs").body["rigs"][0]["id"]
    order = {
        "rigId": rig_id,
        "convoyTitle": "Test C",
        "tasks": TASKS,
        "merge_mode": "review-then-land",
        "staged": False,
    }
    slung = door.ask("POST", f"{debug}/sling-convoy", order)
    ticked = door.ask("POST", f"{debug}/tick")

    assert (201, 3) == (slung.status, len(slung.body["beads"]))
    assert any("AssignBead" in action for action in ticked.body["actions"])
    assert [slung.body["convoy"]["id"]] == [
        convoy["id"] for convoy in door.ask("GET", f"{debug}/convoys").body["convoys"]
    ]
    assert 404 == door.ask("GET", f"{debug}/beads/nothing").status


@pytest.mark.parametrize(("method", "path"), [("POST", f"/debug/towns/{TOWN}/tokens"), ("GET", "/debug/clock")])
def test_playing_an_agent_and_moving_the_clock_belong_to_the_local_stage(
    tmp_path: Path, method: str, path: str
) -> None:
    """Elsewhere these paths are not there (REQ-3.4)."""
    clock = OffsetClock(FixedClock(), FileClockOffset(str(tmp_path / "clock")))
    with people_door("dev") as door, bootstrap.replace(clock=clock):
        assert 404 == door.ask(method, path, {}).status
    with people_door("local") as door, bootstrap.replace(clock=clock):
        assert 200 == door.ask(method, path, {}).status


def test_a_stack_without_a_file_for_its_clock_says_so() -> None:
    """Whoever deploys the local stage elsewhere learns what is missing."""
    with people_door("local") as door:
        answer = door.ask("POST", "/debug/clock", {"advance_seconds": 1})

    assert (404, True) == (answer.status, "ClockFile" in answer.body["error"])


@pytest.mark.parametrize("name", sorted({*RESERVED, "PATH", "HOME", "GIT_CONFIG_COUNT", "LD_PRELOAD", "GASTOWN_X"}))
def test_a_reserved_name_is_no_variable_of_a_town(door: PeopleDoor, name: str) -> None:
    """A 400 that names it, and the other variable of the same request is not kept either (REQ-R.1d)."""
    before = door.ask("GET", f"{T}/config").data
    answer = door.ask("PATCH", f"{T}/config", {"env_vars": {"LEVEL": "1", name: "x"}})

    assert (400, ["env_vars", name]) == (answer.status, answer.body["issues"][0]["path"][:2])
    assert before == door.ask("GET", f"{T}/config").data
