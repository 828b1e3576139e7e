"""Session snapshots in memory keep the contract of their port."""

import pytest

from gastown.domain.errors import Unavailable
from tests.support.contracts.session_snapshots import SessionSnapshotsContract
from tests.support.fakes.session_snapshots import MemorySessionSnapshots


class TestMemorySessionSnapshots(SessionSnapshotsContract):
    """The contract, on the fake."""

    @pytest.fixture
    def snapshots(self) -> MemorySessionSnapshots:
        """A fresh fake."""
        return MemorySessionSnapshots()

    @pytest.fixture
    def carrier(self, snapshots: MemorySessionSnapshots) -> MemorySessionSnapshots:
        """The fake's own addresses."""
        return snapshots

    @pytest.fixture
    def silent(self) -> MemorySessionSnapshots:
        """A fake that was told to fail."""
        fake = MemorySessionSnapshots()
        fake.failure = Unavailable("told to fail")
        return fake
