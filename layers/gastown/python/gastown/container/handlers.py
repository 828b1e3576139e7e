"""What can be asked of a container, whoever asks: checked first, then held at the gate of hydration, then done.

Pulled commands and the control server call the same methods. To stop, to drain and to look change nothing that
others share, so they do not wait.
"""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import TypeVar

from pydantic import BaseModel, SecretStr, ValidationError

from gastown.container.event_buffer import Numbered
from gastown.container.git import GitError
from gastown.container.hydration_gate import HydrationGate
from gastown.container.log import say
from gastown.container.merging import Merging
from gastown.container.outcomes import MergeOutcome, SetupOutcome
from gastown.container.payloads import Cause, MayorStart, MergePayload, MessagePayload, SetupPayload, StartPayload
from gastown.container.places import check_branch, check_name, check_rig
from gastown.container.refusals import RefusedError
from gastown.container.repositories import Repositories
from gastown.container.roster import Record, Roster, SessionStatus
from gastown.container.runtimes.runtime import Session
from gastown.container.setting_payloads import InstructionsPayload, ModelPayload
from gastown.container.starting import Starting
from gastown.container.town_answers import TownRefusedError, TownUnreachableError
from gastown.container.town_client import TownClient
from gastown.domain.merge_status import MergeStatus

P = TypeVar("P", bound=BaseModel)


def parse(model: type[P], payload: object) -> P:
    """Read a payload. Raises `RefusedError` (invalid) that names the first wrong field."""
    try:
        return model.model_validate(payload)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise RefusedError(Cause.INVALID, f"{where}: {first['msg']}") from error


def parse_start(payload: object) -> StartPayload | MayorStart:
    """What an agent is started with; the mayor's is told by its role. Raises `RefusedError` (invalid)."""
    agent = payload.get("agent") if isinstance(payload, dict) else None
    is_mayor = isinstance(agent, dict) and agent.get("role") == "mayor"
    start = parse(MayorStart, payload) if is_mayor else parse(StartPayload, payload)
    check_name(start.agent.id, what="agent id")
    if isinstance(start, StartPayload):
        check_rig(start.rig)
        check_branch(start.branch)
    return start


