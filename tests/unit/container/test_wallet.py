"""A run's credentials: asked for when somebody needs them, kept while they are good, never longer."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import SecretStr

from gastown.container import wallet as wallets
from gastown.container.payloads import AgentCredentials, GitCredentials
from gastown.container.town_answers import TownRefusedError, TownUnreachableError
from gastown.container.wallet import KEPT, LAST_LIMIT, MARGIN, PAUSE, REFRESH_LIMIT, Wallet

NOW = datetime(2026, 1, 1, tzinfo=UTC)


class World:
    """A town that gives numbered tokens, and a clock that only moves by hand."""

    def __init__(self, *, lives: timedelta | None = timedelta(hours=1)) -> None:
        """Git tokens live this long from when they are given; for ever without it."""
        self.now = NOW
        self.lives = lives
        self.asked = 0
        self.exchanged: list[str] = []
        self.other: GitCredentials | None = git("another")
        self.trouble: Exception | None = None
        self.hangs = False
        self.wallet = Wallet(fetch=self.fetch, exchange=self.exchange, now=lambda: self.now)

    async def fetch(self) -> AgentCredentials:
        """The next token, or trouble."""
        self.asked += 1
        if self.hangs:
            await asyncio.Event().wait()
        if self.trouble is not None:
            raise self.trouble
        ends = self.now + self.lives if self.lives else None
        mine = git(f"git-{self.asked}", ends)
        return AgentCredentials(
            agent_token=SecretStr(f"agent-{self.asked}"), git=mine, tools={"GH_TOKEN": mine.password}
        )

    async def exchange(self, failed: GitCredentials) -> GitCredentials | None:
        """Another token than the one that failed."""
        self.exchanged.append(failed.password.get_secret_value())
        return self.other


def git(password: str, ends: datetime | None = None) -> GitCredentials:
    """Credentials with this password."""
    return GitCredentials(username="x-access-token", password=SecretStr(password), expires_at=ends)


async def password(world: World) -> str:
    """What git would be shown now."""
    given = (await world.wallet.credentials()).git
    assert given is not None
    return given.password.get_secret_value()


def play(story: Callable[[World], Awaitable[None]], world: World | None = None) -> World:
    """Run a story in a world."""
    played = world or World()

    async def run() -> None:
        await story(played)

    asyncio.run(run())
    return played


def test_one_question_serves_everybody_until_it_is_due() -> None:
    """Ten processes that push at the same moment cost the town one call."""

    async def story(world: World) -> None:
        assert await asyncio.gather(*(password(world) for _ in range(10))) == ["git-1"] * 10
        world.now += KEPT - timedelta(seconds=1)
        assert await password(world) == "git-1"
        world.now += timedelta(seconds=1)
        assert await password(world) == "git-2"

    assert play(story).asked == 2


def test_a_token_is_replaced_within_the_margin_before_its_end() -> None:
    """Nobody is given one that could end while it is used."""

    async def story(world: World) -> None:
        await password(world)
        world.now = NOW + timedelta(minutes=20) - MARGIN - timedelta(seconds=1)
        assert await password(world) == "git-1"
        world.now += timedelta(seconds=1)
        assert await password(world) == "git-2"

    play(story, World(lives=timedelta(minutes=20)))


def test_a_token_that_is_always_near_its_end_is_not_asked_for_at_each_call() -> None:
    """A town that only has short ones is asked twice a minute at most."""

    async def story(world: World) -> None:
        for _ in range(5):
            await password(world)
        world.now += PAUSE
        await password(world)

    assert play(story, World(lives=timedelta(seconds=60))).asked == 2


def test_while_the_town_is_away_what_works_is_used_on() -> None:
    """A push does not fail for the sake of freshness."""

    async def story(world: World) -> None:
        await password(world)
        world.trouble = TownUnreachableError("gone")
        world.now += KEPT
        assert [await password(world), await password(world)] == ["git-1", "git-1"]
        assert world.asked == 2
        world.now += PAUSE
        world.trouble = None
        assert await password(world) == "git-3"

    play(story)


def test_nothing_that_has_ended_is_given() -> None:
    """Without the town and past its end there is an error that says why."""

    async def story(world: World) -> None:
        await password(world)
        world.trouble = TownUnreachableError("gone")
        world.now += timedelta(hours=1)
        with pytest.raises(TownUnreachableError, match="no credentials now: gone"):
            await password(world)

    play(story)


def test_a_town_that_hangs_costs_six_seconds_where_something_works(monkeypatch: pytest.MonkeyPatch) -> None:
    """One agent's call waits no longer for something fresher (numbers table: 6 s)."""
    assert REFRESH_LIMIT == 6.0
    monkeypatch.setattr(wallets, "REFRESH_LIMIT", 0.01)

    async def story(world: World) -> None:
        await password(world)
        world.now += KEPT
        world.hangs = True
        assert await password(world) == "git-1"

    play(story)


