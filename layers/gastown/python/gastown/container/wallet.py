"""What one run may use, kept for as long as it is good: asked for when somebody needs it, by one call for all of them.

Nothing renews in the background and nothing is restarted: whoever needs a credential gets one that works now.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from gastown.container.log import say
from gastown.container.payloads import AgentCredentials, GitCredentials
from gastown.container.town_answers import TownRefusedError, TownUnreachableError

KEPT = timedelta(minutes=30)
"""After this long the town is asked again, whatever a token says of its end (source-control facts, 2.1)."""
MARGIN = timedelta(seconds=270)
"""A git token with less to live is replaced; the town's own margin is 5 minutes, so by then it gives another one."""
LONG_AGO = datetime.min.replace(tzinfo=UTC)
PAUSE = timedelta(seconds=30)
"""From one question to the next while what is at hand still works."""
REFRESH_LIMIT = 6.0
"""Seconds that an agent's call waits for something fresher than what works (numbers table: 6 s for one agent)."""
LAST_LIMIT = 30.0
"""Seconds that it waits when nothing at hand works; the town's door answers or gives up within 29."""


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(kw_only=True)
class Wallet:
    """The credentials of one run. `fetch` asks the town for all of them, `exchange` for another git token."""

    fetch: Callable[[], Awaitable[AgentCredentials]]
    exchange: Callable[[GitCredentials], Awaitable[GitCredentials | None]]
    now: Callable[[], datetime] = _utc_now
    secrets: list[str] = field(default_factory=list, repr=False)
    """All that was ever in it, and what else of its run must not be seen: grows while the run goes on."""
    _held: AgentCredentials | None = field(default=None, repr=False)
    _again_at: datetime = LONG_AGO
    _exchange_at: datetime = LONG_AGO
    _refused: str = field(default="", repr=False)
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    def put(self, credentials: AgentCredentials) -> None:
        """Keep what the town just gave."""
        git = credentials.git
        ends = git.expires_at - MARGIN if git is not None and git.expires_at is not None else None
        until = self.now() + KEPT
        self._held = credentials
        self.hide(*secrets_of(credentials))
        self._again_at = max(min(until, ends or until), self.now() + PAUSE)

    def hide(self, *values: str) -> None:
        """Keep these out of every text about this run."""
        self.secrets.extend(value for value in values if value not in self.secrets)

    async def credentials(self, *, fresh: bool = False) -> AgentCredentials:
        """What works now; `fresh` says that the agent's own token was refused.

        Raises `TownRefusedError` when this run may use nothing any more, `TownUnreachableError` when nothing at hand
        works and the town does not answer in time.
        """
        async with self._turn:
            if self._held is None or fresh or self.now() >= self._again_at or not self._works(self._held):
                self._held = await self._ask(None if fresh else self._held)
            if self._held.git is not None and self._held.git.password.get_secret_value() == self._refused:
                self._held = await self._exchanged(self._held, self._held.git)
            return self._held

    def refuse(self, password: str) -> None:
        """A remote did not accept this; the next question gets another one, if it is what is at hand."""
        held = self._held.git if self._held is not None else None
        if held is not None and held.password.get_secret_value() == password:
            self._refused = password

    def _works(self, held: AgentCredentials) -> bool:
        ends = held.git.expires_at if held.git is not None else None
        return ends is None or self.now() < ends

    async def _ask(self, held: AgentCredentials | None) -> AgentCredentials:
        """What the town gives now; what is at hand, if that works and the town does not answer soon."""
        works = held is not None and self._works(held)
        try:
            async with asyncio.timeout(REFRESH_LIMIT if works else LAST_LIMIT):
                self.put(fresh := await self.fetch())
        except TownRefusedError:
            self._held = None
            raise
        except (TownUnreachableError, TimeoutError) as error:
            if held is None or not works:
                raise TownUnreachableError(f"no credentials now: {str(error) or 'no answer in time'}") from error
            say("credentials.not_renewed", error=str(error))
            self._again_at = self.now() + PAUSE
            return held
        return fresh

    async def _exchanged(self, held: AgentCredentials, failed: GitCredentials) -> AgentCredentials:
        """The same with another git token; without one, or too soon after the last, as it is."""
        if self.now() < self._exchange_at:
            return held
        self._exchange_at = self.now() + PAUSE
        try:
            async with asyncio.timeout(LAST_LIMIT):
                other = await self.exchange(failed)
        except (TownRefusedError, TownUnreachableError, TimeoutError) as error:
            say("credentials.not_exchanged", error=str(error))
            return held
        if other is None:
            return held
        self.put(exchanged := held.with_git(other))
        return exchanged


def secrets_of(credentials: AgentCredentials) -> list[str]:
    """All values that must not be seen: tokens, and whatever the town gave as environment."""
    git = [credentials.git.password.get_secret_value()] if credentials.git else []
    tools = [text.get_secret_value() for name, text in credentials.tools.items() if name.endswith("_TOKEN")]
    paid = credentials.model.token if credentials.model else None
    model = [paid.get_secret_value()] if paid else []
    return [credentials.agent_token.get_secret_value(), *git, *tools, *model, *credentials.env.values()]
