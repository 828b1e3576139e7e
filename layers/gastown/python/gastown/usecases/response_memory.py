"""What providers answered before, in rows of the town's table, so that an unchanged answer costs no quota."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from gastown.ports.town_store import Row, TownStore

REMEMBERED = timedelta(days=1)
SEEN = "SEEN"


@dataclass(frozen=True, kw_only=True)
class RowMemory:
    """One row an address; it holds no credential, and the rows expire by themselves."""

    store: TownStore
    town_id: str
    now: datetime

    def recall(self, address: str) -> tuple[str, dict[str, object]] | None:
        """The last answer's tag and what was kept of it."""
        body = self.store.read_row(self.town_id, SEEN, _key(address))
        return (str(body["tag"]), dict(body["kept"])) if body is not None else None

    def remember(self, address: str, tag: str, kept: dict[str, object]) -> None:
        """Keep an answer for a day."""
        expires = int((self.now + REMEMBERED).timestamp())
        row = Row(pk=SEEN, sk=_key(address), body={"tag": tag, "kept": kept}, expires_at=expires)
        self.store.put_rows(self.town_id, [row])


def _key(address: str) -> str:
    return hashlib.sha256(address.encode()).hexdigest()
