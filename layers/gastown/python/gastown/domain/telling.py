"""The town's own word to its mayor, about what a person would want to hear of."""

from gastown.domain.ids import Moment
from gastown.domain.nudge import Nudge, NudgeMode
from gastown.domain.nudging import queue_nudge
from gastown.domain.town import Town


def tell_mayor(town: Town, message: str, moment: Moment, *, source: str) -> Nudge | None:
    """The town itself tells the mayor something (1 item); without a mayor there is nobody to tell."""
    if town.mayor is None:
        return None
    return queue_nudge(town, town.mayor.id, message, moment, mode=NudgeMode.IMMEDIATE, source=source)
