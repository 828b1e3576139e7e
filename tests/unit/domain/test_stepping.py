"""Molecules: steps one after the other, ended with their bead."""

import json

import pytest

from gastown.domain.bead import BeadStatus
from gastown.domain.ending import end_bead
from gastown.domain.errors import Conflict, Invalid, NotFound
from gastown.domain.limits import MAX_STEPS
from gastown.domain.molecule import Molecule
from gastown.domain.stepping import StepOrder, advance_molecule, create_molecule, molecule_at_work, text_id
from gastown.usecases.town_items import dump
from tests.support.builders import a_bead, a_town, an_agent, at, at_work, with_container

TWO = [StepOrder(title="Look", instructions="Read it."), StepOrder(title="Do", instructions="Write it.")]


def test_steps_are_done_in_order_and_the_last_one_ends_the_molecule() -> None:
    """The agent on the bead advances them; each once."""
    town = with_container(a_town())
    bead, agent = a_bead(town), an_agent(town)
    at_work(town, agent, bead)
    molecule = create_molecule(town, bead, TWO, at())

    assert "1" == advance_step(molecule)
    advance_molecule(town, agent, "read", "1", at(1))
    with pytest.raises(Conflict):
        advance_molecule(town, agent, "read", "1", at(2))
    advance_molecule(town, agent, "written", None, at(3))

    assert ({}, BeadStatus.CLOSED) == (town.molecules, molecule.status)
    assert molecule is town.finals[molecule.id]
    with pytest.raises(NotFound):
        molecule_at_work(town, agent)


def advance_step(molecule: Molecule) -> str | None:
    """The id of the current step."""
    return molecule.current.id if molecule.current else None


@pytest.mark.parametrize(
    ("status", "ends"), [(BeadStatus.CLOSED, BeadStatus.CLOSED), (BeadStatus.FAILED, BeadStatus.FAILED)]
)
def test_a_molecule_ends_with_its_bead(status: BeadStatus, ends: BeadStatus) -> None:
    """Whatever was left to do."""
    town = a_town()
    bead = a_bead(town)
    molecule = create_molecule(town, bead, TWO, at())

    end_bead(town, bead, status, "person", at(1))

    assert (ends, {}) == (molecule.status, town.molecules)


def test_instructions_are_texts_and_fifty_steps_fit_into_an_item() -> None:
    """A live item stays below 4 KB (design section 2); long titles stand whole above the instructions."""
    town = a_town()
    steps = [StepOrder(title="T" * 500, instructions="I" * 1000)] * MAX_STEPS
    molecule = create_molecule(town, a_bead(town), steps, at())

    compact = json.dumps(dump(molecule, Molecule), separators=(",", ":"))
    attributes = compact.replace('"', "").replace(":", "").replace(",", "")
    assert len(attributes) < 4096
    assert MAX_STEPS == len(town.texts)
    assert "T" * 500 + "\n\n" + "I" * 1000 == town.texts[text_id(molecule.id, molecule.steps[-1])]


@pytest.mark.parametrize(
    ("steps", "field"),
    [
        ([], "formula.steps"),
        (TWO * 26, "formula.steps"),
        ([StepOrder(title=" ", instructions="x")], "formula.steps.0.title"),
        ([*TWO, StepOrder(title="x", instructions=" ")], "formula.steps.2.instructions"),
    ],
)
def test_steps_out_of_bounds_are_refused(steps: list[StepOrder], field: str) -> None:
    """The field is named, and nothing is made."""
    town = a_town()
    with pytest.raises(Invalid) as refused:
        create_molecule(town, a_bead(town), steps, at())

    assert (field, {}, {}) == (refused.value.field, town.molecules, town.texts)


def test_a_bead_has_one_molecule_at_a_time() -> None:
    """A second one is a conflict."""
    town = a_town()
    bead = a_bead(town)
    create_molecule(town, bead, TWO, at())

    with pytest.raises(Conflict):
        create_molecule(town, bead, TWO, at())
