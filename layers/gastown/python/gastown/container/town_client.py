"""The container's calls to the `agents` door, with bounded retries; tokens never leave it in a text."""

import asyncio
import base64
import hashlib
import json
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any

import httpx
import tenacity
from pydantic import SecretStr

from gastown.container.event_buffer import Numbered
from gastown.container.log import say
from gastown.container.mayor_context import MayorContext
from gastown.container.outcomes import MergeOutcome, SetupOutcome
from gastown.container.payloads import Ack, AgentCredentials, Beat, GitCredentials, HeartbeatAnswer, Registration
from gastown.container.settings import ContainerSettings
from gastown.container.town_answers import Address, TownRefusedError, TownUnreachableError, read_as, read_envelope

RENEWED_BEFORE = timedelta(minutes=30)
"""A token with less to live is exchanged before hydration (container facts, 2.12)."""
RENEWAL_LIMIT = 10.0
"""Seconds for that exchange."""
CALL_LIMIT = httpx.Timeout(35, connect=5)
"""Seconds; the door itself answers or gives up within 29."""

TOOL_PATIENCE = 20.0
"""Seconds that an agent's call is repeated; the agent itself may try again."""


class TownClient:
    """Speaks for one container; knows its token and renews it when the town says that it has expired."""

    def __init__(
        self, settings: ContainerSettings, *, transport: httpx.AsyncBaseTransport | None = None, patience: float = 60
    ) -> None:
        """`patience` is how many seconds a call is repeated while the town cannot be reached."""
        self._settings = settings
        self._http = httpx.AsyncClient(base_url=settings.api_url, timeout=CALL_LIMIT, transport=transport)
        self._patience = patience
        self._renewing = asyncio.Lock()
        self.instance_id = str(uuid.uuid4())
        self.token: SecretStr | None = None
        self.live_url: str | None = None

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def register(self, *, patience: float | None = None) -> None:
        """Exchange the boot code for a token. Raises `TownRefusedError` (401, 409), `TownUnreachableError`."""
        settings = self._settings
        body = {"generation": settings.generation, "code": settings.boot_code, "instance_id": self.instance_id}
        answer = read_as(Registration, await self._call("POST", "container/register", body, patience=patience))
        self.token, self.live_url = answer.token, answer.live_url

    async def heartbeat(self, beats: list[Beat]) -> HeartbeatAnswer:
        """Say who runs here and hear what to do; tried once, since the next beat comes anyway."""
        body = {"generation": self._settings.generation, "agents": [b.model_dump(exclude_none=True) for b in beats]}
        return read_as(HeartbeatAnswer, await self._call("POST", "container/heartbeat", body, patience=0))

    async def acknowledge(self, command_id: str, ack: Ack) -> None:
        """Answer a command."""
        await self._call("POST", f"container/commands/{command_id}/ack", ack.model_dump(mode="json", exclude_none=True))

    async def report(self, command_id: str, outcome: MergeOutcome | SetupOutcome) -> None:
        """Report what came of a command, for an hour if it must be: a merge may have landed."""
        path = f"container/commands/{command_id}/report"
        await self._call("POST", path, outcome.model_dump(mode="json", exclude_none=True), patience=3600)

    async def registry(self) -> list[Any]:
        """The starts that wait for this container, read once; hydration has no time for more."""
        answer = await self._call("GET", "container-registry", None, patience=0)
        if not isinstance(answer, list):
            raise TownUnreachableError("the registry is no list")
        return answer

    async def mayor_context(self) -> MayorContext:
        """What the town says of its mayor; asked once, since a mayor can start cold."""
        return read_as(MayorContext, await self._call("GET", "mayor-id", None, patience=0))

    async def renew_before_end(self) -> None:
        """Exchange a token that ends within half an hour, or has ended; without a new one the old one is kept."""
        used, now = self.token, datetime.now(UTC)
        ends = end_of(used) if used is not None else None
        if used is None or ends is None or ends - now > RENEWED_BEFORE:
            return
        try:
            async with asyncio.timeout(RENEWAL_LIMIT):
                await self._renew(used)
        except (TownRefusedError, TownUnreachableError, TimeoutError) as error:
            say("container.token_not_renewed", error=str(error) or type(error).__name__)

    async def agent_credentials(self, agent_id: str, dispatch: int) -> AgentCredentials:
        """Fresh credentials for one dispatch of one agent."""
        path = f"container/agents/{agent_id}/credentials"
        return read_as(AgentCredentials, await self._call("POST", path, {"dispatch": dispatch}))

    async def rig_credentials(self, rig_id: str) -> GitCredentials | None:
        """Fresh git credentials for the platform's own work in a rig, if it needs any."""
        answer = await self._call("POST", f"container/rigs/{rig_id}/credentials", {})
        return read_as(GitCredentials, answer["git"]) if answer and answer.get("git") else None

    async def rig_git(self, rig_id: str, failed: GitCredentials | None) -> GitCredentials | None:
        """Git credentials for the platform's own work in a rig; others than those that failed."""
        return await self.rig_credentials(rig_id) if failed is None else await self.renew_git(rig_id, failed)

    async def renew_git(self, rig_id: str, failed: GitCredentials) -> GitCredentials | None:
        """Another token for a rig than the one that failed, which is named by its digest; none if there is none."""
        digest = hashlib.sha256(failed.password.get_secret_value().encode()).hexdigest()
        try:
            answer = await self._call("POST", f"rigs/{rig_id}/refresh-git-token", {"failed": digest})
        except TownRefusedError as refusal:
            if refusal.status != HTTPStatus.NOT_FOUND:
                raise
            return None
        renewed = {"username": answer.get("username"), "password": answer.get("token")}
        return read_as(GitCredentials, renewed | {"expires_at": answer.get("expires_at")})

    async def use_tool(self, method: str, address: str, body: Any, agent_token: SecretStr) -> Any:
        """One call of an agent's tool, made in its name. Raises `TownRefusedError`, `TownUnreachableError`."""
        return await self._call(method, address, body, token=agent_token, patience=TOOL_PATIENCE)

    async def prime(self, rig_id: str, agent_id: str, agent_token: SecretStr) -> dict[str, Any]:
        """What an agent is to know before its first word, fetched in its name."""
        answer = await self._call("GET", f"rigs/{rig_id}/agents/{agent_id}/prime", None, token=agent_token)
        return answer if isinstance(answer, dict) else {}

    async def complete(  # noqa: PLR0913 - by keyword only: these are a report's own parts
        self,
        rig_id: str,
        agent_id: str,
        dispatch: int,
        *,
        status: str,
        reason: str,
        saved_sha: str | None = None,
        patience: float = 900,
    ) -> None:
        """Report that an agent's process has ended, and where the remote holds its work."""
        body: dict[str, Any] = {"status": status, "reason": reason[:1000], "dispatch": dispatch, "agentId": agent_id}
        body |= {"saved_sha": saved_sha} if saved_sha else {}
        await self._call("POST", f"rigs/{rig_id}/agents/{agent_id}/completed", body, patience=patience)

    async def waiting(self, rig_id: str, agent_id: str, dispatch: int, fired_at: datetime) -> None:
        """Report that the mayor's turn was over at this moment."""
        body = {"agentId": agent_id, "dispatch": dispatch, "firedAt": int(fired_at.timestamp() * 1000)}
        await self._call("POST", f"rigs/{rig_id}/agents/{agent_id}/waiting", body)

    async def ended_work(self, rig_id: str, refs: list[str]) -> list[str]:
        """Which of these refs hold work that nobody will go on from any more."""
        answer = await self._call("POST", f"container/rigs/{rig_id}/saved-work", {"refs": refs})
        return [ref for ref in (answer or {}).get("over", []) if ref in refs]

    async def tell_events(self, agent_id: str, dispatch: int, batch: Sequence[Numbered]) -> None:
        """Tell what one run did; tried once, for whoever tells keeps it until it is heard."""
        events = [
            {
                "sequence": one.sequence,
                "event_type": one.event.kind,
                "created_at": one.event.at.isoformat(),
                "data": one.event.data,
            }
            for one in batch
        ]
        path = f"container/agents/{agent_id}/events"
        await self._call("POST", path, {"dispatch": dispatch, "events": events}, patience=0)

    async def tell_steps(self, batch: Sequence[Numbered]) -> None:
        """Tell what happened to this container; tried once."""
        events = [
            {
                **one.event.data,
                "sequence": one.sequence,
                "event": one.event.kind,
                "created_at": one.event.at.isoformat(),
            }
            for one in batch
        ]
        await self._call("POST", "container-events", {"events": events}, patience=0)

    async def conversation(self, agent_id: str) -> str:
        """What was said in an agent's sessions so far, as a block for a prompt; empty if nothing was."""
        answer = await self._call("GET", f"container/agents/{agent_id}/conversation", None)
        return str(answer.get("block", "")) if isinstance(answer, dict) else ""

    async def snapshot_source(self, agent_id: str, program: str) -> str | None:
        """Where what an agent's sessions remember can be fetched, if it was kept; tried once."""
        path = f"container/agents/{agent_id}/session-snapshot?program={program}"
        return read_as(Address, await self._call("GET", path, None, patience=0)).url

    async def snapshot_target(self, agent_id: str, program: str, size: int) -> str | None:
        """Where so many bytes of it can be put; tried once."""
        path = f"container/agents/{agent_id}/session-snapshot"
        return read_as(Address, await self._call("POST", path, {"program": program, "bytes": size}, patience=0)).url

    async def evicted(self, *, patience: float) -> None:
        """Report that this container was told to leave."""
        await self._call("POST", "container-eviction", {}, patience=patience)

    async def _call(
        self, method: str, path: str, body: Any, *, token: SecretStr | None = None, patience: float | None = None
    ) -> Any:
        """One call under one idempotency key. Raises `TownRefusedError`, `TownUnreachableError`."""
        headers = {"Idempotency-Key": str(uuid.uuid4())} if method != "GET" else {}
        retrying = tenacity.AsyncRetrying(
            retry=tenacity.retry_if_exception_type(TownUnreachableError),
            wait=tenacity.wait_random_exponential(multiplier=0.2, max=10),
            stop=tenacity.stop_after_delay(self._patience if patience is None else patience),
            reraise=True,
        )
        async for attempt in retrying:
            with attempt:
                return await self._renewing_call(method, path, body, headers, token)
        raise AssertionError("unreachable")

    async def _renewing_call(
        self, method: str, path: str, body: Any, headers: dict[str, str], token: SecretStr | None
    ) -> Any:
        used = token or self.token
        try:
            return await self._once(method, path, body, headers, used)
        except TownRefusedError as refusal:
            if (
                refusal.status != HTTPStatus.UNAUTHORIZED
                or "expired" not in refusal.message.lower()
                or token is not None
                or used is None
            ):
                raise
        await self._renew(used)
        return await self._once(method, path, body, headers, self.token)

    async def _renew(self, used: SecretStr) -> None:
        """Replace an expired token once, however many calls found it expired."""
        async with self._renewing:
            if self.token is used:
                answer = await self._once("POST", "refresh-container-token", {}, {}, used)
                self.token = SecretStr(answer["token"])

    async def _once(self, method: str, path: str, body: Any, headers: dict[str, str], token: SecretStr | None) -> Any:
        bearer = {"Authorization": f"Bearer {token.get_secret_value()}"} if token else {}
        url = path if path.startswith("/") else f"/api/towns/{self._settings.town_id}/{path}"
        try:
            answer = await self._http.request(method, url, json=body, headers=headers | bearer)
        except httpx.HTTPError as error:
            raise TownUnreachableError(f"{method} {path}: {type(error).__name__}") from error
        return read_envelope(answer)


def end_of(token: SecretStr) -> datetime | None:
    """When a token says that it ends; its signature is the town's to check. None if it says nothing readable."""
    try:
        body = token.get_secret_value().split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
        return datetime.fromtimestamp(int(claims["exp"]), UTC)
    except (IndexError, KeyError, TypeError, ValueError, OverflowError, OSError):
        return None
