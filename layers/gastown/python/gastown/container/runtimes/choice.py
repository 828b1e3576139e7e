"""The runtimes of this container by the names that settings use."""

from collections.abc import Mapping
from dataclasses import dataclass

from gastown.container.payloads import Cause
from gastown.container.refusals import RefusedError
from gastown.container.runtimes.runtime import Runtime


@dataclass(frozen=True, kw_only=True)
class Runtimes:
    """Which runtime a start asks for."""

    known: Mapping[str, Runtime]

    def of(self, name: str) -> Runtime:
        """The runtime of this name. Raises `RefusedError` (invalid) for one that this image does not know."""
        runtime = self.known.get(name)
        if runtime is None:
            raise RefusedError(Cause.INVALID, f"no such runtime: {name!r}; there are {', '.join(sorted(self.known))}")
        return runtime
