"""The push channel in memory keeps the contract of its port."""

import pytest

from gastown.domain.errors import Unavailable
from tests.support.contracts.push_channel import PushChannelContract
from tests.support.fakes.push_channel import MemoryPushChannel


class TestMemoryPushChannel(PushChannelContract):
    """The contract, on the fake."""

    @pytest.fixture
    def channel(self) -> MemoryPushChannel:
        """A fresh fake."""
        return MemoryPushChannel()

    @pytest.fixture
    def heard(self, channel: MemoryPushChannel, open_connection: str) -> list[bytes]:
        """The fake's own list."""
        return channel.heard[open_connection]

    @pytest.fixture
    def silent(self) -> MemoryPushChannel:
        """A fake that was told to fail."""
        fake = MemoryPushChannel()
        fake.failure = Unavailable("told to fail")
        return fake

    @pytest.fixture
    def open_connection(self) -> str:
        """Any connection is open until a test closes it."""
        return "connection-1"

    @pytest.fixture
    def closed_connection(self, channel: MemoryPushChannel) -> str:
        """One that was closed."""
        channel.gone.add("connection-2")
        return "connection-2"
