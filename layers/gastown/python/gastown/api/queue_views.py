"""The merge queue as JSON: the reference's MergeQueueData, and beside it what is on its way (api facts, 5.4)."""

from typing import Any

from gastown.api.views import show_bead, show_convoy, stamp
from gastown.domain.ids import BeadId, RigId
from gastown.domain.review import Review, ReviewPhase
from gastown.domain.town import Entity, Town
from gastown.usecases.merge_queue import Activity, MergeQueue

BEAD = ("bead_id", "status", "title", "body", "rig_id", "created_at", "updated_at", "metadata")


def show_queue(queue: MergeQueue) -> dict[str, Any]:
    """The whole of it; pull requests that wait for their provider are split into fresh and stale ones."""
    items = {review.id: _item(queue, review) for review in (*queue.live, *queue.failed)}
    stale = {review.id: stamp(review.updated_at) for review in queue.stale}
    waiting = [review for review in queue.live if review.phase is ReviewPhase.WATCHING]
    return {
        "needsAttention": {
            "openPRs": [items[review.id] for review in waiting if review.id not in stale],
            "failedReviews": [items[review.id] for review in queue.failed],
            "stalePRs": [
                {**items[review.id], "staleSince": stale[review.id]} for review in waiting if review.id in stale
            ],
        },
        "inProgress": [{**items[review.id], "phase": str(review.phase)} for review in queue.live],
        "activityLog": [_entry(queue.town, entry) for entry in queue.log],
    }


def _item(queue: MergeQueue, review: Review) -> dict[str, Any]:
    source = queue.sources.get(review.source_id) if review.source_id else None
    shown = show_bead(source) if source is not None else None
    bead = show_bead(review)
    return {
        "mrBead": {name: bead[name] for name in BEAD},
        "reviewMetadata": {**_metadata(review), "retry_count": review.attempts},
        "sourceBead": {name: shown[name] for name in ("bead_id", "title", "status", "body")} if shown else None,
        "convoy": _convoy(queue.town, review.convoy_id),
        "agent": _agent(queue.town, review.assignee or review.approved_by),
        "rigName": _rig_name(queue.town, review.rig_id),
        "staleSince": None,
        "failureReason": review.failure,
    }


def _metadata(review: Review) -> dict[str, Any]:
    return {
        "branch": review.branch,
        "target_branch": review.target_branch,
        "merge_commit": review.receipt.commit_sha if review.receipt else None,
        "pr_url": review.watch.url,
    }


def _convoy(town: Town, convoy_id: BeadId | None) -> dict[str, Any] | None:
    convoy = town.convoys.get(convoy_id) if convoy_id else None
    if convoy is None:
        return None
    shown = show_convoy(convoy, {bead_id: str(town.status_of(bead_id) or "closed") for bead_id in convoy.beads})
    names = ("title", "total_beads", "closed_beads", "feature_branch", "merge_mode")
    return {"convoy_id": convoy.id, **{name: shown[name] for name in names}}


def _agent(town: Town, agent_id: str | None) -> dict[str, Any] | None:
    agent = next((agent for agent in town.agents.values() if agent.id == agent_id), None)
    return {"agent_id": agent.id, "name": agent.name, "role": str(agent.role)} if agent else None


def _rig_name(town: Town, rig_id: RigId | None) -> str | None:
    return town.rigs[rig_id].name if rig_id in town.rigs else None


def _entry(town: Town, entry: Activity) -> dict[str, Any]:
    review = entry.review
    bead = show_bead(review) if review is not None else None
    rig_id = getattr(review or entry.source, "rig_id", None)
    return {
        "event": {**entry.event, "created_at": _stamped(entry.event["created_at"])},
        "mrBead": {name: bead[name] for name in ("bead_id", "title", "type", "status", "rig_id", "metadata")}
        if bead
        else None,
        "sourceBead": _source(entry.source),
        "convoy": _convoy(town, review.convoy_id if review else None),
        "agent": _agent(town, entry.event["agent_id"]),
        "rigName": _rig_name(town, rig_id),
        "reviewMetadata": _metadata(review) if review else None,
    }


def _source(source: Entity | None) -> dict[str, Any] | None:
    if source is None or isinstance(source, Review):
        return None
    shown = show_bead(source)
    return {name: shown[name] for name in ("bead_id", "title", "status")}


def _stamped(at: Any) -> Any:
    return at if isinstance(at, str) else stamp(at)
