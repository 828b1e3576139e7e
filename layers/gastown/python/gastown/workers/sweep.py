"""Each minute: wake what is overdue. Its metric should stay at zero."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from gastown import bootstrap, observability
from gastown.metrics import Metric
from gastown.usecases.sweep import sweep

log = observability.logger()


@log.inject_lambda_context(clear_state=True)
def handle(_event: dict[str, Any], _context: LambdaContext) -> dict[str, int]:
    """Sweep once. Raises `Unavailable` when the directory did not answer; the next minute brings another one."""
    bootstrap.begin_work()
    report = sweep(bootstrap.unit_of_work(), bootstrap.life_cycle())
    observability.count(Metric.OVERDUE_TOWNS, len(report.overdue))
    observability.count(Metric.STUCK_TOWNS, len(report.stuck))
    if report.overdue or report.stuck:
        found = {"overdue": report.overdue, "stuck": report.stuck, "failed": report.failed}
        log.warning("sweep", extra=found)
    return {"overdue": len(report.overdue), "stuck": len(report.stuck), "failed": len(report.failed)}
