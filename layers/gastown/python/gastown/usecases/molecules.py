"""Molecules: given by people or agents, done step by step by the agent on the bead."""

from collections.abc import Sequence
from typing import Any

from gastown.domain.editing import live_bead
from gastown.domain.errors import Conflict
from gastown.domain.ids import Moment
from gastown.domain.molecule import Molecule
from gastown.domain.stepping import StepOrder, advance_molecule, create_molecule, molecule_at_work, text_id
from gastown.domain.town import Town
from gastown.usecases.agents import agent_of, change, current_run, speaker
from gastown.usecases.beads import Place
from gastown.usecases.tokens import AgentClaims
from gastown.usecases.unit_of_work import UnitOfWork


def create(uow: UnitOfWork, place: Place, steps: Sequence[StepOrder], by: str) -> Molecule:
    """Give a live bead its steps. Raises `NotFound`, `Invalid`, `Conflict`."""
    town_id, rig_id, bead_id = place

    def move(town: Town, moment: Moment) -> Molecule:
        return create_molecule(town, live_bead(town, rig_id, bead_id), steps, moment)

    return uow.change(town_id, move, actor=by, cause="create molecule")


def current(uow: UnitOfWork, claims: AgentClaims) -> dict[str, Any]:
    """The molecule that an agent is on, and its step. Raises `NotFound`, `StaleDispatch`, `Conflict`."""
    town = uow.read(claims.town_id)
    agent = agent_of(town, claims.rig_id, claims.agent_id)
    current_run(town, agent.id, claims.dispatch)
    return show(uow, town, molecule_at_work(town, agent))


def advance(uow: UnitOfWork, claims: AgentClaims, said: tuple[str, str | None], key: str | None) -> dict[str, Any]:
    """Close the current step; the next one, if there is one. Raises `NotFound`, `StaleDispatch`, `Conflict`."""
    summary, step = said

    def move(town: Town, moment: Moment) -> dict[str, Any]:
        agent = speaker(town, claims)
        if agent.open_run is None:
            raise Conflict(f"Run {claims.dispatch} of {agent.name} has ended")
        return show(uow, town, advance_molecule(town, agent, summary, step, moment))

    return change(uow, claims, move, cause="step_closed", key=key, answer=dict)


def show(uow: UnitOfWork, town: Town, molecule: Molecule) -> dict[str, Any]:
    """A molecule with its current step and that step's instructions."""
    return {"molecule": summary_of(molecule), "step": _step(uow, town, molecule)}


def summary_of(molecule: Molecule) -> dict[str, Any]:
    """A molecule as the reference shows it (api facts, 6.3); its status is active, completed or failed."""
    done = sum(1 for step in molecule.steps if step.closed_at is not None)
    ended = {"closed": "completed", "failed": "failed"}
    return {
        "id": molecule.id,
        "bead_id": molecule.bead_id,
        "title": molecule.title,
        "formula": {"steps": [{"id": step.id, "title": step.title} for step in molecule.steps]},
        "current_step": done,
        "status": ended.get(str(molecule.status), "active"),
        "created_at": molecule.created_at.isoformat(),
        "updated_at": molecule.updated_at.isoformat(),
    }


def _step(uow: UnitOfWork, town: Town, molecule: Molecule) -> dict[str, Any] | None:
    step = molecule.current
    if step is None:
        return None
    row = uow.store.read_row(town.id, f"BEAD#{text_id(molecule.id, step)}", "TEXT", consistent=True)
    title, _, instructions = str(row["text"]).partition("\n\n") if row else (step.title, "", "")
    return {"id": step.id, "title": title, "instructions": instructions}
