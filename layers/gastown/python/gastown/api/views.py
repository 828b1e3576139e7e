"""How the nouns look outside: the reference's names and shapes, receipts beside them (api facts, 4.1 and 5.4)."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from gastown.domain.bead import Bead, BeadStatus, LeftWork
from gastown.domain.convoy import Convoy, ConvoyState
from gastown.domain.escalation import Escalation
from gastown.domain.job import Job
from gastown.domain.mail import Mail
from gastown.domain.molecule import Molecule
from gastown.domain.nudge import Nudge
from gastown.domain.pull import MergeStrategy
from gastown.domain.review import Receipt, Review, ReviewPhase
from gastown.domain.rig import Rig, RigOverrides
from gastown.domain.town import Entity
from gastown.domain.triage import TriageRequest
from gastown.ports.directory import RigRow, TownRow
from gastown.usecases.town_items import dump

REVIEW_STATUS = {
    ReviewPhase.QUEUED: "open",
    ReviewPhase.MERGED: "closed",
    ReviewPhase.FAILED: "failed",
}
CONVOY_STATUS = {ConvoyState.FAILED: "failed", ConvoyState.LANDED: "closed", ConvoyState.CLOSED: "closed"}


def stamp(at: datetime | None) -> str | None:
    """A moment as people read it: UTC with milliseconds."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z") if at else None


def show_bead(entity: Entity, body: str | None = None) -> dict[str, Any]:
    """Any bead in the reference's one shape; what its type adds stands in `metadata`."""
    match entity:
        case Bead():
            return _bead("issue", entity, str(entity.status), _task_metadata(entity), body)
        case Review():
            return _bead("merge_request", entity, REVIEW_STATUS.get(entity.phase, "in_progress"), _review(entity), body)
        case Convoy():
            return _bead("convoy", entity, CONVOY_STATUS.get(entity.state, "open"), show_convoy_facts(entity), body)
        case Escalation():
            return _bead("escalation", entity, "closed" if entity.acknowledged_at else "open", entity.metadata, body)
        case Molecule() | TriageRequest() | Mail() | Nudge():
            return _small_bead(entity, body)


def _small_bead(entity: Molecule | TriageRequest | Mail | Nudge, body: str | None) -> dict[str, Any]:
    match entity:
        case Molecule():
            return _bead("molecule", entity, str(entity.status), {"source_bead_id": entity.bead_id}, body)
        case TriageRequest():
            return _bead("issue", entity, "closed" if entity.closed_at else "open", _triage(entity), body)
        case Mail():
            return _bead("message", entity, "closed" if entity.closed_at else "open", _letter(entity), body)
        case Nudge():
            return _bead("nudge", entity, str(entity.state), {"agent_id": entity.agent_id, "mode": entity.mode}, body)


def _bead(kind: str, entity: Any, status: str, metadata: dict[str, Any], body: str | None) -> dict[str, Any]:
    closed = getattr(entity, "closed_at", None) or getattr(entity, "landed_at", None)
    return {
        "bead_id": entity.id,
        "type": kind,
        "status": status,
        "title": entity.title,
        "body": body if body is not None else getattr(entity, "message", None),
        "rig_id": getattr(entity, "rig_id", None),
        "parent_bead_id": getattr(entity, "parent_id", None),
        "assignee_agent_bead_id": getattr(entity, "assignee", None),
        "priority": str(getattr(entity, "priority", "medium")),
        "labels": list(getattr(entity, "labels", [])),
        "metadata": metadata,
        "dispatch_attempts": getattr(entity, "attempts", 0),
        "last_dispatch_attempt_at": stamp(getattr(entity, "last_attempt_at", None)),
        "created_by": getattr(entity, "created_by", None),
        "created_at": stamp(entity.created_at),
        "updated_at": stamp(getattr(entity, "updated_at", entity.created_at)),
        "closed_at": stamp(closed),
    }


def _task_metadata(bead: Bead) -> dict[str, Any]:
    own = {
        "outcome": bead.outcome,
        "failure": bead.failure,
        "accepted_sha": bead.accepted_sha,
        "left_work": [show_left(left) for left in bead.left_work],
        "rejections": bead.rejections,
        "not_before": stamp(bead.not_before),
        "depends_on": list(bead.blockers),
        "replaced_by": bead.replaced_by,
    }
    return {**bead.metadata, **{name: value for name, value in own.items() if value}}


def show_left(left: LeftWork) -> dict[str, Any]:
    """What a run left that ended without `done`; its `sha` is known once its container has said so."""
    return {**dump(left, LeftWork), "at": stamp(left.at)}


def _triage(request: TriageRequest) -> dict[str, Any]:
    return {
        "triage_type": str(request.type),
        "agent_bead_id": request.agent_id,
        "hooked_bead_id": request.bead_id,
        "context": request.context,
        "options": [str(option) for option in request.options],
        "resolution_action": request.resolution,
        "resolution_notes": request.notes,
        "resolved_by": request.resolved_by,
    }


def _letter(letter: Mail) -> dict[str, Any]:
    return {"from_agent_id": letter.sender, "to_agent_id": letter.recipient, "state": str(letter.state)}


