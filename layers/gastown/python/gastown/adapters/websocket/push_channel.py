"""Texts over the WebSocket API's connections."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from botocore.config import Config

from gastown.adapters.aws.sdk import SDK
from gastown.adapters.websocket.client import post, websocket_client

if TYPE_CHECKING:
    from types_boto3_apigatewaymanagementapi.client import ApiGatewayManagementApiClient

HASTY: Final = SDK.merge(Config(connect_timeout=0.5, read_timeout=1, retries={"total_max_attempts": 1}))
"""Somebody else's request waits while this is said, and what is not said can be read: one short try."""


class WebSocketPushChannel:
    """Posts a text to a connection."""

    def __init__(self, *, endpoint: str, client: "Callable[[], ApiGatewayManagementApiClient] | None" = None) -> None:
        """Keep where connections live; the client is made on first use."""
        self._client = client if client is not None else lambda: websocket_client(endpoint, HASTY)

    def push(self, connection_id: str, message: bytes) -> bool:
        """Send a text; false when the connection is closed or never was."""
        return post(self._client(), connection_id, message)
