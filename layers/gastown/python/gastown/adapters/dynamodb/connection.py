"""One client for all models: a town's table is a class of its own, and a client a class would cost 78 ms and 10 MB."""

from functools import cache
from typing import Any

from botocore.config import Config
from pynamodb.connection import Connection, TableConnection

from gastown.adapters.aws.sdk import SDK


class SharedClientConnection(Connection):
    """A pynamodb connection that leaves retries to the SDK's own standard mode."""

    @property
    def client(self) -> Any:
        """The botocore client, made on first use."""
        if self._client is None:
            config = SDK.merge(Config(max_pool_connections=32, parameter_validation=False))
            self._client = self._make(config)
        return self._client

    def _make(self, config: Config) -> Any:
        return self.session.create_client("dynamodb", self.region, endpoint_url=self.host, config=config)


@cache
def shared() -> SharedClientConnection:
    """The process's one connection."""
    return SharedClientConnection()


class OneClient:
    """First base of a model class: its connection keeps its own table meta data and borrows the shared client."""

    _connection: TableConnection | None

    @classmethod
    def _get_connection(cls) -> TableConnection:
        known = cls._connection
        if known is None or known.table_name != cls.Meta.table_name:  # type: ignore[attr-defined]
            known = super()._get_connection()  # type: ignore[misc]
            known.connection._client = shared().client  # noqa: SLF001 - the seam that makes one client do
        return known
