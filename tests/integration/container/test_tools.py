"""The agents' tools as they really run: `gt` as a command and the MCP server over standard input and output."""

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client
from pydantic import SecretStr

from gastown.container.payloads import AgentCredentials
from tests.integration.container.broker_stand import Stand
from tests.integration.container.door import Door
from tests.integration.container.remote import Bare


def identity(stand: Stand, agent_id: str = "toast") -> dict[str, str]:
    """What the tools read of an agent's environment."""
    role = stand.roster.records[agent_id].start.agent.role
    return {"PATH": os.environ["PATH"], "GASTOWN_AGENT_ROLE": role} | stand.environment(agent_id)


def gt(stand: Stand, *arguments: str, at: Path, agent_id: str = "toast", **changes: str) -> CompletedProcess[str]:
    """Run `gt` as an agent would."""
    command = [sys.executable, "-P", "-m", "gastown.container.tools.command", *arguments]
    environment = identity(stand, agent_id) | changes
    return subprocess.run(command, env=environment, cwd=at, capture_output=True, text=True, check=False)


def test_done_knows_branch_and_head(door: Door, stand: Stand, bare: Bare) -> None:
    """Without flags it reports what the folder says."""
    sha = bare.push("gt/toast/1", "a.txt", "a\n")

    done = gt(stand, "done", "--summary", "All of it", at=bare.clone)

    assert (done.returncode, json.loads(done.stdout)) == (0, {"heard": "done"})
    assert door.call_of("/agents/toast/done") == {"branch": "gt/toast/1", "head_sha": sha, "summary": "All of it"}


@pytest.mark.parametrize(
    ("arguments", "path", "body"),
    [
        (
            [
                "status",
                "On",
            ],
            "/agents/toast/status",
            {"message": "On"},
        ),
        (["checkpoint", '{"step": 2}'], "/agents/toast/checkpoint", {"data": {"step": 2}}),
        (["bead", "close", "b1"], "/beads/b1/close", {"agent_id": "toast"}),
        (["escalate", "--title", "Help"], "/escalations", {"title": "Help", "priority": "medium", "metadata": {}}),
    ],
)
def test_commands_make_their_calls(
    door: Door, stand: Stand, tmp_path: Path, arguments: list[str], path: str, body: dict[str, object]
) -> None:
    """Each command makes one call with its parameters."""
    assert gt(stand, *arguments, at=tmp_path).returncode == 0
    assert door.call_of(path) == body


def test_refusals_are_one_clear_line_and_exit_code_1(door: Door, stand: Stand, tmp_path: Path) -> None:
    """The town's refusal, a wrong value, a folder without git, a missing identity."""
    done = [
        gt(stand, "bead", "status", "unknown", at=tmp_path),
        gt(stand, "status", "x" * 300, at=tmp_path),
        gt(stand, "done", at=tmp_path),
        gt(stand, "prime", at=tmp_path, GASTOWN_BROKER=""),
    ]

    assert [one.returncode for one in done] == [1, 1, 1, 1]
    assert done[0].stderr == "gt: Gastown API error (404): no such bead\n"
    assert done[1].stderr.startswith("gt: message: ")
    assert "no git worktree" in done[2].stderr
    assert "GASTOWN_BROKER is not set" in done[3].stderr


def test_a_call_that_the_town_could_not_take_is_repeated(door: Door, stand: Stand, tmp_path: Path) -> None:
    """The agent learns nothing of it."""
    door.broken["/status"] = 2

    done = gt(stand, "status", "On", at=tmp_path)

    assert (done.returncode, done.stderr) == (0, "")
    assert [{"message": "On"}] * 3 == [body for _, path, body in door.heard if path.endswith("/status")]


def test_only_a_refinery_requests_changes(door: Door, stand: Stand, tmp_path: Path) -> None:
    """A polecat does not even see the command."""
    arguments = ("request-changes", "--feedback", "Mend it", "--file", "a.py", "--file", "b.py")
    stand.play("judge", "https://git.test/acme/repo.git", role="refinery")

    assert gt(stand, *arguments, at=tmp_path).returncode == 2
    assert gt(stand, *arguments, at=tmp_path, agent_id="judge").returncode == 0
    assert door.call_of("/request-changes") == {"feedback": "Mend it", "files": ["a.py", "b.py"]}


def test_who_claims_another_role_is_refused_all_the_same(door: Door, stand: Stand, tmp_path: Path) -> None:
    """A variable of the agent's own does not make it a refinery: the container knows whose pass it is."""
    said = gt(stand, "request-changes", "--feedback", "Mend it", at=tmp_path, GASTOWN_AGENT_ROLE="refinery")

    assert (said.returncode, said.stderr) == (1, "gt: a polecat has no tool gt_request_changes\n")
    assert door.heard == []


def test_the_mcp_server_lists_by_role_and_calls(door: Door, stand: Stand) -> None:
    """Over a real stdio connection: the refinery sees one tool more; a call reaches the door; a refusal is an error."""
    seen: dict[str, set[str]] = {}

    async def talk(agent_id: str) -> None:
        role = stand.roster.records[agent_id].start.agent.role
        server = StdioServerParameters(
            command=sys.executable,
            args=["-P", "-m", "gastown.container.tools.mcp_server"],
            env=identity(stand, agent_id),
        )
        async with stdio_client(server) as (read, write), ClientSession(read, write) as session:
            await session.initialize()
            seen[role] = {tool.name for tool in (await session.list_tools()).tools}
            good = await session.call_tool("gt_status", {"message": f"I am a {role}"})
            bad = await session.call_tool("gt_bead_status", {"bead_id": "unknown"})
            wrong = await session.call_tool("gt_status", {"message": "x" * 300})
            assert not good.is_error
            assert [True, True] == [bad.is_error, wrong.is_error]
            assert "no such bead" in str(bad.content)

    stand.play("judge", "https://git.test/acme/repo.git", role="refinery")
    asyncio.run(talk("toast"))
    asyncio.run(talk("judge"))

    assert seen["refinery"] - seen["polecat"] == {"gt_request_changes"}
    assert {"gt_prime", "gt_done", "gt_bead_close", "gt_escalate", "gt_checkpoint"} <= seen["polecat"]
    assert [b["message"] for _, p, b in door.heard if p.endswith("/status")] == ["I am a polecat", "I am a refinery"]


def test_a_token_that_is_refused_is_asked_for_again_at_once(door: Door, stand: Stand, tmp_path: Path) -> None:
    """A session of hours, or a new signing secret, costs an agent no 401: its tools find the token that holds now."""
    door.expired.add("token-of-toast")
    assert gt(stand, "status", "On", at=tmp_path).returncode == 1
    stand.given = AgentCredentials(agent_token=SecretStr("a-newer-token"))

    assert gt(stand, "status", "Still on", at=tmp_path).returncode == 0


def test_no_call_is_made_for_a_run_that_has_ended(door: Door, stand: Stand, tmp_path: Path) -> None:
    """Its pass is worth nothing any more, and the tool says so."""
    environment = stand.environment()
    stand.passes.revoke("toast")

    done = gt(stand, "status", "Hello?", at=tmp_path, **environment)

    assert (done.returncode, door.heard) == (1, [])
    assert "this session has ended" in done.stderr
