"""What a program's output says; the lines are shortened ones of the real programs."""

import json
from collections.abc import Iterable
from functools import partial

from gastown.container.runtimes.spoken import (
    LINE_BYTES,
    JsonLines,
    Printed,
    Reader,
    Said,
    of_claude,
    of_codex,
    of_gemini,
    of_opencode,
)

CLAUDE = r"""
{"type":"system","subtype":"init","cwd":"/workspace/tree","tools":["Bash"]}
[claude-code:unrecognized_model] {"model":"some-model","query_source":"sdk"}
{"type":"system","subtype":"api_retry","attempt":1,"max_retries":10,"error_status":529,"error":"overloaded"}
{"type":"assistant","message":{"content":[{"type":"text","text":"I will\nwork."}]},"parent_tool_use_id":null}
{"type":"assistant","message":{"content":[{"type":"tool_use","name":"Bash","input":{}}]},"parent_tool_use_id":null}
{"type":"user","message":{"role":"user","content":[{"tool_use_id":"t","type":"tool_result","content":"made"}]}}
{"type":"assistant","message":{"content":[{"type":"text","text":"of a sub-agent"}]},"parent_tool_use_id":"t"}
{"type":"result","subtype":"success","is_error":false,"result":"I will\nwork."}
{"type":"result","subtype":"success","is_error":true,"result":"API Error: 401"}
"""
CODEX = r"""
{"type":"thread.started","thread_id":"01a2"}
{"type":"item.completed","item":{"id":"item_0","type":"error","message":"Model metadata not found."}}
{"type":"turn.started"}
{"type":"item.started","item":{"id":"item_1","type":"command_execution","command":"/bin/bash -c env","exit_code":null}}
{"type":"item.completed","item":{"id":"item_1","type":"command_execution","aggregated_output":"","exit_code":0}}
{"type":"item.started","item":{"id":"item_2","type":"mcp_tool_call","server":"gastown","tool":"gt_done","result":null}}
{"type":"item.completed","item":{"id":"item_3","type":"agent_message","text":"All done.\nReally."}}
{"type":"turn.completed","usage":{"input_tokens":3}}
{"type":"turn.failed","error":{"message":"unexpected status 401"}}
"""
GEMINI = r"""
YOLO mode is enabled. All tool calls will be automatically approved.
{"type":"init","session_id":"6af5","model":"gemini-x"}
{"type":"message","role":"user","content":"Make toast."}
{"type":"message","role":"assistant","content":"I will\nwork.","delta":true}
{"type":"tool_use","tool_name":"mcp_gastown_gt_done","tool_id":"1","parameters":{"summary":"x"}}
{"type":"tool_result","tool_id":"1","status":"success","output":"reported"}
{"type":"message","role":"assistant","content":"All ","delta":true}
{"type":"message","role":"assistant","content":"done.\nReally.","delta":true}
{"type":"result","status":"error","error":{"type":"unknown","message":"[API Error]"},"stats":{"total_tokens":0}}
"""
OPENCODE = r"""
{"type":"step_start","sessionID":"ses_1","part":{"type":"step-start"}}
{"type":"tool_use","sessionID":"ses_1","part":{"type":"tool","tool":"bash","state":{"status":"completed"}}}
{"type":"text","sessionID":"ses_1","part":{"type":"text","text":"All done."}}
{"type":"error","sessionID":"ses_1","error":{"name":"APIError","data":{"message":"no such key","statusCode":401}}}
{"type":"error","sessionID":"ses_1","error":{"name":"UnknownError","data":{}}}
"""


def say(reader: Reader, lines: Iterable[str]) -> list[tuple[str, str]]:
    """All that these lines say."""
    said: list[Said] = [said for line in lines if line for said in reader.read(line)]
    return [(one.kind, one.text) for one in (*said, *reader.end())]


def test_claudes_own_words_are_told() -> None:
    """Not what its tools and sub-agents say, and its last words once."""
    assert [
        ("log", '[claude-code:unrecognized_model] {"model":"some-model","query_source":"sdk"}'),
        ("log", "asks the model again: overloaded"),
        ("output", "I will\nwork."),
        ("tool", "Bash"),
        ("log", "API Error: 401"),
    ] == say(JsonLines(of_claude), CLAUDE.splitlines())


def test_codexs_own_words_are_told() -> None:
    """A tool when it begins, a message when it is complete."""
    assert [
        ("log", "Model metadata not found."),
        ("tool", "command_execution"),
        ("tool", "gt_done"),
        ("output", "All done.\nReally."),
        ("log", "unexpected status 401"),
    ] == say(JsonLines(of_codex), CODEX.splitlines())


def test_geminis_pieces_are_one_text() -> None:
    """It prints its words as they come."""
    assert [
        ("log", "YOLO mode is enabled. All tool calls will be automatically approved."),
        ("output", "I will\nwork."),
        ("tool", "mcp_gastown_gt_done"),
        ("output", "All done.\nReally."),
        ("log", "[API Error]"),
    ] == say(JsonLines(of_gemini), GEMINI.splitlines())


def test_opencodes_own_words_are_told() -> None:
    """Its errors by their message, or by their name."""
    assert [
        ("tool", "bash"),
        ("output", "All done."),
        ("log", "no such key"),
        ("log", "UnknownError"),
    ] == say(JsonLines(of_opencode), OPENCODE.splitlines())


def test_what_is_at_hand_at_the_end_is_told() -> None:
    """The program may be killed in the middle of its words."""
    piece = json.dumps({"type": "message", "role": "assistant", "content": "I wi", "delta": True})

    assert [("output", "I wi")] == say(JsonLines(of_gemini), [piece])


def test_objects_of_any_shape_break_nothing() -> None:
    """A newer version may print what nobody here knows, and a cut line is no object."""
    odd = ["[]", '"text"', "{", '{"type": ["assistant"]}', '{"type": "assistant", "message": null, "item": 3}']

    for understand in (of_claude, of_codex, of_gemini, of_opencode):
        assert [("log", "[]"), ("log", '"text"')] == say(partial(JsonLines, understand)(), odd)


def test_a_text_is_cut_at_a_lines_length() -> None:
    """The log has the rest."""
    event = json.dumps({"type": "text", "part": {"text": "x" * (LINE_BYTES + 1)}})

    [(_, text)] = say(JsonLines(of_opencode), [event])
    assert LINE_BYTES == len(text)


def test_a_program_that_nothing_is_known_of_speaks_in_lines() -> None:
    """JSON is a line like any other there."""
    assert [("output", "hello"), ("output", "{}")] == say(Printed(), ["hello", "{}"])
