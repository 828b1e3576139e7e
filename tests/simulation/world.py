"""The clockwork: a virtual clock and a heap of what is to happen, around the real town.

The world owns every source of chance. It drives the real rules, use cases and effects over the in-memory store; only
what lies outside a town is fake. One step is one thing that the real world could do; after each the watch looks.
"""

import heapq
import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count

from gastown.domain.errors import GastownError, NotFound, Unavailable
from gastown.domain.pull import Provider
from gastown.ports.town_store import Commit
from gastown.usecases import towns
from gastown.usecases.errand import Outside
from gastown.usecases.git_hosts import GitHosts
from gastown.usecases.perform_effect import perform_effect
from gastown.usecases.reconcile_town import Reconciler
from gastown.usecases.sweep import GRACE, PATIENCE, sweep
from gastown.usecases.town_lifecycle import Grounds, advance_town
from gastown.usecases.unit_of_work import UnitOfWork
from gastown.usecases.vault import Vault
from tests.simulation.afterthought import think_again
from tests.simulation.faults import Luck, Plan
from tests.simulation.git_host import GitHost
from tests.simulation.outside import Crash, SimLifeCycle, SimRuntime, SimWorkflows
from tests.simulation.provider import SimProvider
from tests.simulation.storage import SimDirectory, SimStore
from tests.simulation.watch import Breach, Watch
from tests.support.fakes.secrets import MemorySecrets
from tests.support.fakes.session_snapshots import MemorySessionSnapshots
from tests.support.fakes.town_tables import MemoryTownTables

START = datetime(2026, 1, 1, tzinfo=UTC)
SECRET, REDELIVERY = "signing", 180.0
"""The secret's name; seconds after which a queue delivers a message again whose function died."""

TOWN_SECRETS = "town/"
TOKENS = json.dumps({"github_cli_pat": "a token", "git_auth": {"gitlab_token": "a token"}})
"""What a town's own secret holds, under its prefix."""


