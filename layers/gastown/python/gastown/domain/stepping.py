"""The moves of a molecule: given to a bead, done step by step by the agent on it, ended with the bead."""

from collections.abc import Sequence
from dataclasses import dataclass

from gastown.domain.agent import Agent
from gastown.domain.bead import Bead
from gastown.domain.ending import end_molecule
from gastown.domain.errors import Conflict, Invalid, NotFound
from gastown.domain.event import Note
from gastown.domain.ids import BeadId, Moment
from gastown.domain.limits import MAX_BODY_BYTES, MAX_STEPS, MAX_TITLE
from gastown.domain.molecule import Molecule, Step
from gastown.domain.town import Town

SHOWN_TITLE = 40
"""Characters of a step's title in the molecule's item; the whole of it stands above the instructions."""


@dataclass(frozen=True, kw_only=True)
class StepOrder:
    """One step as it is asked for."""

    title: str
    instructions: str


def text_id(molecule_id: BeadId, step: Step) -> BeadId:
    """Under which id the text of a step is kept."""
    return BeadId(f"{molecule_id}-{step.id}")


def create_molecule(town: Town, bead: Bead, orders: Sequence[StepOrder], moment: Moment) -> Molecule:
    """Give a live bead its steps (1 item, a text for each step). Raises `Invalid`, `Conflict`."""
    if not 1 <= len(orders) <= MAX_STEPS:
        raise Invalid(f"A molecule has 1 to {MAX_STEPS} steps", field="formula.steps")
    for place, order in enumerate(orders):
        if not order.title.strip() or len(order.title) > MAX_TITLE:
            raise Invalid(f"A title has 1 to {MAX_TITLE} characters", field=f"formula.steps.{place}.title")
        if not order.instructions.strip() or len(order.instructions.encode()) > MAX_BODY_BYTES:
            raise Invalid(f"Instructions take 1 to {MAX_BODY_BYTES} bytes", field=f"formula.steps.{place}.instructions")
    if (known := town.molecule_of(bead.id)) is not None:
        raise Conflict(f"Bead {bead.id} has the molecule {known.id} already")
    steps = [Step(id=BeadId(str(place)), title=order.title[:SHOWN_TITLE]) for place, order in enumerate(orders, 1)]
    molecule = Molecule(
        id=BeadId(moment.new_id()),
        bead_id=bead.id,
        title=f"Molecule: {bead.title}"[:MAX_TITLE],
        created_at=moment.now,
        updated_at=moment.now,
        rig_id=bead.rig_id,
        steps=steps,
    )
    town.molecules[molecule.id] = molecule
    town.texts.update(
        {text_id(molecule.id, step): f"{o.title}\n\n{o.instructions}" for step, o in zip(steps, orders, strict=True)}
    )
    made: dict[str, object] = {"type": "molecule", "steps": len(steps)}
    town.note(Note(bead_id=bead.id, type="created", at=moment.now, new=molecule.id, metadata=made))
    return molecule


def molecule_at_work(town: Town, agent: Agent) -> Molecule:
    """The molecule of the bead that an agent is on. Raises `NotFound`."""
    molecule = town.molecule_of(agent.hook) if agent.hook else None
    if molecule is None or molecule.current is None:
        raise NotFound(f"{agent.name} has no active molecule")
    return molecule


def advance_molecule(town: Town, agent: Agent, summary: str, step: str | None, moment: Moment) -> Molecule:
    """Close the current step of an agent's molecule, and the molecule with its last one (1 item).

    Raises `NotFound`, `Conflict` when `step` names another than the current one: a step is advanced once.
    """
    molecule = molecule_at_work(town, agent)
    current = molecule.current
    if current is None or (step is not None and step != current.id):
        raise Conflict(f"The current step of molecule {molecule.id} is {current.id if current else 'none'}")
    current.closed_at = molecule.updated_at = moment.now
    detail: dict[str, object] = {"molecule_id": molecule.id, "step": current.id, "summary": summary[:500]}
    note = Note(
        bead_id=molecule.bead_id, type="step_closed", at=moment.now, agent_id=agent.id, new=current.id, metadata=detail
    )
    town.note(note)
    if molecule.current is None:
        end_molecule(town, molecule, moment, done=True)
    return molecule
