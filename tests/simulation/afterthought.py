"""An afterthought: a convoy has begun to land, and a person wants one thing more of it."""

from functools import partial
from typing import TYPE_CHECKING

from gastown.domain.errors import GastownError
from gastown.domain.ids import BeadId
from gastown.usecases import beads, convoys

if TYPE_CHECKING:
    from tests.simulation.watch import View
    from tests.simulation.world import World

BY = "user"


def think_again(view: "View") -> None:
    """Somebody has an afterthought about each convoy that began to land in this commit, or has none."""
    world, town, before = view.world, view.town, view.before
    for convoy in town.convoys.values():
        landing = town.landing_of(convoy.id)
        if landing is None or landing.id in before.reviews or not world.luck.strikes("afterthought"):
            continue
        seconds = world.luck.between("an afterthought comes", 0.1, 60)
        world.after(seconds, "person: an afterthought", partial(_add_one_more, world, convoy.id, convoy.rig_id))


def _add_one_more(world: "World", convoy_id: BeadId, rig_id: str) -> None:
    order = beads.BeadOrder(town_id=world.town_id, rig_id=rig_id, by=BY, held=True)
    try:
        bead = beads.sling(world.uow, order, {"title": f"one more {world.new()[-4:]}"}, None, lambda _: {})
        convoys.add_bead(world.uow, world.town_id, convoy_id, bead.id, None, BY)
    except GastownError as refusal:
        world.tell(f"an afterthought: refused: {refusal}")
