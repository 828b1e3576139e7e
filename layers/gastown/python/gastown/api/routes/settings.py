"""T/config: a town's settings."""

from typing import Any

from aws_lambda_powertools.event_handler.api_gateway import Router

from gastown import bootstrap
from gastown.api import access
from gastown.api.callers import body, success
from gastown.api.schemas.people import ConfigBody
from gastown.domain.errors import Invalid
from gastown.domain.organization import Right
from gastown.usecases.change_config import change_settings, read_settings

router = Router()
CONFIG = "/api/towns/<town_id>/config"


@router.get(CONFIG)
def get(town_id: str) -> dict[str, Any]:
    """The settings as they are, and what may be shown of the secrets among them."""
    access.owner(router, town_id)
    return success(read_settings(bootstrap.unit_of_work(), bootstrap.vault(), town_id))


@router.patch(CONFIG)
def update(town_id: str) -> dict[str, Any]:
    """Replace the settings that the body names; secrets go to the town's secret and are never told again."""
    owner = access.owner(router, town_id, Right.SETTINGS)
    changes = body(router, ConfigBody).model_dump(exclude_unset=True)
    if (changes.get("refinery") or {}).get("judge_threads") and not bootstrap.settings().thread_model:
        raise Invalid("This deployment names no model for it (parameter ThreadModel)", field="refinery.judge_threads")
    return success(change_settings(bootstrap.unit_of_work(), bootstrap.vault(), town_id, changes, owner))
