"""Doorbell and push channel keep the contracts of their ports, on a small server that answers as API Gateway does."""

import socket
import threading
from collections.abc import Iterator
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING
from urllib.parse import unquote

import boto3
import pytest
from botocore.config import Config

from gastown.adapters.websocket.client import websocket_client
from gastown.adapters.websocket.doorbell import WebSocketDoorbell
from gastown.adapters.websocket.push_channel import WebSocketPushChannel
from gastown.domain.errors import Unavailable
from tests.support.contracts.doorbell import DoorbellContract
from tests.support.contracts.push_channel import PushChannelContract

if TYPE_CHECKING:
    from types_boto3_apigatewaymanagementapi.client import ApiGatewayManagementApiClient

OPEN = "open="


class Connections(BaseHTTPRequestHandler):
    """`POST /live/@connections/<id>`: 200 for the one that is open, 410 for any other."""

    rings: list[bytes]

    def do_POST(self) -> None:
        """Answer with the status alone."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        is_open = unquote(self.path) == f"/live/@connections/{OPEN}"
        if is_open:
            self.rings.append(body)
        self.send_response(HTTPStatus.OK if is_open else HTTPStatus.GONE)
        if not is_open:
            self.send_header("x-amzn-ErrorType", "GoneException")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the standard library's
        """Say nothing."""


@pytest.fixture
def rings() -> list[bytes]:
    """What arrived at the open connection."""
    return []


@pytest.fixture
def endpoint(rings: list[bytes]) -> Iterator[str]:
    """The server's management endpoint."""
    server = HTTPServer(("127.0.0.1", 0), type("Noted", (Connections,), {"rings": rings}))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/live"
    server.shutdown()
    thread.join()
    server.server_close()
    websocket_client.cache_clear()


@pytest.fixture
def deaf_client(nowhere: str, one_try: Config) -> "ApiGatewayManagementApiClient":
    """A client where nobody answers."""
    return boto3.client("apigatewaymanagementapi", endpoint_url=nowhere, config=one_try)


class OnTheServer:
    """The connections of the small server."""

    @pytest.fixture
    def open_connection(self) -> str:
        """Ids of API Gateway end with an equals sign."""
        return OPEN

    @pytest.fixture
    def closed_connection(self) -> str:
        """Any other."""
        return "closed="


class TestWebSocketDoorbell(OnTheServer, DoorbellContract):
    """The contract, over HTTP."""

    @pytest.fixture
    def doorbell(self, endpoint: str) -> WebSocketDoorbell:
        """The adapter with the client that it makes itself."""
        return WebSocketDoorbell(endpoint=endpoint)

    @pytest.fixture
    def silent(self, deaf_client: "ApiGatewayManagementApiClient") -> WebSocketDoorbell:
        """The adapter where nobody answers."""
        return WebSocketDoorbell(endpoint="", client=lambda: deaf_client)

    def test_a_ring_says_nothing(self, doorbell: WebSocketDoorbell, open_connection: str, rings: list[bytes]) -> None:
        """It names no town, no command and no secret."""
        doorbell.ring(open_connection)

        assert rings == [b"ring"]


class TestWebSocketPushChannel(OnTheServer, PushChannelContract):
    """The contract, over HTTP."""

    @pytest.fixture
    def channel(self, endpoint: str) -> WebSocketPushChannel:
        """The adapter with the client that it makes itself."""
        return WebSocketPushChannel(endpoint=endpoint)

    @pytest.fixture
    def heard(self, rings: list[bytes]) -> list[bytes]:
        """What arrived."""
        return rings

    @pytest.fixture
    def silent(self, deaf_client: "ApiGatewayManagementApiClient") -> WebSocketPushChannel:
        """The adapter where nobody answers."""
        return WebSocketPushChannel(endpoint="", client=lambda: deaf_client)

    def test_a_channel_that_hangs_is_given_up_soon(self, rings: list[bytes]) -> None:
        """One try, while somebody waits: the server takes the connection and never answers."""
        with socket.create_server(("127.0.0.1", 0)) as deaf:
            channel = WebSocketPushChannel(endpoint=f"http://127.0.0.1:{deaf.getsockname()[1]}")
            with pytest.raises(Unavailable):
                channel.push(OPEN, b"{}")
            deaf.settimeout(0)
            deaf.accept()[0].close()
            with pytest.raises(BlockingIOError):
                deaf.accept()