class Handlers:
    """One method for each thing that can be asked."""

    def __init__(
        self,
        *,
        client: TownClient,
        roster: Roster,
        repositories: Repositories,
        starting: Starting,
        merging: Merging,
        gate: HydrationGate,
    ) -> None:
        """`leave` is set by the process: what a drain does at its end."""
        self._client = client
        self._roster = roster
        self._repositories = repositories
        self._starting = starting
        self._merging = merging
        self._gate = gate
        self.draining = False
        self.leave: Callable[[str | None], None] = lambda _: None

    async def enter(self, *, begins: bool = True) -> None:
        """Wait at the gate, and look at draining after the wait if something `begins` (REQ-R.2a).

        Raises `RefusedError` (draining) and `NotHydratedError`.
        """
        await self._gate.wait()
        if begins:
            self.check_draining()

    def check_draining(self) -> None:
        """Refuse what begins something while the container drains. Raises `RefusedError` (draining)."""
        if self.draining:
            raise RefusedError(Cause.DRAINING, "the container drains")

    async def start(self, start: StartPayload | MayorStart, dispatch: int, *, hydrating: bool = False) -> Record:
        """Start an agent; hydration itself does not wait for its end. Raises `RefusedError`."""
        if hydrating:
            self.check_draining()
        else:
            await self.enter()
        return await self._starting.start(start, dispatch)

    async def stop(self, agent_id: str, dispatch: int | None) -> bool:
        """Stop an agent's run of this dispatch or older; false if there is none."""
        record = self._roster.records.get(agent_id)
        if dispatch is None and record is None:
            return False
        newest = dispatch if dispatch is not None else record.dispatch if record else 0
        self._roster.mark_stopped(agent_id, newest)
        async with self._roster.lock(agent_id):
            record = self._roster.records.get(agent_id)
            if record is None or record.dispatch > newest:
                return False
            await self._starting.stop(record)
        return True

    async def message(self, agent_id: str, words: MessagePayload) -> None:
        """Say something to a running agent; returns when it was taken. Raises `RefusedError`."""
        await self.enter(begins=False)
        _, session = self._running(agent_id)
        await session.send(words.prompt, when=words.when)

    @property
    def mayor_ready_at(self) -> datetime | None:
        """When this container had a mayor for the first time."""
        return self._starting.watching.mayor_ready_at

    def events(self, agent_id: str, after: int) -> list[Numbered]:
        """What an agent's last run did after an event of this number."""
        return self._starting.watching.shown(agent_id, after)

    async def change_model(self, agent_id: str, wish: ModelPayload) -> None:
        """Let a running session go on with other models. Raises `RefusedError`."""
        await self.enter()
        record, session = self._running(agent_id)
        if wish.model is None:
            # A town that names no model any more leaves the choice to the next session.
            return
        await session.use_model(wish.model, wish.small_model)
        record.start = record.start.model_copy(update={"model": wish.model, "small_model": wish.small_model})
        say("agent.model_changed", agent_id=agent_id, model=wish.model)

    async def instruct(self, agent_id: str, wish: InstructionsPayload) -> None:
        """Write down what the mayor is to keep in mind from its next turn on. Raises `RefusedError`."""
        await self.enter()
        record = self._roster.records.get(agent_id)
        if record is None or not isinstance(record.start, MayorStart):
            raise RefusedError(Cause.INVALID, f"{agent_id} is no mayor of this container")
        record.start = record.start.model_copy(update={"instructions": wish.instructions})
        self._starting.mayor_folder.instruct(wish.instructions)

    async def refresh_token(self, token: SecretStr) -> None:
        """Speak to the town with this token from now on: not before the gate is open (REQ-1.4, 7.1)."""
        await self.enter(begins=False)
        self._client.token = token

    async def refresh_credentials(self) -> None:
        """Ask at once for what running agents may use, by the town's settings of now. Raises `RefusedError`."""
        await self.enter(begins=False)
        for record in self._roster.active():
            try:
                if record.wallet is not None:
                    await record.wallet.credentials(fresh=True)
            except (TownRefusedError, TownUnreachableError) as error:
                say("credentials.not_renewed", agent_id=record.agent_id, error=str(error))

    def drain(self, deadline: str | None) -> None:
        """Start nothing new; the process leaves when the agents have ended or the deadline has come."""
        self.draining = True
        self.leave(deadline)

    async def merge(self, order: MergePayload) -> MergeOutcome:
        """Merge an approved sha, after `enter`; every way it can end is a value. Raises `RefusedError` (invalid)."""
        try:
            return await self._merging.merge(order, partial(self._client.rig_git, order.rig.id))
        except (TownRefusedError, TownUnreachableError) as error:
            status = MergeStatus.UNAVAILABLE
            return MergeOutcome(review_id=order.review_id, attempt=order.attempt, status=status, message=str(error))

    async def setup(self, order: SetupPayload) -> SetupOutcome:
        """Clone a rig ahead of time, after `enter`. Raises `RefusedError` (invalid)."""
        try:
            await self._repositories.refresh(order.rig, partial(self._client.rig_git, order.rig.id))
            await self._starting.browsing.show(order.rig)
        except (GitError, OSError, TownRefusedError, TownUnreachableError) as error:
            return SetupOutcome(rig_id=order.rig.id, status="failed", message=str(error)[:1000])
        return SetupOutcome(rig_id=order.rig.id, status="ready")

    def _running(self, agent_id: str) -> tuple[Record, Session]:
        record = self._roster.records.get(agent_id)
        if record is None or record.session is None or record.status is not SessionStatus.RUNNING:
            raise RefusedError(Cause.STALE, f"{agent_id} does not run here")
        return record, record.session
