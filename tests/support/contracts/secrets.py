"""What every vault keeps."""

import pytest

from gastown.domain.errors import NotFound, Unavailable
from gastown.ports.secrets import SecretMoved, Secrets


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
        secrets.swap("stack/town/new", None, "first")

        assert secrets.get("stack/town/new") == ("first",)

    def test_the_version_before_stays_behind_the_current_one(self, secrets: Secrets) -> None:
        """A rotation cuts off nobody who holds something of the version before; older ones are gone."""
        for before, value in ((None, "first"), ("first", "second"), ("second", "third")):
            secrets.swap("stack/town/rotated", before, value)

        assert secrets.get("stack/town/rotated") == ("third", "second")

    def test_who_writes_second_changes_nothing_and_is_told(self, secrets: Secrets) -> None:
        """Two read the same value, and each wants to replace it by its own; then the second one reads again."""
        secrets.swap("stack/town/raced", None, "first")
        secrets.swap("stack/town/raced", "first", "of one")
        with pytest.raises(SecretMoved):
            secrets.swap("stack/town/raced", "first", "of the other")
        assert secrets.get("stack/town/raced") == ("of one", "first")

        secrets.swap("stack/town/raced", "of one", "of both")
        assert secrets.get("stack/town/raced") == ("of both", "of one")

    def test_only_one_makes_a_secret(self, secrets: Secrets) -> None:
        """Two found none; and one that is gone is not replaced."""
        secrets.swap("stack/town/made", None, "of one")
        with pytest.raises(SecretMoved):
            secrets.swap("stack/town/made", None, "of the other")
        assert secrets.get("stack/town/made") == ("of one",)

        with pytest.raises(SecretMoved):
            secrets.swap("stack/town/never-made", "of one", "of the other")

    def test_a_write_is_seen_by_the_next_get(self, secrets: Secrets) -> None:
        """Whatever is remembered, one's own writes are not hidden by it."""
        secrets.swap("stack/town/seen", None, "first")
        secrets.get("stack/town/seen")
        secrets.swap("stack/town/seen", "first", "second")

        assert secrets.get("stack/town/seen")[0] == "second"

    def test_an_unknown_secret_is_not_found(self, secrets: Secrets) -> None:
        """A town without credentials has none."""
        with pytest.raises(NotFound):
            secrets.get("stack/town/unknown")

    def test_a_deleted_secret_is_gone(self, secrets: Secrets) -> None:
        """Deleting twice is fine."""
        secrets.swap("stack/town/deleted", None, "first")
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
            silent.swap("stack/town/1", None, "value")
        with pytest.raises(Unavailable):
            silent.swap("stack/town/1", "before", "value")
