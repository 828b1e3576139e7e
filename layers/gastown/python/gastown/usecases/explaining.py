"""Explaining what a town waits for, without changing anything."""

from datetime import datetime

from gastown.domain.bead import Bead
from gastown.domain.review import Review
from gastown.domain.town import Town
from gastown.reconciler.explain import Explanation, explain
from gastown.usecases.unit_of_work import UnitOfWork


def explain_one(work: UnitOfWork, town_id: str, subject_id: str) -> Explanation:
    """Why a live bead, review, convoy or agent stands where it stands. Raises `NotFound`."""
    town = work.read(town_id)
    return explain(town, subject_id, work.moment(town).now)


def explain_all(town: Town, now: datetime, *, most: int = 20) -> list[Explanation]:
    """The explanations of a town's oldest live beads and reviews."""
    live: list[Bead | Review] = [*town.beads.values(), *town.reviews.values()]
    waiting = sorted(live, key=lambda one: (one.created_at, one.id))
    return [explain(town, one.id, now) for one in waiting[:most]]
