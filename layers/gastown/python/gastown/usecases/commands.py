"""What a container is told: each waiting command with everything it needs, filled in from the town as it is now."""

from datetime import UTC, datetime
from typing import Any

from gastown.domain.agent import Agent, slug
from gastown.domain.bead import CONFLICT, FEEDBACK, Bead
from gastown.domain.command import Command, CommandKind
from gastown.domain.handing_over import save_ref
from gastown.domain.limits import GATE_TIMEOUT
from gastown.domain.review import Review
from gastown.domain.rig import Rig
from gastown.domain.town import Town
from gastown.usecases.briefing import TextOf, mayor_payload, message_payload


def waiting(town: Town, generation: int, text_of: TextOf = lambda _: None) -> list[dict[str, Any]]:
    """The commands that wait for one generation, oldest first; what the town no longer wants is left out."""
    mine = [command for command in town.commands.values() if command.generation == generation]
    filled = (
        fill(town, command, text_of) for command in sorted(mine, key=lambda command: (command.created_at, command.id))
    )
    return [command for command in filled if command is not None]


def fill(town: Town, command: Command, text_of: TextOf) -> dict[str, Any] | None:
    """One command as the container receives it, or none if what it is about has ended."""
    payload = _payload(town, command, text_of)
    if payload is None:
        return None
    return {
        "id": command.id,
        "kind": command.kind.value,
        "generation": command.generation,
        "rig_id": command.rig_id,
        "agent_id": command.agent_id,
        "dispatch": command.dispatch,
        "created_at": iso(command.created_at),
        "payload": payload,
    }


def _payload(town: Town, command: Command, text_of: TextOf) -> dict[str, Any] | None:
    match command.kind:
        case CommandKind.START:
            return mayor_payload(town, command, text_of) if _is_mayors(town, command) else _start(town, command)
        case CommandKind.STOP:
            return {"reason": command.payload.get("reason", "stopped")}
        case CommandKind.MERGE:
            return _merge(town, command)
        case CommandKind.SETUP:
            return _setup(town, command)
        case CommandKind.MESSAGE:
            return message_payload(town, command, text_of)
        case CommandKind.MODEL | CommandKind.CONFIG:
            return dict(command.payload)
        case CommandKind.DRAIN:
            return {"deadline": iso(town.container.deadline) if town.container.deadline else None}


def _is_mayors(town: Town, command: Command) -> bool:
    return town.mayor is not None and command.agent_id == town.mayor.id


def _setup(town: Town, command: Command) -> dict[str, Any] | None:
    rig = town.rigs.get(command.rig_id) if command.rig_id else None
    return {"rig": show_rig(rig)} if rig else None


def _start(town: Town, command: Command) -> dict[str, Any] | None:
    agent = town.agents.get(command.agent_id) if command.agent_id else None
    run = agent.open_run if agent else None
    if agent is None or run is None or run.dispatch != command.dispatch:
        return None
    held = town.beads.get(run.hook) or town.reviews.get(run.hook)
    if held is None:
        return None
    rig, rules = town.rig(agent.rig_id), town.rules_for(agent.rig_id)
    return {
        **_saved_work(agent, held, run.dispatch),
        "agent": {"id": agent.id, "name": agent.name, "role": agent.role.value, "identity": agent.identity},
        "rig": show_rig(rig),
        "bead": _show_hook(held),
        "branch": run.branch,
        "start_point": run.sha or _feature(town, held) or rig.default_branch,
        "base_branch": rig.default_branch,
        "target_branch": target_of(town, held),
        "gates": list(rules.gates),
        "gate_timeout_s": int(GATE_TIMEOUT.total_seconds()),
        "review": show_review(held) if isinstance(held, Review) else None,
        "model": rules.model_of(agent.role.value),
        "small_model": town.config.small_model,
        "runtime": rules.runtime_for(agent.role.value, needs_tools=_needs_tools(town, held)).value,
        "instructions": rules.instructions_of(agent.role.value),
        "author": author(town, agent),
    }


def _needs_tools(town: Town, held: Bead | Review) -> bool:
    """Whether more is asked of an agent than to write code: to answer, to go by steps, to merge."""
    if isinstance(held, Review) or held.is_triage_batch or town.molecule_of(held.id) is not None:
        return True
    return not {FEEDBACK, CONFLICT}.isdisjoint(held.labels)


def _saved_work(agent: Agent, held: Bead | Review, dispatch: int) -> dict[str, Any]:
    """Where the run's work is saved, and what earlier runs left; a review has neither."""
    if isinstance(held, Review):
        return {}
    left = [
        {"ref": one.ref, "branch": one.branch, "agent_name": one.agent_name, "ended": one.ended}
        for one in held.left_work
    ]
    return {"save_ref": save_ref(agent, held, dispatch), "resume": left}


def _feature(town: Town, held: Bead | Review) -> str | None:
    return town.feature_of(held) if isinstance(held, Bead) else None


def _merge(town: Town, command: Command) -> dict[str, Any] | None:
    review = town.reviews.get(command.review_id) if command.review_id else None
    if review is None or review.approved_sha is None or review.merge_command != command.id:
        return None
    rig, rules = town.rig(review.rig_id), town.rules_for(review.rig_id)
    return {
        "review_id": review.id,
        "attempt": command.attempt,
        "rig": show_rig(rig),
        "branch": review.branch,
        "sha": review.approved_sha,
        "target_branch": review.target_branch,
        "base_branch": review.base_branch,
        "gates": list(rules.gates),
        "gate_timeout_s": int(GATE_TIMEOUT.total_seconds()),
        "message": f"Merge {review.branch}: {_subject(town, review)}",
        "author": author(town, None),
    }


def _subject(town: Town, review: Review) -> str:
    source = town.beads.get(review.source_id) if review.source_id else None
    convoy = town.convoys.get(review.convoy_id) if review.is_landing and review.convoy_id else None
    return source.title if source else convoy.title if convoy else review.title


def target_of(town: Town, held: Bead | Review) -> str:
    """Where the hooked work is to be merged; a fix goes where its review goes."""
    if isinstance(held, Review):
        return held.target_branch
    review = town.reviews.get(held.parent_id) if held.parent_id else None
    return review.target_branch if review else town.target_branch(held)


def show_rig(rig: Rig) -> dict[str, Any]:
    """A rig as containers know it."""
    return {"id": rig.id, "git_url": rig.git_url, "default_branch": rig.default_branch}


def show_review(review: Review) -> dict[str, Any]:
    """The sha that a refinery judges, and where it is to go."""
    return {"id": review.id, "branch": review.branch, "sha": review.sha, "target_branch": review.target_branch}


def _show_hook(held: Bead | Review) -> dict[str, Any]:
    if isinstance(held, Review):
        return {"id": held.id, "title": held.title, "type": "merge_request", "labels": []}
    return {"id": held.id, "title": held.title, "type": "issue", "labels": list(held.labels)}


def author(town: Town, agent: Agent | None) -> dict[str, str] | None:
    """Who commits, by the town's settings; none means the container's own default."""
    name, email = town.config.git_author_name, town.config.git_author_email
    if not name and not email:
        return None
    fallback = agent.name if agent else "gastown"
    return {"name": name or f"{fallback} (gastown)", "email": email or f"{slug(fallback)}@gastown.local"}


def iso(moment: datetime) -> str:
    """A moment as it is stored and sent: ISO-8601, UTC, milliseconds, `Z`."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
