"""UUIDs of version 7 (RFC 9562), made here because Python 3.11 has none."""

import secrets
import threading
import time
import uuid
from collections.abc import Callable
from typing import Final

COUNTER_BITS: Final = 12
TAIL_BITS: Final = 62
VERSION: Final = 7
VARIANT: Final = 0b10


def _system_ms() -> int:
    return time.time_ns() // 1_000_000


class SystemIds:
    """Ids that rise within a process: 48 bits of milliseconds, 12 bits that count, 62 bits of chance."""

    def __init__(
        self, *, now_ms: Callable[[], int] = _system_ms, chance: Callable[[int], int] = secrets.randbits
    ) -> None:
        """Take the time in milliseconds since 1970, and a source of so many random bits."""
        self._now_ms, self._chance = now_ms, chance
        self._lock = threading.Lock()
        self._last_ms, self._counter = -1, 0

    def new(self) -> str:
        """A new id, greater than the one before even if the clock stands still or runs back."""
        with self._lock:
            milliseconds, counter = self._step()
        value = milliseconds << 80 | VERSION << 76 | counter << 64 | VARIANT << TAIL_BITS | self._chance(TAIL_BITS)
        return str(uuid.UUID(int=value))

    def _step(self) -> tuple[int, int]:
        """The next pair of time and counter; a counter that is full borrows the next millisecond (RFC 9562, 6.2)."""
        present = self._now_ms()
        if present > self._last_ms:
            self._last_ms, self._counter = present, self._fresh()
        elif self._counter + 1 < 1 << COUNTER_BITS:
            self._counter += 1
        else:
            self._last_ms, self._counter = self._last_ms + 1, self._fresh()
        return self._last_ms, self._counter

    def _fresh(self) -> int:
        """Half of the counter's range at most, so that there is room to count."""
        return self._chance(COUNTER_BITS - 1)
