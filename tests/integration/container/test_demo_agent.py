"""The demo agent inside a running container: a task, a review that sends it back, the rework, the approval."""

from pathlib import Path
from typing import Any

from tests.integration.container.door import Door
from tests.integration.container.remote import Bare
from tests.integration.container.running import run_container

BODY = """Make it green.

```demo
write ok.txt
  fine
first-time write red.txt
  a mistake

  with an empty line
on-rework:
write red.txt
  mended
```
"""
GATE = "grep -qs mended red.txt || { echo red.txt is not mended; exit 1; }"


def a_review(bare: Bare, sha: str, dispatch: int) -> dict[str, Any]:
    """A start command for a refinery on this sha."""
    review = {"id": "review-1", "branch": "gt/toast/1", "sha": sha, "target_branch": "main"}
    agent = {"id": "vulcan", "name": "Vulcan", "role": "refinery"}
    return bare.start("vulcan", dispatch, agent=agent, review=review, gates=[GATE])


def prime_of_review(sha: str) -> dict[str, Any]:
    """What the refinery's prime says."""
    return {"hooked_bead": {}, "review": {"sha": sha, "branch": "gt/toast/1"}, "gates": [GATE]}


def test_a_red_gate_is_sent_back_and_its_rework_approved(door: Door, bare: Bare, tmp_path: Path) -> None:
    """First time a mistake, found by the gate; the rework mends it; the second review approves exactly that sha."""
    door.prime["toast"] = {"hooked_bead": {"title": "Make it green", "body": BODY}}
    door.want(bare.start("toast", 1))
    with run_container(door, tmp_path / "workspace"):
        first = door.call_of("/agents/toast/done")["head_sha"]
        assert bare.show("gt/toast/1", "red.txt") == "a mistake\n\nwith an empty line"

        door.prime["vulcan"] = prime_of_review(first)
        door.want(a_review(bare, first, 1))
        feedback = door.call_of("/agents/vulcan/request-changes")["feedback"]
        assert "red.txt is not mended" in feedback
        door.await_(lambda: [p for _, p, _ in door.heard if p.endswith("/agents/vulcan/completed")])

        rework = {"feedback": feedback, "original_body": BODY, "original_bead_title": "Make it green"}
        door.prime["fig"] = {"hooked_bead": {"title": "Rework", "body": feedback}, "rework_context": rework}
        door.want(bare.start("fig", 1, start_point=first))
        second = door.call_of("/agents/fig/done")["head_sha"]
        assert (bare.show(second, "red.txt"), bare.show(second, "ok.txt")) == ("mended", "fine")

        door.prime["vulcan"] = prime_of_review(second)
        door.want(a_review(bare, second, 2))
        approval = door.call_of("/agents/vulcan/done")

    assert (approval["head_sha"], approval["branch"]) == (second, "gt/toast/1")


def test_a_step_it_does_not_know_is_a_failure(door: Door, bare: Bare, tmp_path: Path) -> None:
    """It says which one, and the container reports the last words."""
    door.prime["toast"] = {"hooked_bead": {"title": "x", "body": "```demo\ndance wildly\n```\n"}}
    door.want(bare.start("toast", 1))
    with run_container(door, tmp_path / "workspace"):
        completed = door.call_of("/agents/toast/completed")

    assert completed["status"] == "failed"
    assert "no such instruction: 'dance wildly'" in completed["reason"]
