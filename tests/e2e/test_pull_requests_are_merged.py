"""Work that goes through pull requests of a provider, to the merged commit (operations facts, section 4)."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.e2e.forge_story import ForgeStory
from tests.e2e.story import chain, wait_until, writes

pytestmark = pytest.mark.e2e
Begin = Callable[..., ForgeStory]
SOON = {"auto_merge_delay_minutes": 2}


def roles(story: ForgeStory) -> list[str]:
    """The agents that were ever hired."""
    return [agent["role"] for agent in story.api.call("GET", f"{story.rig}/agents")]


def labels_of_fixes(story: ForgeStory) -> list[Any]:
    """What kinds of work reviews asked for, in order."""
    return [event["metadata"]["label"] for event in story.events("rework_requested")]


def test_scenario_1_a_task_without_review_merges_by_itself(on_forge: Begin) -> None:
    """The platform opens the request; the refinery never works; merged two minutes after it was green."""
    story = on_forge(refinery={"code_review": False, **SOON})
    bead = story.sling("Write one", writes("one.txt", "one"))
    request = story.wait_for_request()
    assert wait_until(lambda: story.phase() == "watching")
    assert (request["state"], request["base"], request["title"]) == ("open", "main", "Write one")

    assert story.pass_time(4, until=lambda: story.bead(bead)["status"] == "closed"), story.told()
    [review] = story.reviews()
    assert story.requests()[0]["state"] == "merged"
    assert story.file("one.txt") == "one"
    assert review["metadata"]["receipt"]["commit_sha"] == story.repository.head()
    assert not review["metadata"]["receipt"]["outside"]
    assert roles(story) == ["polecat"]


def test_scenario_2_a_refinery_sends_work_back_before_the_request_merges(on_forge: Begin) -> None:
    """The gate is red at first: one rework on the same request, a second review, then the merge."""
    story = on_forge(refinery={"gates": ["grep -q right one.txt"], **SOON})
    body = "```demo\nfirst-time write one.txt\n  wrong\non-rework:\nwrite one.txt\n  right\n```\n"
    bead = story.sling("Write one", body)

    assert wait_until(lambda: story.reviews() != [] and story.phase() == "watching"), story.told()
    assert labels_of_fixes(story) == ["gt:rework"]
    assert story.pass_time(4, until=lambda: story.bead(bead)["status"] == "closed"), story.told()
    assert [request["state"] for request in story.requests()] == ["merged"]
    assert story.file("one.txt") == "right"


def test_scenario_3_a_persons_comment_is_answered_before_the_request_merges(on_forge: Begin) -> None:
    """An unresolved thread becomes one bead; the request merges only after it is resolved, and two minutes of green."""
    story = on_forge(refinery={"code_review": False, **SOON})
    bead = story.sling("Write one", writes("one.txt", "one"))
    story.wait_for_request()
    story.forge.steer.add_thread(story.project, 1, "Say it louder")

    assert story.pass_time(4, until=lambda: labels_of_fixes(story) == ["gt:pr-feedback"]), story.told()
    assert "Say it louder" in story.fix_text()
    story.forge.steer.resolve(story.project, 1)
    assert story.pass_time(6, until=lambda: story.bead(bead)["status"] == "closed"), story.told()
    assert labels_of_fixes(story) == ["gt:pr-feedback"]
    assert story.requests()[0]["state"] == "merged"


def test_a_merge_request_of_gitlab_goes_the_same_way(on_forge: Begin) -> None:
    """Opened, held by an unresolved thread, mended, approved by its head, merged."""
    story = on_forge(provider="gitlab", refinery={"code_review": False, **SOON})
    bead = story.sling("Write one", writes("one.txt", "one"))
    story.wait_for_request()
    story.forge.steer.add_thread(story.project, 1, "Say it louder")

    assert story.pass_time(4, until=lambda: labels_of_fixes(story) == ["gt:pr-feedback"]), story.told()
    story.forge.steer.resolve(story.project, 1)
    assert story.pass_time(6, until=lambda: story.bead(bead)["status"] == "closed"), story.told()
    assert "/-/merge_requests/1" in story.reviews()[0]["metadata"]["pr_url"]
    assert (story.requests()[0]["state"], story.file("one.txt")) == ("merged", "one")


def test_c_a_convoy_lands_through_a_request_of_its_own(on_forge: Begin) -> None:
    """Sub-requests go into the feature branch; one landing request brings it to the default branch."""
    story = on_forge(
        refinery={"code_review": False, "auto_merge_delay_minutes": 0}, convoy_merge_mode="review-then-land"
    )
    order = {"rig_id": story.rig_id, "convoy_title": "Test C", "tasks": chain(["one.txt", "two.txt", "three.txt"])}
    slung = story.api.sling_convoy(story.town_id, order)
    convoy_id, feature = slung["convoy"]["id"], slung["convoy"]["feature_branch"]

    assert story.pass_time(10, until=lambda: story.convoy_state(convoy_id) == "landed"), story.told()
    requests = story.requests()
    assert [(request["base"], request["state"]) for request in requests] == [(feature, "merged")] * 3 + [
        ("main", "merged")
    ]
    assert requests[-1]["head"] == feature
    assert [story.file(name) for name in ("one.txt", "two.txt", "three.txt")] == ["one.txt", "two.txt", "three.txt"]
    assert story.receipts()[-1]["commit_sha"] == story.repository.head()


def test_a_one_bead_from_a_persons_words_to_the_merge(on_forge: Begin) -> None:
    """Mayor, polecat, request, refinery, a person's comment, CI that is red first, the grace period, the merge."""
    story = on_forge(refinery=SOON)
    tasks = json.dumps([{"title": "Write one", "body": writes("one.txt", "one")}])
    order = f"gt sling-batch --rig-id {story.rig_id} --convoy-title One --merge-mode review-and-merge --tasks '{tasks}'"
    said = {"message": f"Build it:\n\n```demo\n{order}\n```\n"}
    story.api.call("POST", f"/api/towns/{story.town_id}/mayor/message", said)
    story.wait_for_request()
    story.forge.steer.add_thread(story.project, 1, "Say it louder")
    story.forge.steer.set_check(story.project, "ci", "failure", number=1)

    assert story.pass_time(5, until=lambda: labels_of_fixes(story) == ["gt:pr-feedback"]), story.told()
    assert "Say it louder" in story.fix_text()
    assert "ci" in story.fix_text()
    story.forge.steer.resolve(story.project, 1)
    assert wait_until(lambda: story.phase() == "watching"), story.told()
    story.forge.steer.set_check(story.project, "ci", number=1)
    assert story.pass_time(6, until=lambda: story.requests()[0]["state"] == "merged"), story.told()
    assert story.file("one.txt") == "one"
    assert "refinery" in roles(story)


def test_b_three_beads_side_by_side_land_through_a_request_each(on_forge: Begin) -> None:
    """Review-and-merge: no order between them, three merged requests onto the default branch."""
    story = on_forge(refinery={"auto_merge_delay_minutes": 0}, convoy_merge_mode="review-and-merge")
    names = ("one.txt", "two.txt", "three.txt")
    tasks = [{"title": f"Write {name}", "body": writes(name, name)} for name in names]
    order = {"rig_id": story.rig_id, "convoy_title": "Test B", "tasks": tasks}
    convoy_id = story.api.sling_convoy(story.town_id, order)["convoy"]["id"]

    assert story.pass_time(10, until=lambda: story.convoy_state(convoy_id) == "landed"), story.told()
    assert [(request["base"], request["state"]) for request in story.requests()] == [("main", "merged")] * 3
    assert [story.file(name) for name in names] == list(names)
