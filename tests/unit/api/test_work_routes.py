"""What people change by hand over HTTP: beads, agents, convoys, molecules, rigs; and where they look how far it is."""

from collections.abc import Iterator
from typing import Any

import pytest

from gastown.domain.agent import Agent
from gastown.domain.bead import BeadStatus
from gastown.domain.ending import end_bead, fail_bead, fail_review
from gastown.domain.hooking import assign_bead, dispatch
from gastown.domain.ids import BeadId, Moment
from gastown.domain.reporting import Done, apply_done
from gastown.domain.town import Town
from gastown.ports.directory import RigRow
from gastown.usecases import tokens
from tests.support.people_door import PeopleDoor, R, T, U, people_door
from tests.support.stage import RIG, SIGNING_SECRET, TOWN

STEPS = {"steps": [{"title": "Look", "instructions": "Read it."}, {"title": "Do", "instructions": "Write it."}]}


@pytest.fixture
def door() -> Iterator[PeopleDoor]:
    """A town of user-1 with one rig, behind the doors."""
    with people_door() as door:
        yield door


def bead_of(door: PeopleDoor, **more: Any) -> str:
    """Create a bead; its id."""
    made = door.ask("POST", f"{R}/beads", {"title": "Task", "body": "Do it", **more})
    assert 201 == made.status, made.body
    return str(made.data["bead_id"])


def change(door: PeopleDoor, bead_id: str, move: Any) -> None:
    """Let something happen to a bead."""
    door.change(lambda town, moment: move(town, town.bead(bead_id), moment))


def put_to_work(door: PeopleDoor, bead_id: str) -> Agent:
    """Have a polecat work on a bead."""
    door.register()

    def move(town: Town, moment: Moment) -> Agent:
        assign_bead(town, BeadId(bead_id), moment)
        agent = next(agent for agent in town.agents.values() if agent.hook == bead_id)
        dispatch(town, agent.id, moment)
        return agent

    return door.change(move)


def test_a_bead_is_edited_field_by_field(door: PeopleDoor) -> None:
    """What is not named stays; the new text is there at once."""
    bead_id, first = bead_of(door, labels=["bug"]), bead_of(door)
    said = {"title": "Better", "body": "Do it well", "priority": "high", "depends_on": [first]}
    answer = door.ask("PATCH", f"{R}/beads/{bead_id}", said)

    assert (200, "Better", "high", ["bug"]) == (
        answer.status,
        answer.data["title"],
        answer.data["priority"],
        answer.data["labels"],
    )
    shown = door.ask("GET", f"{R}/beads/{bead_id}").data
    assert ("Do it well", [first]) == (shown["body"], shown["metadata"]["depends_on"])


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({}, ["body"]),
        ({"title": None}, ["body"]),
        ({"labels": ["gt:rework"]}, ["labels"]),
        ({"status": "in_progress"}, ["status"]),
        ({"status": "unknown"}, ["status"]),
        ({"depends_on": ["nobody"]}, ["depends_on"]),
        ({"title": ""}, ["title"]),
    ],
)
def test_a_wrong_edit_is_a_400_that_names_the_field(door: PeopleDoor, body: dict[str, Any], path: list[str]) -> None:
    """And nothing is committed."""
    bead_id = bead_of(door)
    before = door.town.version
    answer = door.ask("PATCH", f"{R}/beads/{bead_id}", body)

    assert (400, path, before) == (answer.status, answer.body["issues"][0]["path"], door.town.version)


def test_the_towns_own_labels_are_not_given_by_hand(door: PeopleDoor) -> None:
    """Not at creation either; `gt:held` and `startImmediately` say that it waits."""
    assert 400 == door.ask("POST", f"{R}/beads", {"title": "T", "labels": ["gt:triage"]}).status

    for said in ({"labels": ["gt:held"]}, {"startImmediately": False}, {"held": True}):
        bead_id = bead_of(door, **said)
        assert ["gt:held"] == door.ask("GET", f"{R}/beads/{bead_id}").data["labels"]
        assert [] == door.ask("POST", f"{R}/beads/{bead_id}/start").data["labels"]
    assert [] == door.ask("GET", f"{R}/beads/{bead_of(door, startImmediately=True)}").data["labels"]


