"""The environment of one agent's process: built for it alone, from names listed here and values made for it.

No credential of the town or of a Git host is in it. What signs an agent in is asked for at each call, of the broker.
"""

import json
import os
import shlex
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import gastown
from gastown.container.agent_home import make_home
from gastown.container.broker import place_socket
from gastown.container.git import numbered
from gastown.container.merging import identity
from gastown.container.passes import Passes
from gastown.container.payloads import MayorStart, StartPayload
from gastown.container.places import Places
from gastown.container.processes import Account, inherited, make_folder
from gastown.container.roster import Record
from gastown.container.runtimes.runtime import MODEL
from gastown.container.saving import author_of
from gastown.container.settings import ContainerSettings
from gastown.container.tools import credential_helper, manual
from gastown.container.tools.credential_helper import PASS, SOCKET
from gastown.container.tools.toolbox import write_manual
from gastown.domain.variables import is_reserved

GIT_HELPER = "git-credential-gastown"
TOOLS_SERVER = "gt-mcp"
"""The agents' tools for programs that start an MCP server themselves: a command that needs no variable of its own."""
SIGNED_IN = tuple(credential_helper.SIGNED_IN_BY)
"""Programs that have something of ours before them on the path, which signs them in."""


@dataclass(frozen=True, kw_only=True)
class Outfit:
    """Gives agents their HOME, their commands, their tools' configuration and their environment."""

    settings: ContainerSettings
    places: Places
    account: Account | None = None
    passes: Passes = field(default_factory=Passes)
    socket: Path = field(init=False)
    """Where the broker listens."""

    def __post_init__(self) -> None:
        """Choose the broker's place once: it stands in every environment."""
        object.__setattr__(self, "socket", place_socket(self.places.workspace))

    def prepare(self) -> None:
        """Write what all agents share; agents may read it and not change it.

        `mcp.json` is also what the `gemini` preset gives as its system's settings.
        """
        folder = self._bin()
        root = Path(gastown.__file__).parent.parent
        python, helper = shlex.quote(sys.executable), shlex.quote(credential_helper.__file__)
        # `-P` keeps the agent's own folder off the import path; `-S` keeps out everything but the standard library and
        # ours, which with `-I` is kept out too.
        ours, tools = f"PYTHONPATH={shlex.quote(str(root))} exec {python} -P", "-m gastown.container.tools"
        signing_in = f"exec {python} -I -S {helper}"
        _write_script(folder / "gt", f'{ours} -S {tools}.command "$@"')
        _write_script(folder / TOOLS_SERVER, f"{ours} {tools}.mcp_server")
        _write_script(folder / GIT_HELPER, f'{signing_in} git "$@"')
        for program in SIGNED_IN:
            _write_script(folder / program, f'{signing_in} run "$0" {program} "$@"')
        server = {"command": str(folder / TOOLS_SERVER)}
        (self.places.workspace / "mcp.json").write_text(json.dumps({"mcpServers": {"gastown": server}}))
        self._manual().write_text(json.dumps(write_manual()))

    def log_file(self, record: Record) -> Path:
        """Where a run's output goes; agents can neither write nor read there: others print what they should not."""
        folder = make_folder(self.places.workspace / "logs", None, mode=0o700)
        return folder / f"{self.places.home(record.agent_id).name}-{record.dispatch}.log"

    def build(
        self,
        start: StartPayload | MayorStart,
        variables: Mapping[str, str],
        *,
        given: Mapping[str, str] | None = None,
    ) -> dict[str, str]:
        """The whole environment of this agent's process; `variables` are the town's own, `given` its runtime's.

        It is a function of its arguments and of the agent's pass, which stays the same until it is revoked: a process
        that was made ready early has the environment of the start that uses it. Reserved names among the town's
        variables are left out (REQ-R.1d), and nothing of theirs replaces what the platform sets.
        """
        home = make_home(self.places.home(start.agent.id), self.account)
        mine = inherited(os.environ)
        mine["PATH"] = f"{self._bin()}:{mine.get('PATH', os.defpath)}"
        wished = {name: value for name, value in variables.items() if not is_reserved(name)}
        own = {
            "HOME": str(home),
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_LFS_SKIP_SMUDGE": "1",
            # Not the global one: that stays the agent's own, in its HOME.
            "GIT_CONFIG_SYSTEM": str(self.places.workspace / "gitconfig"),
            "GASTOWN_MCP_CONFIG": str(self.places.workspace / "mcp.json"),
        }
        git = numbered(self._git_settings())
        work = _work_facts(start) if isinstance(start, StartPayload) else {}
        return mine | wished | dict(given or {}) | own | git | identity(author_of(start)) | self._facts(start) | work

    def _facts(self, start: StartPayload | MayorStart) -> dict[str, str]:
        facts = {
            "GASTOWN_API_URL": self.settings.api_url,
            "GASTOWN_TOWN_ID": self.settings.town_id,
            "GASTOWN_RIG_ID": start.rig_id,
            "GASTOWN_AGENT_ID": start.agent.id,
            "GASTOWN_AGENT_ROLE": start.agent.role,
            manual.PLACE: str(self._manual()),
            SOCKET: str(self.socket),
            PASS: self.passes.admit(start.agent.id),
        }
        return facts | ({MODEL: start.model} if start.model else {})

    def _git_settings(self) -> list[tuple[str, str]]:
        """Our credential helper and no other, told the repository's path too: the broker gives for the rig's own."""
        helper = "!" + shlex.quote(str(self._bin() / GIT_HELPER))
        nobody_else = ("credential.helper", "")
        return [("safe.directory", "*"), nobody_else, ("credential.helper", helper), ("credential.useHttpPath", "true")]

    def _manual(self) -> Path:
        return self.places.workspace / "tools.json"

    def _bin(self) -> Path:
        return make_folder(self.places.workspace / "bin", None)


def _write_script(path: Path, line: str) -> None:
    path.write_text(f"#!/bin/sh\n{line}\n")
    path.chmod(0o755)


def _work_facts(start: StartPayload) -> dict[str, str]:
    reviewed = start.review.branch if start.review and start.agent.role == "refinery" else start.branch
    return {
        "GASTOWN_BEAD_ID": start.bead.id,
        "GASTOWN_BRANCH": reviewed,
        "GASTOWN_TARGET_BRANCH": start.review.target_branch if start.review else start.target_branch,
    }
