"""The key of the control server: agents reach 127.0.0.1 too, and may neither stop each other nor swap its token.

It lies in the workspace, readable by the container's own account alone: `curl -H "Authorization: Bearer $(cat
control-key)"` works for a person in the container, and not for an agent that has an account of its own.
"""

import hmac
import os
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

Endpoint = Callable[[Request], Awaitable[Response]]
FILE = "control-key"


@dataclass(frozen=True, kw_only=True)
class ControlKey:
    """What a caller of the control server has to know."""

    value: str = field(repr=False)

    @classmethod
    def make(cls, workspace: Path) -> "ControlKey":
        """A new key, written where only this process's account reads it."""
        key = cls(value=secrets.token_urlsafe(32))
        path = workspace / FILE
        path.unlink(missing_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(key.value)
        return key

    def guard(self, endpoint: Endpoint) -> Endpoint:
        """The endpoint, for callers that have the key; 401 for all others."""

        async def guarded(request: Request) -> Response:
            shown = request.headers.get("authorization", "").removeprefix("Bearer ")
            if not hmac.compare_digest(shown.encode(), self.value.encode()):
                return JSONResponse({"error": "The key of this control server is needed"}, status_code=401)
            return await endpoint(request)

        return guarded
