"""Texts of agents on their way to where others read them: without the town's secrets."""

from collections.abc import Callable, Iterator, Mapping

from gastown.observability import MASK, masked
from gastown.usecases.vault import TownSecret

SHORTEST = 6
"""Shorter values are words that happen to be configured; masking them would tear ordinary text."""

OPEN_NAMES = frozenset({"client_id", "expires_at", "gitlab_site", "username"})
"""What lies in a town's secret and is none."""


def veil_of(secret: TownSecret, *more: str) -> Callable[[str], str]:
    """A function that masks the values of a town's secret and these, and whatever looks like a credential."""
    values = sorted({text for text in (*_texts(secret.values), *more) if len(text) >= SHORTEST}, key=len, reverse=True)

    def veil(text: str) -> str:
        for value in values:
            text = _without_begun(text.replace(value, MASK), value)
        return str(masked(text))

    return veil


def _without_begun(text: str, value: str) -> str:
    """A text may have been cut within a secret."""
    for length in range(len(value) - 1, SHORTEST - 1, -1):
        if text.endswith(value[:length]):
            return text[:-length] + MASK
    return text


def _texts(value: object) -> Iterator[str]:
    match value:
        case str():
            yield value
        case Mapping():
            for name, inner in value.items():
                if name not in OPEN_NAMES:
                    yield from _texts(inner)
        case list():
            for inner in value:
                yield from _texts(inner)
