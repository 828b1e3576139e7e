"""M/tools: what the mayor does for people in its own town, by the token of its present session (api facts, 4.12)."""

from typing import Any, cast

from aws_lambda_powertools.event_handler.api_gateway import Router

from gastown import bootstrap
from gastown.api import adopting, callers
from gastown.api.agent_views import show_agent
from gastown.api.bead_filters import bead_filter
from gastown.api.callers import body, idempotency_key, success
from gastown.api.convoy_views import detail, order_of, show_slung, statuses
from gastown.api.message_views import show_nudge
from gastown.api.schemas.people import BeadBody, SlingConvoyBody
from gastown.api.schemas.talk import MailBody, NudgeBody
from gastown.api.schemas.work import (
    AddBeadBody,
    AdoptBody,
    BeadEditBody,
    BulkDeleteBody,
    ConvoyEditBody,
    DeleteByStatusBody,
    ReassignBody,
    RemoveBeadBody,
)
from gastown.api.views import show_bead, show_convoy, show_escalation
from gastown.domain.editing import BeadEdit
from gastown.domain.errors import Invalid
from gastown.usecases import agents, beads, convoys, deleting, escalations, history, mayors, messages, staff
from gastown.usecases.adopting import adopt
from gastown.usecases.commands import show_rig
from gastown.usecases.messages import Letter, NudgeOrder

router = Router()
TOOLS = "/api/mayor/<town_id>/tools"
RIG = f"{TOOLS}/rigs/<rig_id>"
BEAD = f"{RIG}/beads/<bead_id>"
CONVOY = f"{TOOLS}/convoys/<convoy_id>"


def mayor(town_id: str) -> str:
    """The calling mayor, as the journal names it. Raises `Unauthorized`, `Forbidden`, `StaleDispatch`."""
    claims = callers.mayor(router, town_id)
    mayors.check_speaking(bootstrap.unit_of_work(), claims)
    return "mayor"


@router.post(f"{RIG}/sling")
def sling(town_id: str, rig_id: str) -> tuple[dict[str, Any], int]:
    """Create one bead."""
    by, said = mayor(town_id), body(router, BeadBody)
    order = beads.BeadOrder(town_id=town_id, rig_id=rig_id, by=by, held=said.waits)
    made = beads.sling(bootstrap.unit_of_work(), order, said.model_dump(), idempotency_key(router), show_bead)
    return success({"bead": show_bead(made), "agent": None}), 201


@router.post(f"{TOOLS}/sling-batch")
def sling_batch(town_id: str) -> tuple[dict[str, Any], int]:
    """Create a convoy; several tasks without any dependency have to be called parallel."""
    by, said = mayor(town_id), body(router, SlingConvoyBody)
    order = order_of(said, by, parallel=bool(said.parallel))
    return success(convoys.sling(bootstrap.unit_of_work(), town_id, order, idempotency_key(router), show_slung)), 201


@router.post(f"{TOOLS}/babysit-pr")
def babysit(town_id: str) -> tuple[dict[str, Any], int]:
    """Have the town look after an open pull request of one of its rigs."""
    by, said = mayor(town_id), body(router, AdoptBody)
    if said.rig_id is None:
        raise Invalid("Say which rig it belongs to", field="rig_id")
    order = adopting.order_of(said, town_id, said.rig_id)
    made = adopt(adopting.providers(), order, by, idempotency_key(router), adopting.show_adopted)
    return success(made), 201


@router.get(f"{TOOLS}/rigs")
def rigs(town_id: str) -> dict[str, Any]:
    """The town's rigs."""
    mayor(town_id)
    town = bootstrap.unit_of_work().read(town_id)
    return success([{**show_rig(rig), "name": rig.name} for rig in town.rigs.values() if not rig.is_leaving])


@router.get(f"{RIG}/beads")
def list_beads(town_id: str, rig_id: str) -> dict[str, Any]:
    """The beads of a rig, newest first, of one status, type, agent or parent if named."""
    mayor(town_id)
    chosen = bead_filter(router.current_event.query_string_parameters, rig_id)
    return success(beads.list_beads(bootstrap.unit_of_work(), town_id, chosen, show_bead))