def test_a_bead_may_be_made_for_a_certain_polecat(door: PeopleDoor) -> None:
    """The reference took the name and forgot it; whoever is not free, or a bead that waits, is refused whole."""
    toast, maple = (
        door.ask("POST", f"{R}/agents", {"role": "polecat", "name": name, "identity": name}).data["id"]
        for name in ("Toast", "Maple")
    )
    bead_id = bead_of(door, assignee_agent_id=maple)
    assert maple == door.ask("GET", f"{R}/beads/{bead_id}").data["assignee_agent_bead_id"]

    before = door.town.version
    for status, said in (
        (409, {"assignee_agent_id": maple}),
        (409, {"assignee_agent_id": toast, "held": True}),
        (404, {"assignee_agent_id": "nobody"}),
        (400, {"assignee_agent_id": ""}),
    ):
        assert status == door.ask("POST", f"{R}/beads", {"title": "Task", **said}).status, said
    assert before == door.town.version


def test_an_ended_bead_never_changes(door: PeopleDoor) -> None:
    """Also when nobody refers to it any more; its text stays what it was."""
    bead_id = bead_of(door)
    change(door, bead_id, lambda town, bead, moment: end_bead(town, bead, BeadStatus.CLOSED, "person", moment))
    for _ in range(2):
        for method, path in (("PATCH", ""), ("POST", "/reset"), ("POST", "/retry")):
            answer = door.ask(method, f"{R}/beads/{bead_id}{path}", {"body": "other"})
            assert 409 == answer.status, path
        door.tick()

    assert "Do it" == door.ask("GET", f"{R}/beads/{bead_id}").data["body"]
    assert 404 == door.ask("PATCH", f"{R}/beads/nobody", {"title": "x"}).status
    assert 404 == door.ask("POST", f"{R}/beads/nobody/retry").status


def test_a_bead_may_wait_for_one_that_has_long_ended(door: PeopleDoor) -> None:
    """A failed one blocks it, although the town had forgotten it."""
    failed, bead_id = bead_of(door), bead_of(door)
    change(door, failed, lambda town, bead, moment: fail_bead(town, bead, "exhausted", "no", moment))
    door.tick()
    assert {} == door.town.stubs

    assert 200 == door.ask("PATCH", f"{R}/beads/{bead_id}", {"depends_on": [failed]}).status
    door.tick()
    assert [failed] == door.town.blocked_by(door.town.bead(bead_id))


def test_a_text_changes_only_with_its_commit(door: PeopleDoor) -> None:
    """A lost race leaves the old one."""
    bead_id = bead_of(door)
    door.store.faults = ["conflict"] * 8

    assert 503 == door.ask("PATCH", f"{R}/beads/{bead_id}", {"body": "other"}).status
    assert "Do it" == door.ask("GET", f"{R}/beads/{bead_id}").data["body"]


def test_a_failed_bead_is_retried_once(door: PeopleDoor) -> None:
    """A new bead with its text; the failed one says by whom it was replaced."""
    bead_id = bead_of(door)
    change(door, bead_id, lambda town, bead, moment: fail_bead(town, bead, "exhausted", "no", moment))
    door.tick()

    made = door.ask("POST", f"{R}/beads/{bead_id}/retry", key="k-1")
    again = door.ask("POST", f"{R}/beads/{bead_id}/retry", key="k-1")

    assert (201, made.data["bead_id"]) == (made.status, again.data["bead_id"])
    assert 409 == door.ask("POST", f"{R}/beads/{bead_id}/retry").status
    assert "Do it" == door.ask("GET", f"{R}/beads/{made.data['bead_id']}").data["body"]
    old = door.ask("GET", f"{R}/beads/{bead_id}").data
    assert ("failed", made.data["bead_id"]) == (old["status"], old["metadata"]["replaced_by"])
    assert [] == door.ask("GET", f"{T}/escalations").data


