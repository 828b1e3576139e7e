"""What GitLab's answers mean to the house: a value, or one of two refusals."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Final

from gastown.domain.pull import HttpError, InvalidResponse, Provider

TEXT_LIMIT: Final = 300
KEYS_SHOWN: Final = 8
MOST_WAIT: Final = timedelta(hours=1)
NOT_MODIFIED: Final = 304
TOO_MANY: Final = 429

Failure = HttpError | InvalidResponse


@dataclass(frozen=True, kw_only=True)
class Raw:
    """What came over the wire, whole."""

    status: int
    headers: Mapping[str, str]
    content: bytes = b""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """A success: its status (304 has no body), its headers, and the JSON that it carried."""

    status: int
    headers: Mapping[str, str]
    body: Any = None


def read(raw: Raw, now: datetime) -> Answer | Failure:
    """Tell a success from a refusal.

    5xx and 429 may pass by themselves; every other status will not (REQ-5.2, 5.3).
    https://docs.gitlab.com/api/rest/troubleshooting/#status-codes
    """
    if raw.status == NOT_MODIFIED:
        return Answer(status=raw.status, headers=raw.headers)
    if not 200 <= raw.status < 300:  # noqa: PLR2004 - the HTTP meaning of 2xx
        transient = raw.status >= 500 or raw.status == TOO_MANY  # noqa: PLR2004 - the HTTP meaning of 5xx
        return failed(raw.status, said(raw.content), transient=transient, retry_at=retry_at(raw, now))
    try:
        body = json.loads(raw.content)
    except ValueError:
        return InvalidResponse(provider=Provider.GITLAB, reason="json_parse")
    if body is None:
        return InvalidResponse(provider=Provider.GITLAB, reason="json_parse")
    return Answer(status=raw.status, headers=raw.headers, body=body)


def failed(status: int, text: str, *, transient: bool, retry_at: datetime | None = None) -> HttpError:
    """Make an HTTP error of GitLab's."""
    return HttpError(
        provider=Provider.GITLAB, status=status, text=text[:TEXT_LIMIT], transient=transient, retry_at=retry_at
    )


def misshapen(body: object) -> InvalidResponse:
    """Say that JSON came, but not the documented one; its first keys help whoever reads the report."""
    keys = tuple(str(key)[:TEXT_LIMIT] for key in list(body)[:KEYS_SHOWN]) if isinstance(body, dict) else ()
    return InvalidResponse(provider=Provider.GITLAB, reason="schema_mismatch", keys=keys)


def retry_at(raw: Raw, now: datetime) -> datetime | None:
    """When GitLab asked to be left alone until, of a 429 or 5xx; never later than in an hour.

    `Retry-After` is in seconds, `RateLimit-Reset` is the epoch second of the next quota.
    https://docs.gitlab.com/administration/settings/user_and_ip_rate_limits/#response-headers
    """
    if raw.status < TOO_MANY:
        return None
    moments = (_after(raw.headers.get("retry-after", ""), now), _epoch(raw.headers.get("ratelimit-reset", "")))
    asked = next((moment for moment in moments if moment is not None and moment > now), None)
    return min(asked, now + MOST_WAIT) if asked else None


def said(content: bytes) -> str:
    """GitLab's own words: `message` (a text, a list, or a map of fields to lists), else `error`; never a page of HTML.

    https://docs.gitlab.com/api/rest/troubleshooting/#status-code-400
    """
    try:
        body = json.loads(content)
    except ValueError:
        return ""
    if not isinstance(body, dict):
        return ""
    words = body.get("message") or body.get("error_description") or body.get("error") or ""
    return words if isinstance(words, str) else json.dumps(words)


def _after(value: str, now: datetime) -> datetime | None:
    """A delay in seconds, or a date, as RFC 9110 has it."""
    try:
        return now + timedelta(seconds=min(int(value), MOST_WAIT.total_seconds()))
    except ValueError:
        pass
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _epoch(value: str) -> datetime | None:
    try:
        return datetime.fromtimestamp(int(value), UTC)
    except (ValueError, OverflowError, OSError):
        return None
