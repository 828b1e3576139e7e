"""How a town stands, in one screen: what the reference calls AlarmStatus, and more (api facts, 5.4)."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from gastown.api.views import stamp
from gastown.domain.agent import Agent
from gastown.domain.container import ContainerState
from gastown.domain.escalation import BEAD_FAILED
from gastown.domain.limits import HOOK_ORPHANED
from gastown.domain.mayor import Mayor
from gastown.domain.town import Town


def show_status(town: Town, now: datetime) -> dict[str, Any]:
    """How a town stands; the mayor is counted among its agents."""
    return {
        "version": town.version,
        "alarm": {"nextFireAt": stamp(town.wake_at), "intervalMs": None, "intervalLabel": "event driven"},
        "agents": _agents(town),
        "beads": _beads(town),
        "patrol": _patrol(town, now),
        "mayor": _mayor(town.mayor) if town.mayor else None,
        "container": _container(town),
        "draining": town.container.state is ContainerState.DRAINING,
        "pending": {
            "events": len(town.inbox),
            "effects": len(town.effects),
            "commands": len(town.commands),
            "jobs": len(town.jobs),
        },
        "committedAt": stamp(town.committed_at),
    }


def _agents(town: Town) -> dict[str, int]:
    everybody: list[Agent | Mayor] = [*town.agents.values(), *([town.mayor] if town.mayor else [])]
    count = Counter(str(one.status) for one in everybody)
    return {**{status: count[status] for status in ("working", "waiting", "idle", "stalled")}, "total": len(everybody)}


def _beads(town: Town) -> dict[str, int]:
    count = Counter(str(bead.status) for bead in town.beads.values())
    return {
        "open": count["open"],
        "inProgress": count["in_progress"],
        "inReview": count["in_review"],
        # What has failed is live no more; it is counted until somebody has acknowledged it.
        "failed": sum(raised.cause.startswith(BEAD_FAILED) for raised in town.escalations.values()),
        "triageRequests": len(town.triage),
        "reviews": len(town.reviews),
        "convoys": len(town.convoys),
        "escalations": len(town.escalations),
    }


def _patrol(town: Town, now: datetime) -> dict[str, int]:
    """Agents on the steps of the stuck ladder, and those that have waited long for their container."""
    runs = [agent.open_run for agent in town.agents.values() if agent.open_run is not None]
    hooked = [agent.hooked_at for agent in town.agents.values() if agent.open_run is None and agent.hook is not None]
    return {
        "guppWarnings": sum(run.warned_at is not None for run in runs),
        "guppEscalations": sum(run.escalated_at is not None for run in runs),
        "stalledAgents": sum(run.stalled_at is not None for run in runs),
        "orphanedHooks": sum(at is not None and now - at > HOOK_ORPHANED for at in hooked),
    }


def _mayor(mayor: Mayor) -> dict[str, Any]:
    return {"agentId": mayor.id, "status": str(mayor.status), "attempts": mayor.attempts}


def _container(town: Town) -> dict[str, Any]:
    container = town.container
    return {
        "state": str(container.state),
        "generation": container.generation,
        "registeredAt": stamp(container.registered_at),
        "suspectedAt": stamp(container.suspected_at),
        "deadline": stamp(container.deadline),
        "notBefore": stamp(container.not_before),
        "failures": container.failures,
        "lastError": container.last_error,
    }


def show_recent(events: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The newest lines of history, in few words."""
    return [
        {
            "time": event["created_at"],
            "type": event["event_type"],
            "message": " -> ".join(str(value) for value in (event["old_value"], event["new_value"]) if value),
            "bead_id": event["bead_id"],
        }
        for event in events
    ]
