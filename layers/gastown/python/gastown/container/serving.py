"""HTTP servers of this process: quiet, and without a hold on its signals."""

import contextlib
from collections.abc import Iterator

import uvicorn
from starlette.applications import Starlette


class QuietServer(uvicorn.Server):
    """uvicorn without its own signal handlers: this process has its own."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals alone."""
        yield


def make_server(app: Starlette) -> QuietServer:
    """A server of this application that logs nothing itself."""
    return QuietServer(uvicorn.Config(app, log_config=None, access_log=False, lifespan="off"))
