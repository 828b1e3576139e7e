"""A vault in memory."""

from gastown.domain.errors import GastownError, NotFound
from gastown.ports.secrets import SecretMoved


class MemorySecrets:
    """`values` by id, current version first; `failure` is raised instead while it is set.

    `calls` as (verb, id), and `reads` as (id, whether it was to be read now).
    """

    def __init__(self, values: dict[str, str] | None = None) -> None:
        """Start with these secrets, each with one version."""
        self.values: dict[str, tuple[str, ...]] = {name: (value,) for name, value in (values or {}).items()}
        self.calls: list[tuple[str, str]] = []
        self.reads: list[tuple[str, bool]] = []
        self.failure: GastownError | None = None

    def get(self, secret_id: str, *, fresh: bool = False) -> tuple[str, ...]:
        """The live versions, always as they are. Raises `NotFound`."""
        self._note("get", secret_id)
        self.reads.append((secret_id, fresh))
        if secret_id not in self.values:
            raise NotFound("no such secret")
        return self.values[secret_id]

    def swap(self, secret_id: str, before: str | None, value: str) -> None:
        """A new current version if the current one is as it was read. Raises `SecretMoved`."""
        self._note("swap", secret_id)
        if before != next(iter(self.values.get(secret_id, ())), None):
            raise SecretMoved("Somebody else has changed this secret meanwhile")
        self._place(secret_id, value)

    def put(self, secret_id: str, value: str) -> None:
        """What an operator does by hand: a new current version, whatever was there."""
        self._note("put", secret_id)
        self._place(secret_id, value)

    def _place(self, secret_id: str, value: str) -> None:
        """Only the version before is kept."""
        self.values[secret_id] = (value, *self.values.get(secret_id, ())[:1])

    def delete(self, secret_id: str) -> None:
        """Forget all versions."""
        self._note("delete", secret_id)
        self.values.pop(secret_id, None)

    def _note(self, verb: str, secret_id: str) -> None:
        if self.failure is not None:
            raise self.failure
        self.calls.append((verb, secret_id))
