"""What every push channel keeps."""

import pytest

from gastown.domain.errors import Unavailable
from gastown.ports.push_channel import PushChannel
from tests.support.contracts.connection import ConnectionContract

TEXTS = [b'{"cursor":1}', "ünïcode ".encode() * 2_000]


class PushChannelContract(ConnectionContract):
    """Run by the fake's test and by the adapter's, which give the fixtures."""

    @pytest.fixture
    def channel(self) -> PushChannel:
        """The channel under test."""
        raise NotImplementedError

    @pytest.fixture
    def heard(self) -> list[bytes]:
        """What the open connection has heard so far."""
        raise NotImplementedError

    @pytest.fixture
    def silent(self) -> PushChannel:
        """A channel that does not answer."""
        raise NotImplementedError

    def test_an_open_connection_hears_every_text_as_it_is(
        self, channel: PushChannel, open_connection: str, heard: list[bytes]
    ) -> None:
        """In the order in which they were said."""
        assert [channel.push(open_connection, text) for text in TEXTS] == [True, True]
        assert TEXTS == heard

    def test_a_closed_connection_is_gone(
        self, channel: PushChannel, closed_connection: str, heard: list[bytes]
    ) -> None:
        """The caller can forget it, and nobody else hears what was meant for it."""
        assert channel.push(closed_connection, b"{}") is False
        assert [] == heard

    def test_a_channel_that_is_silent_is_unavailable(self, silent: PushChannel) -> None:
        """No answer does not mean that the connection is gone."""
        with pytest.raises(Unavailable):
            silent.push("connection-1", b"{}")
