"""Effects on a convoy's execution: start it, stop it, answer one of its waits. Doing them twice changes things once."""

from typing import Any

from gastown.domain.convoy import Convoy, ConvoyState
from gastown.domain.event import EventKind
from gastown.domain.ids import BeadId
from gastown.domain.town import Town
from gastown.domain.waiting import mark_of
from gastown.usecases.errand import Errand, Outcome, SupersededError

CONTRACT = 1
"""The number of the contract between executions and the town; it is only added to."""

TITLE_LENGTH = 120
"""Characters of a title that an execution shows; its input is bounded, titles are there for people."""


def start_execution(errand: Errand) -> None:
    """Start the execution that mirrors a convoy; its name makes starting it twice harmless."""
    town, number = errand.town(), errand.number("execution")
    convoy = town.convoys.get(BeadId(errand.text("convoy_id")))
    if convoy is None or convoy.execution != number:
        raise SupersededError("the convoy is over, or has a later execution")
    errand.outside.workflows.start(execution_name(town.id, convoy.id, number), execution_input(town, convoy))


def execution_name(town_id: str, convoy_id: str, number: int) -> str:
    """`<town>_<convoy>`, with a number from the second execution on."""
    return f"{town_id}_{convoy_id}" if number <= 1 else f"{town_id}_{convoy_id}_{number}"


def convoy_of_name(name: str) -> tuple[str, str] | None:
    """Town and convoy that an execution's name speaks of, or none if it is no convoy's."""
    parts = name.split("_")
    return (parts[0], parts[1]) if len(parts) in (2, 3) and all(parts) else None


def execution_input(town: Town, convoy: Convoy) -> dict[str, Any]:
    """What an execution is told: ids and titles only."""
    return {
        "contract": CONTRACT,
        "town_id": town.id,
        "convoy_id": convoy.id,
        "title": convoy.title[:TITLE_LENGTH],
        "staged": convoy.state is ConvoyState.STAGED,
        "merge_mode": str(convoy.merge_mode),
        "beads": [{"id": bead_id, "title": _title(town, bead_id)} for bead_id in convoy.beads],
    }


def _title(town: Town, bead_id: BeadId) -> str:
    known = town.beads.get(bead_id) or town.stubs.get(bead_id)
    return known.title[:TITLE_LENGTH] if known else bead_id


def stop_execution(errand: Errand) -> None:
    """Stop an execution; one that has ended is fine."""
    errand.outside.workflows.stop(errand.text("execution_arn"), errand.optional("cause") or "stopped by the town")


def answer_wait(errand: Errand) -> Outcome | None:
    """Answer a wait by the token that it has now; a token nobody waits on is fine. Its outcome takes the wait out."""
    key, answer = errand.text("key"), errand.effect.arguments["answer"]
    wait = errand.town().waits.get(key)
    if wait is None:
        return None
    if not isinstance(answer, dict):
        raise SupersededError(f"the wait {key} has no answer")
    errand.outside.workflows.succeed(wait.token, answer)
    return Outcome(kind=EventKind.WAIT_ANSWERED, data={"key": key, "mark": mark_of(wait.token)})
