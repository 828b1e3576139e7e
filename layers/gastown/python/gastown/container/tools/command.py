"""`gt`: the agents' command. Prints the town's answer as JSON; exit code 1 and one clear line when it is refused.

It reads its manual, asks the container's broker, and loads nothing but the standard library: agents call it often.
"""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from gastown.container.tools.calling import use_tool
from gastown.container.tools.credential_helper import BrokerError
from gastown.container.tools.manual import PLACE, Page


class UsageError(Exception):
    """The command line makes no sense."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    parser = build_parser(read_manual(os.environ), os.environ.get("GASTOWN_AGENT_ROLE", ""))
    options = vars(parser.parse_args(arguments))
    page: Page = options["page"]
    try:
        print(use_tool(page["name"], read_values(page, options, os.environ), os.environ))
    except (BrokerError, UsageError) as error:
        for line in str(error).splitlines():
            print(f"gt: {line}", file=sys.stderr)
        return 1
    return 0


def read_manual(environment: Mapping[str, str]) -> list[Page]:
    """The pages that the container wrote; outside a session they are made on the spot, so that `gt --help` works."""
    if place := environment.get(PLACE):
        pages: list[Page] = json.loads(Path(place).read_bytes())
        return pages
    from gastown.container.tools.toolbox import write_manual

    return write_manual()


def build_parser(manual: Sequence[Page], role: str) -> argparse.ArgumentParser:
    """The command line of a role's tools; of all tools for nobody in particular."""
    parser = argparse.ArgumentParser(prog="gt", description="What an agent can tell and ask its town.")
    places: dict[tuple[str, ...], Any] = {(): parser.add_subparsers(required=True, metavar="COMMAND")}
    for page in [page for page in manual if role in page["roles"]] or manual:
        *above, last = page["words"]
        key = tuple(above)
        if key not in places:
            group = places[()].add_parser(above[0], help=f"commands about one {above[0]}")
            places[key] = group.add_subparsers(required=True, metavar="COMMAND")
        _add_parameters(places[key].add_parser(last, help=page["description"], description=page["description"]), page)
    return parser


def _add_parameters(parser: argparse.ArgumentParser, page: Page) -> None:
    parser.set_defaults(page=page)
    for one in page["parameters"]:
        if one["flag"] is None:
            parser.add_argument(one["name"], help=one["help"])
        else:
            parser.add_argument(one["flag"], dest=one["name"], action=one["action"], default=None, help=one["help"])


def read_values(page: Page, options: Mapping[str, Any], environment: Mapping[str, str]) -> dict[str, Any]:
    """The tool's parameters from the command line, with what the folder and environment know. Raises `UsageError`."""
    given = [one for one in page["parameters"] if options.get(one["name"]) is not None]
    values = {one["name"]: _read(one["name"], options[one["name"]], is_json=one["is_json"]) for one in given}
    if any(one["name"] == "head_sha" for one in page["parameters"]):
        values.setdefault("branch", _current_branch(environment))
        values.setdefault("head_sha", _git("rev-parse", "HEAD"))
    return values


def _read(name: str, value: Any, *, is_json: bool) -> Any:
    try:
        return json.loads(value) if is_json else value
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


if __name__ == "__main__":
    sys.exit(main())
