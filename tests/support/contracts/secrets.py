"""What every vault keeps."""

import pytest

from gastown.domain.errors import NotFound, Unavailable
from gastown.ports.secrets import Secrets


class SecretsContract:
    """Run by the fake's test and by the adapter's, which give the fixtures."""

    @pytest.fixture
    def secrets(self) -> Secrets:
        """The vault under test."""
        raise NotImplementedError

    @pytest.fixture
    def silent(self) -> Secrets:
        """A vault that does not answer."""
        raise NotImplementedError

    def test_a_new_secret_has_one_version(self, secrets: Secrets) -> None:
        """What is put can be got."""
        secrets.put("stack/town/new", "first")

        assert secrets.get("stack/town/new") == ("first",)

    def test_the_version_before_stays_behind_the_current_one(self, secrets: Secrets) -> None:
        """A rotation cuts off nobody who holds something of the version before; older ones are gone."""
        for value in ("first", "second", "third"):
            secrets.put("stack/town/rotated", value)

        assert secrets.get("stack/town/rotated") == ("third", "second")

    def test_a_put_is_seen_by_the_next_get(self, secrets: Secrets) -> None:
        """Whatever is remembered, one's own writes are not hidden by it."""
        secrets.put("stack/town/seen", "first")
        secrets.get("stack/town/seen")
        secrets.put("stack/town/seen", "second")

        assert secrets.get("stack/town/seen")[0] == "second"

    def test_an_unknown_secret_is_not_found(self, secrets: Secrets) -> None:
        """A town without credentials has none."""
        with pytest.raises(NotFound):
            secrets.get("stack/town/unknown")

    def test_a_deleted_secret_is_gone(self, secrets: Secrets) -> None:
        """Deleting twice is fine."""
        secrets.put("stack/town/deleted", "first")
        secrets.get("stack/town/deleted")
        for _ in range(2):
            secrets.delete("stack/town/deleted")

        with pytest.raises(NotFound):
            secrets.get("stack/town/deleted")

    def test_a_vault_that_is_silent_is_unavailable(self, silent: Secrets) -> None:
        """No answer is not the answer that there is no secret."""
        with pytest.raises(Unavailable):
            silent.get("stack/town/1")
        with pytest.raises(Unavailable):
            silent.put("stack/town/1", "value")
