"""Convoys as people and the mayor order and see them (api facts, 5.4)."""

from typing import Any

from gastown import bootstrap
from gastown.api.schemas.people import SlingConvoyBody
from gastown.api.views import show_bead, show_convoy
from gastown.domain.bead import Bead
from gastown.domain.convoy import Convoy
from gastown.domain.slinging import ConvoyOrder, Task
from gastown.domain.town import Town
from gastown.usecases import history


def order_of(said: SlingConvoyBody, by: str, *, parallel: bool | None = None) -> ConvoyOrder:
    """What the body asks for; `parallel` false refuses several tasks without any dependency."""
    tasks = tuple(Task(title=t.title, body=t.body, depends_on=tuple(t.depends_on)) for t in said.tasks)
    return ConvoyOrder(
        rig_id=said.rig_id,
        title=said.convoy_title,
        tasks=tasks,
        merge_mode=said.merge_mode,
        staged=said.staged,
        parallel=parallel,
        by=by,
    )


def show_slung(town: Town, convoy: Convoy) -> dict[str, Any]:
    """A new convoy with its beads."""
    beads = [{"bead": show_bead(town.beads[bead_id]), "agent": None} for bead_id in convoy.beads]
    return {"convoy": show_convoy(convoy, statuses(town, convoy)), "beads": beads}


def statuses(town: Town, convoy: Convoy) -> dict[str, str]:
    """How each bead of a live convoy stands."""
    return {bead_id: str(town.status_of(bead_id) or "closed") for bead_id in convoy.beads}


def detail(town_id: str, convoy_id: str) -> dict[str, Any]:
    """A convoy with its beads and the edges between them. Raises `NotFound`."""
    work = bootstrap.unit_of_work()
    town, convoy = history.find_convoy(work, town_id, convoy_id)
    beads = [bead for bead in history.members(work, town, convoy) if isinstance(bead, Bead)]
    edges = [{"bead_id": bead.id, "depends_on_bead_id": on} for bead in beads for on in bead.blockers]
    shown = [
        {
            "bead_id": bead.id,
            "title": bead.title,
            "status": str(bead.status),
            "rig_id": bead.rig_id,
            "outcome": bead.outcome,
            "assignee_agent_name": town.agents[bead.assignee].name if bead.assignee in town.agents else None,
        }
        for bead in beads
    ]
    known: dict[str, str] = {bead.id: str(bead.status) for bead in beads}
    return {**show_convoy(convoy, known), "beads": shown, "dependency_edges": edges}
