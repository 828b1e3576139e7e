"""The doorbell in memory keeps the contract of its port."""

import pytest

from gastown.domain.errors import Unavailable
from tests.support.contracts.doorbell import DoorbellContract
from tests.support.fakes.doorbell import MemoryDoorbell


class TestMemoryDoorbell(DoorbellContract):
    """The contract, on the fake."""

    @pytest.fixture
    def doorbell(self) -> MemoryDoorbell:
        """A fresh fake."""
        return MemoryDoorbell()

    @pytest.fixture
    def silent(self) -> MemoryDoorbell:
        """A fake that was told to fail."""
        fake = MemoryDoorbell()
        fake.failure = Unavailable("told to fail")
        return fake

    @pytest.fixture
    def open_connection(self) -> str:
        """Any connection is open until a test closes it."""
        return "connection-1"

    @pytest.fixture
    def closed_connection(self, doorbell: MemoryDoorbell) -> str:
        """One that was closed."""
        doorbell.gone.add("connection-2")
        return "connection-2"
