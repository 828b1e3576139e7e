"""The environment of one agent's process: built for it alone, from names listed here and values made for it."""

import json
import os
import shlex
import sys
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import gastown
from gastown.container.git import numbered
from gastown.container.merging import identity
from gastown.container.payloads import AgentCredentials, GitCredentials, MayorStart, StartPayload
from gastown.container.places import Places
from gastown.container.processes import Account, give, inherited, make_folder
from gastown.container.roster import Record
from gastown.container.saving import author_of
from gastown.container.settings import ContainerSettings

RESERVED_PREFIXES = ("GASTOWN_", "GIT_", "LD_")
TOOLS = frozenset({"GH_TOKEN", "GITLAB_TOKEN", "GITLAB_INSTANCE_URL"})
"""What the providers' command lines are signed in with; nothing else may come by that way."""

RESERVED = TOOLS | {"PATH", "HOME", "KILOCODE_TOKEN", "GITHUB_TOKEN", "GITHUB_CLI_PAT"}
"""A town's own variables never replace these."""


@dataclass(frozen=True, kw_only=True)
class Outfit:
    """Gives agents their HOME, their command `gt`, their tools' configuration and their environment."""

    settings: ContainerSettings
    places: Places
    account: Account | None = None

    def prepare(self) -> None:
        """Write what all agents share; agents may read it and not change it."""
        folder = make_folder(self.places.workspace / "bin", None)
        root = Path(gastown.__file__).parent.parent
        python = shlex.quote(sys.executable)
        # `-P` keeps the agent's own folder off the import path.
        script = (
            f'#!/bin/sh\nPYTHONPATH={shlex.quote(str(root))} exec {python} -P -m gastown.container.tools.command "$@"\n'
        )
        (folder / "gt").write_text(script)
        (folder / "gt").chmod(0o755)
        server = {
            "command": sys.executable,
            "args": ["-P", "-m", "gastown.container.tools.mcp_server"],
            "env": {"PYTHONPATH": str(root)},
        }
        (self.places.workspace / "mcp.json").write_text(json.dumps({"mcpServers": {"gastown": server}}))

    def log_file(self, record: Record) -> Path:
        """Where a run's output goes; agents cannot write there themselves."""
        folder = make_folder(self.places.workspace / "logs", None)
        return folder / f"{self.places.home(record.agent_id).name}-{record.dispatch}.log"

    def store_git(self, agent_id: str, credentials: GitCredentials | None) -> Path | None:
        """Write the file the agent's credential helper prints, readable by the agents' account only."""
        if credentials is None:
            return None
        folder = make_folder(self.places.workspace / "credentials", None)
        path = folder / self.places.home(agent_id).name
        fresh = path.with_suffix(".new")
        fresh.unlink(missing_ok=True)
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(f"username={credentials.username}\npassword={credentials.password.get_secret_value()}\n")
        give(fresh, self.account)
        fresh.replace(path)
        return path

    def forget_git(self, agent_id: str) -> None:
        """Remove that file again."""
        (self.places.workspace / "credentials" / self.places.home(agent_id).name).unlink(missing_ok=True)

    def build(self, record: Record, credentials: AgentCredentials) -> dict[str, str]:
        """The whole environment of this run's process."""
        home = make_folder(self.places.home(record.agent_id), self.account, mode=0o700)
        stored = self.store_git(record.agent_id, credentials.git)
        mine = inherited(os.environ)
        mine["PATH"] = f"{self.places.workspace / 'bin'}:{mine.get('PATH', os.defpath)}"
        wished = {name: value for name, value in credentials.env.items() if not _is_reserved(name)}
        tools = {name: text.get_secret_value() for name, text in credentials.tools.items() if name in TOOLS}
        own = {
            "HOME": str(home),
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_LFS_SKIP_SMUDGE": "1",
            # Not the global one: that stays the agent's own, in its HOME.
            "GIT_CONFIG_SYSTEM": str(self.places.workspace / "gitconfig"),
            "GASTOWN_MCP_CONFIG": str(self.places.workspace / "mcp.json"),
        }
        start = record.start
        git = _git_settings(start.rig.git_url if isinstance(start, StartPayload) else "", stored)
        who = self._facts(start, record.dispatch, credentials)
        work = _work_facts(start) if isinstance(start, StartPayload) else {}
        return mine | wished | tools | own | git | identity(author_of(record.start)) | who | work

    def _facts(self, start: StartPayload | MayorStart, dispatch: int, credentials: AgentCredentials) -> dict[str, str]:
        facts = {
            "GASTOWN_API_URL": self.settings.api_url,
            "GASTOWN_TOWN_ID": self.settings.town_id,
            "GASTOWN_RIG_ID": start.rig_id,
            "GASTOWN_AGENT_ID": start.agent.id,
            "GASTOWN_AGENT_ROLE": start.agent.role,
            "GASTOWN_AGENT_TOKEN": credentials.agent_token.get_secret_value(),
            "GASTOWN_DISPATCH": str(dispatch),
        }
        return facts | ({"GASTOWN_MODEL": start.model} if start.model else {})


def _work_facts(start: StartPayload) -> dict[str, str]:
    reviewed = start.review.branch if start.review and start.agent.role == "refinery" else start.branch
    return {
        "GASTOWN_BEAD_ID": start.bead.id,
        "GASTOWN_BRANCH": reviewed,
        "GASTOWN_TARGET_BRANCH": start.review.target_branch if start.review else start.target_branch,
    }


def _is_reserved(name: str) -> bool:
    return name in RESERVED or name.startswith(RESERVED_PREFIXES)


def _git_settings(url: str, stored: Path | None) -> dict[str, str]:
    """The credential helper for this URL's host, in the process's environment instead of any configuration file."""
    settings = [("safe.directory", "*"), ("credential.helper", "")]
    parts = urlsplit(url)
    if stored is not None and parts.scheme in {"http", "https"}:
        helper = f'!f() {{ test "$1" = get && cat {shlex.quote(str(stored))}; }}; f'
        settings.append((f"credential.{parts.scheme}://{parts.netloc}.helper", helper))
    return numbered(settings)
