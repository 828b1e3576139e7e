"""A deterministic stand-in for a coding agent. It is no model: it does what the bead's body spells out, nothing else.

It is started like any command-line agent: the prompt on standard input, a git worktree as its folder, `gt` on the PATH.

As a polecat it carries out the fenced block `demo` of the task, one instruction a line, content indented by two spaces:

    ```demo
    write <path>              replaces the file by the indented lines that follow
      content
    append <path>             adds the indented lines to the file
      more content
    first-time write <path>   like write (or append), but left out when the work is rework
      a mistake, for a gate to find
    wait <seconds>            sleeps
    run <command>             runs it with the shell in the worktree; a failure ends the program
    on-rework:                what follows is done only when the work is rework
    write <path>
      mended content
    fail <words>              ends with exit code 1 and these words
    ```

A rework's prompt carries feedback and the original task; a `demo` block in the task itself is preferred to the one in
the original task. Then only the lines under `on-rework:` are done, or without such lines all but the first-time ones.
As the mayor it carries out the lines `gt ...` of such blocks in what people said to it, and answers news in a line.
As a refinery it runs the gates of `gt prime` in its worktree: all green is an approval, a red one is sent back with
the gate's output.
"""

import json
import os
import re
import shlex
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

GATE_LIMIT = 600
"""Seconds a gate may take."""
_BLOCK = re.compile(r"^```demo[ \t]*\n(?P<steps>.*?)^```[ \t]*$", re.MULTILINE | re.DOTALL)
_NEWS = re.compile(r"^Your (?P<what>convoy .+ has landed)\.$", re.MULTILINE)
"""What the town tells its mayor when a convoy of its own is in."""


class DemoError(Exception):
    """The block says something this program does not understand, or asks it to fail."""


@dataclass(frozen=True, kw_only=True)
class Step:
    """One instruction of the block."""

    verb: str
    argument: str
    content: str = ""
    first_time: bool = False
    on_rework: bool = False


def section(prompt: str, title: str) -> str:
    """The text between the prompt's marked lines of this title, or nothing."""
    begin, end = f"----- begin of {title} -----\n", f"\n----- end of {title} -----"
    _, found, rest = prompt.partition(begin)
    return rest.partition(end)[0] if found else ""


def find_steps(prompt: str) -> list[Step]:
    """The steps that apply to this prompt: of the task, or else of the original task."""
    rework = bool(section(prompt, "feedback"))
    for title in ("task", "original task"):
        if block := _BLOCK.search(section(prompt, title)):
            steps = parse_steps(block["steps"])
            return _for_rework(steps) if rework else [step for step in steps if not step.on_rework]
    return []


def _for_rework(steps: list[Step]) -> list[Step]:
    """What is marked for rework; if nothing is, all that is not only for the first time."""
    return [step for step in steps if step.on_rework] or [step for step in steps if not step.first_time]


def parse_steps(text: str) -> list[Step]:
    """All steps of a block. Raises `DemoError` for a line it does not know."""
    steps: list[Step] = []
    on_rework = False
    lines = text.splitlines()
    while lines:
        line = lines.pop(0)
        if not line.strip():
            continue
        if line.strip().lower() in {"on-rework:", "on rework:"}:
            on_rework = True
            continue
        content = []
        while lines and (lines[0].startswith("  ") or not lines[0].strip()):
            content.append(lines.pop(0)[2:])
        steps.append(_parse_step(line, "\n".join(content).rstrip("\n"), on_rework=on_rework))
    return steps


def _parse_step(line: str, content: str, *, on_rework: bool) -> Step:
    first_time = line.startswith("first-time ")
    verb, _, argument = line.removeprefix("first-time ").partition(" ")
    if verb not in {"write", "append", "wait", "run", "fail"} or not argument.strip():
        message = f"no such instruction: {line!r}"
        raise DemoError(message)
    return Step(verb=verb, argument=argument.strip(), content=content, first_time=first_time, on_rework=on_rework)


def take_step(step: Step, folder: Path) -> None:
    """Carry one step out. Raises `DemoError` for a path outside the folder and for `fail`."""
    if step.verb == "wait":
        time.sleep(float(step.argument))
        return
    if step.verb == "fail":
        raise DemoError(step.argument)
    if step.verb == "run":
        run("sh", "-c", step.argument)
        return
    path = (folder / step.argument).resolve()
    if not path.is_relative_to(folder.resolve()):
        message = f"outside the worktree: {step.argument}"
        raise DemoError(message)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w" if step.verb == "write" else "a") as file:
        file.write(step.content + "\n")


