"""Tell a live mayor that its model or its instructions have changed."""

from collections.abc import Iterator
from datetime import datetime

from gastown.domain.town import Town
from gastown.reconciler.actions import RefreshMayor


def refresh_mayor_settings(town: Town, _now: datetime) -> Iterator[RefreshMayor]:
    """A session keeps what it was started with until it is told; without one the next start reads the settings."""
    mayor = town.mayor
    session = mayor.open_session if mayor else None
    if mayor is None or session is None or session.accepted_at is None:
        return
    if mayor.model != town.mayor_model():
        yield RefreshMayor(what="model", reason="the settings name another model")
    if mayor.instructions != town.mayor_instructions():
        yield RefreshMayor(what="instructions", reason="the settings have other instructions")
