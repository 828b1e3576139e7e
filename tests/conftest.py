"""What holds for every test: fake credentials, nothing of the caller's AWS settings, and no sockets in unit tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import pytest_socket

from infra.local.launcher import FAKE_CREDENTIALS
from tests.support.emulator import emulator as emulator  # noqa: PLC0414 a fixture for all tests

UNIT = Path(__file__).parent / "unit"
UNIT_SECONDS = 60
"""A test that hangs ends; wide, because a busy machine is no fault of the test."""
CALLERS_OWN = ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give each unit test a short time limit of its own."""
    for item in items:
        if UNIT in item.path.parents and item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(UNIT_SECONDS))


@pytest.fixture(autouse=True)
def fake_account(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fake credentials; the emulator's endpoint only for tests that ask for it, so that moto keeps the rest."""
    for name in CALLERS_OWN:
        monkeypatch.delenv(name, raising=False)
    for name, value in {**FAKE_CREDENTIALS, "AWS_EC2_METADATA_DISABLED": "true"}.items():
        monkeypatch.setenv(name, value)
    if "emulator" not in request.fixturenames:
        monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)


@pytest.fixture(autouse=True)
def closed_sockets(request: pytest.FixtureRequest) -> Iterator[None]:
    """Unit tests open no network socket, unless they are marked `enable_socket` with a reason beside it."""
    if UNIT not in request.path.parents or request.node.get_closest_marker("enable_socket"):
        yield
        return
    pytest_socket.disable_socket(allow_unix_socket=True)
    try:
        yield
    finally:
        pytest_socket.enable_socket()
