"""Secrets, kept outside the town."""

from typing import Protocol


class Secrets(Protocol):
    """Named secrets with their live versions; every method raises `Unavailable` when the vault did not answer."""

    def get(self, secret_id: str, *, fresh: bool = False) -> tuple[str, ...]:
        """The current value, then the previous one if any; at most 60 s old, or read now. Raises `NotFound`."""
        ...

    def put(self, secret_id: str, value: str) -> None:
        """Make this the current value; the one before becomes the previous one."""
        ...

    def delete(self, secret_id: str) -> None:
        """Forget a secret for good; one that is not there is fine."""
        ...
