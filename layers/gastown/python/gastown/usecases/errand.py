"""One effect on its way: what it may act on, and what it can come back with."""

from dataclasses import dataclass, field

from gastown.domain.effect import Effect
from gastown.domain.event import EventKind
from gastown.domain.ids import TownId
from gastown.domain.town import Town
from gastown.ports.container_runtime import ContainerRuntime
from gastown.ports.secrets import Secrets
from gastown.ports.thread_judge import ThreadJudge
from gastown.ports.workflows import Workflows
from gastown.usecases.git_hosts import GitHosts
from gastown.usecases.unit_of_work import UnitOfWork
from gastown.usecases.vault import Vault


class SupersededError(Exception):
    """The town has moved on: nobody wants this effect any more, and it is dropped."""


@dataclass(frozen=True, kw_only=True)
class Outside:
    """The world outside a town; `signing_secret` names the secret of boot codes, `container_cap` counts tasks."""

    uow: UnitOfWork
    runtime: ContainerRuntime
    workflows: Workflows
    secrets: Secrets
    signing_secret: str
    container_cap: int
    hosts: GitHosts
    thread_judge: ThreadJudge | None
    vault: Vault


@dataclass(frozen=True, kw_only=True)
class Errand:
    """One claimed effect of one town."""

    town_id: TownId
    effect: Effect
    outside: Outside

    def town(self) -> Town:
        """The town as it is now, by a consistent read. Raises `NotFound`, `Unavailable`."""
        return self.outside.uow.load(self.town_id).town

    def text(self, name: str) -> str:
        """An argument that has to be a text."""
        return str(self.effect.arguments[name])

    def number(self, name: str) -> int:
        """An argument that has to be a whole number; absent counts as 0."""
        return int(str(self.effect.arguments.get(name) or 0))

    def optional(self, name: str) -> str | None:
        """An argument that may be missing."""
        value = self.effect.arguments.get(name)
        return str(value) if value else None


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """The town event that an effect comes back with."""

    kind: EventKind
    data: dict[str, object] = field(default_factory=dict)
