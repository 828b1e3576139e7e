"""What every container runtime keeps."""

import pytest

from gastown.domain.errors import Unavailable
from gastown.ports.container_runtime import ContainerRuntime, started_by


class ContainerRuntimeContract:
    """Run by the fake's test and by the adapter's, which give the fixtures."""

    @pytest.fixture
    def container_runtime(self) -> ContainerRuntime:
        """The runtime under test, without tasks."""
        raise NotImplementedError

    @pytest.fixture
    def silent(self) -> ContainerRuntime:
        """A runtime that does not answer."""
        raise NotImplementedError

    def test_a_task_runs_until_it_is_stopped(self, container_runtime: ContainerRuntime) -> None:
        """Run, check, stop, check."""
        arn = container_runtime.run("town-1", 1, "code", "town-1-1")
        before = container_runtime.check(arn)
        container_runtime.stop(arn, "idle")

        assert (before, container_runtime.check(arn)) == ("running", "stopped")

    def test_tasks_are_found_by_town_and_generation(self, container_runtime: ContainerRuntime) -> None:
        """The mark tells generations of one town apart, and stopped tasks are not found."""
        old = container_runtime.run("town-1", 1, "code", "town-1-1")
        new = container_runtime.run("town-1", 2, "code", "town-1-2")
        container_runtime.stop(old, "superseded")

        assert list(container_runtime.find(started_by("town-1", 1))) == []
        assert list(container_runtime.find(started_by("town-1", 2))) == [new]

    def test_running_tasks_are_counted_over_all_towns(self, container_runtime: ContainerRuntime) -> None:
        """The cap counts what runs, whoever it belongs to."""
        first = container_runtime.run("town-1", 1, "code", "town-1-1")
        container_runtime.run("town-2", 1, "code", "town-2-1")
        both = container_runtime.running_count()
        container_runtime.stop(first, "idle")

        assert (both, container_runtime.running_count()) == (2, 1)

    def test_stopping_twice_is_fine(self, container_runtime: ContainerRuntime) -> None:
        """An effect may be performed again."""
        arn = container_runtime.run("town-1", 1, "code", "town-1-1")
        for _ in range(2):
            container_runtime.stop(arn, "idle")

        assert container_runtime.check(arn) == "stopped"

    def test_a_task_that_was_forgotten_is_stopped(self, container_runtime: ContainerRuntime) -> None:
        """The runtime forgets stopped tasks after a while."""
        arn = "arn:aws:ecs:us-east-1:000000000000:task/towns/00000000000000000000000000000009"
        container_runtime.stop(arn, "superseded")

        assert container_runtime.check(arn) == "stopped"

    def test_a_runtime_that_is_silent_is_unavailable(self, silent: ContainerRuntime) -> None:
        """That is not a refusal: the task may or may not have been started."""
        with pytest.raises(Unavailable):
            silent.run("town-1", 1, "code", "town-1-1")
        with pytest.raises(Unavailable):
            silent.check("arn")