def _review(review: Review) -> dict[str, Any]:
    receipt = dump(review.receipt, Receipt) if review.receipt else None
    return {
        "source_bead_id": review.source_id,
        "convoy_id": review.convoy_id,
        "branch": review.branch,
        "sha": review.sha,
        "target_branch": review.target_branch,
        "phase": str(review.phase),
        "rounds": review.rounds,
        "approved_sha": review.approved_sha,
        "merge_tries": review.merge_tries,
        "failure": review.failure,
        "pr_url": review.watch.url,
        "merge_strategy": str(review.strategy),
        "pull_request": show_watch(review) if review.strategy is MergeStrategy.PR else None,
        "receipt": receipt,
    }


def show_watch(review: Review) -> dict[str, Any]:
    """A review's pull request as it was last seen, and when it is looked at again."""
    watch = review.watch
    return {
        "number": watch.number,
        "polled_at": stamp(watch.polled_at),
        "next_poll_at": stamp(watch.next_at),
        "credential_source": watch.credential or None,
        "merge_state_status": watch.merge_state or None,
        "is_draft": watch.is_draft,
        "review_decision": watch.decision,
        "awaiting_approval_since": stamp(watch.awaiting_since),
        "auto_merge_ready_since": stamp(watch.green_since),
        "held_by": list(watch.held_by),
        "poll_error_kind": watch.refusal,
        "poll_error": watch.said,
        "poll_transient_count": watch.transient,
        "poll_non_transient_count": watch.invalid,
        "adopted": review.is_adopted,
    }


def show_convoy_facts(convoy: Convoy) -> dict[str, Any]:
    """What a convoy is beside its beads."""
    return {
        "feature_branch": convoy.feature_branch,
        "merge_mode": str(convoy.merge_mode),
        "state": str(convoy.state),
        "landings": convoy.landings,
        "failure": convoy.failure,
    }


def show_convoy(convoy: Convoy, statuses: Mapping[str, str]) -> dict[str, Any]:
    """A convoy with its progress; `statuses` has every bead of it."""
    done = sum(1 for status in statuses.values() if status in (BeadStatus.CLOSED, BeadStatus.FAILED))
    return {
        "id": convoy.id,
        "title": convoy.title,
        "status": "landed" if convoy.is_over and convoy.state is not ConvoyState.FAILED else "active",
        "state": str(convoy.state),
        "staged": convoy.state is ConvoyState.STAGED,
        "rig_id": convoy.rig_id,
        "total_beads": len(convoy.beads),
        "closed_beads": done,
        "created_by": convoy.created_by,
        "created_at": stamp(convoy.created_at),
        "landed_at": stamp(convoy.landed_at),
        "feature_branch": convoy.feature_branch,
        "merge_mode": str(convoy.merge_mode),
        "execution_arn": convoy.execution_arn,
    }


def show_escalation(escalation: Escalation) -> dict[str, Any]:
    """One escalation as the reference lists them, with its body and metadata."""
    return {
        "id": escalation.id,
        "source_rig_id": escalation.rig_id or "",
        "source_agent_id": escalation.source_agent,
        "severity": str(escalation.severity),
        "category": escalation.category or escalation.cause.partition(":")[0],
        "title": escalation.title,
        "message": escalation.message,
        "bead_id": escalation.bead_id,
        "metadata": escalation.metadata,
        "acknowledged": 1 if escalation.acknowledged_at else 0,
        "re_escalation_count": escalation.re_escalations,
        "created_at": stamp(escalation.created_at),
        "acknowledged_at": stamp(escalation.acknowledged_at),
    }


def show_job(job: Job) -> dict[str, Any]:
    """A job and how far it is."""
    return {
        "job_id": job.id,
        "kind": str(job.kind),
        "rig_id": job.arguments.get("rig_id"),
        "asked_for": {name: value for name, value in job.arguments.items() if name != "rig_id"},
        "done": job.done,
        "failures": job.failures,
        "error": job.error,
        "set_aside": job.set_aside,
        "not_before": stamp(job.not_before),
        "created_at": stamp(job.created_at),
    }


def show_town(row: TownRow) -> dict[str, Any]:
    """A town's row."""
    return {
        "id": row.town_id,
        "name": row.name,
        "owner_user_id": row.owner_user_id,
        "organization_id": row.organization_id,
        "state": row.state,
        "created_at": stamp(row.created_at),
        "updated_at": stamp(row.updated_at),
    }


def show_rig(town_id: str, rig: Rig | RigRow) -> dict[str, Any]:
    """A rig, from the town or from the directory."""
    return {
        "id": rig.id if isinstance(rig, Rig) else rig.rig_id,
        "town_id": town_id,
        "name": rig.name,
        "git_url": rig.git_url,
        "default_branch": rig.default_branch,
        "platform_integration_id": rig.overrides.platform_integration_id if isinstance(rig, Rig) else None,
        "config": dump(rig.overrides, RigOverrides) if isinstance(rig, Rig) else None,
        "is_leaving": isinstance(rig, Rig) and rig.is_leaving,
        "created_at": stamp(rig.created_at),
        "updated_at": stamp(rig.created_at),
    }
