"""Explaining what a town waits for, without changing anything."""

from collections.abc import Iterator
from datetime import datetime

from gastown.domain.errors import NotFound
from gastown.domain.town import Town
from gastown.reconciler.explain import Explanation, explain, explain_ended, look_ahead
from gastown.reconciler.subjects import Subject
from gastown.usecases.history import kept_bead
from gastown.usecases.unit_of_work import UnitOfWork

EXPLAINED = 40
"""Things that the explanation of a whole town tells of at most."""


def explain_one(work: UnitOfWork, town_id: str, subject_id: str, rig_id: str | None = None) -> Explanation:
    """Why a bead of any kind, an agent or the mayor stands where it stands, or how it ended.

    Raises `NotFound`, also for what does not belong to the rig, if one is named.
    """
    town = work.read(town_id)
    try:
        told = explain(town, subject_id, work.moment(town).now)
    except NotFound:
        ended = kept_bead(work, town_id, subject_id)
        if ended is None:
            raise
        told = explain_ended(town, ended)
    if rig_id is not None and told.rig_id != rig_id:
        raise NotFound(f"{subject_id} not found in rig {rig_id}")
    return told


def explain_all(town: Town, now: datetime) -> list[Explanation]:
    """The explanations of a town's live work, oldest first, then of whoever works, and of the mayor."""
    ahead = list(look_ahead(town, now))
    return [explain(town, one.id, now, ahead) for one, _ in zip(_whole(town), range(EXPLAINED), strict=False)]


def _whole(town: Town) -> Iterator[Subject]:
    work: list[Subject] = [*town.convoys.values(), *town.reviews.values(), *town.beads.values()]
    yield from sorted(work, key=lambda one: (one.created_at, one.id))
    yield from (agent for agent in town.agents.values() if agent.hook is not None)
    if town.mayor is not None:
        yield town.mayor
