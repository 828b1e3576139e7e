"""How often a provider may refuse: every kind in exactly one bucket, and two counters that put each other back."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import get_args

import pytest

from gastown.domain.limits import MAX_INVALID_POLLS, MAX_TRANSIENT_POLLS
from gastown.domain.polling import Strikes, count_refusal
from gastown.domain.pull import (
    HostMismatch,
    HttpError,
    InvalidResponse,
    NoToken,
    Provider,
    Refusal,
    UnrecognizedUrl,
)

GITHUB = Provider.GITHUB
AT_ONCE = [
    NoToken(provider=GITHUB, tried=()),
    UnrecognizedUrl(url="https://example.org"),
    HostMismatch(provider=GITHUB, expected="github.com", got="example.org"),
    *(HttpError(provider=GITHUB, status=status, text="", transient=False) for status in (401, 403, 404, 422)),
]
TRANSIENT = [
    HttpError(provider=GITHUB, status=0, text="connection reset", transient=True),
    *(HttpError(provider=GITHUB, status=status, text="", transient=True) for status in (429, 500, 502, 503)),
    HttpError(provider=GITHUB, status=403, text="", transient=True, retry_at=datetime(2026, 1, 1, tzinfo=UTC)),
]
UNREADABLE = [InvalidResponse(provider=GITHUB, reason=reason) for reason in ("json_parse", "schema_mismatch")]


def after(refusals: Sequence[Refusal]) -> tuple[Strikes, list[bool]]:
    """The counters after these refusals in a row, and what each said."""
    strikes, said = Strikes(), []
    for refusal in refusals:
        strikes, is_over = count_refusal(refusal, strikes)
        said.append(is_over)
    return strikes, said


@pytest.mark.parametrize("refusal", AT_ONCE)
def test_what_asking_again_cannot_mend_fails_at_once(refusal: Refusal) -> None:
    """REQ-5.2."""
    assert (Strikes(), [True]) == after([refusal])


@pytest.mark.parametrize("refusal", TRANSIENT)
def test_what_may_pass_fails_at_the_tenth_in_a_row(refusal: Refusal) -> None:
    """REQ-5.3, 5.14, 5.15: the ninth does not."""
    strikes, said = after([refusal] * MAX_TRANSIENT_POLLS)

    assert [False] * 9 + [True] == said
    assert Strikes(transient=10) == strikes


@pytest.mark.parametrize("refusal", UNREADABLE)
def test_what_nobody_can_read_fails_at_the_third_in_a_row(refusal: Refusal) -> None:
    """REQ-5.4."""
    assert [False, False, True] == after([refusal] * MAX_INVALID_POLLS)[1]


def test_nine_transient_refusals_and_one_unreadable_answer_do_not_fail() -> None:
    """REQ-5.5: each counted kind puts the other's counter back."""
    assert (Strikes(transient=0, invalid=1), [False] * 10) == after([*[TRANSIENT[0]] * 9, UNREADABLE[0]])
    assert Strikes(transient=1, invalid=0) == after([*[UNREADABLE[0]] * 2, TRANSIENT[0]])[0]


def test_every_kind_of_refusal_is_in_one_bucket() -> None:
    """REQ-5.10: a kind that is added has to be sorted here."""
    assert set(get_args(Refusal)) == {type(refusal) for refusal in [*AT_ONCE, *TRANSIENT, *UNREADABLE]}
