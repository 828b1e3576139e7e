"""The moves of the town's container: claim, register, drain, lose. A generation is never used twice."""

from gastown.domain.agent import Agent, RunEnd
from gastown.domain.attempts import CONTAINERS
from gastown.domain.command import Command, CommandKind
from gastown.domain.container import Container, ContainerState, Pulse
from gastown.domain.effect import Effect, EffectKind
from gastown.domain.ending import lose_run
from gastown.domain.errors import Conflict
from gastown.domain.escalation import Severity
from gastown.domain.handing_over import remember_saves
from gastown.domain.ids import CommandId, EffectId, Moment
from gastown.domain.limits import (
    BOOT_DEADLINE,
    CONTAINER_TOLD,
    DRAIN_DEADLINE,
    EVICTION_DEADLINE,
)
from gastown.domain.town import Town
from gastown.domain.warning import ABOUT_CONTAINER, raise_escalation

ALIVE = frozenset({ContainerState.CLAIMED, ContainerState.STARTING, ContainerState.READY, ContainerState.DRAINING})


def ask(town: Town, kind: EffectKind, arguments: dict[str, object], moment: Moment) -> None:
    """Write one effect into this commit."""
    effect = Effect(id=EffectId(moment.new_id()), kind=kind, created_at=moment.now, arguments=arguments)
    town.effects[effect.id] = effect


def claim_container(town: Town, moment: Moment) -> None:
    """Claim the next generation and ask for its task."""
    old = town.container
    generation = old.generation + 1
    town.container = Container(
        state=ContainerState.CLAIMED,
        generation=generation,
        deadline=moment.now + BOOT_DEADLINE,
        failures=old.failures,
    )
    town.pulses = {}
    ask(town, EffectKind.RUN_TASK, {"generation": generation}, moment)


def accept_task(town: Town, generation: int, task_arn: str, moment: Moment) -> None:
    """RunTask was accepted; a task of an older generation is stopped at once."""
    container = town.container
    if generation != container.generation or container.state is ContainerState.NONE:
        ask(town, EffectKind.STOP_TASK, {"task_arn": task_arn, "reason": "superseded"}, moment)
        return
    container.task_arn = task_arn
    if container.state is ContainerState.CLAIMED:
        container.state = ContainerState.STARTING


def refuse_task(town: Town, generation: int, cause: str, moment: Moment) -> None:
    """RunTask was refused: back off; no bead pays for it."""
    if generation == town.container.generation and town.container.state is ContainerState.CLAIMED:
        leave(town, moment, reason=cause, failed=True)


def register(town: Town, generation: int, instance_id: str, moment: Moment) -> None:
    """The container of this generation reports in. Raises `Conflict` for another generation or a second instance."""
    container = town.container
    if generation != container.generation or container.state is ContainerState.NONE:
        raise Conflict(f"Generation {generation} is superseded by {container.generation}")
    if container.instance_id is not None and container.instance_id != instance_id:
        raise Conflict(f"Generation {generation} is registered already")
    if container.instance_id == instance_id:
        return
    container.state, container.instance_id = ContainerState.READY, instance_id
    container.registered_at, container.deadline, container.failures = moment.now, None, 0
    town.pulses = {generation: Pulse(generation=generation, at=moment.now)}


def drain_container(town: Town, moment: Moment) -> None:
    """Begin a planned stop: the container saves its work and leaves."""
    town.container.state = ContainerState.DRAINING
    town.container.deadline = moment.now + DRAIN_DEADLINE
    command_id = CommandId(moment.new_id())
    town.commands[command_id] = Command(
        id=command_id, kind=CommandKind.DRAIN, generation=town.container.generation, created_at=moment.now
    )


def stop_gracefully(town: Town, moment: Moment) -> int:
    """A person has the container replaced: it drains, and work goes on in the next generation. Raises `Conflict`."""
    if town.container.state is not ContainerState.READY:
        raise Conflict(f"The container is {town.container.state}, not ready")
    drain_container(town, moment)
    return town.container.generation


def evict_container(town: Town, generation: int, moment: Moment) -> None:
    """The container was told to leave by somebody else: it drains, and what ran in it costs no attempt."""
    container = town.container
    if generation == container.generation and container.state is ContainerState.READY:
        container.state, container.deadline = ContainerState.DRAINING, moment.now + EVICTION_DEADLINE


def suspect_container(town: Town, moment: Moment) -> None:
    """Ask ECS about a silent container before anything in it is declared lost."""
    town.container.suspected_at = moment.now
    ask(
        town,
        EffectKind.CHECK_TASK,
        {"generation": town.container.generation, "task_arn": town.container.task_arn},
        moment,
    )


def vouch_container(town: Town, generation: int, *, running: bool, moment: Moment) -> None:
    """ECS has answered: a running container is no longer suspected, a stopped one is gone."""
    if generation != town.container.generation or town.container.state is ContainerState.NONE:
        return
    if running:
        town.container.suspected_at, town.container.vouched_at = None, moment.now
    else:
        stop_container(town, generation, "ECS says that the task is gone", moment)


def stop_container(town: Town, generation: int, reason: str, moment: Moment) -> None:
    """The current generation's task has stopped: its open runs end as lost; older generations say nothing."""
    container = town.container
    if generation != container.generation or container.state is ContainerState.NONE:
        return
    planned = container.state is ContainerState.DRAINING
    leave(town, moment, reason=reason, failed=not planned)


def leave(town: Town, moment: Moment, *, reason: str, failed: bool) -> None:
    """Back to no container. What it was told to merge is told again to the next; its runs are ended by their rule."""
    evicted = town.container.state is ContainerState.DRAINING
    for review in town.reviews.values():
        review.merge_command = None
    remember_saves(town)
    town.pulses.clear()
    failures = town.container.failures + 1 if failed else 0
    if failures >= CONTAINER_TOLD:
        _tell(town, failures, reason, moment)
    wait = CONTAINERS.wait(failures) if failures else None
    town.container = Container(
        generation=town.container.generation,
        failures=failures,
        evicted=evicted,
        not_before=moment.now + wait if wait else None,
        last_error=reason if failed else None,
    )


def _tell(town: Town, failures: int, reason: str, moment: Moment) -> None:
    """Show that no container comes up; it is tried again for a day, and then when a person has seen this."""
    raise_escalation(
        town,
        moment,
        cause=ABOUT_CONTAINER,
        severity=Severity.HIGH,
        title="No container comes up",
        message=f"{failures} in a row were refused or lost; the last: {reason[:500]}. Acknowledge this to try at once.",
    )


def lose_orphan(town: Town, agent: Agent, moment: Moment, *, reason: str) -> None:
    """End the run of an agent whose container is gone; of a planned stop it costs no attempt."""
    lose_run(town, agent, RunEnd.EVICTED if town.container.evicted else RunEnd.LOST, moment, reason=reason)


def forget_commands(town: Town) -> None:
    """Drop what an older generation was told; starts go with their runs."""
    for command in [c for c in town.commands.values() if c.kind is not CommandKind.START]:
        if command.generation != town.container.generation or town.container.state is ContainerState.NONE:
            del town.commands[command.id]


def give_up_container(town: Town, reason: str, moment: Moment) -> None:
    """Stop the current task because its time is over, and go on without it."""
    container = town.container
    arguments: dict[str, object] = {
        "generation": container.generation,
        "task_arn": container.task_arn,
        "reason": reason,
    }
    planned = container.state is ContainerState.DRAINING
    ask(town, EffectKind.STOP_TASK, arguments, moment)
    leave(town, moment, reason=reason, failed=not planned)
