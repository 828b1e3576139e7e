"""Child processes: which account they run as, what they inherit, and how a whole group of them ends."""

import asyncio
import contextlib
import os
import pwd
import shutil
import signal
from asyncio.subprocess import Process
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

INHERITED = (
    "PATH",
    "LANG",
    "LC_ALL",
    "TZ",
    "TMPDIR",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "http_proxy",
    "https_proxy",
    "no_proxy",
)
"""All that a child takes over from this process; everything else is given to it by name."""


@dataclass(frozen=True, kw_only=True)
class Account:
    """The unix account agents and their gates run as."""

    uid: int
    gid: int


def find_account(user: str | None) -> Account | None:
    """The account of this name; None means that children run as this process does. Raises `KeyError`."""
    if user is None:
        return None
    entry = pwd.getpwnam(user)
    return Account(uid=entry.pw_uid, gid=entry.pw_gid)


def inherited(environment: Mapping[str, str]) -> dict[str, str]:
    """The few variables of the given environment that children may have."""
    return {name: environment[name] for name in INHERITED if name in environment}


def as_account(account: Account | None) -> dict[str, Any]:
    """Arguments of `create_subprocess_exec`: a process group of its own, and the account."""
    if account is None:
        return {"start_new_session": True}
    return {"start_new_session": True, "user": account.uid, "group": account.gid, "extra_groups": []}


def make_folder(folder: Path, account: Account | None, *, mode: int = 0o755) -> Path:
    """Create a folder that belongs to the account."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(mode)
    give(folder, account)
    return folder


def give(path: Path, account: Account | None) -> None:
    """Hand one file or folder to the account; links are not followed."""
    if account is not None:
        os.chown(path, account.uid, account.gid, follow_symlinks=False)


def share(path: Path, account: Account | None, *, mode: int) -> None:
    """Open a file or folder of this process to the account's group; without an account the group gets nothing."""
    if account is None:
        path.chmod(mode & 0o700)
        return
    os.chown(path, -1, account.gid, follow_symlinks=False)
    path.chmod(mode)


def give_tree(root: Path, account: Account | None) -> None:
    """Hand a whole tree to the account; links are not followed."""
    if account is None:
        return
    for folder, folders, files in os.walk(root):
        for name in (*folders, *files):
            give(Path(folder, name), account)
    give(root, account)


async def copy_as(account: Account | None, source: Path, target: Path) -> None:
    """Copy one file with its times, as the account: it may name what this process can read and the account cannot.

    Raises `OSError`.
    """
    child = await asyncio.create_subprocess_exec(
        "cp",
        "-p",
        "--",
        str(source),
        str(target),
        env=inherited(os.environ),
        stdin=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
        **as_account(account),
    )
    if await child.wait():
        raise OSError(f"cannot copy {source.name}")


def remove_tree(root: Path) -> None:
    """Remove a tree, whoever owns it; a missing one is fine."""
    shutil.rmtree(root, ignore_errors=True)


def signal_group(process: Process, number: signal.Signals) -> None:
    """Send a signal to the process and all it started; none left is fine."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)


async def end_group(process: Process, *, grace: float) -> None:
    """Ask the group to end, and kill what is left of it after `grace` seconds."""
    if process.returncode is None:
        signal_group(process, signal.SIGTERM)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), grace)
    signal_group(process, signal.SIGKILL)
    await process.wait()
