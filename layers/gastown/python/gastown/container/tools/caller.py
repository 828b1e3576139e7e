"""Makes a tool's HTTP call with the agent's token: bounded retries under one idempotency key, one kind of error.

The token is asked for at each call, so that a session of any length has one that works.
"""

import os
import random
import time
import uuid
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import httpx

from gastown.container.tools.catalog import Call, Identity
from gastown.container.tools.credential_helper import BrokerError, ask_broker
from gastown.container.town_answers import TRANSIENT, TownRefusedError, open_envelope

TRIES = 5
FIRST_WAIT = 0.3
"""Seconds before the second try; doubled after each, with jitter."""


class CallFailedError(Exception):
    """The town refused, or could not be reached (status 0)."""

    def __init__(self, status: int, message: str) -> None:
        """Keep the status beside the town's words."""
        super().__init__(f"Gastown API error ({status}): {message}")
        self.status = status


def ask_token(*, refused: bool) -> str:
    """The agent's token for its town; `refused` asks for another than the last. Raises `CallFailedError`."""
    try:
        return str(ask_broker("agent-token", {"refused": refused}, os.environ)["token"])
    except BrokerError as error:
        raise CallFailedError(0, str(error)) from error


def make_call(
    who: Identity,
    call: Call,
    *,
    transport: httpx.BaseTransport | None = None,
    tokens: Callable[..., str] = ask_token,
) -> Any:
    """The data of the town's answer. Raises `CallFailedError`."""
    headers = {"Idempotency-Key": str(uuid.uuid4())} if call.body is not None else {}
    token = tokens(refused=False)
    with httpx.Client(timeout=httpx.Timeout(35, connect=5), transport=transport, headers=headers) as client:
        try:
            return _patiently(client, call, call.url(who), token)
        except CallFailedError as failure:
            if failure.status != HTTPStatus.UNAUTHORIZED:
                raise
        return _patiently(client, call, call.url(who), tokens(refused=True))


def _patiently(client: httpx.Client, call: Call, url: str, token: str) -> Any:
    for attempt in range(1, TRIES + 1):
        try:
            return _once(client, call, url, token)
        except CallFailedError as failure:
            if attempt == TRIES or (failure.status and failure.status not in TRANSIENT):
                raise
        time.sleep(FIRST_WAIT * 2 ** (attempt - 1) * random.uniform(0.5, 1.0))  # noqa: S311 - jitter, not a secret
    raise AssertionError("unreachable")


def _once(client: httpx.Client, call: Call, url: str, token: str) -> Any:
    try:
        answer = client.request(call.method, url, json=call.body, headers={"Authorization": f"Bearer {token}"})
    except httpx.HTTPError as error:
        raise CallFailedError(0, f"Network error: {type(error).__name__}") from error
    try:
        return (open_envelope(answer) or {}).get("data")
    except TownRefusedError as refusal:
        raise CallFailedError(refusal.status, refusal.message) from refusal
