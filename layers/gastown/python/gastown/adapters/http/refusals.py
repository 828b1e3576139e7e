"""What an answer that is no success means to the house.

Refusals are read by people and kept in the town: their text is one short line, without the token, whatever the
provider wrote into its answer.
"""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Final

from gastown.domain.pull import HttpError, InvalidResponse, Provider, Refusal

TEXT_CHARACTERS: Final = 300
WAIT_MOST: Final = timedelta(hours=24)
"""Whatever a provider asks to wait for, it is asked again after a day."""
LIMIT_WAIT: Final = timedelta(seconds=60)
"""GitHub, of a limit without the headers of one: "Otherwise, wait for at least one minute before retrying"."""
LIMIT_WORDS: Final = ("rate limit", "abuse detection")
NO_ANSWER: Final = 0
PARTS: Final = ("message", "error", "error_description", "errors")


def unanswered(provider: Provider, why: str, *, transient: bool = True) -> HttpError:
    """No answer at all: not reached, too slow, cut off. Asking again can help, unless it was never possible to ask."""
    return HttpError(provider=provider, status=NO_ANSWER, text=why, transient=transient)


def refused(provider: Provider, status: int, headers: Mapping[str, str], text: str, now: datetime) -> HttpError:
    """An answer that is no success. A limit is told by 429, or by 403 with the marks of one (REQ-5.15).

    https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api and
    https://docs.gitlab.com/administration/settings/user_and_ip_rate_limits/ name the headers.
    """
    limited = status == HTTPStatus.TOO_MANY_REQUESTS or (
        status == HTTPStatus.FORBIDDEN and (_is_marked(headers) or any(words in text.lower() for words in LIMIT_WORDS))
    )
    return HttpError(
        provider=provider,
        status=status,
        text=text,
        transient=limited or status >= HTTPStatus.INTERNAL_SERVER_ERROR,
        retry_at=_retry_at(headers, now, limited=limited),
    )


def described(part: str, refusal: Refusal) -> str:
    """Why a part could not be read, in one line."""
    match refusal:
        case HttpError(status=0, text=text):
            return f"{part}: {text}"
        case HttpError(status=status, text=text):
            return f"{part}: HTTP {status}, {text}"
        case InvalidResponse(reason=reason, keys=keys):
            return f"{part}: unexpected answer ({reason}{'; ' if keys else ''}{', '.join(keys)})"
        case _:
            return f"{part}: {refusal.kind}"


def said(body: bytes, status: int, secret: str) -> str:
    """What a provider says of its refusal, or the status's name if it says nothing in JSON."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        value = None
    return quoted(value, secret) or _phrase(status)


def quoted(value: object, secret: str) -> str:
    """The sentences of an error's body, in one line of at most 300 characters, without the secret."""
    words = "".join(letter if letter.isprintable() else " " for letter in " ".join(_sentences(value)))
    words = " ".join(words.split())
    return (words.replace(secret, "***") if secret else words)[:TEXT_CHARACTERS]


def _retry_at(headers: Mapping[str, str], now: datetime, *, limited: bool) -> datetime | None:
    """When the provider wants to be asked again: never before now, at most a day from now."""
    asked = _after(headers.get("retry-after", ""), now)
    if asked is None and _remaining(headers) == "0" and limited:
        asked = _epoch(headers.get("x-ratelimit-reset") or headers.get("ratelimit-reset") or "")
    if asked is None and limited:
        asked = now + LIMIT_WAIT
    return None if asked is None else min(max(asked, now), now + WAIT_MOST)


def _sentences(value: object) -> Iterator[str]:
    """The sentences of an error's body: `message`, `error`, `errors` of GitHub and GitLab, however they nest."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for part in value[:8]:
            yield from _sentences(part)
    elif isinstance(value, dict):
        known = [value[name] for name in PARTS if value.get(name)]
        for part in known or list(value.values())[:8]:
            yield from _sentences(part)


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return f"status {status}"


def _is_marked(headers: Mapping[str, str]) -> bool:
    return "retry-after" in headers or _remaining(headers) == "0"


def _remaining(headers: Mapping[str, str]) -> str | None:
    return headers.get("x-ratelimit-remaining") or headers.get("ratelimit-remaining")


def _after(text: str, now: datetime) -> datetime | None:
    """Retry-After: seconds, or a date (RFC 9110, 10.2.3)."""
    if text.isdecimal():
        return now + timedelta(seconds=min(int(text[:9]), WAIT_MOST.total_seconds()))
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _epoch(text: str) -> datetime | None:
    return datetime.fromtimestamp(int(text), UTC) if text.isdecimal() and len(text) <= len("1700000000") else None
