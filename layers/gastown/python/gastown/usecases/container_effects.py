"""Effects on the town's container: run, stop and check its task. Performed twice, each changes things once."""

import hashlib

from gastown.domain.container import ContainerState
from gastown.domain.errors import Unavailable
from gastown.domain.event import EventKind
from gastown.ports.container_runtime import RuntimeRefused, started_by
from gastown.usecases.errand import Errand, Outcome, SupersededError
from gastown.usecases.tokens import boot_code


def run_task(errand: Errand) -> Outcome:
    """Run the container of one generation, or adopt the one that an earlier try has started."""
    generation, runtime = errand.number("generation"), errand.outside.runtime
    found = runtime.find(started_by(errand.town_id, generation))
    container = errand.town().container
    if container.generation != generation or container.state is ContainerState.NONE:
        for task_arn in found:
            runtime.stop(task_arn, "superseded")
        raise SupersededError(f"generation {generation} is over")
    if found:
        for surplus in found[1:]:
            runtime.stop(surplus, "one container is enough")
        return _accepted(generation, found[0])
    if runtime.running_count() >= errand.outside.container_cap:
        return _refused(generation, "capacity")
    try:
        return _accepted(generation, _start(errand, generation))
    except RuntimeRefused as refused:
        return _refused(generation, refused.cause)


def _start(errand: Errand, generation: int) -> str:
    outside = errand.outside
    code = boot_code(outside.secrets.get(outside.signing_secret)[0], errand.town_id, generation)
    return outside.runtime.run(errand.town_id, generation, code, client_token(errand.town_id, generation))


def client_token(town_id: str, generation: int) -> str:
    """The same for every try of one generation: 64 characters, as many as ECS allows."""
    return hashlib.sha256(f"{town_id}/{generation}".encode()).hexdigest()


def _accepted(generation: int, task_arn: str) -> Outcome:
    return Outcome(kind=EventKind.TASK_ACCEPTED, data={"generation": generation, "task_arn": task_arn})


def _refused(generation: int, cause: str) -> Outcome:
    return Outcome(kind=EventKind.TASK_REFUSED, data={"generation": generation, "cause": cause})


def stop_task(errand: Errand) -> None:
    """Stop a task by its ARN, or all that carry its generation's mark if the ARN was never learned."""
    runtime, known = errand.outside.runtime, errand.optional("task_arn")
    for task_arn in [known] if known else runtime.find(started_by(errand.town_id, errand.number("generation"))):
        runtime.stop(task_arn, errand.text("reason"))


def check_task(errand: Errand) -> Outcome:
    """Ask whether a silent container's task still runs. Raises `Unavailable` while the runtime does not know."""
    generation, runtime = errand.number("generation"), errand.outside.runtime
    if errand.town().container.generation != generation:
        raise SupersededError(f"generation {generation} is over")
    known = errand.optional("task_arn") or next(iter(runtime.find(started_by(errand.town_id, generation))), None)
    state = runtime.check(known) if known else "stopped"
    if state == "unknown":
        raise Unavailable(f"nobody knows whether the task of generation {generation} runs")
    return Outcome(kind=EventKind.TASK_CHECKED, data={"generation": generation, "running": state == "running"})
