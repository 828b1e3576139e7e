"""A vault with everything that mints, in memory; and one rig at each provider."""

import json
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from gastown.domain.ids import RigId
from gastown.domain.rig import Rig
from gastown.domain.town import Town
from gastown.usecases.vault import LiveSources, Vault
from tests.support.agent_world import NOW, SECRETS, TOWN_ID, a_town
from tests.support.fakes.clock import FixedClock
from tests.support.fakes.directory import MemoryDirectory
from tests.support.fakes.installation_tokens import MemoryInstallationTokens
from tests.support.fakes.oauth_tokens import MemoryOAuthTokens
from tests.support.fakes.secrets import MemorySecrets
from tests.support.fakes.town_store import MemoryTownStore

PREFIX = "stack/town/"
APP = json.dumps({"app_id": "1", "private_key": "private-key-of-the-app"})


def a_rig(git_url: str = "https://github.com/acme/widgets.git", rig_id: str = "rig-1") -> Rig:
    """A rig at a provider."""
    return Rig(id=RigId(rig_id), name=rig_id, git_url=git_url, default_branch="main", created_at=NOW)


def a_store() -> MemoryTownStore:
    """An empty town's table."""
    store = MemoryTownStore(MemoryDirectory())
    store.add_table(TOWN_ID)
    return store


@dataclass
class Treasury:
    """A town, its rig, its secret, the App and the OAuth instance; `vault` is made of them."""

    town: Town = field(default_factory=a_town)
    rig: Rig = field(default_factory=a_rig)
    clock: FixedClock = field(default_factory=lambda: FixedClock(NOW))
    secrets: MemorySecrets = field(default_factory=lambda: MemorySecrets({"signing": SECRETS[0], "app": APP}))
    store: MemoryTownStore = field(default_factory=a_store)
    app_secret: str = "app"
    naps: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Let both mints go by the same clock."""
        self.installations = MemoryInstallationTokens(clock=self.clock)
        self.oauth = MemoryOAuthTokens(clock=self.clock)

    @property
    def vault(self) -> Vault:
        """A vault of a process that has just started."""
        live = LiveSources(
            installations=lambda: self.installations,
            app_secret=self.app_secret,
            oauth=lambda: self.oauth,
            store=self.store,
            clock=self.clock,
            sleep=self.naps.append,
        )
        return Vault(secrets=self.secrets, signing_secret="signing", town_prefix=PREFIX, live=live)

    def keep(self, **values: Any) -> None:
        """Make this the town's secret."""
        self.secrets.put(PREFIX + TOWN_ID, json.dumps(values))

    def kept(self) -> dict[str, Any]:
        """The town's secret."""
        value: dict[str, Any] = json.loads(self.secrets.get(PREFIX + TOWN_ID)[0])
        return value

    def keep_pair(self, *, left: timedelta, number: int = 0) -> None:
        """Store a GitLab pair that lives this long."""
        pair = {
            "access_token": f"access-secret-number-{number}",
            "refresh_token": f"refresh-secret-number-{number}",
            "expires_at": (self.clock.now() + left).isoformat(),
            "client_id": "client",
            "client_secret": "client-secret",
        }
        self.keep(git_auth={"gitlab_oauth": pair})
