"""A container with its agents, as the town meets them: it beats, obeys, reports, and may do any of it badly."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from gastown.domain.errors import GastownError, NotFound, StaleDispatch, Unauthorized, Unavailable
from gastown.ports.container_runtime import TaskArn, started_by
from gastown.usecases import containers, live, mayors, reports, tokens
from gastown.usecases.containers import Ack, Registration, Sighting
from gastown.usecases.tokens import ContainerClaims
from tests.simulation.session import Session

if TYPE_CHECKING:
    from tests.simulation.world import World

PERIOD = 30.0
"""Seconds between two heartbeats."""


class FakeContainer:
    """One ECS task: from its boot to its end."""

    def __init__(self, world: "World", generation: int, arn: TaskArn, code: str) -> None:
        """Boot, and register at the end of it."""
        self.world, self.generation, self.arn, self.code = world, generation, arn, code
        self.alive, self.is_stopping, self.draining = True, False, False
        self.token = ""
        self.sessions: dict[str, Session] = {}
        self.newest: dict[str, int] = {}
        self.answers: dict[str, Callable[[], object]] = {}
        self.deaf_until = self.cut_until = world.time
        self._beats = 0
        slow = world.luck.strikes("boots slowly")
        boot = world.luck.between("boot", 250, 700) if slow else world.luck.between("boot", 4, 60)
        world.after(boot, f"{self.name} registers", self.register)

    @property
    def name(self) -> str:
        """What histories call it."""
        return f"container {self.generation}"

    @property
    def mark(self) -> str:
        """What its task was started by."""
        return started_by(self.world.town_id, self.generation)

    @property
    def is_cut_off(self) -> bool:
        """Whether nothing gets through."""
        return self.world.time < self.cut_until

    # getting through
    def claims(self) -> ContainerClaims:
        """What its token proves; an expired one is renewed first. Raises what the town answers."""
        world = self.world
        try:
            claims = tokens.verify(self.token, world.secrets, now=world.now())
        except Unauthorized:
            old = tokens.verify(self.token, world.secrets, now=world.now(), grace=tokens.RENEWAL_GRACE)
            if not isinstance(old, ContainerClaims):
                raise
            self.token = containers.renew_token(world.uow, world.secrets, old)
            return self.claims()
        if not isinstance(claims, ContainerClaims):
            raise Unauthorized("a container has a container's token")
        return claims

    def send(self, what: str, call: Callable[[], object], *, tries: int = 20) -> None:
        """Report something: late, lost and tried again, or twice; a refusal ends it."""
        luck = self.world.luck
        late = luck.between("report", 20, 480) if luck.strikes("report late") else luck.between("way", 0.01, 1.5)
        self.world.after(late, what, lambda: self._arrive(what, call, tries), arrival=True)

    def _arrive(self, what: str, call: Callable[[], object], tries: int) -> None:
        luck, world = self.world.luck, self.world
        if self.is_cut_off or luck.strikes("report lost"):
            if tries and self.alive:
                world.after(
                    luck.between("again", 3, 12), what, lambda: self._arrive(what, call, tries - 1), arrival=True
                )
            return
        try:
            if luck.strikes("clocks differ"):
                world.lag = timedelta(seconds=luck.between("lag", 0.5, 6))
            call()
        except Unavailable:
            world.after(5, what, lambda: self._arrive(what, call, tries - 1), arrival=True)
            return
        except GastownError as refusal:
            world.tell(f"{what}: refused: {refusal}")
            return
        finally:
            world.lag = timedelta(0)
        if luck.strikes("report again"):
            later = luck.between("again later", 0.1, 400)
            world.after(later, f"{what} again", lambda: self._arrive(what, call, 0), arrival=True)

    # life
    def register(self) -> None:
        """Exchange the boot code for a token, then hang up the doorbell and beat."""
        if not self.alive:
            return
        world = self.world
        if world.luck.strikes("never registers"):
            self.vanish("exited before it registered")
            return
        asked = Registration(
            town_id=world.town_id, generation=self.generation, code=self.code, instance_id=f"instance-{self.arn}"
        )
        try:
            self.token = containers.register_container(world.uow, world.secrets, asked)
        except Unavailable:
            world.after(5, f"{self.name} registers", self.register)
            return
        except GastownError as refusal:
            world.tell(f"{self.name} is not wanted: {refusal}")
            self.vanish("not wanted")
            return
        world.watch.registered(self.generation)
        self.hang_doorbell()
        self.ring()

    def hang_doorbell(self) -> None:
        """Connect, so that commands need not wait for the next beat."""
        try:
            live.connect(self.world.uow, self.world.secrets, f"Bearer {self.token}", f"connection-{self.generation}")
        except GastownError as refusal:
            self.world.tell(f"{self.name} has no doorbell: {refusal}")

    def ring(self) -> None:
        """Beat at once."""
        self._beats += 1
        turn = self._beats
        self.world.after(self.world.luck.between("beat", 0.05, 0.4), f"{self.name} beats", lambda: self.beat(turn))

    def beat(self, turn: int) -> None:
        """One heartbeat with all agents, and what its answer asks for; a newer turn replaces this one."""
        if not self.alive or turn != self._beats:
            return
        luck, world = self.world.luck, self.world
        if luck.strikes("container killed"):
            self.vanish("killed")
            return
        self._suffer()
        heard = not self.is_cut_off and world.time >= self.deaf_until
        wait = self._beat() if heard else PERIOD
        if self.alive:
            world.after(wait, f"{self.name} beats", lambda: self.beat(turn))

    def _suffer(self) -> None:
        """What may befall a container between two beats."""
        luck, world = self.world.luck, self.world
        if luck.strikes("container evicted") and not self.is_stopping:
            world.runtime.stop_by_itself(self)
        if luck.strikes("heartbeats lost"):
            self.deaf_until = world.time + timedelta(seconds=luck.between("deaf", 20, 500))
        if luck.strikes("container cut off"):
            self.cut_until = world.time + timedelta(seconds=luck.between("cut", 20, 500))
        if luck.strikes("container token expired"):
            old = world.now() - tokens.LIFETIME - timedelta(minutes=1)
            self.token = tokens.mint_container(
                world.secrets, town_id=world.town_id, generation=self.generation, now=old
            )

    def speak_up(self) -> None:
        """Beat for everybody, also for those that were silent; the answer is lost."""
        at = self.world.now().isoformat()
        for one in self.sessions.values():
            one.silent_until = self.world.time
        agents = {one.agent_id: {"dispatch": one.dispatch, "at": at, "activity": {}} for one in self.sessions.values()}
        self.world.store.beat(self.world.town_id, self.generation, {"at": at, "agents": agents})

    def _beat(self) -> float:
        seen = [
            Sighting(agent_id=one.agent_id, dispatch=one.dispatch, activity=one.activity())
            for one in self.sessions.values()
            if not one.is_silent
        ]
        try:
            answer = containers.beat(self.world.uow, self.claims(), self.generation, seen)
        except (StaleDispatch, NotFound):
            self.vanish("superseded")
            return PERIOD
        except GastownError as away:
            self.world.tell(f"{self.name} is not heard: {away}")
            return 5.0
        self._obey(answer)
        if self.world.luck.strikes("beat twice"):
            self.world.after(
                self.world.luck.between("second beat", 0.1, 20), f"{self.name} again", partial(self._echo, seen)
            )
        return PERIOD

    def _echo(self, seen: list[Sighting]) -> None:
        """The network delivers a heartbeat a second time; its answer goes nowhere."""
        if self.alive:
            containers.beat(self.world.uow, self.claims(), self.generation, seen)

    def _obey(self, answer: dict[str, Any]) -> None:
        if answer["superseded"]:
            self.vanish("superseded")
            return
        if answer["drain"]:
            self.drain()
        for order in answer["stop"]:
            self.stop(order["agent_id"], order["dispatch"])
        for command in answer["commands"]:
            self.command(command)

    def vanish(self, reason: str) -> None:
        """Be gone with everything in it."""
        if self.alive:
            self.alive = False
            self.sessions.clear()
            self.world.tell(f"{self.name} is gone: {reason}")
            self.world.runtime.has_stopped(self, reason)

    def leave(self, reason: str) -> None:
        """Told to stop by ECS: report every agent as evicted, then go."""
        for session in list(self.sessions.values()):
            self._completed(session, "failed", "container eviction")
        self.sessions.clear()
        self.world.after(5, f"{self.name} has left", lambda: self.vanish(reason))

    def drain(self) -> None:
        """Start nothing new; leave when nobody works any more."""
        if not self.draining:
            self.draining = True
            self.world.after(1, f"{self.name} drains", self._leave_if_empty)

    def _leave_if_empty(self) -> None:
        busy = [session for session in self.sessions.values() if session.role != "mayor"]
        if not self.alive:
            return
        if busy:
            self.world.after(10, f"{self.name} drains", self._leave_if_empty)
        else:
            self.vanish("drained")

    # commands
    def command(self, command: dict[str, Any]) -> None:
        """Do a command once; delivered again, it is only answered again."""
        command_id = command["id"]
        if command_id in self.answers:
            self.answers[command_id]()
            return
        self.world.tell(f"{self.name} is told to {command['kind']}")
        self.answers[command_id] = lambda: None
        match command["kind"]:
            case "start":
                self._start(command)
            case "merge":
                self._merge(command)
            case "setup":
                self._answer(command_id, Ack(outcome="accepted"))
            case kind:
                self._answer(command_id, self._done(kind, command))

    def _done(self, kind: str, command: dict[str, Any]) -> Ack:
        agent_id, session = command["agent_id"], self.sessions.get(command["agent_id"] or "")
        if kind == "drain":
            self.drain()
        elif kind == "stop":
            self.stop(agent_id, command["dispatch"])
        elif kind == "message" and session is None:
            return Ack(outcome="refused", cause="stale", error="it does not run here")
        elif kind == "message" and session is not None:
            session.hear()
        return Ack(outcome="accepted")

    def _answer(self, command_id: str, ack: Ack) -> None:
        ack = replace(ack, at=self.world.now())

        def answer() -> None:
            self.send(
                f"ack {ack.outcome}",
                lambda: containers.acknowledge(self.world.uow, self.claims(), command_id, ack),
            )

        self.answers[command_id] = answer
        if not self.world.luck.strikes("answer lost"):
            answer()

    def _start(self, command: dict[str, Any]) -> None:
        luck, agent_id, dispatch = self.world.luck, command["agent_id"], command["dispatch"]
        if luck.strikes("start unknown"):
            return
        if self.draining or self.is_stopping:
            ack = Ack(outcome="refused", cause="draining", error="the container drains")
        elif dispatch <= self.newest.get(agent_id, -1):
            ack = Ack(outcome="refused", cause="stale", error="an older run")
        elif luck.strikes("start refused"):
            cause = luck.stream("cause").choice(["infrastructure", "invalid", "infrastructure"])
            ack = Ack(outcome="refused", cause=cause, error="no network")
        else:
            ack = Ack(outcome="accepted")
            self.newest[agent_id] = dispatch
            self.sessions[agent_id] = Session(self, command)
        self._answer(command["id"], ack)

    def stop(self, agent_id: str, dispatch: int) -> None:
        """End an agent's run of this number or an older one."""
        self.newest[agent_id] = max(dispatch, self.newest.get(agent_id, -1))
        session = self.sessions.get(agent_id)
        if session is not None and session.dispatch <= dispatch:
            del self.sessions[agent_id]

    def _merge(self, command: dict[str, Any]) -> None:
        luck, world, order = self.world.luck, self.world, command["payload"]
        slow = luck.strikes("git host slow")
        time = luck.between("merge slow", 60, 1200) if slow else luck.between("merge", 1, 20)

        def merge() -> None:
            if not self.alive:
                return
            outcome = world.git.merge(order)
            world.tell(f"git: {outcome['status']} {order['sha']}")

            def answer() -> None:
                report = lambda: containers.report_merge(world.uow, self.claims(), command["id"], outcome)  # noqa: E731
                self.send(f"merge {outcome['status']}", report)

            self.answers[command["id"]] = answer
            if not luck.strikes("merge report lost"):
                answer()

        world.after(time, f"merge of {order['sha']}", merge)

    # what sessions report
    def ended(self, session: Session, status: str, reason: str | None) -> None:
        """A session's process has ended by itself."""
        if self.sessions.get(session.agent_id) is session:
            del self.sessions[session.agent_id]
            self._completed(session, status, reason)

    def _completed(self, session: Session, status: str, reason: str | None) -> None:
        ended = reports.Exit(
            agent_id=session.agent_id, dispatch=session.dispatch, status=status, reason=reason,
            is_mayor=session.role == "mayor",
        )  # fmt: skip
        report = lambda: reports.report_completed(self.world.uow, self.claims(), ended)  # noqa: E731
        self.send(f"{session.name} completed", report)

    def turn_over(self, session: Session, fired_at: datetime) -> None:
        """The mayor waits for the next word."""
        self.send(
            "mayor waits",
            lambda: mayors.report_waiting(self.world.uow, self.claims(), session.agent_id, session.dispatch, fired_at),
        )
