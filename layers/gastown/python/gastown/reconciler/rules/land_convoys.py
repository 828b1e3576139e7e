"""Land convoys whose beads are done, and wind up those that a person closed."""

from collections.abc import Iterator
from datetime import datetime

from gastown.domain.convoy import Convoy, ConvoyState
from gastown.domain.convoying import is_complete, landings_left, lands_at_once
from gastown.domain.town import Town
from gastown.reconciler.actions import CloseMember, FinishConvoy, OpenLanding, WaitForPerson

Step = OpenLanding | CloseMember | FinishConvoy | WaitForPerson


def land_convoys(town: Town, now: datetime) -> Iterator[Step]:
    """Complete convoys land (at once, or by a landing review); closed ones end bead by bead, then for good."""
    for convoy in town.convoys.values():
        if convoy.is_over:
            yield from _wind_up(town, convoy)
        elif convoy.state is ConvoyState.ACTIVE and is_complete(town, convoy):
            yield from _land(town, convoy, now)


def _wind_up(town: Town, convoy: Convoy) -> Iterator[Step]:
    live = [bead_id for bead_id in convoy.beads if bead_id in town.beads]
    for bead_id in live:
        yield CloseMember(bead_id=bead_id, reason=f"its convoy is {convoy.state}")
    if not live:
        yield FinishConvoy(convoy_id=convoy.id, state=convoy.state, reason="all its beads have ended")


def _land(town: Town, convoy: Convoy, now: datetime) -> Iterator[Step]:
    if not convoy.beads:
        if not convoy.landing_waits_for_person:
            yield WaitForPerson(convoy_id=convoy.id, reason="It has no beads left")
        return
    landed = convoy.receipt_sha is not None and convoy.receipt_sha == convoy.feature_sha
    if lands_at_once(convoy) or landed:
        yield FinishConvoy(convoy_id=convoy.id, state=ConvoyState.LANDED, reason="every bead has landed")
    elif town.landing_of(convoy.id) is not None or convoy.landing_waits_for_person:
        return
    elif convoy.feature_sha is None:
        yield WaitForPerson(convoy_id=convoy.id, reason="Nothing was merged into its feature branch")
    elif not landings_left(convoy):
        yield WaitForPerson(convoy_id=convoy.id, reason=f"{convoy.landings} landing reviews failed")
    elif convoy.not_before is None or convoy.not_before <= now:
        yield OpenLanding(convoy_id=convoy.id, reason="every bead is in its feature branch")
