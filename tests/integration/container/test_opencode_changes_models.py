"""Other models for a mayor that lives: a real agent program goes on in its conversation, or with the old models."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.container.door import Door
from tests.integration.container.running import Running, run_container
from tests.integration.container.warm_mayor import PATIENCE, a_start, describe_mayor, steps, turns
from tests.support.agent_program import OPENCODE, agent_environment, needs_opencode
from tests.support.model_api import ModelApi, Say, moves, open_model_api

PROC = Path("/proc/self/environ")
pytestmark = [needs_opencode, pytest.mark.skipif(not PROC.exists(), reason="looks into /proc")]
OF_THE_MAYOR = {"generation": 1, "agent_id": "mayor", "dispatch": 1}


@pytest.fixture
def models() -> Iterator[ModelApi]:
    """The stand-in for the models: each says which one it is."""
    with open_model_api({"mayor": moves(Say("Old.")), "another": moves(Say("New."))}) as api:
        yield api


@pytest.fixture
def fragile(tmp_path: Path) -> Path:
    """The program, which does not start any more once a file `broken` lies beside it."""
    command = tmp_path / "opencode"
    command.write_text(f'#!/bin/sh\n[ -e "$0.broken" ] && echo "out of order" && exit 1\nexec "{OPENCODE}" "$@"\n')
    command.chmod(0o755)
    return command


def change(name: str) -> dict[str, Any]:
    """The order that names another model, as the town gives it when its settings changed."""
    return OF_THE_MAYOR | {"id": f"model-{name}", "kind": "model", "payload": {"model": name, "small_model": "small"}}


def answer_to(door: Door, command_id: str) -> dict[str, Any]:
    """The container's answer to an order."""
    return dict(door.await_(lambda: door.acks.get(command_id), seconds=PATIENCE)[0])


def speak(door: Door, words: str) -> None:
    """Say something to the mayor that runs, and wait for the end of its turn."""
    before = turns(door)
    command_id = f"words-{before}"
    door.want(OF_THE_MAYOR | {"id": command_id, "kind": "message", "payload": {"prompt": words, "when": "idle"}})
    assert "accepted" == answer_to(door, command_id)["outcome"]
    door.await_(lambda: turns(door) > before, seconds=PATIENCE)


def test_a_mayor_changes_models_while_it_lives(door: Door, models: ModelApi, fragile: Path, tmp_path: Path) -> None:
    """Its start finds the server that was made warm for it; another model goes on after the turn under way.

    That one sees what the old one was told and said; the turn that the order came into ends as it began. When a server
    for a third does not start, the order is refused with the reason, and the second goes on (REQ-1.15, 1.18).
    """
    answering = threading.Event()
    models.scripts["mayor"] = lambda _: Say("I keep it." if answering.wait(PATIENCE) else "Nobody let me speak.")
    describe_mayor(door, models)
    known = agent_environment() | {"GASTOWN_OPENCODE_COMMAND": str(fragile)}
    with run_container(door, tmp_path / "workspace", **known) as running:
        door.await_(lambda: steps(door, "mayor.prewarm_complete"), seconds=PATIENCE)
        door.want(a_start(1, "My word is marmalade"))
        models.await_talks("mayor", 1, seconds=PATIENCE)
        order_in_mid_turn(door, running)
        answering.set()
        assert "accepted" == answer_to(door, "model-another")["outcome"]
        speak(door, "What is my word?")
        assert "GASTOWN_MODEL=another" in environment_of(running.said("server.spawned")[-1]["pid"])
        refusal = fail_to_change(door, fragile)
        speak(door, "And now?")
        running.end()

    check_what_was_said(models)
    assert ("refused", "infrastructure", True) == (
        refusal["outcome"],
        refusal["cause"],
        "out of order" in refusal["error"],
    )
    assert 1 == len(running.said("session.opened"))
    assert ["another"] == [line["model"] for line in running.said("agent.model_changed")]


def order_in_mid_turn(door: Door, running: Running) -> None:
    """Order another model; the container has the order when this returns, and has done nothing about it."""
    door.want(change("another"))
    # Who is nobody is answered at once: by then the container has the order before it too.
    door.want(OF_THE_MAYOR | {"id": "barrier", "agent_id": "nobody", "kind": "message", "payload": {"prompt": "x"}})
    answer_to(door, "barrier")
    assert ("model-another" in door.acks, len(running.said("server.spawned"))) == (False, 1)


def fail_to_change(door: Door, fragile: Path) -> dict[str, Any]:
    """Order a third model when no server starts any more; the answer."""
    fragile.with_name("opencode.broken").touch()
    door.want(change("third"))
    return answer_to(door, "model-third")


def check_what_was_said(models: ModelApi) -> None:
    """The first model had a mayor's tools and rules, the second all that was said before, the third nothing."""
    [first] = models.talks("mayor")
    assert ("gastown_gt_sling_batch" in first.tools, "Speak of toast alone." in first.system) == (True, True)
    [_, talk] = models.talks("another")
    words = ["marmalade", "What is my word?", "And now?"]
    assert [True] * 3 == [word in said for word, said in zip(words, talk.said, strict=True)]
    assert "You are the mayor" in talk.system
    assert ["I keep it."] == said_before(models)
    assert [] == models.talks("third")


def environment_of(process_id: int) -> list[str]:
    """The variables that a process was started with."""
    return Path(f"/proc/{process_id}/environ").read_text().split("\0")


def said_before(models: ModelApi) -> list[str]:
    """What the model that came later was shown of the earlier one's words."""
    request = next(one for one in models.requests if one["model"] == "another" and one.get("tools"))
    said = [message["content"] for message in request["messages"] if message["role"] == "assistant"]
    return [text if isinstance(text, str) else "".join(part["text"] for part in text) for text in said]
