"""A town whose agents are a real agent program: a message becomes a convoy, is built, sent back, approved and merged.

The models alone are played. What they ask for is done by the program: its shell, its editing, the town's tools, git.
"""

from collections.abc import Iterator

import pytest

from tests.e2e.mayor_talk import conversation, convoys, say
from tests.e2e.story import PATIENCE_SECONDS, Story, wait_until
from tests.support.agent_program import needs_opencode, proxies_to
from tests.support.model_api import ModelApi, Move, Say, Talk, Use, bash, moves, open_model_api

pytestmark = [pytest.mark.e2e, needs_opencode, pytest.mark.timeout(600)]
LANDING_SECONDS = 300.0
"""Five starts of the program, each of which takes seconds of processor time, on a machine that others use too."""
KEY = "key-of-the-models-api"
FEEDBACK = "The toast is burnt: make it golden."


def report(talk: Talk) -> Use:
    """The town's tool that ends a piece of work, with branch and head as the last command printed them."""
    *_, branch, head = talk.results[-1].split()
    return Use("gastown_gt_done", {"branch": branch, "head_sha": head, "summary": "Made toast"})


WHERE = 'echo "$GASTOWN_BRANCH" && git rev-parse HEAD'
PUSHES = bash(f"git add --all && git commit --quiet -m Toast && git push --quiet origin HEAD && {WHERE}")


def polecat(talk: Talk) -> Move:
    """Makes a file; told what is wrong with it, it reads and edits it."""
    if FEEDBACK in talk.said[0]:
        edit = {"filePath": "toast.txt", "oldString": "burnt", "newString": "golden"}
        return moves(Use("read", {"filePath": "toast.txt"}), Use("edit", edit), PUSHES, report, Say("Mended."))(talk)
    return moves(Use("write", {"filePath": "toast.txt", "content": "burnt\n"}), PUSHES, report, Say("Made."))(talk)


def refinery(talk: Talk) -> Move:
    """Judges what it reads in its worktree."""

    def judge(talk: Talk) -> Move:
        if "golden" in talk.results[0]:
            return report(talk)
        return Use("gastown_gt_request_changes", {"feedback": FEEDBACK, "files": ["toast.txt"]})

    return moves(bash(f"cat toast.txt && {WHERE}"), judge, Say("Judged."))(talk)


@pytest.fixture
def models(story: Story) -> Iterator[ModelApi]:
    """The stand-in for the models, which the story's town pays for; each role has one of its name."""
    batch = {
        "rig_id": story.rig_id,
        "convoy_title": "Breakfast",
        "tasks": [{"title": "Make toast.txt", "body": "Golden."}],
        "merge_mode": "review-and-merge",
    }

    def mayor(talk: Talk) -> Move:
        if "Make breakfast" in talk.said[-1] and not talk.results:
            return Use("gastown_gt_sling_batch", batch)
        return Say("Breakfast is served." if "landed" in talk.said[-1] else "It is under way.")

    scripts = {"mayor": mayor, "polecat": polecat, "refinery": refinery}
    with open_model_api(scripts) as api:
        settings = {
            "runtime": "opencode",
            "role_models": {role: role for role in scripts},
            "small_model": "small",
            "kilocode_token": KEY,
            "model_url": api.url,
            "env_vars": proxies_to(api.origin),
        }
        story.api.configure(story.town_id, settings)
        yield api


def test_a_message_lands_after_changes_were_asked_for(story: Story, models: ModelApi) -> None:
    """One mayor, two runs of a polecat and two of a refinery: the approved head is on the branch, and nothing else.

    Of all hosts, the programs ask that of the models alone: what one would install or look up stays where it is.
    """
    say(story, "Make breakfast")

    assert wait_until(lambda: bool(convoys(story)), PATIENCE_SECONDS)
    [convoy] = convoys(story)
    assert ("mayor", "Breakfast") == (convoy["created_by"], convoy["title"])
    assert "landed" == story.wait_for_convoy(str(convoy["id"]), seconds=LANDING_SECONDS)
    assert "golden" == story.file("toast.txt")
    [asked] = story.events("rework_requested")
    assert FEEDBACK in story.bead(str(asked["new_value"]))["body"]
    assert wait_until(lambda: "Breakfast is served." in conversation(story, "assistant"), PATIENCE_SECONDS)
    assert "Make breakfast" in conversation(story, "user")
    assert [] == models.elsewhere
    assert {KEY} == set(models.tokens)
    mayor, polecat = models.talks("mayor")[0], models.talks("polecat")[0]
    assert ("You are the mayor" in mayor.system, {"edit", "write"} & set(mayor.tools)) == (True, set())
    assert ("a polecat of rig" in f"{polecat.system}\n{polecat.said[0]}", "Golden." in polecat.said[0]) == (True, True)
    [spoken] = {talk.said[0] for talk in models.talks("mayor")}
    assert "Make breakfast" in spoken
    assert [2, 2] == [len({talk.said[0] for talk in models.talks(role)}) for role in ("polecat", "refinery")]