class World:
    """One town in a world of faults; what follows is a function of the plan."""

    def __init__(self, plan: Plan, *, trouble: bool) -> None:
        """Make an empty town."""
        self.plan, self.town_id = plan, "town-0001"
        self.time, self.ids = START, count(1)
        self.skew = self.lag = timedelta(0)
        self.history: list[str] = []
        self.luck = Luck(plan, self.tell, trouble=False)
        self.directory = SimDirectory(self._expect_sweep)
        self.store = SimStore(self.directory, self.luck)
        self.secrets = ("a secret of thirty-two characters",)
        self.uow = UnitOfWork(
            store=self.store, directory=self.directory, wake_queue=self, clock=self, ids=self, sleep=lambda _: None
        )
        self.reconciler = Reconciler(uow=self.uow, effects_queue=self, alarm=self, doorbell=self)
        self.git, self.runtime, self.workflows = GitHost(self.luck, self.now), SimRuntime(self), SimWorkflows(self)
        self.life_cycle, self.tables = SimLifeCycle(self), MemoryTownTables(self.store)
        self._heap: list[tuple[datetime, int, str, Callable[[], object], bool]] = []
        self._turns, self._arriving = count(), False
        self._fates: dict[tuple[str, str], bool] = {}
        self._tick_at: datetime | None = None
        self._sweep_at: datetime | None = None
        self.ticks, self.commits, self.landed, self.staged = 0, 0, 0, 0.0
        self.watch = Watch(self)
        self._open_doors()
        self.store.before_commit, self.store.after_commit = self._before_commit, self._after_commit
        self.store.heard = self.watch.heard
        towns.create_town(self.uow, self, name="Sim", owner="user", table_prefix="t-", sleep=lambda _: None)
        self.luck.trouble = trouble

    def _open_doors(self) -> None:
        """What the effects door and the life cycle function work with."""
        self.vault = vault = MemorySecrets({SECRET: self.secrets[0]})
        self.provider = SimProvider(self, self.luck.stream("forge").choice(list(Provider)))
        self.outside = Outside(
            uow=self.uow, runtime=self.runtime, workflows=self.workflows, secrets=vault, signing_secret=SECRET,
            container_cap=50, thread_judge=None, vault=Vault(
                secrets=vault, signing_secret=SECRET, town_prefix=TOWN_SECRETS
            ), hosts=GitHosts(
                github=lambda: self.provider, gitlab=lambda _: self.provider, github_host="github.com"
            ),
        )  # fmt: skip
        self.grounds = Grounds(
            uow=self.uow, tables=self.tables, runtime=self.runtime, alarm=self, secrets=vault,
            snapshots=MemorySessionSnapshots(), town_secrets="", retains_tables=False, sleep=lambda _: None,
        )  # fmt: skip

    def advance(self, town_id: str) -> None:
        """The life cycle function, for the town's beginning."""
        self.town_id = town_id
        advance_town(self.grounds, town_id)

    # what the ports ask of the world
    def now(self) -> datetime:
        """What everybody's clock says."""
        return self.time + self.skew - self.lag

    def new(self) -> str:
        """The next id."""
        return f"{self.plan.seed:06d}-{next(self.ids):08d}"

    def wake(self, town_id: str, *, cause: str, dedup: str) -> None:
        """A wake arrives a little later; what waits in the queue already is one tick with it."""
        luck = self.luck
        if luck.strikes("wake lost"):
            return
        late = luck.between("late wake", 2, 40) if luck.strikes("wake late") else luck.between("wake", 0.001, 0.6)
        if self._tick_at is None or self._tick_at > self.time + timedelta(seconds=late):
            self._tick_at = self.time + timedelta(seconds=late)
            self.after(late, "tick", self.tick)
        if luck.strikes("wake twice"):
            self.after(late + luck.between("second wake", 0, 5), "tick", self.tick)

    def arm(self, town_id: str, at: datetime, now: datetime) -> None:
        """An alarm goes off on time, late, or never."""
        luck = self.luck
        if luck.strikes("crash after commit"):
            raise Crash
        if not luck.strikes("alarm lost"):
            late = luck.between("late alarm", 1, 60) if luck.strikes("alarm late") else luck.between("alarm", 0, 0.9)
            self.after((at - self.now()).total_seconds() + late, "tick", self.tick)

    def disarm(self, town_id: str) -> None:
        """An alarm of a town that is gone finds nothing."""

    def publish(self, town_id: str, keys: Sequence[str]) -> None:
        """Effects are performed a little later: not at all, or twice, if the announcement has bad luck."""
        luck = self.luck
        if luck.strikes("crash after commit"):
            raise Crash
        for key in keys:
            if not luck.strikes("effect announcement lost"):
                self.after(luck.between("effect", 0.01, 2), "effect", partial(self.perform, key))
            if luck.strikes("effect twice"):
                self.after(luck.between("second effect", 0.01, 90), "effect", partial(self.perform, key))

    def ring(self, connection_id: str) -> bool:
        """The doorbell makes its container beat at once."""
        mine = [task for task in self.runtime.tasks.values() if f"connection-{task.generation}" == connection_id]
        for task in mine:
            if task.alive and task.token and not task.is_cut_off:
                task.ring()
        return bool(mine)

    # time
    def tell(self, line: str) -> None:
        """Write one line of history."""
        self.history.append(f"{(self.time - START).total_seconds():10.2f} {line}")

    def after(self, seconds: float, what: str, do: Callable[[], object], *, arrival: bool = False) -> None:
        """Let something happen in so many seconds; an arrival may also come in the middle of a commit."""
        at = self.time + timedelta(seconds=max(0.0, seconds))
        heapq.heappush(self._heap, (at, next(self._turns), what, do, arrival))

    @property
    def is_over(self) -> bool:
        """Whether nothing is left to happen."""
        return not self._heap

    def step(self) -> None:
        """Let the next thing happen."""
        at, _, what, do, _ = heapq.heappop(self._heap)
        self.time = max(self.time, at)
        if self.luck.strikes("clock jumps"):
            self.skew += timedelta(seconds=self.luck.between("jump", 10, 300))
        self._do(what, do)

    def _do(self, what: str, do: Callable[[], object]) -> None:
        try:
            do()
        except Crash:
            self.tell(f"{what}: crashed")
        except GastownError as refusal:
            self.tell(f"{what}: refused: {refusal}")
        except Breach:
            raise
        except Exception as surprise:
            raise Breach(0, f"{what}: {type(surprise).__name__}: {surprise}") from surprise
        self.watch.report()

    def give_tokens(self) -> None:
        """Store the town's credentials for its provider."""
        self.vault.put(TOWN_SECRETS + self.town_id, TOKENS)

    def take_tokens(self) -> None:
        """Forget them."""
        self.vault.delete(TOWN_SECRETS + self.town_id)

    def make_peace(self) -> None:
        """From here on nothing goes wrong any more."""
        self.luck.trouble = False
        self.give_tokens()
        self.tell("peace")

    def is_fated(self, review_id: str, fault: str) -> bool:
        """Whether this befalls a review each time; it is drawn once, and peace does not change it."""
        if (review_id, fault) not in self._fates:
            self._fates[review_id, fault] = self.luck.strikes(fault)
        return self._fates[review_id, fault]

    # ticks and effects
    def tick(self) -> None:
        """One tick of the real reconciler."""
        if self._tick_at is not None and self._tick_at <= self.time:
            self._tick_at = None
        self.ticks += 1
        self.watch.disturbed = False
        try:
            report = self.reconciler.tick(self.town_id)
        except NotFound:
            return
        except Unavailable as away:
            self.tell(f"tick postponed: {away}")
            self.after(30, "tick", self.tick)
            return
        except GastownError as surprise:
            raise Breach(0, f"a tick raised {type(surprise).__name__}: {surprise}") from surprise
        for line in (*report.actions, *(f"refused {refusal}" for refusal in report.refused)):
            self.tell(line)
        if report.failures:
            raise Breach(0, f"a tick failed: {report.failures}")
        self.watch.rested(report)

    def perform(self, key: str) -> None:
        """One message of the effects queue; a function that dies leaves it to be delivered again."""
        try:
            report = perform_effect(self.outside, self.town_id, key)
        except (Crash, Unavailable) as gone:
            self.tell(f"effect: {type(gone).__name__} {gone}")
            self.after(REDELIVERY, "effect", lambda: self.perform(key))
            return
        if report.kind:
            self.tell(f"effect {report.kind}: {report.result} {report.error or ''}")

    def _expect_sweep(self) -> None:
        """The sweep comes each minute; in the simulation only while it would find something."""
        due = self.directory.due.get(self.town_id)
        if due is not None:
            self._sweep_in((due + GRACE - self.now()).total_seconds())

    def _sweep_in(self, seconds: float) -> None:
        left = max(0.0, seconds) + self.time.timestamp()
        at = datetime.fromtimestamp((left // 60 + 1) * 60, UTC)
        if self._sweep_at is None or self._sweep_at <= self.time or at < self._sweep_at:
            self._sweep_at = at
            self.after((at - self.time).total_seconds(), "sweep", self.sweep)

    def sweep(self) -> None:
        """The real sweep: it wakes what is overdue and advances what is stuck."""
        found = sweep(self.uow, self.life_cycle)
        if found.overdue or found.stuck:
            self.tell("sweep finds the town")
        self._expect_sweep()
        if found.overdue:
            self._sweep_in(1)
        row = self.directory.get_town(self.town_id)
        if row is not None and row.state == "deleting":
            self._sweep_in(PATIENCE.total_seconds())

    def delete_town(self) -> None:
        """A person deletes the town."""
        towns.delete_town(self.uow, self.life_cycle, self.town_id)
        self._sweep_in(PATIENCE.total_seconds())

    def remove_town(self) -> None:
        """The life cycle function at work; it may die."""
        if self.luck.strikes("life cycle lost"):
            raise Crash
        self.tell(f"the town is {advance_town(self.grounds, self.town_id)}")

    # commits
    def _before_commit(self) -> None:
        if not self._arriving and self.luck.strikes("arrival during a commit"):
            self.watch.disturbed = True
            self._let_something_arrive()
        if self.luck.strikes("heard during a commit"):
            self.watch.disturbed = True
            self._let_everybody_be_heard()
        self.watch.before_commit()

    def _let_something_arrive(self) -> None:
        """The next report that is under way, if one is, overtakes the commit."""
        arrivals = [entry for entry in self._heap if entry[4]]
        if not arrivals:
            return
        first = min(arrivals)
        self._heap.remove(first)
        heapq.heapify(self._heap)
        self._arriving = True
        try:
            first[3]()
        except GastownError as refusal:
            self.tell(f"{first[2]}: refused: {refusal}")
        finally:
            self._arriving = False

    def _let_everybody_be_heard(self) -> None:
        """A container and all its agents give a sign of life right now."""
        for task in self.runtime.tasks.values():
            if task.alive and task.token:
                task.speak_up()

    def _after_commit(self, commit: Commit) -> None:
        self.commits += 1
        if (view := self.watch.after_commit(commit)) is not None:
            think_again(view)
