"""What everybody who can be asked to advance a town keeps."""

import pytest

from gastown.domain.errors import Unavailable
from gastown.ports.life_cycle import LifeCycle


class LifeCycleContract:
    """Run by the fake's test and by the adapter's, which give the fixtures."""

    @pytest.fixture
    def life_cycle(self) -> LifeCycle:
        """The one under test."""
        raise NotImplementedError

    @pytest.fixture
    def silent(self) -> LifeCycle:
        """One that does not answer."""
        raise NotImplementedError

    def asked(self, life_cycle: LifeCycle) -> list[str]:
        """The towns that arrived, in order."""
        raise NotImplementedError

    def test_each_call_arrives(self, life_cycle: LifeCycle) -> None:
        """Asking twice is two calls; the second finds nothing to do."""
        for town_id in ("town-1", "town-2", "town-1"):
            life_cycle.advance(town_id)

        assert self.asked(life_cycle) == ["town-1", "town-2", "town-1"]

    def test_one_that_is_silent_is_unavailable(self, silent: LifeCycle) -> None:
        """The sweep asks again."""
        with pytest.raises(Unavailable):
            silent.advance("town-1")
