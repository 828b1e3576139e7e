"""Starts one run of one agent: credentials, repository, worktree, prompt, process; and watches it to its end."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TypeVar

from gastown.container.cleaning import Cleaning
from gastown.container.environment import Outfit
from gastown.container.git import GitError
from gastown.container.log import say
from gastown.container.payloads import AgentCredentials, Cause, GitCredentials, MayorStart, StartPayload
from gastown.container.processes import make_folder
from gastown.container.prompts import build_mayor_prompt, build_prompt
from gastown.container.refusals import RefusedError
from gastown.container.repositories import CredentialProvider, Repositories
from gastown.container.roster import Record, Roster, SessionStatus
from gastown.container.runtimes.choice import Runtimes
from gastown.container.runtimes.runtime import Exit, Launch
from gastown.container.saving import SAVE_LIMIT, Saving
from gastown.container.town_client import TownClient, TownRefusedError, TownUnreachableError
from gastown.container.worktrees import Worktrees

T = TypeVar("T")
SETTLE_SECONDS = 1.0
"""After this long the town's reads have caught up with its last commit."""
STOP_GRACE = 10.0
"""Seconds between the polite and the forced end of a session."""
CREDENTIALS_PERIOD = 1800.0
"""Seconds between renewals of a running agent's git token; providers give them out for an hour."""
RENEWED_BEFORE_END = 270.0
"""Seconds before its end in which the town gives out another one: its own margin is 5 minutes."""
LEAST_WAIT = 30.0


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
    is_draining: Callable[[], bool]

    async def start(self, start: StartPayload | MayorStart, dispatch: int) -> Record:
        """Run the agent; returns when its process runs. Raises `RefusedError`."""
        agent_id = start.agent.id
        self.outfit.places.home(agent_id)
        async with self.roster.lock(agent_id):
            if self.roster.is_stale(agent_id, dispatch):
                raise RefusedError(Cause.STALE, f"dispatch {dispatch} is not newer than the last of this agent")
            await self._replace(agent_id)
            record = Record(start=start, dispatch=dispatch)
            self.roster.add(record)
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
        await self.cleaning.clean(old)

    async def _settle(self, start: StartPayload) -> None:
        """End and save the runs that this one goes on from, if they are here: the town has ended them already."""
        refs = {left.ref for left in start.resume}
        for old in [record for record in self.roster.records.values() if record.start.save_ref in refs]:
            await self.stop(old)
            await self.saving.try_save(old, limit=SAVE_LIMIT)

    async def _launch(self, record: Record) -> None:
        credentials = await settled(lambda: self._fresh(record))
        prompt, credentials = await self._prepare(record, credentials)
        self._check_wanted(record)
        launch = Launch(
            folder=record.worktree or self.outfit.places.workspace,
            agent_id=record.agent_id,
            role=record.start.agent.role,
            prompt=prompt,
            model=record.start.model,
            small_model=record.start.small_model,
            resume=isinstance(record.start, MayorStart),
            environment=self.outfit.build(record, credentials),
            log=self.outfit.log_file(record),
            account=self.outfit.account,
            secrets=_secrets(credentials),
        )
        session = await self.runtimes.of(record.start.runtime).start(launch)
        try:
            self._check_wanted(record)
        except RefusedError:
            # Somebody ended this run in the moment between: nobody else knows the session yet.
            await session.stop(grace=0)
            raise
        record.session, record.credentials, record.status = session, credentials, SessionStatus.RUNNING
        record.watcher = asyncio.create_task(self._watch(record))
        record.saver = asyncio.create_task(self.saving.keep(record))
        if credentials.git is not None:
            record.refresher = asyncio.create_task(self._keep_fresh(record))

    async def _prepare(self, record: Record, credentials: AgentCredentials) -> tuple[str, AgentCredentials]:
        """Make the folder that a run works in; its first words, and the credentials that worked.

        The mayor has a folder and no repository.
        """
        start = record.start
        if isinstance(start, MayorStart):
            record.worktree = make_folder(self.outfit.places.workspace / "mayor", self.outfit.account)
            return build_mayor_prompt(start), credentials
        provider = self._provider(start.rig.id, credentials)
        remote = await self.repositories.refresh(start.rig, provider)
        credentials = credentials.with_git(remote.credentials)
        self.cleaning.rigs[start.rig.id] = start.rig
        await self._settle(start)
        self._check_wanted(record)
        place = await self.worktrees.make(start, dispatch=record.dispatch, provider=provider)
        record.worktree, record.begun_at, record.resumed = place.folder, place.begun_at, place.resumed
        prime = await settled(lambda: self.client.prime(start.rig_id, record.agent_id, credentials.agent_token))
        return build_prompt(prime, start, record.resumed), credentials

    def _provider(self, rig_id: str, first: AgentCredentials) -> CredentialProvider:
        """Gives the credentials at hand, and others when those did not work: one resolution a start (REQ-4.12)."""

        async def provide(failed: GitCredentials | None) -> GitCredentials | None:
            return first.git if failed is None else await self.client.renew_git(rig_id, failed)

        return provide

    async def _fresh(self, record: Record) -> AgentCredentials:
        return await self.client.agent_credentials(record.agent_id, record.dispatch)

    def _check_wanted(self, record: Record) -> None:
        if self.is_draining():
            raise RefusedError(Cause.DRAINING, "the container drains")
        stopped = self.roster.is_stopped(record.agent_id, record.dispatch)
        if stopped or record.status is not SessionStatus.STARTING:
            raise RefusedError(Cause.STALE, "stopped while it was starting")

    async def _give_up(self, record: Record, reason: str) -> None:
        record.status, record.exit_reason = SessionStatus.FAILED, reason
        self.outfit.forget_git(record.agent_id)
        say("agent.start_failed", agent_id=record.agent_id, dispatch=record.dispatch, reason=reason)

    async def _keep_fresh(self, record: Record) -> None:
        git = record.credentials.git if record.credentials else None
        while True:
            await asyncio.sleep(renewal_wait(git, datetime.now(UTC)))
            try:
                git = (await self._fresh(record)).git
                self.outfit.store_git(record.agent_id, git)
            except (TownRefusedError, TownUnreachableError) as error:
                say("credentials.not_renewed", agent_id=record.agent_id, error=str(error))

    async def _watch(self, record: Record) -> None:
        """Wait for the end of a session, tidy up, and report it unless somebody asked for the end."""
        if record.session is None:
            return
        ended = await record.session.wait()
        for task in (record.refresher, record.saver):
            if task is not None:
                task.cancel()
        self.outfit.forget_git(record.agent_id)
        say("agent.ended", agent_id=record.agent_id, dispatch=record.dispatch, code=ended.code)
        # The save comes before the report: with that the town may start the bead's next run.
        await self.saving.try_save(record, limit=SAVE_LIMIT)
        if record.status is SessionStatus.STOPPING:
            record.status = SessionStatus.EXITED
            return
        record.status = SessionStatus.FAILED if ended.code else SessionStatus.EXITED
        record.exit_reason = ended.reason or "completed"
        await self._report(record, ended)

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


def renewal_wait(git: GitCredentials | None, now: datetime) -> float:
    """Seconds until a running agent's git token is renewed: half an hour, or shortly before its end."""
    if git is None or git.expires_at is None:
        return CREDENTIALS_PERIOD
    left: float = (git.expires_at - now).total_seconds() - RENEWED_BEFORE_END
    return min(max(left, LEAST_WAIT), CREDENTIALS_PERIOD)


async def settled(ask: Callable[[], Awaitable[T]]) -> T:
    """Ask once more a moment later if the town does not know this run: its reads may lag its own commands."""
    try:
        return await ask()
    except TownRefusedError as refusal:
        if refusal.status not in {HTTPStatus.CONFLICT, HTTPStatus.NOT_FOUND}:
            raise
    await asyncio.sleep(SETTLE_SECONDS)
    return await ask()


def _secrets(credentials: AgentCredentials) -> tuple[str, ...]:
    """All values of a run that must not be seen: its tokens, and whatever the town gave it as environment."""
    git = (credentials.git.password.get_secret_value(),) if credentials.git else ()
    tools = (text.get_secret_value() for name, text in credentials.tools.items() if not name.endswith("_URL"))
    return (credentials.agent_token.get_secret_value(), *git, *tools, *credentials.env.values())
