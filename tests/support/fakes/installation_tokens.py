"""A GitHub App's installations in memory."""

from dataclasses import dataclass, field
from datetime import timedelta

from gastown.domain.pull import Repository
from gastown.ports.clock import Clock
from gastown.ports.installation_tokens import AppKey, AppKind, InstallationToken, MintFailure, MintRefused
from tests.support.fakes.clock import FixedClock


@dataclass
class MemoryInstallationTokens:
    """`reach` by installation, `keys` that GitHub knows (any while there are none), `calls` as they came.

    `refusal` is given out instead while it is set; `lifetime` is that of a new token, `empty` gives an empty one.
    """

    clock: Clock = field(default_factory=FixedClock)
    reach: dict[str, set[str]] = field(default_factory=lambda: {"77": {"acme/widgets"}})
    keys: set[str] = field(default_factory=set)
    calls: list[tuple[str, str, str]] = field(default_factory=list)
    refusal: MintRefused | None = None
    lifetime: timedelta = timedelta(hours=1)
    empty: bool = False

    def mint(
        self, app: AppKey, installation: str, repository: Repository, kind: AppKind
    ) -> InstallationToken | MintRefused:
        """A new token, numbered by the calls."""
        self.calls.append((installation, repository.path, kind.value))
        if self.refusal is not None:
            return self.refusal
        if self.keys and app.private_key not in self.keys:
            return MintRefused(why=MintFailure.BAD_KEY)
        if installation not in self.reach:
            return MintRefused(why=MintFailure.NO_INSTALLATION)
        if repository.path not in self.reach[installation]:
            return MintRefused(why=MintFailure.NO_REPOSITORY)
        value = "" if self.empty else f"ghs_minted_number_{len(self.calls)}_of_{kind.value}"
        return InstallationToken(value=value, expires_at=self.clock.now() + self.lifetime)
