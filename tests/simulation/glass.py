"""The town as it is stored, seen without a request: only items that changed since the last look are read anew."""

from collections.abc import Iterable
from dataclasses import fields

from gastown.domain.town import Town
from gastown.ports.town_store import LiveItem
from gastown.usecases.town_items import COLLECTIONS, META, Meta, _place, adapter

SHARED = {part.name for part in fields(Meta)} & {part.name for part in fields(Town)}


class Glass:
    """Keeps what it has read; whoever looks through it changes nothing."""

    def __init__(self) -> None:
        """Nothing was read."""
        self._read: dict[str, tuple[LiveItem, object]] = {}

    def look(self, items: Iterable[LiveItem]) -> Town:
        """The town of these items; parts that did not change are shared with earlier looks."""
        found = {item.key: item for item in items}
        meta = self._of(found[META], Meta)
        town = Town(**{name: getattr(meta, name) for name in SHARED})
        for key, item in found.items():
            prefix, _, identifier = key.partition("#")
            if prefix in COLLECTIONS:
                name, of = COLLECTIONS[prefix]
                getattr(town, name)[identifier] = self._of(item, of)
            else:
                _place(town, item)
        return town

    def _of(self, item: LiveItem, of: type) -> object:
        known = self._read.get(item.key)
        if known is None or known[0] is not item:
            known = (item, adapter(of).validate_python(item.body))
            self._read[item.key] = known
        return known[1]
