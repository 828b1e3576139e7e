"""What an agent is told when it starts: who it is, what it works on, and why (api facts, 6.3).

One read of the town, and at most two texts.
"""

from dataclasses import dataclass, field
from typing import Any

from gastown.domain.agent import Agent, Run
from gastown.domain.bead import CONFLICT, Bead, BeadStatus
from gastown.domain.errors import NotFound
from gastown.domain.review import Review
from gastown.domain.town import Town
from gastown.usecases import commands
from gastown.usecases.agents import agent_of, current_run
from gastown.usecases.history import bead_text
from gastown.usecases.messages import OpenMail, Words, open_mail_of, pending_of
from gastown.usecases.tokens import AgentClaims
from gastown.usecases.unit_of_work import UnitOfWork

OPEN_BEADS = 20
"""Newest open beads of the rig that are shown."""


@dataclass(frozen=True, kw_only=True)
class Prime:
    """An agent's context; `body` is the text of its bead, for a review that of the bead under review."""

    town: Town
    agent: Agent
    run: Run
    held: Bead | Review
    body: str | None
    target_branch: str
    gates: tuple[str, ...]
    review: dict[str, Any] | None = None
    rework: dict[str, Any] | None = None
    request: dict[str, Any] | None = None
    """The open pull request that the work is on."""
    merge_strategy: str = "direct"
    open_beads: list[Bead] = field(default_factory=list)
    mail: list[OpenMail] = field(default_factory=list)
    nudges: list[Words] = field(default_factory=list)


def gather_prime(work: UnitOfWork, claims: AgentClaims) -> Prime:
    """Gather an agent's context. Raises `NotFound`, `StaleDispatch`, `Conflict` (run has ended)."""
    town = work.read(claims.town_id)
    agent = agent_of(town, claims.rig_id, claims.agent_id)
    run = current_run(town, agent.id, claims.dispatch)
    held = town.beads.get(run.hook) or town.reviews.get(run.hook)
    if held is None:
        raise NotFound(f"Bead {run.hook} not found")
    body = bead_text(work, town.id, held.id) if isinstance(held, Bead) else _source_text(work, town, held)
    return Prime(
        town=town,
        agent=agent,
        run=run,
        held=held,
        body=body,
        target_branch=commands.target_of(town, held),
        gates=town.rules_for(agent.rig_id).gates,
        review=_review(town, held, body) if isinstance(held, Review) else None,
        rework=_rework(work, town, held, body) if isinstance(held, Bead) and held.is_fix else None,
        request=request_of(town, held),
        merge_strategy=str(town.rules_for(agent.rig_id).merge_strategy),
        open_beads=_open_beads(town, agent),
        mail=open_mail_of(work, town, agent.id),
        nudges=pending_of(work, town, agent.id),
    )


def _source_text(work: UnitOfWork, town: Town, review: Review) -> str | None:
    return bead_text(work, town.id, review.source_id) if review.source_id else None


def _review(town: Town, review: Review, body: str | None) -> dict[str, Any]:
    source = town.beads.get(review.source_id) if review.source_id else None
    return {
        **commands.show_review(review),
        "base_branch": review.base_branch,
        "summary": review.summary,
        "source_bead_id": review.source_id,
        "source_title": source.title if source else None,
        "source_body": body,
        "rounds": review.rounds,
        "is_landing": review.is_landing,
    }


def _rework(work: UnitOfWork, town: Town, fix: Bead, feedback: str | None) -> dict[str, Any]:
    review = town.reviews.get(fix.parent_id) if fix.parent_id else None
    source = town.beads.get(review.source_id) if review and review.source_id else None
    files = fix.metadata.get("files")
    return {
        "feedback": feedback or "",
        "branch": review.branch if review else fix.metadata.get("branch"),
        "target_branch": review.target_branch if review else fix.metadata.get("target_branch"),
        "files": list(files) if isinstance(files, list) else [],
        "original_bead_title": source.title if source else review.title if review else None,
        "original_body": bead_text(work, town.id, source.id) if source else None,
        "mr_bead_id": review.id if review else None,
    }


def request_of(town: Town, held: Bead | Review) -> dict[str, Any] | None:
    """The pull request under a fix or a review, if it is there; `conflict` says that the fix is about one."""
    review = held if isinstance(held, Review) else town.reviews.get(held.parent_id) if held.parent_id else None
    if review is None or review.watch.url is None:
        return None
    return {
        "pr_url": review.watch.url,
        "branch": review.branch,
        "target_branch": review.target_branch,
        "force_push_allowed": review.is_adopted and review.force_push_allowed,
        "conflict": isinstance(held, Bead) and CONFLICT in held.labels,
    }


def _open_beads(town: Town, agent: Agent) -> list[Bead]:
    live = (BeadStatus.OPEN, BeadStatus.IN_PROGRESS)
    beads = [bead for bead in town.beads.values() if bead.rig_id == agent.rig_id and bead.status in live]
    return sorted(beads, key=lambda bead: (bead.created_at, bead.id), reverse=True)[:OPEN_BEADS]
