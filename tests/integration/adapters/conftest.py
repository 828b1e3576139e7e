"""What tests of adapters share: names that no other test uses, and an address where nobody answers."""

import secrets

import pytest
from botocore.config import Config

ONE_TRY = Config(connect_timeout=1, read_timeout=1, retries={"total_max_attempts": 1})


@pytest.fixture
def fresh() -> str:
    """A name for things of one test."""
    return f"it-{secrets.token_hex(4)}"


@pytest.fixture
def nowhere() -> str:
    """An endpoint where every connection is refused at once."""
    return "http://127.0.0.1:9"


@pytest.fixture
def one_try() -> Config:
    """An SDK configuration that gives up at once."""
    return ONE_TRY
