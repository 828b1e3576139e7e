"""Starts one run of one agent: credentials, repository, worktree, prompt, process; and watches it to its end."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from http import HTTPStatus
from typing import TypeVar

from gastown.container.browsing import Browsing
from gastown.container.cleaning import Cleaning
from gastown.container.environment import Outfit
from gastown.container.git import GitError
from gastown.container.log import about, say
from gastown.container.mayor_folder import MayorFolder
from gastown.container.payloads import AgentCredentials, Cause, GitCredentials, MayorStart, StartPayload
from gastown.container.prompts import build_mayor_prompt, build_prompt, build_system
from gastown.container.refusals import RefusedError
from gastown.container.repositories import CredentialProvider, Repositories
from gastown.container.roster import Record, Roster, SessionStatus
from gastown.container.runtimes.choice import Runtimes
from gastown.container.runtimes.runtime import Exit, Launch
from gastown.container.saving import SAVE_LIMIT, Saving
from gastown.container.tools.credential_helper import PASS
from gastown.container.town_answers import TownRefusedError, TownUnreachableError
from gastown.container.town_client import TownClient
from gastown.container.wallet import Wallet, secrets_of
from gastown.container.watching import Watching
from gastown.container.worktrees import Worktrees

T = TypeVar("T")
SETTLE_SECONDS = 1.0
"""After this long the town's reads have caught up with its last commit."""
RECALL_SECONDS = 5.0
"""How long a session waits until the town knows what the one before it said. Events are told once a second at most."""
STOP_GRACE = 10.0
"""Seconds between the polite and the forced end of a session."""


