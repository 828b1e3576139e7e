"""A vault in memory."""

from gastown.domain.errors import GastownError, NotFound


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

    def put(self, secret_id: str, value: str) -> None:
        """A new current version; only the one before is kept."""
        self._note("put", secret_id)
        self.values[secret_id] = (value, *self.values.get(secret_id, ())[:1])

    def delete(self, secret_id: str) -> None:
        """Forget all versions."""
        self._note("delete", secret_id)
        self.values.pop(secret_id, None)

    def _note(self, verb: str, secret_id: str) -> None:
        if self.failure is not None:
            raise self.failure
        self.calls.append((verb, secret_id))
