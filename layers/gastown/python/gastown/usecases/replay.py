"""Replay: what today's rules would have decided in the ticks of a time range, beside what was decided then.

The working set of each tick is built forward from the last checkpoint (or from the town's beginning) by the journal's
differences; what a tick saw besides, its events, its container and its pulses, stands in its own journal row.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from gastown.ports.town_store import LiveItem
from gastown.usecases.commit_plan import Loaded
from gastown.usecases.journal import journal_sk
from gastown.usecases.reconcile_town import Reconciler
from gastown.usecases.town_items import META, decode, digest
from gastown.usecases.unit_of_work import UnitOfWork

PAGE = 100
MOST_TICKS = 500
"""Ticks that one replay looks at; a longer range is asked for in parts."""


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One tick that would go another way today: actions that are missing now, and actions that are new."""

    version: int
    at: datetime
    then_only: list[str]
    now_only: list[str]


@dataclass(kw_only=True)
class Replay:
    """What a replay saw; `skipped` counts ticks whose journal row is not whole, or that worked on a job."""

    ticks: int = 0
    skipped: int = 0
    differences: list[Difference] = field(default_factory=list)
    more: bool = False


def replay(reconciler: Reconciler, town_id: str, start: datetime, end: datetime) -> Replay:
    """Decide the ticks between two moments again. Raises `NotFound`; changes nothing."""
    work, result = reconciler.uow, Replay()
    meta = next(item.body for item in work.store.load(town_id, consistent=False) if item.key == META)
    version, items = _begin(work, town_id, start)
    whole = True
    for row in _rows(work, town_id, version):
        at = datetime.fromisoformat(row["at"])
        if at > end or result.ticks >= MOST_TICKS:
            result.more = at <= end
            break
        if at >= start and row["cause"] == "tick":
            _again(reconciler, result, row, _assembled(meta, items, row) if whole else None)
        whole = whole and _apply(items, row["diff"])
    return result


def _begin(work: UnitOfWork, town_id: str, start: datetime) -> tuple[int, dict[str, dict[str, Any]]]:
    """The newest checkpoint before a moment, or the empty beginning."""
    page, _ = work.store.list_rows(town_id, "CHECKPOINT", limit=PAGE)
    for sk, body in page:
        commit = work.store.read_row(town_id, "JOURNAL", sk)
        if commit is not None and datetime.fromisoformat(commit["at"]) < start:
            return int(sk), {key: dict(item) for key, item in body["items"].items()}
    return 0, {}


def _rows(work: UnitOfWork, town_id: str, after: int) -> Iterator[dict[str, Any]]:
    """The journal after a version, oldest first."""
    cursor: str | None = journal_sk(after)
    while cursor is not None:
        page, cursor = work.store.list_rows(town_id, "JOURNAL", limit=PAGE, before=cursor, newest_first=False)
        yield from (body for _, body in page if int(body["version"]) > after)


def _apply(items: dict[str, dict[str, Any]], diff: Mapping[str, Any]) -> bool:
    """Take a commit's differences over; false if the commit was too large for its journal row."""
    if "left_out" in diff:
        return False
    for key, changed in diff.items():
        if changed is None:
            items.pop(key, None)
        else:
            items.setdefault(key, {}).update({name: new for name, (_, new) in changed.items()})
    return True


def _assembled(meta: Mapping[str, Any], items: Mapping[str, dict[str, Any]], row: Mapping[str, Any]) -> Loaded | None:
    """The town as the tick of this row loaded it."""
    saw = row.get("seen")
    if not saw or any(key.startswith("JOB#") for key in items):
        return None
    events = {event["key"]: {name: value for name, value in event.items() if name != "key"} for event in row["events"]}
    bodies = {**items, **saw["pulses"], **events}
    bodies = {k: {"token": "", **body} if k.startswith("WAIT#") else body for k, body in bodies.items()}
    own = {"version": int(row["version"]) - 1, "committed_at": None, "wake_at": None, "alarm_at": None}
    whole = {**meta, **saw["meta"], **own, "digest": digest((key, 0) for key in bodies)}
    found = {key: LiveItem(key=key, version=0, body=body) for key, body in {**bodies, META: whole}.items()}
    return Loaded(town=decode(found.values()), items=found)


def _again(reconciler: Reconciler, result: Replay, row: Mapping[str, Any], loaded: Loaded | None) -> None:
    if loaded is None:
        result.skipped += 1
        return
    result.ticks += 1
    at = datetime.fromisoformat(row["at"])
    now, then = reconciler.rehearse(loaded, at=at).actions, list(row["reasons"])
    if sorted(now) != sorted(then):
        result.differences.append(
            Difference(
                version=int(row["version"]),
                at=at,
                then_only=[reason for reason in then if reason not in now],
                now_only=[reason for reason in now if reason not in then],
            )
        )
