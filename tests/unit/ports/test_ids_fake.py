"""Sources of ids keep the contract of the port."""

from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest

from gastown.adapters.system.ids import SystemIds
from gastown.domain.errors import Unavailable
from gastown.ports.ids import Ids
from tests.support.contracts.ids import IdsContract
from tests.support.fakes.ids import CountedIds


class TestCountedIds(IdsContract):
    """The contract, on the fake."""

    @pytest.fixture
    def ids(self) -> Ids:
        """A fresh counter."""
        return CountedIds()

    def test_it_remembers_and_fails_when_told(self) -> None:
        """Like every fake."""
        ids = CountedIds()
        made = ids.new()
        ids.failure = Unavailable("told to fail")

        with pytest.raises(Unavailable):
            ids.new()
        assert ids.given == [made]


class TestSystemIds(IdsContract):
    """The contract, on the machine's ids."""

    @pytest.fixture
    def ids(self) -> Ids:
        """Time and chance of the machine."""
        return SystemIds()

    def test_an_id_carries_its_time(self) -> None:
        """The first 48 bits are milliseconds since 1970 (the example of RFC 9562, appendix A.6)."""
        assert SystemIds(now_ms=lambda: 0x017F22E279B0).new().startswith("017f22e2-79b0-7")

    def test_ids_rise_while_the_clock_stands_or_runs_back(self) -> None:
        """More ids than a millisecond can count borrow the next one."""
        readings = iter([1000] * 5000 + [500] * 5000)
        ids = SystemIds(now_ms=lambda: next(readings))
        made = [ids.new() for _ in range(10_000)]

        assert made == sorted(set(made))

    def test_the_layout_is_that_of_version_7(self) -> None:
        """All bits of chance set touch neither version nor variant."""
        parsed = UUID(SystemIds(now_ms=lambda: 0, chance=lambda bits: (1 << bits) - 1).new())

        assert str(parsed) == "00000000-0000-77ff-bfff-ffffffffffff"

    def test_threads_share_one_order(self) -> None:
        """No id comes twice, whoever asks."""
        ids = SystemIds()
        with ThreadPoolExecutor(8) as pool:
            made = list(pool.map(lambda _: ids.new(), range(4000)))

        assert len(set(made)) == len(made)
