"""One client a process and configuration, what its failures mean to the house, and its one call."""

from functools import cache, partial
from typing import TYPE_CHECKING

from botocore.config import Config
from botocore.exceptions import ClientError

from gastown.adapters.aws import sdk

if TYPE_CHECKING:
    from types_boto3_apigatewaymanagementapi.client import ApiGatewayManagementApiClient

translated = partial(sdk.translated, "The WebSocket API")
"""Whatever the caller has not caught itself becomes `Unavailable`."""


@cache
def websocket_client(endpoint: str, config: Config = sdk.SDK) -> "ApiGatewayManagementApiClient":
    """The process's client of this endpoint, made on first use; an empty one leaves the choice to the SDK."""
    import boto3

    return boto3.client("apigatewaymanagementapi", endpoint_url=endpoint or None, config=config)


def post(client: "ApiGatewayManagementApiClient", connection_id: str, data: bytes) -> bool:
    """Send one text frame; false when the connection is closed or never was. Raises `Unavailable`."""
    with translated():
        try:
            client.post_to_connection(ConnectionId=connection_id, Data=data)
        except ClientError as error:
            if sdk.code_of(error) != "GoneException":
                raise
            return False
    return True
