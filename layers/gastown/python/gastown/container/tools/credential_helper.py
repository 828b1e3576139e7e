"""Signs an agent's own programs in at each call: git's credential helper, and what stands before `gh` and `glab`.

    credential_helper.py git get|store|erase       git's protocol, on standard input and output
    credential_helper.py run <wrapper> <program>   the program itself, signed in; `wrapper` is the file in its place

It asks the container's broker each time. It runs as a file of its own, without `site` and with nothing but the standard
library, because each `git push` waits for it.
"""

import json
import os
import shutil
import socket
import sys
from collections.abc import Mapping, Sequence
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

SOCKET, PASS = "GASTOWN_BROKER", "GASTOWN_BROKER_PASS"
"""Variables of an agent's process: where the broker listens, and what proves whose process this is."""
LIMIT = 70.0
"""Seconds that the broker may take; it gives up within 60."""
SIGNED_IN_BY = {
    "gh": ("GH_TOKEN",),
    "glab": ("GITLAB_TOKEN", "GITLAB_HOST", "GLAB_IS_OAUTH2"),
}
"""The variables that each program reads; none of another's reaches it."""
OK = 200
NO_PROGRAM = 127
"""The shell's own exit code for a command that is not there."""


class BrokerError(Exception):
    """The broker refused or cannot be reached; the text says why."""


class BrokerConnection(HTTPConnection):
    """HTTP over the broker's Unix socket."""

    def __init__(self, place: str) -> None:
        """Connect to this socket when the first request is made."""
        super().__init__("broker", timeout=LIMIT)
        self._place = place

    def connect(self) -> None:
        """Open the socket."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(LIMIT)
        self.sock.connect(self._place)


def ask_broker(what: str, body: Mapping[str, Any], environment: Mapping[str, str]) -> dict[str, Any]:
    """The broker's answer to one question. Raises `BrokerError`."""
    place, shown = environment.get(SOCKET, ""), environment.get(PASS, "")
    if not place or not shown:
        raise BrokerError(f"{SOCKET} is not set: this works inside an agent's session only")
    connection = BrokerConnection(place)
    try:
        connection.request("POST", f"/{what}", json.dumps(body), {"Authorization": f"Bearer {shown}"})
        answer = connection.getresponse()
        said = json.loads(answer.read())
    except (OSError, HTTPException, ValueError) as error:
        raise BrokerError(f"the container's broker does not answer: {error}") from error
    finally:
        connection.close()
    if answer.status != OK:
        raise BrokerError(str(said.get("error", answer.status)))
    return dict(said)


def serve_git(action: str, asked: Mapping[str, str], environment: Mapping[str, str]) -> str:
    """What git reads in answer to one action of its protocol. Raises `BrokerError`."""
    if action == "get":
        given = ask_broker("git", asked, environment)
        return f"username={given['username']}\npassword={given['password']}\n"
    if action == "erase":
        ask_broker("git/refused", {"password": asked.get("password", "")}, environment)
    return ""


def parse_attributes(text: str) -> dict[str, str]:
    """The `name=value` lines of git's protocol."""
    return dict(line.split("=", 1) for line in text.splitlines() if "=" in line)


def sign_in(program: str, environment: Mapping[str, str]) -> dict[str, str]:
    """The environment with what signs this program in; without it, and with a line that says why, if there is none."""
    names = SIGNED_IN_BY[program]
    bare = {name: value for name, value in environment.items() if name not in names}
    try:
        given = ask_broker("tools", {}, environment)
    except BrokerError as error:
        print(f"{program}: not signed in: {error}", file=sys.stderr)
        return bare
    return bare | {name: str(given[name]) for name in names if name in given}


def find_program(program: str, wrapper: str, path: str) -> str | None:
    """The program that stands behind the wrapper on this search path."""
    own = Path(wrapper).resolve().parent
    folders = [folder for folder in path.split(os.pathsep) if folder and Path(folder).resolve() != own]
    return shutil.which(program, path=os.pathsep.join(folders))


def run_program(wrapper: str, program: str, arguments: Sequence[str]) -> int:
    """Become the program; returns only if there is none."""
    found = find_program(program, wrapper, os.environ.get("PATH", os.defpath))
    if found is not None:
        os.execve(found, [program, *arguments], sign_in(program, os.environ))  # noqa: S606 - that is its purpose
    print(f"{program}: not installed in this container", file=sys.stderr)
    return NO_PROGRAM


def main(arguments: Sequence[str]) -> int:
    """Do one of both; returns the exit code."""
    verb, *rest = arguments
    if verb == "run":
        return run_program(rest[0], rest[1], rest[2:])
    try:
        print(serve_git(rest[0], parse_attributes(sys.stdin.read()), os.environ), end="")
    except BrokerError as error:
        print(f"gastown: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
