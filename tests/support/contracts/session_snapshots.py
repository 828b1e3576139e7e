"""What every store of session snapshots promises."""

from typing import Protocol

import pytest

from gastown.domain.errors import Unavailable
from gastown.ports.session_snapshots import Remembered, SessionSnapshots


class Carrier(Protocol):
    """Uses addresses, and has no other right."""

    def fetch(self, address: str) -> bytes | None:
        """What lies there."""

    def leave(self, address: str, data: bytes) -> None:
        """Leave this there; what the address does not take is not kept."""


def mayor(town_id: str = "town-1", agent_id: str = "mayor", program: str = "opencode") -> Remembered:
    """Whose sessions."""
    return Remembered(town_id=town_id, agent_id=agent_id, program=program)


class SessionSnapshotsContract:
    """Run by the fake's test and by the adapter's, which give the fixtures."""

    @pytest.fixture
    def snapshots(self) -> SessionSnapshots:
        """The store under test, empty."""
        raise NotImplementedError

    @pytest.fixture
    def carrier(self) -> Carrier:
        """Who uses the addresses."""
        raise NotImplementedError

    @pytest.fixture
    def silent(self) -> SessionSnapshots:
        """A store that does not answer."""
        raise NotImplementedError

    def _leave(
        self, snapshots: SessionSnapshots, carrier: Carrier, whose: Remembered, generation: int, data: bytes
    ) -> None:
        carrier.leave(snapshots.address_to_write(whose, generation=generation, size=len(data)), data)

    def _read(self, snapshots: SessionSnapshots, carrier: Carrier, whose: Remembered) -> bytes | None:
        address = snapshots.address_to_read(whose)
        return carrier.fetch(address) if address is not None else None

    def test_who_never_left_one_has_none(self, snapshots: SessionSnapshots) -> None:
        """A new agent begins without."""
        assert snapshots.address_to_read(mayor()) is None

    def test_the_last_copy_of_a_generation_is_read(self, snapshots: SessionSnapshots, carrier: Carrier) -> None:
        """Each takes the place of the one before."""
        self._leave(snapshots, carrier, mayor(), 1, b"first")
        self._leave(snapshots, carrier, mayor(), 1, b"second")

        assert self._read(snapshots, carrier, mayor()) == b"second"

    def test_a_late_write_of_an_older_generation_is_not_read(
        self, snapshots: SessionSnapshots, carrier: Carrier
    ) -> None:
        """Generations are compared as numbers, and a container that was replaced may still hold an address."""
        late = snapshots.address_to_write(mayor(), generation=9, size=4)
        self._leave(snapshots, carrier, mayor(), 10, b"newer")
        carrier.leave(late, b"late")

        assert self._read(snapshots, carrier, mayor()) == b"newer"

    @pytest.mark.parametrize(
        "other", [mayor(town_id="town-10"), mayor(agent_id="mayor-2"), mayor(program="kilo")], ids=str
    )
    def test_nobody_reads_what_others_left(
        self, snapshots: SessionSnapshots, carrier: Carrier, other: Remembered
    ) -> None:
        """Neither another town, nor another agent, nor the same agent in another program."""
        self._leave(snapshots, carrier, mayor(), 1, b"mine")

        assert snapshots.address_to_read(other) is None

    def test_a_town_is_forgotten_and_no_other(self, snapshots: SessionSnapshots, carrier: Carrier) -> None:
        """All its agents and generations; forgetting twice is fine."""
        for whose in (mayor(), mayor(agent_id="toast"), mayor(town_id="town-10")):
            for generation in (1, 2):
                self._leave(snapshots, carrier, whose, generation, b"kept")

        for _ in range(2):
            snapshots.forget_town("town-1")

        assert snapshots.address_to_read(mayor()) is None
        assert snapshots.address_to_read(mayor(agent_id="toast")) is None
        assert self._read(snapshots, carrier, mayor(town_id="town-10")) == b"kept"

    def test_a_store_that_is_silent_is_unavailable(self, silent: SessionSnapshots) -> None:
        """No answer is not the answer that there is nothing."""
        with pytest.raises(Unavailable):
            silent.address_to_read(mayor())
        with pytest.raises(Unavailable):
            silent.forget_town("town-1")
