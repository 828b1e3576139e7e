"""The secrets in memory keeps the contract of its port."""

import pytest

from gastown.domain.errors import Unavailable
from tests.support.contracts.secrets import SecretsContract
from tests.support.fakes.secrets import MemorySecrets


class TestMemorySecrets(SecretsContract):
    """The contract, on the fake."""

    @pytest.fixture
    def secrets(self) -> MemorySecrets:
        """A fresh fake."""
        return MemorySecrets()

    @pytest.fixture
    def silent(self) -> MemorySecrets:
        """A fake that was told to fail."""
        fake = MemorySecrets()
        fake.failure = Unavailable("told to fail")
        return fake

    def test_it_can_start_with_secrets(self) -> None:
        """As a test's town needs them."""
        assert MemorySecrets({"signing": "key"}).get("signing") == ("key",)
