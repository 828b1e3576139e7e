"""What an agent may call over HTTP: who may call what, how it answers, and what a stale dispatch gets."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from gastown.usecases import tokens
from tests.support.agent_world import NOW, SECRETS, SHA, TOWN_ID, an_agent_world, send_to_review
from tests.support.agents_door import Door, JsonBody, R, T, open_door


@pytest.fixture
def door() -> Iterator[Door]:
    """A door before a town with one polecat at work."""
    yield from open_door(an_agent_world())


@pytest.fixture
def review_door() -> Iterator[tuple[Door, str, str]]:
    """A door before a town whose refinery is at work, with the refinery's path and token."""
    world = an_agent_world()
    refinery, _ = send_to_review(world)
    token = tokens.mint_agent(SECRETS, refinery, town_id=TOWN_ID, dispatch=refinery.dispatch, now=NOW)
    for opened in open_door(world):
        yield opened, f"{R}/agents/{refinery.id}", token


def test_a_polecat_reads_its_prime(door: Door) -> None:
    """All keys of the reference are there, with ours beside them."""
    status, answer = door.ask("GET", f"{door.me}/prime", door.polecat)

    data = answer["data"]
    assert (status, data["agent"]["name"], data["hooked_bead"]["body"]) == (200, "Toast", "It squeaks.")
    assert data.keys() == {
        "agent", "hooked_bead", "undelivered_mail", "pending_nudges", "open_beads", "rework_context",
        "pr_fixup_context",
        "pr_conflict_context", "dispatch", "branch", "target_branch", "review", "gates",
        "merge_strategy", "left_work",
    }  # fmt: skip
    assert (data["dispatch"], data["target_branch"], data["gates"]) == (1, "main", ["make test"])


def test_a_refinery_reads_its_review(review_door: tuple[Door, str, str]) -> None:
    """The hooked bead of a refinery is the review itself."""
    door, path, token = review_door

    _, answer = door.ask("GET", f"{path}/prime", token)

    data = answer["data"]
    assert (data["hooked_bead"]["type"], data["review"]["sha"]) == ("merge_request", SHA)
    assert data["review"]["source_body"] == "It squeaks."


def test_done_may_be_said_twice(door: Door) -> None:
    """Both times the answer is the same; one event waits."""
    body = {"branch": "gt/toast/1", "head_sha": SHA.upper(), "summary": "Oiled it."}

    answers = [door.ask("POST", f"{door.me}/done", door.polecat, body) for _ in range(2)]

    assert answers == [(200, {"success": True, "data": {"done": True}})] * 2
    assert [data["head_sha"] for _, data in door.desk.inbox()] == [SHA]


def test_done_without_a_head_is_refused(door: Door) -> None:
    """A polecat names what it pushed."""
    assert door.ask("POST", f"{door.me}/done", door.polecat, {"branch": "b"})[0] == 400
    assert door.ask("POST", f"{door.me}/done", door.polecat, {"branch": "b", "head_sha": "--all"})[0] == 400


def test_a_stale_dispatch_changes_nothing(door: Door) -> None:
    """409 with the same words whatever the agent tried."""
    stale = door.token_of(0)
    tries: list[tuple[str, str, JsonBody]] = [
        ("POST", "done", {"branch": "b", "head_sha": SHA}),
        ("POST", "checkpoint", {"data": 1}),
        ("POST", "status", {"message": "Oiling"}),
        ("POST", "hook", {"bead_id": door.world.bead.id}),
        ("DELETE", "hook", None),
        ("GET", "prime", None),
    ]

    for method, name, body in tries:
        status, answer = door.ask(method, f"{door.me}/{name}", stale, body)
        assert (status, answer["error"].startswith("stale dispatch")) == (409, True), name

    assert (door.desk.town().version, door.desk.inbox()) == (1, [])


def test_a_refinery_requests_changes_once_per_key(review_door: tuple[Door, str, str]) -> None:
    """201 with the id of the fix, and the same again for the same key."""
    door, path, token = review_door
    body = {"feedback": "More oil", "files": ["widget.py"]}

    first = door.ask("POST", f"{path}/request-changes", token, body, key="key-1")
    again = door.ask("POST", f"{path}/request-changes", token, body, key="key-1")

    assert first[0] == 201
    assert again == first
    assert first[1]["data"]["rework_bead_id"] in door.desk.town().beads


def test_a_polecat_may_not_request_changes(door: Door) -> None:
    """The role in the token decides."""
    assert door.ask("POST", f"{door.me}/request-changes", door.polecat, {"feedback": "More oil"})[0] == 403


