"""What a tick did, as numbers. Nothing is said of what did not happen, so that an idle tick writes little.

The kinds of its actions are no metrics: they stand beside the numbers, where a query of the log sums them for nothing.
"""

from collections import Counter

from gastown.metrics import KINDED, Metric
from gastown.reconciler.actions import Dispatch
from gastown.usecases.tick_report import TickReport


def metrics_of(report: TickReport) -> dict[Metric, float]:
    """Everything that a finished tick counted, without zeros and without its duration."""
    told = Counter(Metric(note.type) for note in report.told)
    counted = {
        Metric.PENDING_EVENTS: report.pending,
        Metric.EVENTS_APPLIED: report.events,
        Metric.ACTIONS: len(report.actions),
        Metric.DISPATCHES: report.kinds.get(Dispatch.__name__, 0),
        Metric.ESCALATIONS_OPENED: report.escalations,
        Metric.COMMIT_RETRIES: report.retries,
        Metric.TICK_FAILURES: len(report.failures),
        **{metric: times for metric, times in told.items() if metric not in KINDED},
    }
    return {metric: value for metric, value in counted.items() if value}