@router.get(BEAD)
def get_bead(town_id: str, rig_id: str, bead_id: str) -> dict[str, Any]:  # noqa: ARG001 - the path names the rig
    """One bead with its text."""
    mayor(town_id)
    return success(show_bead(*history.find_bead(bootstrap.unit_of_work(), town_id, bead_id)))


@router.patch(BEAD)
def edit(town_id: str, rig_id: str, bead_id: str) -> dict[str, Any]:
    """Change the named fields of a bead."""
    by, named = mayor(town_id), body(router, BeadEditBody).model_dump(exclude_unset=True)
    said = cast("BeadEdit", {name: value for name, value in named.items() if value is not None or name == "body"})
    return success(show_bead(beads.edit(bootstrap.unit_of_work(), (town_id, rig_id, bead_id), said, by)))


@router.post(f"{BEAD}/reassign")
def reassign(town_id: str, rig_id: str, bead_id: str) -> dict[str, Any]:
    """Give a bead to a certain idle polecat."""
    by, said = mayor(town_id), body(router, ReassignBody)
    return success(show_bead(beads.reassign(bootstrap.unit_of_work(), (town_id, rig_id, bead_id), said.agent_id, by)))


@router.post(f"{BEAD}/retry")
def retry(town_id: str, rig_id: str, bead_id: str) -> tuple[dict[str, Any], int]:
    """Put a new bead in the place of a failed one."""
    by, key = mayor(town_id), idempotency_key(router)
    made = beads.retry(bootstrap.unit_of_work(), (town_id, rig_id, bead_id), by, key, show_bead)
    return success(show_bead(made)), 201


@router.delete(BEAD)
def delete(town_id: str, rig_id: str, bead_id: str) -> dict[str, Any]:
    """Delete a bead."""
    deleting.delete_one(bootstrap.unit_of_work(), _shelf(town_id, rig_id), bead_id)
    return success({"deleted": True})


@router.post(f"{RIG}/beads/bulk-delete")
def bulk_delete(town_id: str, rig_id: str) -> tuple[dict[str, Any], int]:
    """Have many beads of the rig deleted."""
    shelf, said = _shelf(town_id, rig_id), body(router, BulkDeleteBody)
    job = deleting.delete_many(bootstrap.unit_of_work(), shelf, said.bead_ids, idempotency_key(router))
    return success(deleting.accepted(job)), 202


@router.post(f"{RIG}/beads/delete-by-status")
def delete_by_status(town_id: str, rig_id: str) -> tuple[dict[str, Any], int]:
    """Have the rig's beads of one status deleted."""
    shelf, said, key = _shelf(town_id, rig_id), body(router, DeleteByStatusBody), idempotency_key(router)
    job = deleting.delete_by_status(bootstrap.unit_of_work(), shelf, said.status, said.type, key)
    return success(deleting.accepted(job)), 202


def _shelf(town_id: str, rig_id: str) -> deleting.Shelf:
    return deleting.Shelf(town_id=town_id, rig_id=rig_id, by=mayor(town_id))


@router.get(f"{RIG}/agents")
def list_agents(town_id: str, rig_id: str) -> dict[str, Any]:
    """The agents of a rig."""
    mayor(town_id)
    town, found = agents.list_agents(bootstrap.unit_of_work(), town_id, rig_id)
    return success([show_agent(town, agent) for agent in found])


@router.get(f"{RIG}/agents/<agent_id>/pending-nudges")
def pending_nudges(town_id: str, rig_id: str, agent_id: str) -> dict[str, Any]:
    """What waits to be said to an agent, urgent first."""
    mayor(town_id)
    waiting = messages.waiting_for(bootstrap.unit_of_work(), town_id, rig_id, agent_id)
    return success([show_nudge(words) for words in waiting])


