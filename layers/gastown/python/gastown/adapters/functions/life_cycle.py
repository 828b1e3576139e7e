"""Asking the function `towns` to look after a town, by an asynchronous call."""

import json
from collections.abc import Callable
from typing import TYPE_CHECKING

from gastown.adapters.functions.client import lambda_client, translated

if TYPE_CHECKING:
    from types_boto3_lambda.client import LambdaClient


class LambdaLifeCycle:
    """Sends `{"town_id"}`; Lambda keeps the call and repeats it twice if the function fails."""

    def __init__(self, *, function_name: str, client: "Callable[[], LambdaClient]" = lambda_client) -> None:
        """Keep whom to call, by name or ARN; the client is made on first use."""
        self._function_name, self._client = function_name, client

    def advance(self, town_id: str) -> None:
        """Hand the town over and return at once."""
        with translated():
            self._client().invoke(
                FunctionName=self._function_name,
                InvocationType="Event",
                Payload=json.dumps({"town_id": town_id}).encode(),
            )
