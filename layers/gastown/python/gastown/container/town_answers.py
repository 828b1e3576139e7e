"""What the town answers: the data of its envelope, a refusal, or nothing that can be used now."""

from http import HTTPStatus
from typing import Any, TypeVar

import httpx
from pydantic import BaseModel, ValidationError

TRANSIENT = frozenset({408, 425, 429, 500, 502, 503, 504})

P = TypeVar("P", bound=BaseModel)


class Address(BaseModel):
    """Where something can be fetched or put, by anybody who knows it."""

    url: str | None = None


class TownRefusedError(Exception):
    """The town said no; trying the same again changes nothing."""

    def __init__(self, status: int, message: str) -> None:
        """Keep the status beside the town's words."""
        super().__init__(f"{message} ({status})")
        self.status = status
        self.message = message


class TownUnreachableError(Exception):
    """No answer, or one that says to come back later."""


def read_as(model: type[P], data: Any) -> P:
    """The data of an answer as a model. Raises `TownUnreachableError`: a newer or broken door, not a refusal."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        # The values may be credentials; only the fields' names are told.
        fields = sorted({".".join(map(str, e["loc"])) for e in error.errors(include_input=False, include_url=False)})
        message = f"the answer is no {model.__name__}: {', '.join(fields)}"
        raise TownUnreachableError(message) from None


def read_envelope(answer: httpx.Response) -> Any:
    """The data of an answer. Raises `TownRefusedError`, `TownUnreachableError`."""
    if answer.status_code in TRANSIENT:
        raise TownUnreachableError(f"HTTP {answer.status_code}")
    if (body := _open_envelope(answer)) is None:
        return None
    # Some answers of the reference have their fields beside `success`.
    return body["data"] if "data" in body else {name: value for name, value in body.items() if name != "success"}


def _open_envelope(answer: httpx.Response) -> dict[str, Any] | None:
    """The whole of a good answer, none if it has no content. Raises `TownRefusedError`."""
    if answer.status_code == HTTPStatus.NO_CONTENT:
        return None
    try:
        body = answer.json()
    except ValueError as error:
        raise TownRefusedError(answer.status_code, f"Invalid JSON response (HTTP {answer.status_code})") from error
    if not isinstance(body, dict) or "success" not in body:
        raise TownRefusedError(answer.status_code, "Unexpected response shape")
    if not body["success"]:
        raise TownRefusedError(answer.status_code, str(body.get("error", "refused")))
    return body
