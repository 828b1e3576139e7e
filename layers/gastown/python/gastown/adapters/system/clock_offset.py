"""How far a local stack's clock was moved: in a file, since each call of each function asks for it."""

import fcntl
from pathlib import Path


class FileClockOffset:
    """A number in a file, which is made when it is first moved."""

    def __init__(self, path: str) -> None:
        """Keep the path."""
        self._path = Path(path)

    def read(self) -> int:
        """The number in the file; 0 without one. Raises `OSError`, `ValueError` if it is no number."""
        try:
            return int(self._path.read_bytes() or b"0")
        except FileNotFoundError:
            return 0

    def add(self, milliseconds: int) -> int:
        """Add under a lock, and replace the file at once, so that nobody reads half of a number. Raises `OSError`."""
        with self._path.with_suffix(".lock").open("ab") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            moved = self.read() + milliseconds
            fresh = self._path.with_suffix(".new")
            fresh.write_text(str(moved))
            fresh.replace(self._path)
        return moved
