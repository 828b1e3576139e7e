"""When all trouble is over: everything ready has ended, and what is left waits for a named person's decision."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from gastown.domain.bead import Bead, BeadStatus
from gastown.domain.container import ContainerState
from gastown.domain.convoy import Convoy, ConvoyState
from gastown.domain.effect import Effect, EffectKind
from gastown.domain.town import Town

if TYPE_CHECKING:
    from tests.simulation.world import World


def check_end(world: "World") -> Iterator[str]:
    """What contradicts the sentence above (16: liveness)."""
    town = world.watch.stored()
    if town is None:
        yield from _gone(world)
        return
    people = [bead for bead in town.beads.values() if waits_for_person(town, bead)]
    left = [bead.title for bead in town.beads.values() if bead not in people]
    if left:
        yield f"these beads never ended: {left}"
    if stuck := [review.title for review in town.reviews.values() if not _may_wait(town, review.convoy_id)]:
        yield f"these reviews never ended: {stuck}"
    for convoy in town.convoys.values():
        if not _convoy_waits(town, convoy, people):
            yield f"{convoy.title} is {convoy.state}, and nobody is told what to decide"
    yield from _nothing_is_left_over(world, town)
    yield from _nothing_is_lost(world, town)
    if world.luck.plan.seed % 5 == 0 and (town.beads or town.convoys or town.escalations):
        rest = [*town.beads.values(), *town.convoys.values(), *town.escalations.values()]
        yield f"a calm world did not end without people: {rest}"


def waits_for_person(town: Town, bead: Bead) -> bool:
    """Held, in a convoy that people stopped, or behind something that failed or waits for people itself."""
    if bead.is_held or _may_wait(town, bead.convoy_id):
        return True
    for blocker in bead.blockers:
        failed = town.stubs.get(blocker)
        if failed is not None and failed.status is BeadStatus.FAILED and town.config.failed_blockers == "block":
            return True
        if blocker in town.beads and waits_for_person(town, town.beads[blocker]):
            return True
    return False


def _may_wait(town: Town, convoy_id: str | None) -> bool:
    convoy = next((c for c in town.convoys.values() if c.id == convoy_id), None)
    return convoy is not None and convoy.state in (ConvoyState.STAGED, ConvoyState.STOPPED)


def _convoy_waits(town: Town, convoy: Convoy, people: list[Bead]) -> bool:
    """Staged or stopped by people; or told of by an escalation; or one of its beads waits for people."""
    if convoy.state in (ConvoyState.STAGED, ConvoyState.STOPPED) or convoy.landing_waits_for_person:
        return True
    if any(bead.convoy_id == convoy.id for bead in people):
        return True
    failed = [member for member in convoy.beads if town.status_of(member) is BeadStatus.FAILED]
    return bool(failed) and town.config.failed_blockers == "block"


def _nothing_is_left_over(world: "World", town: Town) -> Iterator[str]:
    """Nothing runs, nothing is under way, and nobody is awake."""
    if town.container.state is not ContainerState.NONE or any(t.alive for t in world.runtime.tasks.values()):
        yield f"the container is {town.container.state}, and {world.runtime.running_count()} tasks run"
    effects = [effect for effect in town.effects.values() if not _looks_after(town, effect)]
    if effects or town.inbox or any(not job.set_aside for job in town.jobs.values()):
        yield f"left over: {[*effects, *town.inbox, *town.jobs.values()]}"
    if town.triage and town.config.auto_triage and town.rigs:
        yield f"nobody answers {[request.title for request in town.triage.values()]}"
    over = [wait.key for wait in town.waits.values() if wait.convoy_id not in town.convoys]
    if over:
        yield f"nobody answers {over}"
    if [a.name for a in town.agents.values() if a.open_run is not None]:
        yield "an agent is at work for ever"


def _looks_after(town: Town, effect: Effect) -> bool:
    """A request of a convoy that people stopped is still looked at, in case somebody merges or closes it."""
    review = next((r for r in town.reviews.values() if r.id == effect.arguments.get("review_id")), None)
    return effect.kind is EffectKind.POLL_PULL and review is not None and _may_wait(town, review.convoy_id)


def _nothing_is_lost(world: "World", town: Town) -> Iterator[str]:
    """What people asked for is live, has ended, or was deleted by them."""
    facts = world.watch.facts
    if lost := facts.asked - facts.finals.keys() - {*town.beads} - facts.deleted:
        yield f"these tasks are nowhere: {lost}"


def _gone(world: "World") -> Iterator[str]:
    if world.directory.get_town(world.town_id) is not None or world.runtime.running_count():
        yield "a deleted town leaves something behind"