def run(*command: str) -> str:
    """Run a command and return its output; a failure ends the program with the command's own words."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    if done.returncode:
        message = f"{' '.join(command[:3])} failed ({done.returncode}): {done.stderr.strip()[-800:]}"
        raise DemoError(message)
    return done.stdout.strip()


def push(branch: str) -> None:
    """Push the work; a credential that is not accepted is replaced within seconds, so it is tried again."""
    for pause in (3, 6, 0):
        try:
            run("git", "push", "--quiet", "origin", f"HEAD:refs/heads/{branch}")
        except DemoError as error:
            if not pause or "Authentication failed" not in str(error):
                raise
            time.sleep(pause)
        else:
            return


def work_as_polecat(prompt: str) -> None:
    """Do the steps, commit, push, report."""
    title = next((line for line in prompt.splitlines() if line.startswith("Your task: ")), "Your task: the bead")
    title = title.removeprefix("Your task: ")
    run("gt", "status", f"Demo agent (no model) at work on: {title}"[:280])
    for step in find_steps(prompt):
        print(f"demo agent: {step.verb} {step.argument}", flush=True)
        take_step(step, Path.cwd())
    run("git", "add", "--all")
    if run("git", "status", "--porcelain"):
        run("git", "commit", "--quiet", "-m", title)
    push(os.environ["GASTOWN_BRANCH"])
    run("gt", "done", "--summary", f"Carried out the steps of: {title}"[:400])


def work_as_mayor(prompt: str) -> None:
    """Carry out the `gt` lines of the `demo` blocks in what people said, one after the other."""
    words = section(prompt, "words to you")
    if prompt.startswith("<prior-conversation>"):
        turns = prompt.partition("</prior-conversation>")[0].count('{"role": ')
        print(f"demo agent: remembers {turns} turns", flush=True)
    for news in _NEWS.finditer(words):
        print(f"demo agent: noted, {news['what']}", flush=True)
    for block in _BLOCK.finditer(words):
        for line in block["steps"].splitlines():
            command = shlex.split(line)
            if command[:1] != ["gt"]:
                message = f"no such instruction for a mayor: {line!r}"
                raise DemoError(message)
            print(f"demo agent: {line}", flush=True)
            print(run(*command), flush=True)


def work_as_refinery() -> None:
    """Run the gates at the commit under review; approve it or send it back."""
    prime: dict[str, Any] = json.loads(run("gt", "prime"))
    review = prime.get("review") or {}
    sha = review.get("sha") or run("git", "rev-parse", "HEAD")
    run("gt", "status", f"Demo agent (no model) runs the gates on {sha[:10]}")
    for gate in prime.get("gates") or []:
        code, output = run_gate(gate)
        print(f"demo agent: gate {gate!r} ended with {code}", flush=True)
        if code:
            feedback = f"The gate `{gate}` failed with exit code {code}:\n\n{output}"
            run("gt", "request-changes", "--feedback", feedback)
            return
    run("gt", "done", "--branch", review.get("branch") or os.environ["GASTOWN_BRANCH"], "--head-sha", sha)


def run_gate(gate: str) -> tuple[int, str]:
    """A gate's exit code and the end of its output; it does not see this agent's token."""
    visible = {name: value for name, value in os.environ.items() if not name.startswith("GASTOWN_")}
    try:
        done = subprocess.run(  # noqa: S602 - gates are shell commands of the rig's owner
            gate,
            shell=True,
            env=visible,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=GATE_LIMIT,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return 124, f"no end after {GATE_LIMIT} s"
    return done.returncode, done.stdout[-3000:]


def main() -> int:
    """Work by the role in the environment; returns the exit code."""
    prompt = sys.stdin.read()
    role = os.environ.get("GASTOWN_AGENT_ROLE", "polecat")
    print(f"demo agent: a deterministic program, no model; role {role}", flush=True)
    try:
        if role == "refinery":
            work_as_refinery()
        elif role == "mayor":
            work_as_mayor(prompt)
        else:
            work_as_polecat(prompt)
    except DemoError as error:
        print(f"demo agent: {error}", flush=True)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
