"""From a loaded town and a changed one to what a commit writes: only what differs, and META over all of it."""

from dataclasses import dataclass
from typing import Any

from gastown.domain.town import Town
from gastown.ports.town_store import LiveItem
from gastown.usecases.town_items import META, PROJECTED, decode, digest, encode, encode_meta, keep_unknown


@dataclass(kw_only=True)
class Loaded:
    """A town as it was loaded: the aggregate, and the items it came from."""

    town: Town
    items: dict[str, LiveItem]

    def again(self) -> Town:
        """A fresh copy of the aggregate, without another request."""
        return decode(self.items.values())


Changes = tuple[dict[str, dict[str, Any]], dict[str, dict[str, Any] | None]]
"""All items as they should be, and of them those that changed; a removed item is `None`."""


def changes(loaded: Loaded, town: Town) -> Changes:
    """What a commit of this town would write over what was loaded."""
    bodies = encode(town)
    changed: dict[str, dict[str, Any] | None] = {}
    for key, body in bodies.items():
        before = loaded.items.get(key)
        if before is None:
            changed[key] = body
        elif not key.startswith("PULSE#") and (merged := keep_unknown(before.body, body)) != before.body:
            changed[key] = bodies[key] = merged
    kept = {*bodies, META, PROJECTED, *town.inbox}
    changed.update({key: None for key in loaded.items if key not in kept})
    return bodies, changed


def planned_puts(
    loaded: Loaded, town: Town, bodies: dict[str, dict[str, Any]], changed: dict[str, dict[str, Any] | None]
) -> tuple[LiveItem, ...]:
    """The items to put: what changed, and META with the digest of everything as it will be."""
    versions = {key: town.version if key in changed else loaded.items[key].version for key in bodies}
    meta = LiveItem(key=META, version=town.version, body=encode_meta(town, digest(versions.items())))
    return (meta, *(LiveItem(key=k, version=town.version, body=b) for k, b in changed.items() if b is not None))
