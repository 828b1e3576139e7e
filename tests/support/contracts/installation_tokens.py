"""What every mint of installation tokens keeps."""

from dataclasses import replace
from datetime import timedelta

import pytest

from gastown.domain.pull import Provider, Repository
from gastown.ports.clock import Clock
from gastown.ports.installation_tokens import (
    AppKey,
    AppKind,
    InstallationToken,
    InstallationTokens,
    MintFailure,
    MintRefused,
)

WIDGETS = Repository(provider=Provider.GITHUB, host="github.com", owner="acme", name="widgets")


class InstallationTokensContract:
    """Run by the fake's test and by the adapter's, which give the fixtures: one installation, on acme/widgets."""

    @pytest.fixture
    def tokens(self) -> InstallationTokens:
        """The mint under test."""
        raise NotImplementedError

    @pytest.fixture
    def app(self) -> AppKey:
        """The App and its key."""
        raise NotImplementedError

    @pytest.fixture
    def stranger(self) -> AppKey:
        """The App with a key that is not its own."""
        raise NotImplementedError

    @pytest.fixture
    def installation(self) -> str:
        """The one installation."""
        raise NotImplementedError

    @pytest.fixture
    def clock(self) -> Clock:
        """The time that tokens end by."""
        raise NotImplementedError

    @pytest.fixture
    def silent(self) -> InstallationTokens:
        """A mint that does not answer."""
        raise NotImplementedError

    @pytest.mark.parametrize("kind", AppKind)
    def test_each_minted_token_is_new_and_lives_for_an_hour(
        self, tokens: InstallationTokens, app: AppKey, installation: str, clock: Clock, kind: AppKind
    ) -> None:
        """Nothing is remembered here."""
        first, second = (tokens.mint(app, installation, WIDGETS, kind) for _ in range(2))

        assert isinstance(first, InstallationToken)
        assert isinstance(second, InstallationToken)
        assert first.value != second.value
        left = first.expires_at - clock.now()
        assert timedelta(minutes=58) < left <= timedelta(minutes=61)
        assert first.value not in repr(first)

    def test_what_cannot_be_minted_says_why(
        self, tokens: InstallationTokens, app: AppKey, stranger: AppKey, installation: str
    ) -> None:
        """No such installation, a repository outside it, a key of somebody else, a name that is no number."""
        other = replace(WIDGETS, name="other")
        refused = [
            tokens.mint(app, "999999", WIDGETS, AppKind.STANDARD),
            tokens.mint(app, installation, other, AppKind.STANDARD),
            tokens.mint(stranger, installation, WIDGETS, AppKind.STANDARD),
            tokens.mint(app, "../../user", WIDGETS, AppKind.STANDARD),
        ]

        assert [
            MintFailure.NO_INSTALLATION,
            MintFailure.NO_REPOSITORY,
            MintFailure.BAD_KEY,
            MintFailure.NO_INSTALLATION,
        ] == [each.why for each in refused if isinstance(each, MintRefused)]

    def test_a_mint_that_is_silent_may_be_asked_again(
        self, silent: InstallationTokens, app: AppKey, installation: str
    ) -> None:
        """No answer is not a no."""
        refused = silent.mint(app, installation, WIDGETS, AppKind.STANDARD)

        assert isinstance(refused, MintRefused)
        assert refused.answer is not None
        assert (MintFailure.UNANSWERED, True) == (refused.why, refused.answer.transient)
