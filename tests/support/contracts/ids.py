"""What every source of ids keeps."""

import uuid

import pytest

from gastown.ports.ids import Ids

MANY = 5000


class IdsContract:
    """Run by the tests of every source of ids, which give the fixture."""

    @pytest.fixture
    def ids(self) -> Ids:
        """The source under test."""
        raise NotImplementedError

    def test_an_id_is_a_uuid_of_version_7(self, ids: Ids) -> None:
        """Written in the usual way, in lower case."""
        text = ids.new()
        parsed = uuid.UUID(text)

        assert (parsed.version, parsed.variant, str(parsed)) == (7, uuid.RFC_4122, text)

    def test_ids_rise(self, ids: Ids) -> None:
        """Sorted as texts, ids of one source are in the order of their making, and none comes twice."""
        made = [ids.new() for _ in range(MANY)]

        assert made == sorted(set(made))

    def test_short_ids_differ(self, ids: Ids) -> None:
        """The last 8 characters are what people read."""
        assert len({ids.new()[-8:] for _ in range(100)}) == 100