def test_a_town_that_hangs_is_waited_for_longer_where_nothing_works(monkeypatch: pytest.MonkeyPatch) -> None:
    """As long as its door may take; then there is an error, and no endless push."""
    assert LAST_LIMIT == 30.0
    monkeypatch.setattr(wallets, "LAST_LIMIT", 0.01)

    async def story(world: World) -> None:
        world.hangs = True
        with pytest.raises(TownUnreachableError, match="no answer in time"):
            await password(world)

    play(story)


def test_a_run_that_is_over_for_the_town_has_nothing_left() -> None:
    """A refusal empties the wallet, whatever was good in it."""

    async def story(world: World) -> None:
        await password(world)
        world.trouble = TownRefusedError(409, "stale dispatch")
        world.now += KEPT
        for _ in range(2):
            with pytest.raises(TownRefusedError):
                await password(world)

    assert play(story).asked == 3


def test_what_a_remote_refused_is_exchanged_once() -> None:
    """One question by the failed token; the tools get the other one too."""

    async def story(world: World) -> None:
        await password(world)
        world.wallet.refuse("git-1")
        assert [await password(world), await password(world)] == ["another", "another"]
        assert (await world.wallet.credentials()).tools["GH_TOKEN"].get_secret_value() == "another"

    world = play(story)
    assert (world.exchanged, world.asked) == (["git-1"], 1)


def test_a_refusal_of_something_else_changes_nothing() -> None:
    """An older token that still goes round, or any text: the one at hand stays."""

    async def story(world: World) -> None:
        await password(world)
        world.wallet.refuse("git-0")
        assert await password(world) == "git-1"

    assert play(story).exchanged == []


def test_refusals_in_a_row_do_not_become_questions_in_a_row() -> None:
    """An agent that pushes again and again with what nobody takes costs a question each half minute."""

    async def story(world: World) -> None:
        await password(world)
        for _ in range(5):
            world.wallet.refuse(await password(world))
        world.now += PAUSE
        await password(world)

    world = play(story, None)
    assert world.exchanged == ["git-1", "another"]


def test_without_another_token_the_one_at_hand_stays() -> None:
    """The remote's own words reach the agent then."""

    async def story(world: World) -> None:
        world.other = None
        await password(world)
        world.wallet.refuse("git-1")
        assert await password(world) == "git-1"

    play(story)


def test_an_agents_token_that_was_refused_is_asked_for_at_once() -> None:
    """It does not wait until its wallet is due."""

    async def story(world: World) -> None:
        await password(world)
        given = await world.wallet.credentials(fresh=True)
        assert given.agent_token.get_secret_value() == "agent-2"

    play(story)


def test_all_that_was_ever_given_is_kept_out_of_texts() -> None:
    """Later tokens are masked like the first."""

    async def story(world: World) -> None:
        await password(world)
        world.now += KEPT
        await password(world)
        world.wallet.refuse("git-2")
        await password(world)

    world = play(story)
    assert {"agent-1", "git-1", "agent-2", "git-2", "another"} <= set(world.wallet.secrets)
    assert "git-1" not in repr(world.wallet)
