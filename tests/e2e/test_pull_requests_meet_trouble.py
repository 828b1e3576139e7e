"""Pull requests whose provider is down or unreadable, whose branch conflicts, and which webhooks speak of."""

from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest

from infra.local.deployment import STACK_NAME
from tests.e2e.forge_story import ForgeStory
from tests.e2e.story import wait_until, writes

pytestmark = pytest.mark.e2e
Begin = Callable[..., ForgeStory]
ALONE = {"code_review": False, "auto_merge_delay_minutes": 0}


def watched(story: ForgeStory) -> dict[str, Any]:
    """What the newest review says of its request."""
    found: dict[str, Any] = story.reviews()[-1]["metadata"]["pull_request"]
    return found


def held_up(story: ForgeStory) -> str:
    """A bead whose request awaits an approval, so that it is looked at each minute."""
    story.forge.steer.set_rules(story.project, required_approvals=1)
    bead = story.sling("Write one", writes("one.txt", "one"))
    story.wait_for_request()
    assert story.pass_time(3, until=lambda: watched(story)["awaiting_approval_since"] is not None), story.told()
    return bead


def test_nine_failures_and_an_unreadable_answer_are_waited_out(on_forge: Begin) -> None:
    """Counted and shown, each kind for itself; then the request is approved and merges (REQ-5.3 to 5.6)."""
    story = on_forge(refinery=ALONE)
    bead = held_up(story)
    path = f"/repos/{story.project}/pulls/1$"
    story.forge.steer.arm(kind="status", status=503, path=path, times=9)
    story.forge.steer.arm(kind="answer", status=200, body={"odd": True}, path=path, times=1)

    assert story.pass_time(12, until=lambda: watched(story)["poll_transient_count"] >= 8), story.told()
    assert watched(story)["poll_error"].startswith("GitHub answered HTTP 503")
    assert story.pass_time(4, until=lambda: watched(story)["poll_non_transient_count"] == 1), story.told()
    assert (watched(story)["poll_transient_count"], watched(story)["poll_error_kind"]) == (0, "invalid_response")
    story.forge.steer.review(story.project, 1, "APPROVED")
    assert story.pass_time(6, until=lambda: story.bead(bead)["status"] == "closed"), story.told()
    assert story.events("pr_poll_failed") == []


def test_a_provider_that_is_away_for_eight_looks_and_comes_back_is_waited_for(on_forge: Begin) -> None:
    """Connections end unanswered, which is counted as transient (REQ-5.14); the ninth look is good and forgets them."""
    story = on_forge(refinery=ALONE)
    bead = held_up(story)
    story.forge.steer.arm(kind="drop", path=f"/repos/{story.project}/pulls/1$", times=8)

    assert story.pass_time(12, until=lambda: watched(story)["poll_transient_count"] == 8), story.told()
    assert watched(story)["poll_error"].startswith("GitHub did not answer")
    assert story.pass_time(3, until=lambda: watched(story)["poll_transient_count"] == 0), story.told()
    assert watched(story)["poll_error"] is None
    story.forge.steer.review(story.project, 1, "APPROVED")
    assert story.pass_time(4, until=lambda: story.bead(bead)["status"] == "closed"), story.told()
    assert [] == story.events("pr_poll_failed")


def test_a_conflict_becomes_one_bead_and_the_request_merges_after_it(on_forge: Begin) -> None:
    """Somebody changes the same file on the default branch; the polecat brings it in."""
    story = on_forge(refinery=ALONE)
    story.forge.steer.set_rules(story.project, required_approvals=1)
    lines = [
        "```demo",
        "first-time write one.txt",
        "  ours",
        "on-rework:",
        "run git fetch -q origin && git merge -q -X ours origin/main",
        "```",
        "",
    ]
    bead = story.sling("Write one", "\n".join(lines))
    story.wait_for_request()
    story.forge.steer.push(story.project, "main", {"one.txt": "theirs\n"})

    assert story.pass_time(4, until=lambda: [e["metadata"]["label"] for e in story.events("rework_requested")] != [])
    assert wait_until(lambda: story.phase() == "watching"), story.told()
    story.forge.steer.review(story.project, 1, "APPROVED")
    assert story.pass_time(5, until=lambda: story.bead(bead)["status"] == "closed"), story.told()
    assert [e["metadata"]["label"] for e in story.events("rework_requested")] == ["gt:pr-conflict"]
    assert story.file("one.txt") == "ours"


def test_a_webhook_has_a_request_looked_at_at_once(on_forge: Begin) -> None:
    """No clock is moved: the review that a person leaves is answered within seconds, not within a minute."""
    story = on_forge(refinery=ALONE)
    with closing(story.aws("secretsmanager")) as vault:
        secret = vault.get_secret_value(SecretId=f"{STACK_NAME}/webhooks")["SecretString"]
    story.forge.steer.add_hook(f"{story.stack.api}/webhooks/github", secret)
    bead = held_up(story)
    story.forge.steer.review(story.project, 1, "APPROVED")

    assert wait_until(lambda: story.bead(bead)["status"] == "closed", seconds=45), story.told()
    assert {delivery["status"] for delivery in story.forge.steer.deliveries()} <= {200, 409}


def test_a_token_never_goes_to_a_host_that_is_not_configured(on_forge: Begin) -> None:
    """The same server by another name is another host: nothing is asked of it (REQ-5.1)."""
    story = on_forge(refinery=ALONE)
    story.forge.steer.clear_journal()
    elsewhere = story.forge.url.replace("127.0.0.1", "localhost")
    answer = story.api.send("POST", f"{story.rig}/babysit-pr", json={"pr_url": f"{elsewhere}/{story.project}/pull/1"})

    assert (answer.status_code, "pr_url" in answer.text) == (400, True)
    assert [entry for entry in story.forge.steer.journal() if "localhost" in str(entry)] == []
