"""A whole control plane on fakes: what the doors that are not HTTP see of the world, with one town in it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, TypeVar

from aws_lambda_powertools.utilities.typing import LambdaContext

from gastown import bootstrap
from gastown.domain.effect import EffectKind
from gastown.domain.housing import claim_container, register
from gastown.domain.ids import Moment, RigId
from gastown.domain.rig import Rig
from gastown.domain.slinging import ConvoyOrder, Task, sling_convoy
from gastown.domain.town import Town
from gastown.ports.directory import TownRow
from gastown.settings import Settings
from gastown.usecases.errand import Outside
from gastown.usecases.git_hosts import GitHosts
from gastown.usecases.reconcile_town import Reconciler
from gastown.usecases.unit_of_work import UnitOfWork
from gastown.usecases.vault import Vault
from tests.support.fakes.alarm import MemoryAlarm
from tests.support.fakes.clock import FixedClock
from tests.support.fakes.container_runtime import MemoryContainerRuntime
from tests.support.fakes.directory import MemoryDirectory
from tests.support.fakes.doorbell import MemoryDoorbell
from tests.support.fakes.effects_queue import MemoryEffectsQueue
from tests.support.fakes.git_host import FakeGitHost
from tests.support.fakes.ids import CountedIds
from tests.support.fakes.life_cycle import MemoryLifeCycle
from tests.support.fakes.organizations import MemoryOrganizations
from tests.support.fakes.push_channel import MemoryPushChannel
from tests.support.fakes.secrets import MemorySecrets
from tests.support.fakes.session_snapshots import MemorySessionSnapshots
from tests.support.fakes.thread_judge import MemoryThreadJudge
from tests.support.fakes.town_store import MemoryTownStore
from tests.support.fakes.town_tables import MemoryTownTables
from tests.support.fakes.wake_queue import MemoryWakeQueue
from tests.support.fakes.workflows import MemoryWorkflows

T = TypeVar("T")
TOWN = "01900000-0000-7000-8000-0000000000aa"
RIG = RigId("rig-1")
SECRET_ID, SIGNING_SECRET = "arn:signing", "a-signing-secret-that-is-long-enough-for-hs256"


class FakeContext(LambdaContext):
    """What Lambda tells a function of its call; `left_ms` is how much time it says is left."""

    def __init__(self) -> None:
        """A call that has just begun."""
        self._function_name, self._memory_limit_in_mb = "door", 128
        self._invoked_function_arn = "arn:aws:lambda:us-east-1:000000000000:function:door"
        self._aws_request_id = "request-1"
        self.left_ms = 30_000
        self.get_remaining_time_in_millis = lambda: self.left_ms  # type: ignore[method-assign]


class Stage:
    """Fakes wired as the bootstrap wires adapters; `TOWN` is founded, has one rig, and nothing waits in it."""

    def __init__(self) -> None:
        """Found the town and tick it once."""
        self.clock, self.ids, self.directory = FixedClock(), CountedIds(), MemoryDirectory()
        self.organizations = MemoryOrganizations()
        self.store, self.wake_queue = MemoryTownStore(self.directory), MemoryWakeQueue()
        self.tables, self.runtime = MemoryTownTables(self.store), MemoryContainerRuntime()
        self.workflows, self.alarm, self.doorbell = MemoryWorkflows(), MemoryAlarm(), MemoryDoorbell()
        self.effects_queue, self.life_cycle = MemoryEffectsQueue(), MemoryLifeCycle()
        self.git_host, self.thread_judge = FakeGitHost(), MemoryThreadJudge()
        self.snapshots, self.push_channel = MemorySessionSnapshots(), MemoryPushChannel()
        self.git_hosts = GitHosts(
            github=lambda: self.git_host, gitlab=lambda _url: self.git_host, github_host="github.com"
        )
        self.secrets = MemorySecrets({SECRET_ID: SIGNING_SECRET})
        self.settings = Settings(signing_secret_arn=SECRET_ID, container_cap=2, town_secret_prefix="stack/town/")
        self.uow = UnitOfWork(
            store=self.store,
            directory=self.directory,
            wake_queue=self.wake_queue,
            clock=self.clock,
            ids=self.ids,
            sleep=lambda _seconds: None,
        )
        self.add_row(TOWN, "active")
        self.store.add_table(TOWN)
        self.uow.found(TOWN, "Town", "user-1")
        self.change(add_rig)
        self.tick()
        self.wake_queue.wakes.clear()

    @property
    def now(self) -> datetime:
        """The present of all doors."""
        return self.clock.present

    @property
    def town(self) -> Town:
        """The town as it is stored."""
        return self.uow.load(TOWN).town

    def add_row(self, town_id: str, state: str) -> None:
        """Put a town into the directory."""
        row = TownRow(
            town_id=town_id, name="Town", owner_user_id="user-1", state=state, table=f"towns-{town_id}",
            created_at=self.now, updated_at=self.now,
        )  # fmt: skip
        self.directory.put_town(row)

    def change(self, move: Callable[[Town, Moment], T]) -> T:
        """Make a move and commit it."""
        return self.uow.change(TOWN, move, actor="test", cause="test")

    def tick(self) -> None:
        """Tick the town once."""
        self.reconciler.tick(TOWN)

    @property
    def reconciler(self) -> Reconciler:
        """The real reconciler over the fakes."""
        return Reconciler(uow=self.uow, effects_queue=self.effects_queue, alarm=self.alarm, doorbell=self.doorbell)

    @property
    def vault(self) -> Vault:
        """Where credentials come from; nothing mints."""
        return Vault(
            secrets=self.secrets,
            signing_secret=SECRET_ID,
            town_prefix=self.settings.town_secret_prefix,
            known=self.git_hosts.known,
        )

    @property
    def outside(self) -> Outside:
        """What effects act on."""
        return Outside(
            uow=self.uow, runtime=self.runtime, workflows=self.workflows, secrets=self.secrets,
            signing_secret=SECRET_ID, container_cap=self.settings.container_cap, hosts=self.git_hosts,
            thread_judge=self.thread_judge, vault=self.vault,
        )  # fmt: skip

    def outbox_key(self, kind: EffectKind) -> str:
        """The key of the town's one waiting effect of this kind."""
        [key] = [f"OUTBOX#{effect.id}" for effect in self.town.effects.values() if effect.kind is kind]
        return key

    def inbox(self) -> list[tuple[str, dict[str, Any]]]:
        """Kind and data of the events that wait in the town."""
        return [(str(event.kind), dict(event.data)) for event in self.town.inbox.values()]

    def sling(self, *, tasks: int = 1, staged: bool = False) -> str:
        """Sling a convoy; its id."""
        order = ConvoyOrder(
            rig_id=RIG, title="Convoy", tasks=tuple(Task(title=f"Task {n}") for n in range(tasks)), staged=staged
        )
        return self.change(lambda town, moment: sling_convoy(town, order, moment)).id

    def claim(self) -> int:
        """Ask for a container; its generation."""
        self.change(claim_container)
        return self.town.container.generation

    def register(self, connection_id: str | None = None) -> int:
        """Have a container ready; its generation."""
        generation = self.claim()
        self.change(lambda town, moment: _register(town, generation, connection_id, moment))
        return generation

    @contextmanager
    def open(self) -> Iterator["Stage"]:
        """Stand in for everything that the bootstrap makes."""
        with bootstrap.replace(
            settings=self.settings, unit_of_work=self.uow, store=self.store, directory=self.directory,
            organizations=self.organizations, town_tables=self.tables,
            wake_queue=self.wake_queue, effects_queue=self.effects_queue, alarm=self.alarm,
            container_runtime=self.runtime, workflows=self.workflows, secrets=self.secrets, doorbell=self.doorbell,
            life_cycle=self.life_cycle, clock=self.clock, ids=self.ids, git_hosts=self.git_hosts,
            session_snapshots=self.snapshots, push_channel=self.push_channel,
        ):  # fmt: skip
            yield self


def _register(town: Town, generation: int, connection_id: str | None, moment: Moment) -> None:
    register(town, generation, f"instance-{generation}", moment)
    town.container.connection_id = connection_id


def add_rig(town: Town, moment: Moment) -> None:
    """Give the town its one rig."""
    town.rigs[RIG] = Rig(id=RIG, name="rig", git_url="/repo", default_branch="main", created_at=moment.now)
