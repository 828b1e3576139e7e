"""Who calls a town while a convoy runs: its container with the agents, and the convoy's execution.

They call the use cases behind the doors, in the order in which the real ones do (compared with the requests of a run
on the local stack). Nothing here decides anything about a town.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import partial
from itertools import count
from typing import Any

from gastown.domain.agent import Role
from gastown.domain.container import ContainerState
from gastown.domain.convoy import MergeMode
from gastown.domain.event import EventKind
from gastown.domain.ids import AgentId, TownId
from gastown.domain.town import Town
from gastown.usecases import containers, credentials, reports
from gastown.usecases.containers import Ack, Registration, Sighting
from gastown.usecases.live import connect
from gastown.usecases.prime import gather_prime
from gastown.usecases.step_convoy import Step, step_convoy
from gastown.usecases.tokens import AgentClaims, ContainerClaims, boot_code
from gastown.usecases.town_items import decode
from gastown.usecases.vault import Vault
from tests.support.stage import SECRET_ID, SIGNING_SECRET, TOWN, Stage

BOOT, WORK, REVIEW, MERGE, BEAT, RING = (timedelta(seconds=s) for s in (40, 300, 120, 20, 30, 0.1))
"""How long a container boots, a bead is worked on, a review and a merge take, how often the container beats, and how
long the doorbell takes to reach it."""

SIDE_BY_SIDE = 10
"""Beads that an execution waits for at a time: the state machine's `MaxConcurrency`."""

EIGHT_HOURS = timedelta(hours=8)
Act = Callable[[], None]
Later = Callable[[timedelta, Act], None]


