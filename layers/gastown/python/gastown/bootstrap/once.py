"""Made on first use, kept for the process, and replaceable by tests and the debug door."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import TypeVar, cast

T = TypeVar("T")
_made: dict[str, object] = {}
_replaced: dict[str, object] = {}
_known: set[str] = set()


def once(make: Callable[[], T]) -> Callable[[], T]:
    """Make it once a process, unless a replacement stands in for it."""
    name = make.__name__
    _known.add(name)

    @wraps(make)
    def find() -> T:
        if name in _replaced:
            return cast("T", _replaced[name])
        if name not in _made:
            _made[name] = make()
        return cast("T", _made[name])

    return find


@contextmanager
def replace(**stand_ins: object) -> Iterator[None]:
    """Put these in place of what the functions of the same names make; nests, and ends with the block."""
    if unknown := stand_ins.keys() - _known:
        raise TypeError(f"bootstrap makes no {', '.join(sorted(unknown))}")
    replaced, made = dict(_replaced), dict(_made)
    _replaced.update(stand_ins)
    _made.clear()
    try:
        yield
    finally:
        _replaced.clear()
        _replaced.update(replaced)
        _made.clear()
        _made.update(made)
