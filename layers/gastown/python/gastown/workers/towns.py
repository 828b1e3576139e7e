"""A town's life cycle, called by who creates or deletes a town, and by the sweep for towns that are stuck."""

import time
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from gastown import bootstrap, observability
from gastown.usecases.town_lifecycle import Grounds, advance_town

log = observability.logger()


@log.inject_lambda_context(clear_state=True)
def handle(event: dict[str, Any], _context: LambdaContext) -> dict[str, str]:
    """Bring one town to the end of its step. Raises whatever went wrong, so that Lambda tries again."""
    bootstrap.begin_work()
    town_id = str(event["town_id"])
    with log.append_context_keys(town_id=town_id):
        state = advance_town(grounds(), town_id)
        log.info("life_cycle", extra={"state": state})
    return {"town_id": town_id, "state": state}


def grounds() -> Grounds:
    """What a town stands on, in this deployment."""
    chosen = bootstrap.settings()
    return Grounds(
        uow=bootstrap.unit_of_work(),
        tables=bootstrap.town_tables(),
        runtime=bootstrap.container_runtime(),
        alarm=bootstrap.alarm(),
        secrets=bootstrap.secrets(),
        snapshots=bootstrap.session_snapshots(),
        town_secrets=chosen.town_secret_prefix,
        retains_tables=chosen.table_retention == "retain",
        sleep=time.sleep,
    )
