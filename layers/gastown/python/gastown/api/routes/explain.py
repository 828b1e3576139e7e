"""…/explain: why something live stands where it stands, and what moves it next."""

from typing import Any

from aws_lambda_powertools.event_handler.api_gateway import Router

from gastown import bootstrap
from gastown.api import access
from gastown.api.callers import success
from gastown.reconciler.explain import Explanation
from gastown.usecases.explaining import explain_one
from gastown.usecases.town_items import dump

router = Router()
TOWN = "/api/towns/<town_id>"


@router.get(f"{TOWN}/explain/<subject_id>")
def anything(town_id: str, subject_id: str) -> dict[str, Any]:
    """A live bead, review, convoy or agent."""
    access.owner(router, town_id)
    return _explained(town_id, subject_id)


@router.get(f"{TOWN}/convoys/<convoy_id>/explain")
def convoy(town_id: str, convoy_id: str) -> dict[str, Any]:
    """A live convoy."""
    access.owner(router, town_id)
    return _explained(town_id, convoy_id)


@router.get(f"{TOWN}/rigs/<rig_id>/beads/<bead_id>/explain")
def bead(town_id: str, rig_id: str, bead_id: str) -> dict[str, Any]:
    """A live bead or review, for its owner and for agents of the rig."""
    access.member(router, town_id, rig_id)
    return _explained(town_id, bead_id)


@router.get(f"{TOWN}/rigs/<rig_id>/agents/<agent_id>/explain")
def agent(town_id: str, rig_id: str, agent_id: str) -> dict[str, Any]:
    """An agent."""
    access.member(router, town_id, rig_id)
    return _explained(town_id, agent_id)


def _explained(town_id: str, subject_id: str) -> dict[str, Any]:
    return success(dump(explain_one(bootstrap.unit_of_work(), town_id, subject_id), Explanation))
