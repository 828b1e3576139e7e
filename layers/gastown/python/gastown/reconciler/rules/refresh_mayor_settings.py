"""Tell a live mayor that its models or its instructions have changed."""

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
    if (mayor.model, mayor.small_model) != (town.mayor_model(), town.config.small_model):
        yield RefreshMayor(what="model", reason="the settings name other models")
    if mayor.instructions != town.mayor_instructions():
        yield RefreshMayor(what="instructions", reason="the settings have other instructions")
