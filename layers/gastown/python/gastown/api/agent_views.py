"""Agents and what they are told, as JSON (api facts, 4.2 and 6.3)."""

from typing import Any

from gastown.api.message_views import show_letter, show_nudge
from gastown.api.views import show_bead, show_left, stamp
from gastown.domain.agent import Agent
from gastown.domain.bead import Bead
from gastown.domain.town import Town
from gastown.usecases.prime import Prime


def show_agent(town: Town, agent: Agent) -> dict[str, Any]:
    """One agent; its last activity is its own last word or its last pulse, whichever is later."""
    held = town.beads.get(agent.hook) or town.reviews.get(agent.hook) if agent.hook else None
    signs = [sign for sign in (agent.last_activity_at, town.pulse_of(agent)) if sign is not None]
    return {
        "id": agent.id,
        "rig_id": agent.rig_id,
        "role": agent.role.value,
        "name": agent.name,
        "identity": agent.identity,
        "status": agent.status.value,
        "current_hook_bead_id": agent.hook,
        "dispatch": agent.dispatch,
        "dispatch_attempts": held.attempts if held else 0,
        "last_activity_at": stamp(max(signs, default=None)),
        "checkpoint": agent.checkpoint,
        "created_at": stamp(agent.created_at),
        "agent_status_message": agent.status_message,
        "agent_status_updated_at": stamp(agent.status_updated_at),
    }


def show_prime(prime: Prime) -> dict[str, Any]:
    """An agent's context, with the pull request that its work is on."""
    request = prime.request or {"conflict": None}
    return {
        "agent": show_agent(prime.town, prime.agent),
        "hooked_bead": show_bead(prime.held, prime.body),
        "undelivered_mail": [show_letter(one) for one in prime.mail],
        "pending_nudges": [show_nudge(words) for words in prime.nudges],
        "open_beads": [show_bead(bead) for bead in prime.open_beads],
        "rework_context": prime.rework,
        "left_work": [show_left(left) for left in prime.held.left_work] if isinstance(prime.held, Bead) else [],
        "pr_fixup_context": request if request["conflict"] is False else None,
        "pr_conflict_context": request if request["conflict"] else None,
        "merge_strategy": prime.merge_strategy,
        "dispatch": prime.run.dispatch,
        "branch": prime.run.branch,
        "target_branch": prime.target_branch,
        "review": prime.review,
        "gates": list(prime.gates),
    }