def test_a_bead_is_reset_and_given_to_another_agent(door: PeopleDoor) -> None:
    """Both cancel the run that is under way."""
    bead_id = bead_of(door)
    agent = put_to_work(door, bead_id)
    other = door.ask("POST", f"{R}/agents/get-or-create", {"role": "polecat"}).data

    given = door.ask("POST", f"{R}/beads/{bead_id}/reassign", {"agent_id": other["id"]})
    assert (200, other["id"]) == (given.status, given.data["assignee_agent_bead_id"])
    assert 404 == door.ask("POST", f"{R}/beads/{bead_id}/reassign", {"agent_id": "nobody"}).status
    fresh = door.ask("POST", f"{R}/beads/{bead_id}/reset")
    assert (200, None, 0) == (fresh.status, fresh.data["assignee_agent_bead_id"], fresh.data["dispatch_attempts"])
    assert "idle" == door.ask("GET", f"{R}/agents/{agent.id}").data["status"]


def test_beads_are_deleted_one_by_one_in_bulk_and_by_status(door: PeopleDoor) -> None:
    """Long deletions are jobs that can be watched."""
    one, *many = [bead_of(door) for _ in range(6)]

    assert {"deleted": True} == door.ask("DELETE", f"{R}/beads/{one}").data
    assert 404 == door.ask("GET", f"{R}/beads/{one}").status
    bulk = door.ask("POST", f"{R}/beads/bulk-delete", {"bead_ids": many[:3]})
    rest = door.ask("POST", f"{R}/beads/delete-by-status", {"status": "open", "type": "issue"})

    assert (202, 3, 202) == (bulk.status, bulk.data["asked_for"], rest.status)
    jobs = door.ask("GET", f"{T}/jobs").data
    assert ["delete_beads", "delete_beads", "delete_by_status"] == [job["kind"] for job in jobs]
    assert 3 == door.ask("GET", f"{T}/status").data["pending"]["jobs"]
    while door.town.jobs:
        door.tick()
    assert [] == door.ask("GET", f"{R}/beads").data


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("bulk-delete", {"bead_ids": []}),
        ("bulk-delete", {"bead_ids": ["x"] * 5001}),
        ("delete-by-status", {"status": "over"}),
        ("delete-by-status", {"status": "open", "type": "agent"}),
    ],
)
def test_a_deletion_says_what_it_means(door: PeopleDoor, path: str, body: dict[str, Any]) -> None:
    """Agents are no beads here."""
    assert 400 == door.ask("POST", f"{R}/beads/{path}", body).status
    assert {} == door.town.jobs


def test_agents_are_registered_found_reset_and_deleted(door: PeopleDoor) -> None:
    """Lists are filtered by role and status."""
    order = {"role": "polecat", "name": "Zed", "identity": "zed@town"}
    made = door.ask("POST", f"{R}/agents", order)
    refinery = door.ask("POST", f"{R}/agents/get-or-create", {"role": "refinery"})
    one = f"{R}/agents/{made.data['id']}"

    assert (201, 200) == (made.status, refinery.status)
    assert 409 == door.ask("POST", f"{R}/agents", order).status
    assert [made.data["id"]] == [a["id"] for a in door.ask("GET", f"{R}/agents?role=polecat&status=idle").data]
    assert [] == door.ask("GET", f"{R}/agents?status=working").data
    assert 400 == door.ask("GET", f"{R}/agents?role=witness").status
    mayor = door.ask("POST", f"{R}/agents/get-or-create", {"role": "mayor"})
    assert (400, True) == (mayor.status, "mayor/ensure" in mayor.body["error"])
    assert door.ask("POST", f"{one}/reset").data["reset"]
    assert 0 == door.ask("POST", f"{one}/reset-attempts").data["dispatch_attempts"]
    assert {"deleted": True} == door.ask("DELETE", one).data
    assert 404 == door.ask("DELETE", one).status


def test_a_deleted_agents_own_requests_are_refused(door: PeopleDoor) -> None:
    """Its heartbeat is told to stop, its reports are not taken."""
    bead_id = bead_of(door)
    agent = put_to_work(door, bead_id)
    token = tokens.mint_agent((SIGNING_SECRET,), agent, town_id=TOWN, dispatch=agent.dispatch, now=door.now)
    one = f"{R}/agents/{agent.id}"
    door.ask("DELETE", one)

    assert door.ask("POST", f"{one}/heartbeat", {}, token=token).data["stop"]
    done = {"branch": "b", "head_sha": "a" * 40}
    assert 409 == door.ask("POST", f"{one}/done", done, token=token).status
    assert BeadStatus.OPEN == door.town.bead(bead_id).status