@router.post(f"{RIG}/agents/<agent_id>/reset")
def reset_agent(town_id: str, rig_id: str, agent_id: str) -> dict[str, Any]:
    """Cancel what an agent does and start that over."""
    desk = staff.Desk(town_id=town_id, rig_id=rig_id, by=mayor(town_id))
    staff.reset(bootstrap.unit_of_work(), desk, agent_id)
    return success({"reset": True})


@router.post(f"{TOOLS}/mail")
def mail(town_id: str) -> dict[str, Any]:
    """Write a letter to any agent of the town."""
    by, said = mayor(town_id), body(router, MailBody)
    letter = Letter(recipient=said.to_agent_id, subject=said.subject, body=said.body)
    kept = messages.mail(bootstrap.unit_of_work(), town_id, letter, by, idempotency_key(router))
    return success({"sent": True, "mail_id": kept})


@router.post(f"{TOOLS}/nudge")
def nudge(town_id: str) -> dict[str, Any]:
    """Say something short to any agent of the town."""
    by, said = mayor(town_id), body(router, NudgeBody)
    order = NudgeOrder(agent_id=said.target_agent_id, message=said.message, mode=said.mode, priority=said.priority)
    return success({"nudge_id": messages.nudge(bootstrap.unit_of_work(), town_id, order, by, idempotency_key(router))})


@router.get(f"{TOOLS}/convoys")
def list_convoys(town_id: str) -> dict[str, Any]:
    """The convoys that are not over."""
    mayor(town_id)
    town = bootstrap.unit_of_work().read(town_id)
    newest = sorted(town.convoys.values(), key=lambda convoy: convoy.created_at, reverse=True)
    return success([show_convoy(convoy, statuses(town, convoy)) for convoy in newest])


@router.get(CONVOY)
def get_convoy(town_id: str, convoy_id: str) -> dict[str, Any]:
    """One convoy with its beads and edges."""
    mayor(town_id)
    return success(detail(town_id, convoy_id))


@router.patch(CONVOY)
def update_convoy(town_id: str, convoy_id: str) -> dict[str, Any]:
    """Change merge mode or feature branch before anything was merged."""
    by, said = mayor(town_id), body(router, ConvoyEditBody)
    convoys.update(bootstrap.unit_of_work(), town_id, convoy_id, (said.merge_mode, said.feature_branch), by)
    return success(detail(town_id, convoy_id))


@router.post(f"{CONVOY}/start")
def start_convoy(town_id: str, convoy_id: str) -> dict[str, Any]:
    """Start a staged convoy, or resume a stopped one."""
    convoys.start(bootstrap.unit_of_work(), town_id, convoy_id, mayor(town_id))
    return success(detail(town_id, convoy_id))


@router.post(f"{CONVOY}/close")
def close_convoy(town_id: str, convoy_id: str) -> dict[str, Any]:
    """Close a convoy and everything in it."""
    convoys.close(bootstrap.unit_of_work(), town_id, convoy_id, mayor(town_id))
    return success(detail(town_id, convoy_id))


@router.post(f"{CONVOY}/add-bead")
def add_bead(town_id: str, convoy_id: str) -> dict[str, Any]:
    """Add an open bead that nobody works on yet."""
    by, said, work = mayor(town_id), body(router, AddBeadBody), bootstrap.unit_of_work()
    return success({"total_beads": convoys.add_bead(work, town_id, convoy_id, said.bead_id, said.depends_on, by)})


@router.post(f"{CONVOY}/remove-bead")
def remove_bead(town_id: str, convoy_id: str) -> dict[str, Any]:
    """Take out an open or failed bead."""
    by, said = mayor(town_id), body(router, RemoveBeadBody)
    left = convoys.remove_bead(bootstrap.unit_of_work(), town_id, convoy_id, said.bead_id, by)
    return success({"total_beads": left})


@router.post(f"{TOOLS}/escalations/<escalation_id>/acknowledge")
def acknowledge(town_id: str, escalation_id: str) -> dict[str, Any]:
    """End an escalation that the mayor has dealt with."""
    by = mayor(town_id)
    return success(show_escalation(escalations.acknowledge(bootstrap.unit_of_work(), town_id, escalation_id, by)))
