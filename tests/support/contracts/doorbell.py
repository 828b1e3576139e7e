"""What every doorbell keeps."""

import pytest

from gastown.domain.errors import Unavailable
from gastown.ports.doorbell import Doorbell
from tests.support.contracts.connection import ConnectionContract


class DoorbellContract(ConnectionContract):
    """Run by the fake's test and by the adapter's, which give the fixtures."""

    @pytest.fixture
    def doorbell(self) -> Doorbell:
        """The doorbell under test."""
        raise NotImplementedError

    @pytest.fixture
    def silent(self) -> Doorbell:
        """A doorbell that does not answer."""
        raise NotImplementedError

    def test_an_open_connection_is_rung(self, doorbell: Doorbell, open_connection: str) -> None:
        """As often as one likes."""
        assert [doorbell.ring(open_connection) for _ in range(2)] == [True, True]

    def test_a_closed_connection_is_gone(self, doorbell: Doorbell, closed_connection: str) -> None:
        """The caller can forget it."""
        assert doorbell.ring(closed_connection) is False

    def test_a_doorbell_that_is_silent_is_unavailable(self, silent: Doorbell) -> None:
        """No answer does not mean that the connection is gone."""
        with pytest.raises(Unavailable):
            silent.ring("connection-1")
