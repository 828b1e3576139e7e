"""Session snapshots in memory; an address leads to this fake's own `fetch` and `leave`."""

from gastown.domain.errors import GastownError
from gastown.ports.session_snapshots import Remembered

ADDRESS = "memory://snapshots/"


class MemorySessionSnapshots:
    """`kept` by name; `failure` is raised instead while it is set."""

    def __init__(self) -> None:
        """Nothing is kept yet."""
        self.kept: dict[str, bytes] = {}
        self.failure: GastownError | None = None
        self._sizes: dict[str, int] = {}

    def address_to_read(self, whose: Remembered) -> str | None:
        """The last name's address."""
        self._check()
        names = [name for name in self.kept if name.startswith(_folder(whose))]
        return f"{ADDRESS}{max(names)}" if names else None

    def address_to_write(self, whose: Remembered, *, generation: int, size: int) -> str:
        """An address that takes one size."""
        self._check()
        address = f"{ADDRESS}{_folder(whose)}{generation:012d}"
        self._sizes[address] = size
        return address

    def forget_town(self, town_id: str) -> None:
        """Drop what begins with the town's id."""
        self._check()
        self.kept = {name: data for name, data in self.kept.items() if not name.startswith(f"{town_id}/")}

    def fetch(self, address: str) -> bytes | None:
        """What a GET of this address brings."""
        return self.kept.get(address.removeprefix(ADDRESS))

    def leave(self, address: str, data: bytes) -> None:
        """What a PUT to this address does."""
        if self._sizes.get(address) == len(data):
            self.kept[address.removeprefix(ADDRESS)] = data

    def _check(self) -> None:
        if self.failure is not None:
            raise self.failure


def _folder(whose: Remembered) -> str:
    return f"{whose.town_id}/{whose.agent_id}/{whose.program}/"
