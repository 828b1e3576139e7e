"""T/config: a town's settings."""

from typing import Any

from aws_lambda_powertools.event_handler.api_gateway import Router

from gastown import bootstrap
from gastown.api import access
from gastown.api.callers import body, success
from gastown.api.schemas.people import ConfigBody
from gastown.domain.config import TownConfig
from gastown.domain.errors import Invalid
from gastown.usecases.change_config import change_config
from gastown.usecases.town_items import dump

router = Router()
CONFIG = "/api/towns/<town_id>/config"


@router.get(CONFIG)
def get(town_id: str) -> dict[str, Any]:
    """The settings as they are."""
    access.owner(router, town_id)
    return success(dump(bootstrap.unit_of_work().read(town_id).config, TownConfig))


@router.patch(CONFIG)
def update(town_id: str) -> dict[str, Any]:
    """Replace the settings that the body names."""
    owner = access.owner(router, town_id)
    changes = body(router, ConfigBody).model_dump(exclude_unset=True)
    if (changes.get("refinery") or {}).get("judge_threads") and not bootstrap.settings().thread_model:
        raise Invalid("This deployment names no model for it (parameter ThreadModel)", field="refinery.judge_threads")
    return success(dump(change_config(bootstrap.unit_of_work(), town_id, changes, owner), TownConfig))
