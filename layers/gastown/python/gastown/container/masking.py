"""Keeps credentials out of every text that leaves the process: logs, reports, errors."""

import re
from collections.abc import Iterable

_URL_CREDENTIALS = re.compile(r"(?P<scheme>\b[a-zA-Z][a-zA-Z0-9+.-]{0,30}://)[^/\s@'\"]+@")
"""Bounded, so that a long text without any URL costs no more than its length."""
_SHORTEST_SECRET = 6
"""Shorter values are words that happen to be configured; masking them would tear ordinary text."""


def mask(text: str, secrets: Iterable[str | None] = ()) -> str:
    """The text with the credentials of URLs and the given secrets replaced by `***`."""
    masked = _URL_CREDENTIALS.sub(r"\g<scheme>***@", text)
    for secret in secrets:
        if secret and len(secret) >= _SHORTEST_SECRET:
            masked = masked.replace(secret, "***")
    return masked
