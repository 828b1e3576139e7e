"""The tools' one definition, on the command line and in MCP."""

import asyncio
import json
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import ValidationError

import gastown
from gastown.container.tools.catalog import TOOLS, Call, Identity
from gastown.container.tools.command import build_parser, read_values
from gastown.container.tools.manual import PLACE
from gastown.container.tools.mcp_server import build_server, main
from gastown.container.tools.toolbox import tools_of, write_manual

WHO = Identity(town_id="t", rig_id="r", agent_id="a")


def test_both_forms_have_the_same_tools() -> None:
    """MCP lists exactly what the catalog holds for the role, with every parameter's schema."""
    listed = {tool.name: tool for tool in asyncio.run(build_server("polecat").list_tools())}

    assert set(listed) == {tool.name for tool in tools_of("polecat")}
    done = listed["gt_done"].input_schema
    assert set(done["properties"]) == {"branch", "head_sha", "pr_url", "summary"}
    assert set(done["required"]) == {"branch", "head_sha"}


def test_names_are_the_references() -> None:
    """Agents' prompts and habits name these."""
    assert [tool.name for tool in TOOLS] == [
        "gt_prime",
        "gt_done",
        "gt_request_changes",
        "gt_bead_status",
        "gt_bead_close",
        "gt_escalate",
        "gt_triage_resolve",
        "gt_checkpoint",
        "gt_status",
        "gt_mail_send",
        "gt_mail_check",
        "gt_mail_read",
        "gt_nudge",
        "gt_mol_current",
        "gt_mol_advance",
    ]


def test_the_mayor_has_tools_of_its_own_and_no_others_do() -> None:
    """It slings, looks and steers; it neither pushes nor approves."""
    mayor = {tool.name for tool in tools_of("mayor")}

    assert {"gt_sling", "gt_sling_batch", "gt_convoys", "gt_bead_edit", "gt_mail_check"} <= mayor
    assert mayor.isdisjoint({"gt_done", "gt_request_changes", "gt_prime"})
    assert mayor.isdisjoint({tool.name for tool in tools_of("polecat")} - {"gt_mail_check", "gt_mail_read"})


def test_a_mayors_call_names_its_subject_in_the_path_and_the_rest_in_the_body() -> None:
    """Reads take what is left as their query."""
    tools = {tool.name: tool for tool in tools_of("mayor")}

    batch = tools["gt_sling_batch"].call(WHO, {"rig_id": "r1", "convoy_title": "House", "tasks": [{"title": "A"}]})
    assert "/api/mayor/t/tools/sling-batch" == batch.address(WHO)
    assert batch.body == {"rig_id": "r1", "convoy_title": "House", "tasks": [{"title": "A"}]}
    edit = tools["gt_bead_edit"].call(WHO, {"rig_id": "r1", "bead_id": "b", "title": "Better"})
    assert ("rigs/r1/beads/b", {"title": "Better"}) == (edit.path, edit.body)
    beads = tools["gt_beads"].call(WHO, {"rig_id": "r1", "status": "open"})
    assert ("rigs/r1/beads?status=open", None) == (beads.path, beads.body)
    assert "explain/bead-7" == tools["gt_explain"].call(WHO, {"subject_id": "bead-7"}).path


def test_what_a_model_takes_for_an_id_stays_one_segment_of_the_path() -> None:
    """Else it would name another thing of the town, or nothing that an address may hold."""
    polecat = {tool.name: tool for tool in TOOLS}
    mayor = {tool.name: tool for tool in tools_of("mayor")}

    assert "beads/a%2F..%2Fb%3Fc%0Ad/close" == polecat["gt_bead_close"].call(WHO, {"bead_id": "a/../b?c\nd"}).path
    assert "beads/a%23b" == polecat["gt_bead_status"].call(WHO, {"bead_id": "a#b"}).path
    assert "rigs/r%2F1/beads/b%201" == mayor["gt_bead_show"].call(WHO, {"rig_id": "r/1", "bead_id": "b 1"}).path
    assert "rigs/r/beads?status=open%26limit%3D9" == (
        mayor["gt_beads"].call(WHO, {"rig_id": "r", "status": "open&limit=9"}).path
    )


def test_the_mayors_tasks_are_given_as_json_on_the_command_line() -> None:
    """Flags without a value are true, flags that repeat make a list."""
    parser = build_parser(write_manual(), "mayor")
    line = ["sling-batch", "--rig-id", "r", "--convoy-title", "House", "--tasks", '[{"title": "A"}]', "--parallel"]
    options = vars(parser.parse_args(line))

    values = read_values(options["page"], options, {})
    assert values == {"rig_id": "r", "convoy_title": "House", "tasks": [{"title": "A"}], "parallel": True}


def test_wrong_values_do_not_leave_the_process() -> None:
    """A status of more than 280 characters, a priority nobody knows, a parameter nobody asked for."""
    tools = {tool.name: tool for tool in TOOLS}
    for name, values in (
        ("gt_status", {"message": "x" * 281}),
        ("gt_status", {"message": "  "}),
        ("gt_escalate", {"title": "x", "priority": "huge"}),
        ("gt_prime", {"surprise": 1}),
        ("gt_triage_resolve", {"triage_request_bead_id": "r", "action": "EXPLODE"}),
    ):
        with pytest.raises(ValidationError):
            tools[name].call(WHO, values)


def test_a_missing_variable_is_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever starts the tools' server outside a session learns why it does not work."""
    monkeypatch.delenv("GASTOWN_AGENT_ROLE", raising=False)

    assert main() == 1
    assert "GASTOWN_AGENT_ROLE is not set" in capsys.readouterr().err


def test_gt_needs_nothing_but_the_standard_library(tmp_path: Path) -> None:
    """With the manual that the container wrote it starts where no library is, and shows a role its own tools."""
    (tmp_path / "tools.json").write_text(json.dumps(write_manual()))
    house = str(Path(gastown.__file__).parent.parent)
    command = [sys.executable, "-S", "-P", "-m", "gastown.container.tools.command", "--help"]
    environment = {"PYTHONPATH": house, PLACE: str(tmp_path / "tools.json"), "GASTOWN_AGENT_ROLE": "refinery"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)

    assert "request-changes" in done.stdout
    assert "triage" not in done.stdout


def test_triage_is_answered_by_polecats_in_any_case_of_letters() -> None:
    """A refinery does not see the tool."""
    [tool] = [tool for tool in tools_of("polecat") if tool.name == "gt_triage_resolve"]

    call = tool.call(WHO, {"triage_request_bead_id": "r", "action": "nudge", "resolution_notes": "Hello"})

    body = {"triage_request_bead_id": "r", "action": "NUDGE", "resolution_notes": "Hello"}
    assert call == Call(method="POST", path="triage/resolve", body=body)
    assert "gt_triage_resolve" not in [tool.name for tool in tools_of("refinery")]
