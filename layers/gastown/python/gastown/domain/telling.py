"""The town's own word to its mayor, about what a person would want to hear of."""

from gastown.domain.agent import Role
from gastown.domain.bead import Bead
from gastown.domain.ids import Moment
from gastown.domain.nudge import Nudge, NudgeMode
from gastown.domain.nudging import queue_nudge
from gastown.domain.town import Town


def tell_mayor(town: Town, message: str, moment: Moment, *, source: str) -> Nudge | None:
    """The town itself tells the mayor something (1 item); without a mayor there is nobody to tell."""
    if town.mayor is None:
        return None
    return queue_nudge(town, town.mayor.id, message, moment, mode=NudgeMode.IMMEDIATE, source=source)


def tell_landed(town: Town, bead: Bead, moment: Moment) -> None:
    """Tell the mayor that a bead which it slung by itself was merged (1 item); of a convoy it hears as a whole."""
    if bead.created_by == Role.MAYOR and bead.convoy_id is None:
        tell_mayor(town, f"Your bead {bead.title!r} ({bead.id}) has landed.", moment, source="bead")
