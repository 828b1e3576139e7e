"""The demo agent's format: which steps a prompt holds."""

from pathlib import Path

import pytest

from gastown.container.prompts import enclose
from infra.local.demo_agent import DemoError, Step, find_steps, parse_steps, take_step

BLOCK = "```demo\nwrite a.txt\n  one\n    two\n\n  three\nfirst-time append a.txt\n  bad\nwait 0\n{more}```\n"


def verbs(steps: list[Step]) -> list[tuple[str, str]]:
    """The steps, shortly."""
    return [(step.verb, step.content) for step in steps]


def test_the_first_time_leaves_rework_steps_out() -> None:
    """All steps above `on-rework:` apply."""
    prompt = enclose("task", "Text.\n\n" + BLOCK.format(more="on-rework:\nwrite a.txt\n  good\n"))

    assert verbs(find_steps(prompt)) == [("write", "one\n  two\n\nthree"), ("append", "bad"), ("wait", "")]


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ("On rework:\nwrite a.txt\n  good\n", [("write", "good")]),
        ("", [("write", "one\n  two\n\nthree"), ("wait", "")]),
    ],
)
def test_rework_applies_what_is_meant_for_it(more: str, expected: list[tuple[str, str]]) -> None:
    """The marked steps of the original task; without any, all that are not only for the first time."""
    original = enclose("original task", BLOCK.format(more=more))
    prompt = "\n".join([enclose("task", "red"), enclose("feedback", "red"), original])

    assert verbs(find_steps(prompt)) == expected


def test_a_prompt_without_a_block_has_no_steps() -> None:
    """Then there is nothing to do."""
    assert find_steps(enclose("task", "Just words")) == []


@pytest.mark.parametrize("line", ["dance", "write", "first-time"])
def test_unknown_lines_are_errors(line: str) -> None:
    """Nothing is passed over silently."""
    with pytest.raises(DemoError):
        parse_steps(line)


def test_steps_stay_in_the_worktree(tmp_path: Path) -> None:
    """A path that leads out is an error."""
    take_step(Step(verb="write", argument="new/a.txt", content="x"), tmp_path)
    take_step(Step(verb="append", argument="new/a.txt", content="y"), tmp_path)

    assert (tmp_path / "new" / "a.txt").read_text() == "x\ny\n"
    with pytest.raises(DemoError):
        take_step(Step(verb="write", argument="../out.txt", content="x"), tmp_path)
