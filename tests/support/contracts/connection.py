"""What doorbell and push channel share: whom they reach."""

import pytest


class ConnectionContract:
    """Fixtures that the fakes' tests and the adapters' give."""

    @pytest.fixture
    def open_connection(self) -> str:
        """The id of a connection that is open."""
        raise NotImplementedError

    @pytest.fixture
    def closed_connection(self) -> str:
        """The id of a connection that was closed."""
        raise NotImplementedError
