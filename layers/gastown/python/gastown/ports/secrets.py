"""Secrets, kept outside the town."""

from typing import Protocol

from gastown.domain.errors import Conflict


class SecretMoved(Conflict):
    """Somebody else wrote a secret between one's reading it and one's writing it; nothing was changed."""


class Secrets(Protocol):
    """Named secrets with their live versions; every method raises `Unavailable` when the vault did not answer."""

    def get(self, secret_id: str, *, fresh: bool = False) -> tuple[str, ...]:
        """The current value, then the previous one if any; at most 60 s old, or read now. Raises `NotFound`."""
        ...

    def swap(self, secret_id: str, before: str | None, value: str) -> None:
        """Make this the current value in place of `before`, which becomes the previous one; none makes the secret.

        Raises `SecretMoved` when the current value is another one, or there is one where none was to be.
        """
        ...

    def delete(self, secret_id: str) -> None:
        """Forget a secret for good; one that is not there is fine."""
        ...
