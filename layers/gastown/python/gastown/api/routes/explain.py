"""…/explain: why something stands where it stands, what moves it next, and what a person can do."""

from typing import Any

from aws_lambda_powertools.event_handler.api_gateway import Router

from gastown import bootstrap
from gastown.api import access, callers
from gastown.api.callers import success
from gastown.usecases import mayors
from gastown.usecases.town_items import dump

router = Router()
TOWN = "/api/towns/<town_id>"


@router.get(f"{TOWN}/explain/<subject_id>")
def anything(town_id: str, subject_id: str) -> dict[str, Any]:
    """A bead of any kind, a message, an agent or the mayor, live or ended."""
    access.owner(router, town_id)
    return _explained(town_id, subject_id)


@router.get(f"{TOWN}/convoys/<convoy_id>/explain")
def convoy(town_id: str, convoy_id: str) -> dict[str, Any]:
    """A convoy, live or over."""
    access.owner(router, town_id)
    return _explained(town_id, convoy_id)


@router.get(f"{TOWN}/rigs/<rig_id>/beads/<bead_id>/explain")
def bead(town_id: str, rig_id: str, bead_id: str) -> dict[str, Any]:
    """A bead of any kind of this rig, live or ended, for its owner and for agents of the rig."""
    access.member(router, town_id, rig_id)
    return _explained(town_id, bead_id, rig_id)


@router.get(f"{TOWN}/rigs/<rig_id>/agents/<agent_id>/explain")
def agent(town_id: str, rig_id: str, agent_id: str) -> dict[str, Any]:
    """An agent of this rig."""
    access.member(router, town_id, rig_id)
    return _explained(town_id, agent_id, rig_id)


@router.get("/api/mayor/<town_id>/tools/explain/<subject_id>")
def for_mayor(town_id: str, subject_id: str) -> dict[str, Any]:
    """A bead of any kind, a message or an agent, for the mayor, whom people ask."""
    mayors.check_speaking(bootstrap.unit_of_work(), callers.mayor(router, town_id))
    return _explained(town_id, subject_id)


def _explained(town_id: str, subject_id: str, rig_id: str | None = None) -> dict[str, Any]:
    # Late: the rules are much to load for a door that mostly does other things.
    from gastown.reconciler.explain import Explanation
    from gastown.usecases.explaining import explain_one

    return success(dump(explain_one(bootstrap.unit_of_work(), town_id, subject_id, rig_id), Explanation))
