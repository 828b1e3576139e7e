"""Where a town's container runs."""

from collections.abc import Sequence
from typing import Literal, NewType, Protocol

from gastown.domain.errors import Conflict

TaskArn = NewType("TaskArn", str)
TaskState = Literal["running", "stopped", "unknown"]


class RuntimeRefused(Conflict):
    """The runtime will not run this container; `cause` says why in a few words and costs no bead an attempt."""

    def __init__(self, cause: str) -> None:
        """Keep the cause for the town's event."""
        super().__init__(f"the container was refused: {cause}")
        self.cause = cause


def started_by(town_id: str, generation: int) -> str:
    """The mark that a town's container carries: at most 128 letters, digits, hyphens, underscores and slashes."""
    mark = f"/{generation}"
    return f"{town_id[: 128 - len(mark)]}{mark}"


class ContainerRuntime(Protocol):
    """Starts and stops containers; every method raises `Unavailable` when the runtime did not answer."""

    def run(self, town_id: str, generation: int, boot_code: str, client_token: str) -> TaskArn:
        """Start the container of one generation; the same client token starts it once. Raises `RuntimeRefused`."""
        ...

    def stop(self, task_arn: str, reason: str) -> None:
        """Stop a task; one that is gone already is fine."""
        ...

    def check(self, task_arn: str) -> TaskState:
        """Whether a task still runs; a task that the runtime has forgotten is stopped."""
        ...

    def find(self, started_by: str) -> Sequence[TaskArn]:
        """The tasks with this mark that are meant to run."""
        ...

    def running_count(self) -> int:
        """How many tasks of all towns run or are starting, by the runtime's own count."""
        ...
