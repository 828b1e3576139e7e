"""The life cycle over Lambda keeps the contract of its port; the requests are recorded by the SDK's own stub."""

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from gastown.adapters.functions.life_cycle import LambdaLifeCycle
from gastown.ports.life_cycle import LifeCycle
from tests.support.contracts.life_cycle import LifeCycleContract


class TestLambdaLifeCycle(LifeCycleContract):
    """The contract, on the adapter."""

    @pytest.fixture
    def sent(self) -> list[dict[str, Any]]:
        """The requests that reached Lambda."""
        return []

    @pytest.fixture
    def life_cycle(self, sent: list[dict[str, Any]]) -> Iterator[LambdaLifeCycle]:
        """An adapter whose client accepts every call."""
        client = boto3.client("lambda")
        client.meta.events.register("provide-client-params.lambda.Invoke", lambda params, **_: sent.append(params))
        with Stubber(client) as stub:
            for _ in range(3):
                stub.add_response("invoke", {"StatusCode": 202})
            self.requests = sent
            yield LambdaLifeCycle(function_name="stack-towns", client=lambda: client)

    @pytest.fixture
    def silent(self) -> Iterator[LambdaLifeCycle]:
        """An adapter whose client is throttled."""
        client = boto3.client("lambda")
        with Stubber(client) as stub:
            stub.add_client_error("invoke", "TooManyRequestsException")
            yield LambdaLifeCycle(function_name="stack-towns", client=lambda: client)

    def asked(self, life_cycle: LifeCycle) -> list[str]:
        """What the requests carried, all of them asynchronous calls of the right function."""
        assert {(each["FunctionName"], each["InvocationType"]) for each in self.requests} == {("stack-towns", "Event")}
        return [json.loads(each["Payload"])["town_id"] for each in self.requests]
