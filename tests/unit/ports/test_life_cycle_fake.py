"""The life cycle in memory keeps the contract of its port."""

import pytest

from gastown.domain.errors import Unavailable
from gastown.ports.life_cycle import LifeCycle
from tests.support.contracts.life_cycle import LifeCycleContract
from tests.support.fakes.life_cycle import MemoryLifeCycle


class TestMemoryLifeCycle(LifeCycleContract):
    """The contract, on the fake."""

    @pytest.fixture
    def life_cycle(self) -> MemoryLifeCycle:
        """A fresh fake."""
        return MemoryLifeCycle()

    @pytest.fixture
    def silent(self) -> MemoryLifeCycle:
        """A fake that was told to fail."""
        fake = MemoryLifeCycle()
        fake.failure = Unavailable("told to fail")
        return fake

    def asked(self, life_cycle: LifeCycle) -> list[str]:
        """What the fake noted."""
        assert isinstance(life_cycle, MemoryLifeCycle)
        return life_cycle.asked