class Cast:
    """Everyone outside one town; `doors` counts calls by door, `transitions` those of the execution."""

    def __init__(self, stage: Stage, later: Later) -> None:
        """Nobody is there yet; `later` has something done after a while."""
        self.stage, self.later = stage, later
        self.doors: Counter[str] = Counter()
        self.transitions = self.rings = 0
        self.generation, self.running = 0, dict[str, int]()
        self._numbers, self._known = count(1), set[str]()
        self._waits: dict[str, Act] = {}
        self._vault = Vault(secrets=stage.secrets, signing_secret=SECRET_ID, town_prefix="stack/town/")

    @property
    def town(self) -> Town:
        """The town as it is, read past the counting."""
        return decode(self.stage.store.load(TOWN))

    # the container ---------------------------------------------------------------------------------------------------
    def boot(self, generation: int) -> None:
        """A task has been started for this generation."""
        if generation > self.generation:
            self.generation = generation
            self.later(BOOT, self._register)

    def ring(self) -> None:
        """The doorbell."""
        self.rings += 1
        self.later(RING, self._answer)

    @property
    def _claims(self) -> ContainerClaims:
        return ContainerClaims(
            town_id=TownId(TOWN), generation=self.generation, expires_at=self.stage.now + EIGHT_HOURS
        )

    def _register(self) -> None:
        self.doors["agents"] += 1
        asked = Registration(
            town_id=TOWN,
            generation=self.generation,
            code=boot_code(SIGNING_SECRET, TOWN, self.generation),
            instance_id="instance",
        )
        token = containers.register_container(self.stage.uow, (SIGNING_SECRET,), asked)
        self.doors["live"] += 1
        connect(self.stage.uow, (SIGNING_SECRET,), f"Bearer {token}", f"connection-{self.generation}")
        self._beat_on()

    def _beat_on(self) -> None:
        """The beat of every 30 s, as long as the task runs."""
        if self._beat():
            self.later(BEAT, self._beat_on)

    def _answer(self) -> None:
        """The beat of the moment, beside those of every 30 s."""
        self._beat()

    def _beat(self) -> bool:
        """Beat and obey; false when this container is no longer wanted."""
        if not self.generation or self.town.container.state is ContainerState.NONE:
            return False
        self.doors["agents"] += 1
        seen = [Sighting(agent_id=agent_id, dispatch=number) for agent_id, number in self.running.items()]
        answer = containers.beat(self.stage.uow, self._claims, self.generation, seen)
        for command in answer["commands"]:
            if command["id"] not in self._known:
                self._known.add(command["id"])
                self._obey(command)
        return not answer["superseded"]

    def _obey(self, command: Mapping[str, Any]) -> None:
        match command["kind"]:
            case "start":
                self._start(command)
            case "merge":
                self.doors["agents"] += 1
                credentials.for_rig(self.stage.uow, self._vault, self._claims, command["rig_id"])
                self.later(MERGE, partial(self._report_merge, command))
            case kind:
                self._acknowledge(command)
                if kind == "drain":
                    self._leave()

    def _acknowledge(self, command: Mapping[str, Any]) -> None:
        self.doors["agents"] += 1
        containers.acknowledge(self.stage.uow, self._claims, command["id"], Ack(outcome="accepted"))

    def _report_merge(self, command: Mapping[str, Any]) -> None:
        self.doors["agents"] += 1
        told = {name: command["payload"][name] for name in ("review_id", "attempt")}
        outcome = {**told, "status": "merged", "commit_sha": self._sha(), "tree": "0" * 40, "gates": []}
        containers.report_merge(self.stage.uow, self._claims, command["id"], outcome)

    def _leave(self) -> None:
        """The task ends, and ECS says so."""
        self.doors["task_state"] += 1
        self.running.clear()
        data = {"generation": self.generation, "task_arn": None, "reason": "drained"}
        self.stage.uow.deliver(TOWN, EventKind.TASK_STOPPED, data, source="ecs", event_id=f"stop-{self.generation}")

    # its agents ------------------------------------------------------------------------------------------------------
    def _start(self, command: Mapping[str, Any]) -> None:
        agent_id, number = str(command["agent_id"]), int(command["dispatch"])
        agent = self.town.agents[AgentId(agent_id)]
        claims = AgentClaims(
            town_id=TownId(TOWN),
            rig_id=agent.rig_id,
            agent_id=agent.id,
            role=agent.role.value,
            dispatch=number,
            expires_at=self.stage.now + EIGHT_HOURS,
        )
        is_refinery = agent.role is Role.REFINERY
        self.doors["agents"] += 4 if is_refinery else 3
        credentials.for_agent(self.stage.uow, self._vault, self._claims, agent_id, number)
        gather_prime(self.stage.uow, claims)
        if is_refinery:  # it asks again for the gates
            gather_prime(self.stage.uow, claims)
        self._acknowledge(command)
        reports.set_status_message(self.stage.uow, claims, "At work", f"status-{agent_id}-{number}")
        self.running[agent_id] = number
        self.later(REVIEW if is_refinery else WORK, partial(self._finish, claims, command))

    def _finish(self, claims: AgentClaims, command: Mapping[str, Any]) -> None:
        del self.running[claims.agent_id]
        self.doors["agents"] += 1
        agent = self.town.agents[claims.agent_id]
        review = self.town.reviews.get(agent.run.hook) if agent.run else None
        branch, sha = str(command["payload"]["branch"]), review.sha if review else self._sha()
        reports.report_done(self.stage.uow, claims, reports.DoneReport(branch=branch, head_sha=sha, summary="Done"))

    def _sha(self) -> str:
        return f"{next(self._numbers):040x}"

    # the convoy's execution ------------------------------------------------------------------------------------------
    def watch(self) -> None:
        """Begin executions that were started, and go on where a wait was answered."""
        for name, data in self.stage.workflows.executions.items():
            if name not in self._known:
                self._known.add(name)
                self._begin(data)
        for token in [token for token in self._waits if token in self.stage.workflows.answers]:
            self._waits.pop(token)()

    def _begin(self, data: Mapping[str, Any]) -> None:
        self.transitions += 3
        left = [str(bead["id"]) for bead in data["beads"]]
        waiting = set(left)

        def enter(bead_id: str) -> None:
            self._wait(data, "bead", bead_id, partial(leave, bead_id))

        def leave(bead_id: str) -> None:
            waiting.discard(bead_id)
            if left:
                enter(left.pop(0))
            elif not waiting:
                self._land(data)

        for bead_id in [left.pop(0) for _ in range(min(SIDE_BY_SIDE, len(left)))]:
            enter(bead_id)

    def _land(self, data: Mapping[str, Any]) -> None:
        self.transitions += 1
        if data["merge_mode"] == MergeMode.REVIEW_THEN_LAND:
            self._wait(data, "landing", None, lambda: self._close(data))
        else:
            self._close(data)

    def _close(self, data: Mapping[str, Any]) -> None:
        def end() -> None:
            self.transitions += 2

        self._wait(data, "close", None, end)

    def _wait(self, data: Mapping[str, Any], name: str, bead_id: str | None, then: Act) -> None:
        self.transitions += 1
        self.doors["convoy"] += 1
        token = f"token-{next(self._numbers)}-{'x' * 600}"
        self.stage.workflows.waiting.add(token)
        self._waits[token] = then
        step = Step(name=name, token=token, town_id=TOWN, convoy_id=str(data["convoy_id"]), bead_id=bead_id)
        step_convoy(self.stage.uow, self.stage.workflows, step)
