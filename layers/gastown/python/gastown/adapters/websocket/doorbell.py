"""Doorbells over the WebSocket API's connections."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from gastown.adapters.websocket.client import post, websocket_client

if TYPE_CHECKING:
    from types_boto3_apigatewaymanagementapi.client import ApiGatewayManagementApiClient

RING: Final = b"ring"
"""Any text frame is a ring; it says nothing, so that nothing can be lost with it."""


class WebSocketDoorbell:
    """Posts one short frame to a connection."""

    def __init__(self, *, endpoint: str, client: "Callable[[], ApiGatewayManagementApiClient] | None" = None) -> None:
        """Keep where connections live; the client is made on first use."""
        self._client = client if client is not None else lambda: websocket_client(endpoint)

    def ring(self, connection_id: str) -> bool:
        """Ring; false when the connection is closed or never was."""
        return post(self._client(), connection_id, RING)
