"""`gt`: the agents' command. Prints the town's answer as JSON; exit code 1 and one clear line when it is refused.

`httpx` is loaded only when a call is made, so `gt --help` and wrong usage answer at once.
"""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from gastown.container.tools.catalog import MissingIdentityError, Tool, read_identity
from gastown.container.tools.toolbox import EVERY_TOOL, tools_of

POSITIONAL = frozenset({"bead_id", "data", "message", "triage_request_bead_id", "action"})
"""Parameters that are given without a flag."""
FLAGS = {"files": "--file", "labels": "--label", "mail_ids": "--mail-id", "resolution_notes": "--notes"}
"""Flags that are not simply the parameter's name."""


ACTIONS = {
    "list[str]": "append",
    "list[str] | None": "append",
    "<class 'bool'>": "store_true",
    "bool | None": "store_true",
}
"""How values of these types are given; all others are one word or text."""
AS_JSON = frozenset({"data", "metadata", "tasks"})
"""Parameters whose value is JSON."""


class UsageError(Exception):
    """The command line makes no sense."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    options = build_parser(os.environ.get("GASTOWN_AGENT_ROLE", "")).parse_args(arguments)
    tool: Tool = options.tool

    from gastown.container.tools.caller import CallFailedError, make_call

    try:
        who = read_identity(os.environ)
        call = tool.call(who, read_values(tool, vars(options), os.environ))
        print(json.dumps(make_call(who, call), indent=2, sort_keys=True))
    except ValidationError as error:
        return _complain(*(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors(include_url=False)))
    except (CallFailedError, MissingIdentityError, UsageError) as error:
        return _complain(str(error))
    return 0


def build_parser(role: str) -> argparse.ArgumentParser:
    """The command line of a role's tools; of all tools for nobody in particular."""
    parser = argparse.ArgumentParser(prog="gt", description="What an agent can tell and ask its town.")
    places: dict[tuple[str, ...], Any] = {(): parser.add_subparsers(required=True, metavar="COMMAND")}
    for tool in tools_of(role) or EVERY_TOOL:
        *above, last = tool.words
        key = tuple(above)
        if key not in places:
            group = places[()].add_parser(above[0], help=f"commands about one {above[0]}")
            places[key] = group.add_subparsers(required=True, metavar="COMMAND")
        _add_parameters(places[key].add_parser(last, help=tool.description, description=tool.description), tool)
    return parser


def _add_parameters(parser: argparse.ArgumentParser, tool: Tool) -> None:
    parser.set_defaults(tool=tool)
    for name, field in tool.params.model_fields.items():
        if name in POSITIONAL:
            parser.add_argument(name, help=field.description)
            continue
        flag = FLAGS.get(name, "--" + name.replace("_", "-"))
        action = ACTIONS.get(str(field.annotation), "store")
        parser.add_argument(flag, dest=name, action=action, default=None, help=field.description)


def read_values(tool: Tool, options: Mapping[str, Any], environment: Mapping[str, str]) -> dict[str, Any]:
    """The tool's parameters from the command line, with what the folder and environment know. Raises `UsageError`."""
    values = {name: options[name] for name in tool.params.model_fields if options.get(name) is not None}
    for name in AS_JSON & values.keys():
        values[name] = _object(name, values[name])
    if "head_sha" in tool.params.model_fields:
        values.setdefault("branch", _current_branch(environment))
        values.setdefault("head_sha", _git("rev-parse", "HEAD"))
    return values


def _object(name: str, text: str) -> object:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise UsageError(f"{name} is not JSON: {error}") from error


def _current_branch(environment: Mapping[str, str]) -> str:
    """The branch of the folder; a refinery's folder is at a bare commit, so there the branch under review."""
    here = _git("rev-parse", "--abbrev-ref", "HEAD")
    return here if here != "HEAD" else environment.get("GASTOWN_BRANCH", "")


def _git(*arguments: str) -> str:
    try:
        done = subprocess.run(["git", *arguments], capture_output=True, text=True, timeout=30, check=True)
    except (OSError, subprocess.SubprocessError) as error:
        raise UsageError("give --branch and --head-sha: this folder is no git worktree with a commit") from error
    return done.stdout.strip()


def _complain(*lines: str) -> int:
    for line in lines:
        print(f"gt: {line}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
