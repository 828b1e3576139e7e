"""The merge queue as people see it: what is on its way, what failed, and what happened (api facts, 5.4)."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from gastown.domain.ids import BeadId
from gastown.domain.limits import STALE_REQUEST
from gastown.domain.review import Review, ReviewPhase
from gastown.domain.town import Entity, Town
from gastown.usecases.history import finished, kept_bead, live_entity
from gastown.usecases.unit_of_work import UnitOfWork

KINDS = frozenset(
    {
        "review_submitted",
        "review_approved",
        "review_completed",
        "rework_requested",
        "pr_created",
        "pr_poll_failed",
        "pr_awaiting_approval",
        "pr_approval_resolved",
        "babysit_started",
    }
)
"""What the activity log tells; changes of a bead's status stand in the bead's own history."""

PAGE, PAGES = 200, 10
"""History rows read at once, and how many times for one answer."""

LINES = 500
"""Finished beads of one rig that are looked through for failed reviews."""

ABANDONED = "abandoned"
"""How a review fails because its bead ended otherwise: nobody has to look at it."""


@dataclass(frozen=True, kw_only=True)
class QueueFilter:
    """Which part of the queue to show; absent means all."""

    rig_id: str | None = None
    limit: int = 50
    since: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Activity:
    """One line of history with the review that it is about, if that is still known."""

    event: dict[str, Any]
    review: Review | None
    source: Entity | None


@dataclass(kw_only=True)
class MergeQueue:
    """The queue; `sources` has the bead under each review, live or ended."""

    town: Town
    live: list[Review]
    failed: list[Review]
    stale: list[Review] = field(default_factory=list)
    """Pull requests that nothing has happened to for a day."""
    sources: dict[BeadId, Entity] = field(default_factory=dict)
    log: list[Activity] = field(default_factory=list)


def read_queue(uow: UnitOfWork, town_id: str, chosen: QueueFilter) -> MergeQueue:
    """The merge queue, by one read of the town, pages of history, and one read an ended bead. Raises `NotFound`."""
    town = uow.read(town_id)
    homes = [town.rig(chosen.rig_id).id] if chosen.rig_id else list(town.rigs)
    live = sorted((r for r in town.reviews.values() if r.rig_id in homes), key=lambda r: (r.created_at, r.id))
    known = _Known(uow, town)
    stale = [r for r in live if r.phase is ReviewPhase.WATCHING and uow.now() - r.updated_at >= STALE_REQUEST]
    queue = MergeQueue(town=town, live=live, failed=list(_failed(known, homes, chosen.limit)), stale=stale)
    sources = {review.source_id or review.convoy_id for review in (*queue.live, *queue.failed)}
    found = {source: known.get(source) for source in sources if source is not None}
    queue.sources = {source: entity for source, entity in found.items() if entity is not None}
    queue.log = [entry for entry, _ in zip(_log(known, homes, chosen), range(chosen.limit), strict=False)]
    return queue


class _Known:
    """Beads of any kind by id, each read once."""

    def __init__(self, uow: UnitOfWork, town: Town) -> None:
        self.uow, self.town = uow, town
        self._found: dict[str, Entity | None] = {}

    def get(self, bead_id: str) -> Entity | None:
        if bead_id not in self._found:
            live = live_entity(self.town, bead_id)
            self._found[bead_id] = live or kept_bead(self.uow, self.town.id, bead_id)
        return self._found[bead_id]


def _failed(known: _Known, homes: list[Any], limit: int) -> Iterator[Review]:
    lines = [line for rig_id in homes for line in finished(known.uow, known.town.id, rig_id, LINES)]
    failed = [
        line
        for line in lines
        if (line["kind"], line["status"]) == ("review", "failed") and line["outcome"] != ABANDONED
    ]
    for line in sorted(failed, key=lambda line: str(line["closed_at"]), reverse=True)[:limit]:
        review = known.get(line["id"])
        if isinstance(review, Review):
            yield review


def _log(known: _Known, homes: list[Any], chosen: QueueFilter) -> Iterator[Activity]:
    for event in _events(known, chosen.since):
        named = event["metadata"].get("review_id")
        review = known.get(named) if named else None
        source = known.get(event["bead_id"])
        rig_id = getattr(review or source, "rig_id", None)
        if rig_id in homes or (chosen.rig_id is None and rig_id is None):
            yield Activity(event=event, review=review if isinstance(review, Review) else None, source=source)


def _events(known: _Known, since: datetime | None) -> Iterator[dict[str, Any]]:
    before: str | None = None
    for _ in range(PAGES):
        page, before = known.uow.store.list_rows(known.town.id, "EVENTS", limit=PAGE, before=before)
        for _key, event in page:
            if since is not None and datetime.fromisoformat(event["created_at"]) <= since:
                return
            if event["event_type"] in KINDS:
                yield event
        if before is None:
            return
