"""A seeded world around the real core: a virtual clock, fake containers, agents, git and state machines, and faults.

The world owns every source of chance. It drives the real domain, rules and use cases over the in-memory store; only
what lies outside a town is fake. Each step does one thing that the real world could do, then the invariants are
checked.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from gastown.domain.command import CommandKind
from gastown.domain.convoy import MergeMode
from gastown.domain.effect import EffectKind
from gastown.domain.errors import GastownError, Unavailable
from gastown.domain.event import EventKind
from gastown.domain.housing import register
from gastown.domain.ids import RigId
from gastown.domain.reporting import request_changes
from gastown.domain.rig import Rig
from gastown.domain.slinging import ConvoyOrder, Task, sling_convoy
from gastown.domain.town import Town
from gastown.ports.town_store import Condition
from gastown.usecases.reconcile_town import Reconciler
from gastown.usecases.unit_of_work import UnitOfWork
from tests.simulation.invariants import check_quiet, check_town
from tests.support.fakes.directory import MemoryDirectory
from tests.support.fakes.town_store import MemoryTownStore

TOWN = "town-0001"
START = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(kw_only=True)
class Session:
    """One agent process in a fake container."""

    agent_id: str
    dispatch: int
    role: str
    sha: str
    ends_at: datetime


@dataclass(kw_only=True)
class FakeContainer:
    """One ECS task with its agents."""

    generation: int
    ready_at: datetime
    registered: bool = False
    alive: bool = True
    muted_until: datetime = START
    next_beat: datetime = START
    seen: set[str] = field(default_factory=set)
    sessions: dict[str, Session] = field(default_factory=dict)


class World:
    """One town in a world of faults; `trouble` from 0 (none) to 1."""

    def __init__(self, seed: int, *, trouble: float = 0.3) -> None:
        """Make an empty town with one rig; everything that happens follows from the seed."""
        self.random = random.Random(seed)  # noqa: S311 - chance that replays
        self.trouble, self.time = trouble, START
        self.ids = (f"{seed:04d}-{n:012d}" for n in range(10**9))
        self.directory = MemoryDirectory()
        self.store = MemoryTownStore(self.directory)
        self.store.add_table(TOWN)
        self.uow = UnitOfWork(
            store=self.store, directory=self.directory, wake_queue=self, clock=self, ids=self, sleep=lambda _: None
        )
        self.reconciler = Reconciler(uow=self.uow, effects_queue=self, alarm=self, doorbell=self)
        self.wakes: list[datetime] = []
        self.effects: list[tuple[datetime, str]] = []
        self.containers: dict[int, FakeContainer] = {}
        self.merged: list[tuple[str, str]] = []
        self.history: list[str] = []
        self.ticks = 0
        self.uow.found(TOWN, "Sim", "user")
        self.uow.change(TOWN, self._add_rig, actor="user", cause="rig")

    # what the ports ask of the world ------------------------------------------------------------------------------
    def now(self) -> datetime:
        """The virtual clock."""
        return self.time

    def new(self) -> str:
        """The next id."""
        return next(self.ids)

    def wake(self, town_id: str, *, cause: str, dedup: str) -> None:
        """A wake arrives a little later, or is lost."""
        if not self._bad("lose a wake"):
            self.wakes.append(self.time + timedelta(milliseconds=self.random.randint(1, 800)))

    def arm(self, town_id: str, at: datetime, now: datetime) -> None:
        """An alarm fires on time or a little late, or is lost."""
        if not self._bad("lose an alarm"):
            self.wakes.append(at + timedelta(milliseconds=self.random.randint(0, 900)))

    def disarm(self, town_id: str) -> None:
        """Nothing to forget."""

    def publish(self, town_id: str, keys: Sequence[str]) -> None:
        """Effects are delivered later, sometimes twice."""
        for key in keys:
            self.effects.append((self._later(2), key))
            if self._bad("deliver an effect twice"):
                self.effects.append((self._later(5), key))

    def ring(self, connection_id: str) -> bool:
        """The doorbell makes every container beat at once."""
        for container in self.containers.values():
            container.next_beat = self.time
        return True

    def _bad(self, what: str) -> bool:
        unlucky = self.random.random() < self.trouble * 0.2
        if unlucky:
            self._tell(f"fault: {what}")
        return unlucky

    def _later(self, seconds: float) -> datetime:
        return self.time + timedelta(seconds=self.random.uniform(0.01, seconds))

    def _tell(self, line: str) -> None:
        self.history.append(f"{(self.time - START).total_seconds():10.1f} {line}")

    # people ----------------------------------------------------------------------------------------------------------
    @staticmethod
    def _add_rig(town: Town, _moment: object) -> None:
        town.rigs[RigId("rig-1")] = Rig(
            id=RigId("rig-1"), name="rig", git_url="/repo", default_branch="main", created_at=START
        )

    def sling(self, tasks: int) -> str:
        """Sling a convoy over a random DAG."""
        chosen = tuple(
            Task(title=f"task {n}", depends_on=tuple(i for i in range(n) if self.random.random() < 0.4))
            for n in range(tasks)
        )
        mode = self.random.choice(list(MergeMode))
        order = ConvoyOrder(rig_id="rig-1", title="Sim convoy", tasks=chosen, merge_mode=mode, staged=False)
        return self.uow.change(TOWN, lambda t, m: sling_convoy(t, order, m), actor="user", cause="sling").id

    # time ------------------------------------------------------------------------------------------------------------
    def step(self) -> bool:
        """Let the next thing happen; false when nothing is left to happen."""
        moments = [*self.wakes, *(at for at, _ in self.effects), *self._container_moments(), *self._sweep_moments()]
        if not moments:
            return False
        self.time = max(self.time, min(moments))
        self._run_effects()
        self._run_containers()
        self._run_wakes()
        return True

    def _sweep_moments(self) -> Iterator[datetime]:
        """The sweep comes each minute and finds what is overdue by its row."""
        due = self.directory.due.get(TOWN)
        if due is not None:
            yield max(due, self.time) + timedelta(seconds=60)

    def _run_wakes(self) -> None:
        due = [at for at in self.wakes if at <= self.time]
        self.wakes = [at for at in self.wakes if at > self.time]
        overdue = self.directory.due.get(TOWN)
        if due or (overdue is not None and overdue + timedelta(seconds=60) <= self.time):
            self.tick()

    def tick(self) -> None:
        """One tick of the real reconciler, with storage faults around it."""
        if self._bad("storage"):
            self.store.faults = [self.random.choice(["tear", "conflict", "lost_answer", "lost_request"])]
        try:
            report = self.reconciler.tick(TOWN)
        except Unavailable:
            self.wakes.append(self._later(30))
            return
        finally:
            self.store.faults = []
        self.ticks += 1
        for line in (*report.actions, *(f"refused {r}" for r in report.refused)):
            self._tell(line)
        if report.failures:
            raise AssertionError(report.failures)
        town = self.uow.load(TOWN).town
        check_town(town, self.merged)
        check_quiet(town, self.time)

    # effects ---------------------------------------------------------------------------------------------------------
    def _run_effects(self) -> None:
        due = [key for at, key in self.effects if at <= self.time]
        self.effects = [(at, key) for at, key in self.effects if at > self.time]
        for key in due:
            self._perform(key)

    def _perform(self, key: str) -> None:
        lease = self.time + timedelta(seconds=60)
        body = self.store.claim(TOWN, key, now=self.time, lease_until=lease, attempts_max=8)
        if body is None:
            return
        if self._bad("crash while performing an effect"):
            self.effects.append((lease + timedelta(seconds=1), key))
            return
        arguments = body["arguments"]
        kind: EventKind | None = None
        data: dict[str, object] = {}
        if body["kind"] == EffectKind.RUN_TASK:
            kind, data = self._run_task(int(arguments["generation"]))
        elif body["kind"] == EffectKind.CHECK_TASK:
            generation = int(arguments["generation"])
            task = self.containers.get(generation)
            kind, data = EventKind.TASK_CHECKED, {"generation": generation, "running": bool(task and task.alive)}
        elif body["kind"] == EffectKind.STOP_TASK:
            self._kill(int(arguments.get("generation") or 0), "stopped")
        event = {"kind": str(kind), "at": self.time.isoformat(), "data": data} if kind else None
        self.store.settle(TOWN, key, f"INBOX#effect#{key}" if kind else None, event, now=self.time)
        if kind:
            self.wake(TOWN, cause="effect", dedup=key)

    def _run_task(self, generation: int) -> tuple[EventKind, dict[str, object]]:
        if self._bad("refuse a task"):
            return EventKind.TASK_REFUSED, {"generation": generation, "cause": "capacity"}
        if generation not in self.containers:
            self.containers[generation] = FakeContainer(generation=generation, ready_at=self._later(60))
        return EventKind.TASK_ACCEPTED, {"generation": generation, "task_arn": f"task/{generation}"}

    def _kill(self, generation: int, reason: str) -> None:
        task = self.containers.get(generation)
        if task is None or not task.alive:
            return
        task.alive = False
        self._deliver(EventKind.TASK_STOPPED, {"generation": generation, "reason": reason}, f"ecs-{generation}")

    def _deliver(self, kind: EventKind, data: dict[str, object], event_id: str, fence: Condition | None = None) -> None:
        try:
            self.uow.deliver(TOWN, kind, data, source="sim", event_id=event_id, fence=fence)
        except GastownError as refusal:
            self._tell(f"refused {kind}: {refusal}")

    # containers ------------------------------------------------------------------------------------------------------
    def _container_moments(self) -> Iterator[datetime]:
        for task in self.containers.values():
            if not task.alive:
                continue
            if not task.registered:
                yield task.ready_at
                continue
            yield max(task.next_beat, task.muted_until)
            yield from (session.ends_at for session in task.sessions.values())

    def _run_containers(self) -> None:
        for task in [t for t in self.containers.values() if t.alive]:
            if not task.registered and task.ready_at <= self.time:
                self._register(task)
            if task.registered:
                self._end_sessions(task)
            if task.registered and max(task.next_beat, task.muted_until) <= self.time:
                self._beat(task)

    def _register(self, task: FakeContainer) -> None:
        task.registered, task.next_beat = True, self.time
        if self._bad("never register"):
            task.alive = False
            return
        try:
            self.uow.change(TOWN, lambda t, m: self._connect(t, task, m), actor="container", cause="register")
        except GastownError as refusal:
            self._tell(f"generation {task.generation} not registered: {refusal}")
            task.alive = False

    @staticmethod
    def _connect(town: Town, task: FakeContainer, moment: object) -> None:
        register(town, task.generation, f"instance-{task.generation}", moment)  # type: ignore[arg-type]
        town.container.connection_id = f"connection-{task.generation}"

    def _beat(self, task: FakeContainer) -> None:
        task.next_beat = self.time + timedelta(seconds=30)
        if self._bad("container killed"):
            self._kill(task.generation, "killed")
            return
        if self._bad("container cut off"):
            task.muted_until = self.time + timedelta(seconds=self.random.choice([20, 95, 400]))
            return
        agents = {
            s.agent_id: {"dispatch": s.dispatch, "at": self.time.isoformat(), "activity": {}}
            for s in task.sessions.values()
        }
        if not self.store.beat(TOWN, task.generation, {"at": self.time.isoformat(), "agents": agents}):
            task.alive = False
            return
        for command in list(self.uow.read(TOWN).commands.values()):
            if command.generation == task.generation and command.id not in task.seen:
                self._obey(task, command.id)

    def _obey(self, task: FakeContainer, command_id: str) -> None:
        town = self.uow.read(TOWN)
        command = town.commands[command_id]  # type: ignore[index]
        task.seen.add(command_id)
        fence = Condition(key="META", field="generation", equals=task.generation)
        ack: dict[str, object] = {"command_id": command_id, "outcome": "accepted"}
        if command.kind is CommandKind.START and command.agent_id:
            agent = town.agents[command.agent_id]
            if self._bad("start refused"):
                ack |= {"outcome": "refused", "cause": self.random.choice(["infrastructure", "invalid"]), "error": "no"}
            else:
                task.sessions[agent.id] = Session(
                    agent_id=agent.id, dispatch=command.dispatch or 0, role=agent.role,
                    sha=(agent.run.sha if agent.run else None) or "base", ends_at=self._later(120),
                )  # fmt: skip
        elif command.kind is CommandKind.STOP and command.agent_id:
            session = task.sessions.get(command.agent_id)
            if session and session.dispatch <= (command.dispatch or 0):
                del task.sessions[command.agent_id]
        elif command.kind is CommandKind.MERGE:
            self._deliver(EventKind.COMMAND_ACKED, ack, f"ack-{command_id}", fence)
            self._merge(town, command_id, fence)
            return
        elif command.kind is CommandKind.DRAIN:
            self._deliver(EventKind.COMMAND_ACKED, ack, f"ack-{command_id}", fence)
            self._kill(task.generation, "drained")
            return
        self._deliver(EventKind.COMMAND_ACKED, ack, f"ack-{command_id}", fence)

    def _merge(self, town: Town, command_id: str, fence: Condition) -> None:
        command = town.commands[command_id]  # type: ignore[index]
        review = town.reviews.get(command.review_id) if command.review_id else None
        if review is None:
            return
        outcomes = ["merged"] if self.random.random() > self.trouble else [
            "conflict", "gate_failed", "push_lost", "unavailable", "moved", "merged"]  # fmt: skip
        status = self.random.choice(outcomes)
        sha = review.approved_sha or ""
        if status == "merged":
            if (review.id, sha) in self.merged:
                status = "already_merged"
            else:
                self.merged.append((review.id, sha))
        report: dict[str, object] = {
            "review_id": review.id, "attempt": command.attempt, "status": status, "message": status,
            "commit_sha": f"merge-{sha}", "head": f"moved-{self.new()}" if status == "moved" else None, "gates": [],
        }  # fmt: skip
        if not self._bad("lose a merge report"):
            self._deliver(EventKind.MERGE_REPORTED, report, f"merge-{command_id}", fence)

    # agents ----------------------------------------------------------------------------------------------------------
    def _end_sessions(self, task: FakeContainer) -> None:
        for session in [s for s in task.sessions.values() if s.ends_at <= self.time]:
            del task.sessions[session.agent_id]
            self._finish(session)

    def _finish(self, session: Session) -> None:
        fence = Condition(key=f"AGENT#{session.agent_id}", field="dispatch", equals=session.dispatch)
        who = {"agent_id": session.agent_id, "dispatch": session.dispatch}
        if not self._bad("agent dies without a word"):
            self._report(session, who, fence)
        completed = who | {"status": "completed", "reason": None}
        event_id = f"completed-{session.agent_id}-{session.dispatch}"
        self._deliver(EventKind.AGENT_COMPLETED, completed, event_id, fence)

    def _report(self, session: Session, who: dict[str, object], fence: Condition) -> None:
        if session.role == "refinery" and self.random.random() < self.trouble:
            try:
                self.uow.change(
                    TOWN,
                    lambda t, m: request_changes(t, session.agent_id, session.dispatch, "please", [], m),
                    actor="agent", cause="request changes",
                )  # fmt: skip
            except GastownError as refusal:
                self._tell(f"refused changes: {refusal}")
            return
        sha = session.sha if session.role == "refinery" else f"sha-{self.new()}"
        done = who | {"branch": f"b-{session.dispatch}", "head_sha": sha, "pr_url": None, "summary": None}
        event_id = f"done-{session.agent_id}-{session.dispatch}"
        self._deliver(EventKind.AGENT_DONE, done, event_id, fence)
        if self._bad("done twice"):
            self._deliver(EventKind.AGENT_DONE, done, f"{event_id}-again", fence)