def test_a_convoy_is_edited_bead_by_bead(door: PeopleDoor) -> None:
    """Totals are counted, never kept."""
    tasks = [{"title": "A"}, {"title": "B"}]
    slung = door.ask("POST", f"{T}/convoys/sling", {"rig_id": RIG, "convoy_title": "C", "tasks": tasks}).data
    convoy, first = slung["convoy"]["id"], slung["beads"][0]["bead"]["bead_id"]
    extra = bead_of(door)

    added = door.ask("POST", f"{T}/convoys/{convoy}/add-bead", {"bead_id": extra, "depends_on": [first]})
    removed = door.ask("POST", f"{T}/convoys/{convoy}/remove-bead", {"bead_id": first})
    changed = door.ask("PATCH", f"{T}/convoys/{convoy}", {"merge_mode": "review-and-merge"})

    assert (3, 2) == (added.data["total_beads"], removed.data["total_beads"])
    assert ("review-and-merge", 2) == (changed.data["merge_mode"], changed.data["total_beads"])
    assert 404 == door.ask("POST", f"{T}/convoys/{convoy}/remove-bead", {"bead_id": first}).status
    assert 400 == door.ask("PATCH", f"{T}/convoys/{convoy}", {}).status
    assert 404 == door.ask("PATCH", f"{T}/convoys/nobody", {"merge_mode": "review-and-merge"}).status


def test_a_convoy_shows_itself_without_its_deleted_beads(door: PeopleDoor) -> None:
    """An ended convoy keeps their ids, and nobody has to have them."""
    slung = door.ask("POST", f"{T}/convoys/sling", {"rig_id": RIG, "convoy_title": "C", "tasks": [{"title": "A"}]}).data
    convoy, bead_id = slung["convoy"]["id"], slung["beads"][0]["bead"]["bead_id"]
    door.ask("POST", f"{T}/convoys/{convoy}/close")
    door.tick()
    door.ask("DELETE", f"{R}/beads/{bead_id}")
    while door.town.jobs:
        door.tick()

    assert (200, []) == ((shown := door.ask("GET", f"{T}/convoys/{convoy}")).status, shown.data["beads"])


def test_a_molecule_is_walked_through_by_the_agent_on_its_bead(door: PeopleDoor) -> None:
    """Each step once, however often it is said."""
    bead_id = bead_of(door)
    made = door.ask("POST", f"{R}/molecules", {"bead_id": bead_id, "formula": STEPS})
    assert (201, "active", 0) == (made.status, made.data["status"], made.data["current_step"])
    assert 409 == door.ask("POST", f"{R}/molecules", {"bead_id": bead_id, "formula": STEPS}).status
    agent = put_to_work(door, bead_id)
    token = tokens.mint_agent((SIGNING_SECRET,), agent, town_id=TOWN, dispatch=agent.dispatch, now=door.now)
    mine = f"{R}/agents/{agent.id}/molecule"

    first = door.ask("GET", f"{mine}/current", token=token).data["step"]
    assert {"id": "1", "title": "Look", "instructions": "Read it."} == first
    second = door.ask("POST", f"{mine}/advance", {"summary": "read"}, token=token, key="a")
    replay = door.ask("POST", f"{mine}/advance", {"summary": "read"}, token=token, key="a")
    assert "Do" == second.data["step"]["title"] == replay.data["step"]["title"]
    assert 409 == door.ask("POST", f"{mine}/advance", {"summary": "x", "step": "1"}, token=token).status
    assert 400 == door.ask("POST", f"{mine}/advance", {"summary": " "}, token=token).status

    last = door.ask("POST", f"{mine}/advance", {"summary": "done", "step": "2"}, token=token)
    assert (None, "completed", 2) == (
        last.data["step"],
        last.data["molecule"]["status"],
        last.data["molecule"]["current_step"],
    )
    assert 404 == door.ask("GET", f"{mine}/current", token=token).status


