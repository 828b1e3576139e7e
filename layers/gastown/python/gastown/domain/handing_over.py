"""What a run that ends without `done` leaves to the next one on its bead: the ref that its container saved its work to.

The ref is known by its name alone, so work counts even if its container died before it could report it.
"""

import re
from collections.abc import Iterator

from gastown.domain.agent import Agent, Role, Run, RunEnd
from gastown.domain.bead import Bead, LeftWork
from gastown.domain.event import Note
from gastown.domain.ids import AgentId, BeadId, Moment
from gastown.domain.limits import MAX_LEFT_WORK
from gastown.domain.town import Town

UNFINISHED = frozenset({RunEnd.COMPLETED, RunEnd.EVICTED, RunEnd.LOST, RunEnd.CANCELLED, RunEnd.RELEASED})
"""Ends after which there may be work that no `done` has named."""

_REF = re.compile(r"^refs/gastown/wip/([A-Za-z0-9-]+)/([A-Za-z0-9-]+)/([0-9]+)$")


def wip_ref(bead_id: BeadId, agent_id: AgentId, dispatch: int) -> str:
    """Where the work of one run is saved. Not a branch, so nobody's CI runs on it; of one dispatch, so it is fenced."""
    return f"refs/gastown/wip/{bead_id}/{agent_id}/{dispatch}"


def bead_of(ref: str) -> BeadId | None:
    """The bead of such a ref, or none if it is no such ref."""
    found = _REF.match(ref)
    return BeadId(found[1]) if found else None


def save_ref(agent: Agent, bead: Bead, dispatch: int) -> str | None:
    """Where a run on this bead saves its work; a triage batch has none."""
    return None if agent.role is not Role.POLECAT or bead.is_triage_batch else wip_ref(bead.id, agent.id, dispatch)


def remember_saves(town: Town) -> None:
    """Keep what the last heartbeat said of each run's saved work, for it is about to be dropped."""
    for agent in town.agents.values():
        if (run := agent.open_run) is not None:
            run.saved_sha = _saved_by(town, agent) or run.saved_sha


def _saved_by(town: Town, agent: Agent) -> str | None:
    pulse = town.pulses.get(town.container.generation)
    seen = pulse.agents.get(agent.id) if pulse else None
    return seen.saved_sha if seen is not None and seen.dispatch == agent.dispatch else None


def hand_over(town: Town, agent: Agent, run: Run, moment: Moment) -> None:
    """Remember on its bead that a run has ended without `done`; the next run looks for its work (1 item)."""
    bead = town.beads.get(run.hook)
    if bead is None or run.ended not in UNFINISHED or (ref := save_ref(agent, bead, run.dispatch)) is None:
        return
    sha = run.saved_sha or _saved_by(town, agent)
    left = LeftWork(ref=ref, branch=run.branch, agent_name=agent.name, ended=run.ended.value, at=moment.now, sha=sha)
    older = [work for work in bead.left_work if work.ref != ref]
    saved = [work for work in older if work.sha]
    unsure = [work for work in older if not work.sha]
    bead.left_work = [left] if sha else [left, *unsure[: MAX_LEFT_WORK - 2], *saved[:1]]
    if sha:
        detail: dict[str, object] = {"sha": sha, "branch": run.branch}
        town.note(Note(bead_id=bead.id, type="work_saved", at=moment.now, agent_id=agent.id, new=ref, metadata=detail))


def wanted_refs(town: Town) -> Iterator[str]:
    """The refs that a live bead's next run may go on from, also those of a bead that it replaces."""
    return (work.ref for bead in town.beads.values() for work in bead.left_work)
