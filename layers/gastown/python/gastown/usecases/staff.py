"""Agents by a person's hand: register, find or make, reset, delete."""

from dataclasses import dataclass

from gastown.domain.agent import Agent, Role
from gastown.domain.ids import Moment
from gastown.domain.staffing import delete_agent, get_or_create_agent, register_agent, reset_agent, reset_attempts
from gastown.domain.town import Town
from gastown.usecases.agents import agent_of
from gastown.usecases.unit_of_work import UnitOfWork

Answer = tuple[Town, Agent]
"""The town and the agent as the commit left them."""


@dataclass(frozen=True, kw_only=True)
class Desk:
    """A rig's agents, and who wants to change them."""

    town_id: str
    rig_id: str
    by: str


def register(uow: UnitOfWork, desk: Desk, role: Role, name: str, identity: str) -> Answer:
    """Add an agent. Raises `NotFound`, `Invalid`, `Conflict`."""

    def move(town: Town, moment: Moment) -> Answer:
        return town, register_agent(town, desk.rig_id, role, name, identity, moment)

    return uow.change(desk.town_id, move, actor=desk.by, cause="register agent")


def get_or_create(uow: UnitOfWork, desk: Desk, role: Role) -> Answer:
    """The refinery, an idle polecat, or a new one. Raises `NotFound`, `Invalid`, `Conflict`."""

    def move(town: Town, moment: Moment) -> Answer:
        return town, get_or_create_agent(town, desk.rig_id, role, moment)

    return uow.change(desk.town_id, move, actor=desk.by, cause="get or create agent")


def reset(uow: UnitOfWork, desk: Desk, agent_id: str) -> Answer:
    """Cancel what an agent does; that starts over. Raises `NotFound`, `Conflict`."""

    def move(town: Town, moment: Moment) -> Answer:
        return town, reset_agent(town, agent_of(town, desk.rig_id, agent_id), desk.by, moment)

    return uow.change(desk.town_id, move, actor=desk.by, cause="reset agent")


def delete(uow: UnitOfWork, desk: Desk, agent_id: str) -> None:
    """Remove an agent; its work goes back to the queue. Raises `NotFound`."""

    def move(town: Town, moment: Moment) -> None:
        delete_agent(town, agent_of(town, desk.rig_id, agent_id), desk.by, moment)

    uow.change(desk.town_id, move, actor=desk.by, cause="delete agent")


def reset_starts(uow: UnitOfWork, desk: Desk, agent_id: str) -> Answer:
    """Set the counters of an agent's work to 0. Raises `NotFound`."""

    def move(town: Town, moment: Moment) -> Answer:
        return town, reset_attempts(town, agent_of(town, desk.rig_id, agent_id), desk.by, moment)

    return uow.change(desk.town_id, move, actor=desk.by, cause="reset attempts")
