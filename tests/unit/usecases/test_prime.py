"""An agent is told who it is, what it works on and why, by one read of the town and at most two texts."""

import pytest

from gastown.domain.errors import Conflict, StaleDispatch
from gastown.domain.hooking import assign_bead, dispatch
from gastown.domain.reporting import request_changes
from gastown.domain.slinging import Task, sling_bead
from gastown.usecases.prime import gather_prime, request_of
from tests.support.agent_world import RIG_ID, SHA, a_desk, a_moment, an_agent_world, claims_of, send_to_review


def test_a_polecat_gets_its_bead_with_its_body() -> None:
    """One Query and one text."""
    world = an_agent_world()
    waiting = sling_bead(world.town, RIG_ID, Task(title="Another"), "user-1", a_moment())
    desk = a_desk(world.town)
    before = desk.store.calls.copy()

    prime = gather_prime(desk.work, world.polecat_claims)

    assert (world.bead.id, "It squeaks.", "main", ("make test",)) == (
        prime.held.id,
        prime.body,
        prime.target_branch,
        prime.gates,
    )
    assert (prime.review, prime.rework) == (None, None)
    assert [waiting.id, world.bead.id] == [bead.id for bead in prime.open_beads]
    assert dict(desk.store.calls - before) == {"load": 1, "read_row": 1}


def test_a_refinery_gets_the_review_and_what_was_asked_for() -> None:
    """It judges a sha against the text of the bead that it answers."""
    world = an_agent_world()
    refinery, review = send_to_review(world)

    prime = gather_prime(a_desk(world.town).work, claims_of(world.town, refinery))

    assert prime.review is not None
    assert (review.id, SHA, "main", "Fix the widget", "It squeaks.", "Oiled it.") == tuple(
        prime.review[name] for name in ("id", "sha", "target_branch", "source_title", "source_body", "summary")
    )


@pytest.mark.parametrize("label", ["gt:pr-feedback", "gt:pr-conflict"])
def test_work_on_a_pull_request_names_it(label: str) -> None:
    """Its branch is the agent's branch; nobody opens another."""
    world = an_agent_world()
    _, review = send_to_review(world)
    review.watch.url = "https://github.com/acme/widgets/pull/7"
    fix = sling_bead(world.town, RIG_ID, Task(title="Fix", labels=(label,)), "user-1", a_moment())
    fix.parent_id = review.id

    assert (request := request_of(world.town, fix)) is not None
    assert (review.watch.url, review.branch, label == "gt:pr-conflict") == (
        request["pr_url"],
        request["branch"],
        request["conflict"],
    )


def test_a_fix_gets_the_feedback_and_the_original_text() -> None:
    """Two texts: what to change, and what was asked for in the first place."""
    world = an_agent_world()
    refinery, review = send_to_review(world)
    fix_id = request_changes(world.town, refinery.id, refinery.dispatch, "More oil", ["widget.py"], a_moment())
    assign_bead(world.town, fix_id, a_moment())
    dispatch(world.town, world.polecat.id, a_moment())
    desk = a_desk(world.town)
    before = desk.store.calls.copy()

    prime = gather_prime(desk.work, world.polecat_claims)

    assert {
        "feedback": "More oil",
        "branch": review.branch,
        "target_branch": "main",
        "files": ["widget.py"],
        "original_bead_title": "Fix the widget",
        "original_body": "It squeaks.",
        "mr_bead_id": review.id,
    } == prime.rework
    assert dict(desk.store.calls - before) == {"load": 1, "read_row": 2}


def test_only_the_open_current_run_is_primed() -> None:
    """A stale or ended run has nothing to begin."""
    world = an_agent_world()
    with pytest.raises(StaleDispatch):
        gather_prime(a_desk(world.town).work, claims_of(world.town, world.polecat, 0))

    send_to_review(world)
    with pytest.raises(Conflict):
        gather_prime(a_desk(world.town).work, world.polecat_claims)
