"""Processes that the local stack starts: each in a group of its own, each ended for certain."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

POLL_SECONDS = 0.05
KILL_SECONDS = 5.0
OURS = "infra.local."
PROC = Path("/proc")

_started: dict[int, subprocess.Popen[bytes]] = {}


def start(command: Sequence[str], *, environment: Mapping[str, str], folder: Path, log: Path) -> int:
    """Start `command` in `folder` as the leader of a new group, its output appended to `log`; return its id."""
    with log.open("ab") as output:
        process = subprocess.Popen(
            list(command),
            cwd=folder,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    _started[process.pid] = process
    return process.pid


def exit_code(process_id: int) -> int | None:
    """Return how a process started here ended, None while it runs."""
    return _started[process_id].poll()


def has_ended(process_id: int) -> bool:
    """Say whether a process is gone, whoever started it."""
    if process_id in _started:
        return exit_code(process_id) is not None
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return True
    return False


def is_ours(process_id: int) -> bool:
    """Say whether a recorded id still is a process of the local stack: ids are used again after a restart."""
    listing = subprocess.run(
        ["ps", "-ww", "-o", "command=", "-p", str(process_id)], capture_output=True, text=True, check=False
    )
    return OURS in listing.stdout


def signal_group(leader: int, number: signal.Signals) -> None:
    """Send a signal to every process of the group that `leader` leads; no process is no error."""
    try:
        os.killpg(leader, number)
    except (ProcessLookupError, PermissionError):  # macOS answers EPERM for a group of zombies
        return


def wait_until(condition: Callable[[], bool], seconds: float, *, every: float = POLL_SECONDS) -> bool:
    """Wait up to `seconds` for the condition, asked again `every` so many seconds; say whether it came."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(every)
    return True


def end(leader: int, *, patience: float) -> None:
    """End a process kindly, after `patience` seconds by force, and then what is left of its group."""
    if not has_ended(leader):
        try:
            os.kill(leader, signal.SIGTERM)
        except ProcessLookupError:
            return
        wait_until(lambda: has_ended(leader), patience)
    signal_group(leader, signal.SIGKILL)
    wait_until(lambda: has_ended(leader), KILL_SECONDS)


def end_all_in(folder: Path) -> list[int]:
    """Kill every process that works inside `folder` and return their ids (Linux; elsewhere groups must do)."""
    found = [number for number in _process_ids() if _works_in(number, folder.resolve())]
    for number in found:
        try:
            os.kill(number, signal.SIGKILL)
        except ProcessLookupError:
            continue
    wait_until(lambda: not any((PROC / str(number)).exists() for number in found), KILL_SECONDS)
    return found


def remove_folder(folder: Path) -> None:
    """Remove a folder and all in it, if it is there."""
    shutil.rmtree(folder, ignore_errors=True)


def _process_ids() -> list[int]:
    if not PROC.is_dir():
        return []
    return [int(entry.name) for entry in PROC.iterdir() if entry.name.isdigit() and int(entry.name) != os.getpid()]


def _works_in(number: int, folder: Path) -> bool:
    try:
        place = Path(str((PROC / str(number) / "cwd").readlink()).removesuffix(" (deleted)"))
    except OSError:  # ended meanwhile, or another user's
        return False
    return place == folder or folder in place.parents
