"""`python -m tests.support.mortal_container`: the container itself, which dies at a named moment with all it started.

`MORTAL_AT` is JSON: the function (`module:Class.method`), `before` or `after` it, and which call counts. With `armed`,
a path, calls count once that file is there; with `among`, only calls whose arguments contain these words. Its death is
that of a task whose machine is gone: SIGKILL for every process, nothing is cleaned up, nobody is told. `MORTAL_PACE`
makes the container look at its agents' work more often than by itself. The product has no hooks for any of this.
"""

import contextlib
import functools
import importlib
import inspect
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gastown.container import cleaning, saving
from gastown.container.__main__ import main


@dataclass(kw_only=True)
class Moment:
    """When to die; `mark` is written just before, so that a test knows that it came."""

    at: str
    when: str
    mark: Path
    call: int = 1
    armed: Path | None = None
    among: str = ""

    def comes(self, arguments: object) -> bool:
        """Whether this call is the one."""
        if (self.armed is not None and not self.armed.exists()) or self.among not in repr(arguments):
            return False
        self.call -= 1
        return self.call == 0


def die(mark: Path) -> None:
    """End this process and everything it has started, at once."""
    mark.touch()
    end_tree(os.getpid())


def end_tree(process_id: int) -> None:
    """Kill a process and everything below it."""
    for one in (*descendants(process_id), process_id):
        with contextlib.suppress(ProcessLookupError):
            os.kill(one, signal.SIGKILL)


def descendants(process_id: int) -> list[int]:
    """All processes below this one, children first; each is stopped when found, so that it starts no more."""
    table = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    pairs = [(int(child), int(parent)) for child, parent in (line.split() for line in table.splitlines())]
    found = [process_id]
    for parent in found:
        found += [child for child, its_parent in pairs if its_parent == parent and child not in found]
    return [one for one in reversed(found[1:]) if _is_there(one)]


def _is_there(process_id: int) -> bool:
    try:
        os.kill(process_id, signal.SIGSTOP)
    except ProcessLookupError:
        return False
    return True


def arm(moment: Moment) -> None:
    """Put a fuse around the function."""
    module, _, path = moment.at.partition(":")
    *owners, name = path.split(".")
    owner: Any = functools.reduce(getattr, owners, importlib.import_module(module))
    setattr(owner, name, fused(getattr(owner, name), moment))


def fused(function: Callable[..., Any], moment: Moment) -> Callable[..., Any]:
    """The function, and death before or after it."""

    @functools.wraps(function)
    async def later(*arguments: Any, **named: Any) -> Any:
        now = moment.comes((arguments[1:], named))
        if now and moment.when == "before":
            die(moment.mark)
        result = await function(*arguments, **named)
        if now:
            die(moment.mark)
        return result

    if not inspect.iscoroutinefunction(function):
        raise TypeError(f"{moment.at} is no coroutine function")
    return later


def set_out(environment: dict[str, str]) -> None:
    """Arm what the environment says."""
    pace = float(environment.get("MORTAL_PACE", "0"))
    if pace:
        saving.LOOK_SECONDS, saving.SAVE_SECONDS = pace, 3 * pace
        cleaning.RETRY_SECONDS, cleaning.SWEEP_SECONDS = pace, 3 * pace
    if text := environment.get("MORTAL_AT"):
        said = json.loads(text)
        paths = {name: Path(said[name]) for name in ("mark", "armed") if said.get(name)}
        arm(Moment(**said | paths))


if __name__ == "__main__":
    set_out(dict(os.environ))
    sys.exit(main())