@dataclass(frozen=True, kw_only=True)
class Starting:
    """Starts and stops sessions; what it cannot start raises `RefusedError` with a cause the town knows."""

    client: TownClient
    roster: Roster
    repositories: Repositories
    worktrees: Worktrees
    saving: Saving
    cleaning: Cleaning
    runtimes: Runtimes
    outfit: Outfit
    mayor_folder: MayorFolder
    is_draining: Callable[[], bool]
    browsing: Browsing
    watching: Watching = field(default_factory=Watching)

    async def start(self, start: StartPayload | MayorStart, dispatch: int) -> Record:
        """Run the agent; returns when its process runs. Raises `RefusedError`."""
        with about(rig_id=start.rig_id, agent_id=start.agent.id, dispatch=dispatch):
            return await self._start(start, dispatch)

    async def _start(self, start: StartPayload | MayorStart, dispatch: int) -> Record:
        agent_id = start.agent.id
        self.outfit.places.home(agent_id)
        async with self.roster.lock(agent_id):
            if self.roster.is_stale(agent_id, dispatch):
                raise RefusedError(Cause.STALE, f"dispatch {dispatch} is not newer than the last of this agent")
            await self._replace(agent_id)
            record = Record(start=start, dispatch=dispatch)
            self.roster.add(record)
            self.watching.starting(record)
            try:
                await self._launch(record)
            except RefusedError as refusal:
                await self._give_up(record, str(refusal))
                raise
            except (GitError, OSError, TownUnreachableError) as error:
                await self._give_up(record, str(error))
                raise RefusedError(Cause.INFRASTRUCTURE, str(error)) from error
            except TownRefusedError as error:
                await self._give_up(record, str(error))
                raise RefusedError(
                    Cause.STALE if error.status == HTTPStatus.CONFLICT else Cause.INFRASTRUCTURE, str(error)
                ) from error
            except BaseException as error:
                # Neither a fault of ours nor a cancelled start may leave a run that seems to begin for ever.
                await self._give_up(record, type(error).__name__)
                raise
        say("agent.started", agent_id=agent_id, dispatch=dispatch, role=start.agent.role, branch=start.branch)
        return record

    async def stop(self, record: Record, *, reason: str = "stopped", grace: float = STOP_GRACE) -> None:
        """End a run without a report; a run that is still starting ends by itself at its next step."""
        if record.status in {SessionStatus.STARTING, SessionStatus.RUNNING}:
            record.status, record.exit_reason = SessionStatus.STOPPING, reason
        if record.session is not None:
            await record.session.stop(grace=grace)
        if record.watcher is not None:
            await asyncio.wait({record.watcher}, timeout=grace + 5)

    async def _replace(self, agent_id: str) -> None:
        """End the agent's older run, and remove the folder it left once its work is safe."""
        old = self.roster.records.get(agent_id)
        if old is None:
            return
        await self.stop(old)
        self._revoke(old)
        await self.cleaning.clean(old)

    async def _settle(self, start: StartPayload) -> None:
        """End and save the runs that this one goes on from, if they are here: the town has ended them already."""
        refs = {left.ref for left in start.resume}
        for old in [record for record in self.roster.records.values() if record.start.save_ref in refs]:
            await self.stop(old)
            await self.saving.try_save(old, limit=SAVE_LIMIT)

    async def _launch(self, record: Record) -> None:
        wallet = self._wallet(record)
        credentials = await settled(wallet.fetch)
        self.watching.passed(record, "credentials")
        prompt, credentials = await self._prepare(record, credentials)
        self.watching.passed(record, "prompt")
        self._check_wanted(record)
        launch = self.launch_of(record, credentials, prompt=prompt)
        wallet.put(credentials)
        wallet.hide(*launch.secrets)
        record.wallet = wallet
        launch = replace(launch, secrets=wallet.secrets, listener=self.watching.listener(record, wallet.secrets))
        session = await self.runtimes.of(record.start.runtime).start(await self._recalling(launch, record))
        try:
            self._check_wanted(record)
        except RefusedError:
            # Somebody ended this run in the moment between: nobody else knows the session yet.
            await session.stop(grace=0)
            raise
        record.session, record.status = session, SessionStatus.RUNNING
        record.watcher = asyncio.create_task(self._watch(record))
        record.saver = asyncio.create_task(self.saving.keep(record))
        self.watching.passed(record, "session")
        self.watching.running(record)

    async def _recalling(self, launch: Launch, record: Record) -> Launch:
        """The mayor's launch with what was said before; without it the mayor starts all the same.

        The session before may have ended a moment ago, with its last words still on their way to the town.
        """
        if not isinstance(record.start, MayorStart):
            return launch
        if not await self.watching.told_before(record, limit=RECALL_SECONDS):
            say("conversation.incomplete", agent_id=record.agent_id, dispatch=record.dispatch)
        try:
            history = await self.client.conversation(record.agent_id)
        except (TownRefusedError, TownUnreachableError) as error:
            say("conversation.not_recalled", error=str(error))
            history = ""
        return replace(launch, history=history, said=record.start.words)

    def _wallet(self, record: Record) -> Wallet:
        rig_id, client = record.start.rig_id, self.client
        return Wallet(
            fetch=lambda: client.agent_credentials(record.agent_id, record.dispatch),
            exchange=lambda failed: client.renew_git(rig_id, failed),
        )

    def launch_of(self, record: Record, credentials: AgentCredentials, *, prompt: str = "") -> Launch:
        """How a run is started; without a prompt, how its server is made ready before (REQ-1.13)."""
        environment = self.outfit.build(record.start, credentials.env)
        return Launch(
            folder=record.worktree or self.outfit.places.workspace,
            agent_id=record.agent_id,
            role=record.start.agent.role,
            system=build_system(record.start, self.browsing.folder),
            prompt=prompt,
            model=record.start.model,
            small_model=record.start.small_model,
            access=credentials.model,
            resume=isinstance(record.start, MayorStart),
            turn_over=lambda at: self._tell_waiting(record, at),
            environment=environment,
            log=self.outfit.log_file(record),
            account=self.outfit.account,
            secrets=(*secrets_of(credentials), environment[PASS]),
        )

    async def _prepare(self, record: Record, credentials: AgentCredentials) -> tuple[str, AgentCredentials]:
        """Make the folder that a run works in; its first words, and the credentials that worked.

        The mayor has a folder and no repository.
        """
        start = record.start
        if isinstance(start, MayorStart):
            record.worktree = self.mayor_folder.prepare(start.instructions)
            self.browsing.begin(start.rigs)
            return build_mayor_prompt(start), credentials
        provider = self._provider(start.rig.id, credentials)
        remote = await self.repositories.refresh(start.rig, provider)
        credentials = credentials.with_git(remote.credentials)
        self.watching.passed(record, "repository")
        await self._settle(start)
        self._check_wanted(record)
        place = await self.worktrees.make(start, dispatch=record.dispatch, provider=provider)
        record.worktree, record.begun_at, record.resumed = place.folder, place.begun_at, place.resumed
        self.watching.passed(record, "worktree")
        prime = await settled(lambda: self.client.prime(start.rig_id, record.agent_id, credentials.agent_token))
        return build_prompt(prime, start, record.resumed), credentials

    def _provider(self, rig_id: str, first: AgentCredentials) -> CredentialProvider:
        """Gives the credentials at hand, and others when those did not work: one resolution a start (REQ-4.12)."""

        async def provide(failed: GitCredentials | None) -> GitCredentials | None:
            return first.git if failed is None else await self.client.renew_git(rig_id, failed)

        return provide

    def _check_wanted(self, record: Record) -> None:
        if self.is_draining():
            raise RefusedError(Cause.DRAINING, "the container drains")
        stopped = self.roster.is_stopped(record.agent_id, record.dispatch)
        if stopped or record.status is not SessionStatus.STARTING:
            raise RefusedError(Cause.STALE, "stopped while it was starting")

    async def _give_up(self, record: Record, reason: str) -> None:
        record.status, record.exit_reason = SessionStatus.FAILED, reason
        self._revoke(record)
        say("agent.start_failed", agent_id=record.agent_id, dispatch=record.dispatch, reason=reason)

    def _revoke(self, record: Record) -> None:
        """Nothing is given to what this run left behind; a newer run of the agent keeps its own pass."""
        record.wallet = None
        if self.roster.records.get(record.agent_id) is record:
            self.outfit.passes.revoke(record.agent_id)

    async def _watch(self, record: Record) -> None:
        """Wait for the end of a session, tidy up, and report it unless somebody asked for the end."""
        if record.session is None:
            return
        ended = await record.session.wait()
        self.watching.ended(record, ended)
        self._revoke(record)
        if record.saver is not None:
            record.saver.cancel()
        say("agent.ended", agent_id=record.agent_id, dispatch=record.dispatch, code=ended.code)
        # The save comes before the report: with that the town may start the bead's next run.
        await self.saving.try_save(record, limit=SAVE_LIMIT)
        if record.status is SessionStatus.STOPPING:
            record.status = SessionStatus.EXITED
            return
        record.status = SessionStatus.FAILED if ended.code else SessionStatus.EXITED
        record.exit_reason = ended.reason or "completed"
        await self._report(record, ended)

    async def _tell_waiting(self, record: Record, at: datetime) -> None:
        try:
            await self.client.waiting(record.start.rig_id, record.agent_id, record.dispatch, at)
        except (TownRefusedError, TownUnreachableError) as error:
            say("waiting.not_reported", agent_id=record.agent_id, dispatch=record.dispatch, error=str(error))

    async def _report(self, record: Record, ended: Exit) -> None:
        status = "failed" if ended.code else "completed"
        try:
            await self.client.complete(
                record.start.rig_id,
                record.agent_id,
                record.dispatch,
                status=status,
                reason=ended.reason,
                saved_sha=record.saved_sha,
            )
        except (TownRefusedError, TownUnreachableError) as error:
            say("completion.not_reported", agent_id=record.agent_id, dispatch=record.dispatch, error=str(error))


async def settled(ask: Callable[[], Awaitable[T]]) -> T:
    """Ask once more a moment later if the town does not know this run: its reads may lag its own commands."""
    try:
        return await ask()
    except TownRefusedError as refusal:
        if refusal.status not in {HTTPStatus.CONFLICT, HTTPStatus.NOT_FOUND}:
            raise
    await asyncio.sleep(SETTLE_SECONDS)
    return await ask()
