"""One client a process, and what its failures mean to the house."""

from functools import cache, partial
from typing import TYPE_CHECKING

from gastown.adapters.aws import sdk

if TYPE_CHECKING:
    from types_boto3_apigatewaymanagementapi.client import ApiGatewayManagementApiClient

translated = partial(sdk.translated, "The WebSocket API")
"""Whatever the caller has not caught itself becomes `Unavailable`."""


@cache
def websocket_client(endpoint: str) -> "ApiGatewayManagementApiClient":
    """The process's one client of this endpoint, made on first use; an empty one leaves the choice to the SDK."""
    import boto3

    return boto3.client("apigatewaymanagementapi", endpoint_url=endpoint or None, config=sdk.SDK)
