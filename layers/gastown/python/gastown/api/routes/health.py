"""Whether the service answers."""

from typing import Any

from aws_lambda_powertools.event_handler.api_gateway import Router

router = Router()


@router.get("/")
def root() -> dict[str, Any]:
    """The service's name; needs no token."""
    return {"service": "gastown", "status": "ok"}


@router.get("/health")
def health() -> dict[str, Any]:
    """Alive; needs no token."""
    return {"status": "ok"}
