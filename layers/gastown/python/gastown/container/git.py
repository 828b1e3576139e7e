"""One git call as a child process: time-limited, never prompting, with credentials for that one child only.

Credentials are handed to git by a helper that prints two variables of the child's own environment. They are bound to
the remote's host, so a redirect or a rewritten URL does not carry them elsewhere. Hooks and helpers that a repository's
own configuration may name are switched off.
"""

import asyncio
import os
import re
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from gastown.container.masking import mask
from gastown.container.payloads import GitCredentials
from gastown.container.processes import Account, as_account, inherited, signal_group

LOCAL_LIMIT = 120.0
NETWORK_LIMIT = 600.0
"""Seconds a git call may take."""

PRINT_CREDENTIALS = (
    '!f() { test "$1" = get || exit 0; '
    'printf "username=%s\\npassword=%s\\n" "$GASTOWN_GIT_USERNAME" "$GASTOWN_GIT_PASSWORD"; }; f'
)
_AUTH = re.compile(
    r"\b(401|403)\b|authentication failed|could not read username|could not read password|terminal prompts disabled"
    r"|invalid username|invalid password|invalid token|bad credentials|write access .*not granted",
    re.IGNORECASE,
)


class GitError(Exception):
    """A git call that failed; its text is masked."""

    def __init__(self, command: str, code: int, output: str) -> None:
        """Keep the exit code and git's own words."""
        super().__init__(f"git {command} failed ({code}): {output.strip()[-1500:]}")
        self.code = code
        self.output = output

    @property
    def is_auth(self) -> bool:
        """Whether it looks as if the credentials were not accepted."""
        return bool(_AUTH.search(self.output))


@dataclass(frozen=True, kw_only=True)
class Remote:
    """Where to fetch from and push to, and what to show at that door."""

    url: str
    credentials: GitCredentials | None = None

    def environment(self) -> dict[str, str]:
        """Configuration and secrets for one child, for this URL's host only."""
        settings = [("credential.helper", ""), ("core.hooksPath", os.devnull), ("core.fsmonitor", "false")]
        extra: dict[str, str] = {}
        parts = urlsplit(self.url)
        if self.credentials is not None and parts.scheme in {"http", "https"}:
            settings.append((f"credential.{parts.scheme}://{parts.netloc}.helper", PRINT_CREDENTIALS))
            extra["GASTOWN_GIT_USERNAME"] = self.credentials.username
            extra["GASTOWN_GIT_PASSWORD"] = self.credentials.password.get_secret_value()
        return numbered(settings) | extra


def numbered(settings: Sequence[tuple[str, str]]) -> dict[str, str]:
    """Git settings as the numbered environment variables git reads them from."""
    pairs = {f"GIT_CONFIG_KEY_{i}": key for i, (key, _) in enumerate(settings)}
    pairs |= {f"GIT_CONFIG_VALUE_{i}": value for i, (_, value) in enumerate(settings)}
    return pairs | {"GIT_CONFIG_COUNT": str(len(settings))}


@dataclass(frozen=True, kw_only=True)
class Git:
    """Runs git for the container; `account` is who the child is, `config` the user-level configuration it reads."""

    config: Path
    account: Account | None = None

    async def run(
        self,
        arguments: Sequence[str],
        *,
        at: Path,
        remote: Remote | None = None,
        environment: Mapping[str, str] | None = None,
        limit: float = LOCAL_LIMIT,
    ) -> str:
        """Run one command in a folder and return what it printed. Raises `GitError`, also when the limit is over."""
        out = await self.pipe(arguments, at=at, remote=remote, environment=environment, limit=limit)
        return out.decode(errors="replace").strip()

    async def pipe(
        self,
        arguments: Sequence[str],
        *,
        at: Path,
        given: bytes | None = None,
        remote: Remote | None = None,
        environment: Mapping[str, str] | None = None,
        limit: float = LOCAL_LIMIT,
    ) -> bytes:
        """The same with bytes: `given` on its standard input, and what it printed untouched. Raises `GitError`."""
        secrets = (
            [] if remote is None or remote.credentials is None else [remote.credentials.password.get_secret_value()]
        )
        child = await asyncio.create_subprocess_exec(
            "git",
            *arguments,
            cwd=at,
            env=self._environment(remote) | dict(environment or {}),
            stdin=asyncio.subprocess.DEVNULL if given is None else asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            **as_account(self.account),
        )
        try:
            out, err = await asyncio.wait_for(child.communicate(given), limit)
        except TimeoutError as error:
            raise GitError(arguments[0], 124, f"no end after {limit:g} s") from error
        finally:
            if child.returncode is None:
                signal_group(child, signal.SIGKILL)
                await child.wait()
        if child.returncode:
            said = (err + b"\n" + out).decode(errors="replace")
            raise GitError(arguments[0], child.returncode, mask(said, secrets))
        return out

    async def succeeds(self, arguments: Sequence[str], *, at: Path) -> bool:
        """Whether a command that answers by its exit code says yes. Raises `GitError` for codes above 1 except 128."""
        try:
            await self.run(arguments, at=at)
        except GitError as error:
            if error.code in {1, 128}:
                return False
            raise
        return True

    async def find(self, revision: str, *, at: Path) -> str | None:
        """The commit a revision names, or None."""
        try:
            return await self.run(["rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}"], at=at)
        except GitError as error:
            if error.code in {1, 128}:
                return None
            raise

    def _environment(self, remote: Remote | None) -> dict[str, str]:
        quiet = {
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_LFS_SKIP_SMUDGE": "1",
            "GIT_SSH_COMMAND": "ssh -o BatchMode=yes -o ConnectTimeout=20",
            "GIT_CONFIG_GLOBAL": str(self.config),
            "GIT_ASKPASS": "",
            "HOME": str(self.config.parent),
            "LC_ALL": "C",
        }
        return inherited(os.environ) | quiet | (remote or Remote(url="")).environment()
