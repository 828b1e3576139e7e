"""A container that dies at a named point: `python -m tests.support.deadly_container MODULE:NAME WHEN COUNT`.

It is the real program; one of its functions is wrapped, and at the COUNT-th call, `before` or `after` it, everything
ends at once by SIGKILL, agents included, as a task does whose host fails. Looks at work are closer together than in
production, so that a death between two of them is quick to come by.
"""

import contextlib
import functools
import importlib
import inspect
import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from gastown.container import __main__ as container
from gastown.container import saving

LOOK_SECONDS, SAVE_SECONDS = 0.2, 0.3


def die() -> None:
    """End this process and all that it started; nothing runs after it."""
    with contextlib.suppress(OSError):  # a child may end by itself in the meantime
        for child in _descendants(os.getpid()):
            os.kill(child, signal.SIGKILL)
    os.kill(os.getpid(), signal.SIGKILL)


def _descendants(parent: int) -> Iterator[int]:
    for child in Path(f"/proc/{parent}/task/{parent}/children").read_text().split():
        yield from _descendants(int(child))
        yield int(child)


def arm(point: str, when: str, count: int) -> None:
    """Wrap the function at `module:Class.method`, so that its COUNT-th call is the last thing that happens."""
    module_name, _, name = point.partition(":")
    owner: Any = importlib.import_module(module_name)
    *above, last = name.split(".")
    for part in above:
        owner = getattr(owner, part)
    setattr(owner, last, _deadly(getattr(owner, last), when, count))


def _deadly(function: Callable[..., Any], when: str, count: int) -> Callable[..., Any]:
    calls = 0

    def is_last() -> bool:
        nonlocal calls
        calls += 1
        return calls == count

    @functools.wraps(function)
    async def wrapped(*arguments: Any, **named: Any) -> Any:
        last = is_last()
        if last and when == "before":
            die()
        answer = await function(*arguments, **named)
        if last:
            die()
        return answer

    if not inspect.iscoroutinefunction(function):
        raise TypeError(f"{function.__qualname__} is no coroutine function")
    return wrapped


def main() -> int:
    """Run a container that dies as the arguments say."""
    saving.LOOK_SECONDS, saving.SAVE_SECONDS = LOOK_SECONDS, SAVE_SECONDS
    arm(sys.argv[1], sys.argv[2], int(sys.argv[3]))
    return container.main()


if __name__ == "__main__":
    sys.exit(main())
