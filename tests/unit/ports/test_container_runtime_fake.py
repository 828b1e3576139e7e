"""The container runtime in memory keeps the contract of its port."""

import pytest

from gastown.domain.errors import Unavailable
from gastown.ports.container_runtime import RuntimeRefused, started_by
from tests.support.contracts.container_runtime import ContainerRuntimeContract
from tests.support.fakes.container_runtime import MemoryContainerRuntime


class TestMemoryContainerRuntime(ContainerRuntimeContract):
    """The contract, on the fake."""

    @pytest.fixture
    def container_runtime(self) -> MemoryContainerRuntime:
        """A fresh fake."""
        return MemoryContainerRuntime()

    @pytest.fixture
    def silent(self) -> MemoryContainerRuntime:
        """A fake that was told to fail."""
        fake = MemoryContainerRuntime()
        fake.failure = Unavailable("told to fail")
        return fake

    def test_one_client_token_starts_one_task(self, container_runtime: MemoryContainerRuntime) -> None:
        """A retry answers the task that the first try started."""
        arns = {container_runtime.run("town-1", 1, "code", "town-1-1") for _ in range(2)}

        assert arns == set(container_runtime.tasks)

    def test_it_refuses_when_told_to(self, container_runtime: MemoryContainerRuntime) -> None:
        """The cause goes with the refusal."""
        container_runtime.failure = RuntimeRefused("RESOURCE:CPU")

        with pytest.raises(RuntimeRefused) as refused:
            container_runtime.run("town-1", 1, "code", "town-1-1")
        assert refused.value.cause == "RESOURCE:CPU"


def test_a_mark_fits_whatever_the_length_of_the_town() -> None:
    """The generation is never cut off."""
    assert started_by("t" * 200, 12) == "t" * 125 + "/12"
