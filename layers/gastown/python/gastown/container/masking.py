"""Keeps credentials out of every text that leaves the process: logs, reports, errors."""

import re
from collections.abc import Iterable, Sequence

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


class Veil:
    """Masks given secrets in a stream of bytes, also one that arrives in two pieces; nothing else is held back."""

    def __init__(self, secrets: Sequence[str]) -> None:
        """Keep the secrets themselves and no copy: more may be given while the stream goes on."""
        self._secrets = secrets
        self._begun = b""

    def feed(self, chunk: bytes) -> bytes:
        """The stream so far, without its end if a secret may begin there."""
        text, shown, secrets = self._begun + chunk, bytearray(), self._long()
        whole = re.compile(b"|".join(re.escape(secret) for secret in secrets) or b"(?!)")
        while (found := whole.search(text)) is not None:
            begun = _begins_in(text, secrets)
            if begun <= found.start():
                break
            shown += text[: found.start()] + b"***"
            text = text[found.end() :]
        begun = _begins_in(text, secrets)
        self._begun = text[begun:]
        return bytes(shown + text[:begun])

    def end(self) -> bytes:
        """What was held back, since no more comes."""
        begun, self._begun = self._begun, b""
        for secret in self._long():
            begun = begun.replace(secret, b"***")
        return begun

    def _long(self) -> list[bytes]:
        """The secrets that are masked, longest first: one may begin with another."""
        return sorted((text.encode() for text in self._secrets if len(text) >= _SHORTEST_SECRET), key=len, reverse=True)


def _begins_in(text: bytes, secrets: Sequence[bytes]) -> int:
    """Where the first secret begins that the text does not hold to its end; the text's end if none does."""
    for start in range(max(len(text) - max(map(len, secrets), default=0), 0), len(text)):
        rest = text[start:]
        if any(len(secret) > len(rest) and secret.startswith(rest) for secret in secrets):
            return start
    return len(text)
