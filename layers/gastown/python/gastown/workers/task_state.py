"""EventBridge's word on ECS tasks and Step Functions executions, delivered to the towns that they belong to."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from gastown import bootstrap, observability
from gastown.usecases.follow_task import follow_execution, follow_task

FOLLOWERS = {
    "ECS Task State Change": follow_task,
    "Step Functions Execution Status Change": follow_execution,
}

log = observability.logger()


@log.inject_lambda_context(clear_state=True)
def handle(event: dict[str, Any], _context: LambdaContext) -> dict[str, str]:
    """Deliver one event. Raises `Unavailable`, so that Lambda tries again; a strange event is logged and dropped."""
    bootstrap.begin_work()
    kind, detail = event.get("detail-type"), event.get("detail")
    follow = FOLLOWERS.get(str(kind))
    if follow is None or not isinstance(detail, dict) or not event.get("id"):
        log.warning("event.strange", extra={"detail_type": kind})
        return {"result": "ignored"}
    result = follow(bootstrap.unit_of_work(), str(event["id"]), detail)
    subject = detail.get("startedBy") or detail.get("name")
    status = detail.get("lastStatus") or detail.get("status")
    log.info("event", extra={"result": result, "subject": subject, "status": status})
    return {"result": result}