def test_a_rig_is_removed_with_its_work(door: PeopleDoor) -> None:
    """People are told how much goes with it; its name is free afterwards."""
    row = RigRow(
        rig_id=RIG,
        town_id=TOWN,
        owner_user_id="user-1",
        name="rig",
        git_url="/repo",
        default_branch="main",
        created_at=door.now,
    )
    door.directory.put_rig(row)
    put_to_work(door, bead_of(door))

    answer = door.ask("DELETE", f"{U}/rigs/{RIG}")
    assert (200, 1, True) == (answer.status, answer.data["live_beads"], answer.data["deleted"])
    assert 409 == door.ask("POST", f"{R}/beads", {"title": "T"}).status
    assert [True] == [rig["is_leaving"] for rig in door.ask("GET", f"{U}/towns/{TOWN}/rigs").data]
    while door.town.jobs:
        door.tick()

    assert 404 == door.ask("GET", f"{U}/rigs/{RIG}").status
    again = {"town_id": TOWN, "name": "rig", "git_url": "https://host/a/b.git"}
    assert 201 == door.ask("POST", f"{U}/rigs", again).status


def reviewed(door: PeopleDoor) -> str:
    """A bead whose work waits for its review."""
    bead_id = bead_of(door)
    agent = put_to_work(door, bead_id)
    done = Done(branch="b", head_sha="a" * 40)
    door.change(lambda town, moment: apply_done(town, agent.id, agent.dispatch, done, moment))
    return bead_id


def test_the_merge_queue_tells_what_is_under_way_and_what_failed(door: PeopleDoor) -> None:
    """In the reference's form; what was abandoned needs nobody's attention."""
    bead_id = reviewed(door)
    queue = door.ask("GET", f"{T}/merge-queue?rigId={RIG}").data
    [live] = queue["inProgress"]
    assert ("queued", bead_id, "rig") == (live["phase"], live["sourceBead"]["bead_id"], live["rigName"])
    assert [] == queue["needsAttention"]["failedReviews"]

    door.change(lambda town, moment: fail_review(town, next(iter(town.reviews.values())), "conflict", moment))
    queue = door.ask("GET", f"{T}/merge-queue").data

    [failed] = queue["needsAttention"]["failedReviews"]
    assert ("conflict", "failed", "b") == (
        failed["failureReason"],
        failed["mrBead"]["status"],
        failed["reviewMetadata"]["branch"],
    )
    log = queue["activityLog"]
    assert ["review_completed", "review_submitted"] == [entry["event"]["event_type"] for entry in log]
    assert {bead_id} == {entry["sourceBead"]["bead_id"] for entry in log}
    assert {live["mrBead"]["bead_id"]} == {entry["mrBead"]["bead_id"] for entry in log}
    assert ([], []) == (queue["needsAttention"]["openPRs"], queue["needsAttention"]["stalePRs"])


def test_the_merge_queue_is_cut_by_limit_time_and_rig(door: PeopleDoor) -> None:
    """And refuses what makes no sense."""
    reviewed(door)
    change(door, reviewed(door), lambda town, bead, moment: end_bead(town, bead, BeadStatus.CLOSED, "person", moment))

    def ask(query: str) -> Any:
        return door.ask("GET", f"{T}/merge-queue?{query}")

    assert [] == ask("limit=10").data["needsAttention"]["failedReviews"]
    assert 1 == len(ask("limit=1").data["activityLog"])
    assert [] == ask("since=2030-01-01T00:00:00Z").data["activityLog"]
    assert [400, 400, 404] == [ask(query).status for query in ("limit=0", "since=now", "rigId=nobody")]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PATCH", f"{R}/beads/b"),
        ("DELETE", f"{R}/beads/b"),
        ("POST", f"{R}/beads/bulk-delete"),
        ("POST", f"{R}/beads/b/retry"),
        ("POST", f"{R}/agents"),
        ("DELETE", f"{R}/agents/a"),
        ("PATCH", f"{T}/convoys/c"),
        ("GET", f"{T}/jobs"),
        ("GET", f"{T}/merge-queue"),
    ],
)
def test_only_the_owner_may_and_an_agent_may_not(door: PeopleDoor, method: str, path: str) -> None:
    """Whose it is comes before everything else."""
    token = tokens.mint_container((SIGNING_SECRET,), town_id=TOWN, generation=1, now=door.now)

    assert 403 == door.ask(method, path, {}, token=door.token("user-2")).status
    assert 401 == door.ask(method, path, {}, token=token).status