def test_checkpoint_status_and_heartbeat_answer_as_the_reference_does(door: Door) -> None:
    """Each has its own word for yes; a heartbeat takes any body."""
    answers = [
        door.ask("POST", f"{door.me}/checkpoint", door.polecat, {"data": {"step": 1}}),
        door.ask("POST", f"{door.me}/status", door.polecat, {"message": "  Oiling "}),
        door.ask("POST", f"{door.me}/heartbeat", door.polecat, "not json"),
    ]

    assert [(status, answer["data"]) for status, answer in answers] == [
        (200, {"written": True}),
        (200, {"ok": True}),
        (200, {"heartbeat": True, "stop": False, "drain": False}),
    ]
    agent = door.ask("GET", door.me, door.polecat)[1]["data"]
    assert (agent["checkpoint"], agent["agent_status_message"]) == ({"step": 1}, "Oiling")
    assert door.ask("POST", f"{door.me}/status", door.polecat, {"message": "x" * 281})[0] == 400
    assert door.ask("POST", f"{door.me}/checkpoint", door.polecat, [])[0] == 400


def test_agents_are_listed_for_their_own(door: Door) -> None:
    """Container and agents of the town may read them; an unknown agent is not found."""
    _, answer = door.ask("GET", f"{R}/agents", door.container)

    assert [agent["name"] for agent in answer["data"]] == ["Toast"]
    assert answer["data"][0].keys() >= {
        "id", "rig_id", "role", "name", "identity", "status", "current_hook_bead_id", "dispatch_attempts",
        "last_activity_at", "checkpoint", "created_at", "agent_status_message", "agent_status_updated_at",
    }  # fmt: skip
    assert door.ask("GET", f"{R}/agents/nobody", door.polecat)[0] == 404


def test_a_polecat_lets_go_and_its_bead_goes_back(door: Door) -> None:
    """The hook is gone on both sides."""
    status, answer = door.ask("DELETE", f"{door.me}/hook", door.polecat)

    assert (status, answer["data"], door.desk.town().bead(door.world.bead.id).assignee) == (
        200,
        {"unhooked": True},
        None,
    )


def test_a_container_reports_an_exit(door: Door) -> None:
    """The agent itself may not speak for its container."""
    body = {"status": "failed", "reason": "exit code 1", "dispatch": 1}

    status, answer = door.ask("POST", f"{door.me}/completed", door.container, body)

    assert (status, answer["data"]) == (200, {"completed": True})
    assert door.ask("POST", f"{door.me}/completed", door.polecat, body)[0] in (401, 403)
    assert door.ask("POST", f"{door.me}/completed", door.container, body | {"dispatch": 7})[0] == 409


def test_nobody_acts_for_another(door: Door) -> None:
    """Without token 401; another agent, rig or town, or the container in an agent's place: 403."""
    other = replace(door.world.polecat, id="another")  # type: ignore[arg-type]
    foreign = tokens.mint_agent(SECRETS, other, town_id=TOWN_ID, dispatch=1, now=NOW)
    elsewhere = tokens.mint_agent(SECRETS, door.world.polecat, town_id="elsewhere", dispatch=1, now=NOW)
    neighbour = tokens.mint_container(SECRETS, town_id="elsewhere", generation=1, now=NOW)
    path, body = f"{door.me}/status", {"message": "Oiling"}

    asked = [door.ask("POST", path, token, body)[0] for token in (None, "x", foreign, elsewhere, door.container)]

    assert asked == [401, 401, 403, 403, 403]
    assert door.ask("POST", f"{T}/container/heartbeat", neighbour, {"generation": 1})[0] == 403
    assert door.ask("POST", f"{T}/container/heartbeat", door.polecat, {"generation": 1})[0] in (401, 403)
    assert door.ask("GET", f"{R}/agents", elsewhere)[0] == 403
    assert door.desk.town().version == 1


def test_an_agent_escalates_and_closes_its_own_bead(door: Door) -> None:
    """Body and metadata of the escalation are kept; the bead is closed by the word of who works on it."""
    said = {"title": "Stuck", "body": "Nothing helps.", "priority": "high", "metadata": {"tried": 3}}

    status, answer = door.ask("POST", f"{R}/escalations", door.polecat, said)
    closed, bead = door.ask("POST", f"{R}/beads/{door.world.bead.id}/close", door.polecat, {"agent_id": "whoever"})

    shown = answer["data"]
    assert (status, shown["message"], shown["severity"], shown["metadata"]) == (
        201,
        "Nothing helps.",
        "high",
        {"tried": 3},
    )
    assert (closed, bead["data"]["status"]) == (200, "closed")
