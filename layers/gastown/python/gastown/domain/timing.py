"""How long one run of a bead may take: four hours, or what its metadata says as `timeout_ms`."""

from collections.abc import Mapping
from datetime import timedelta

from gastown.domain.bead import Bead
from gastown.domain.errors import Invalid
from gastown.domain.limits import BEAD_TIME_LIMIT, BEAD_TIME_LIMIT_MAX, BEAD_TIME_LIMIT_MIN

TIMEOUT = "timeout_ms"
MILLISECOND = timedelta(milliseconds=1)


def check_time_limit(metadata: Mapping[str, object]) -> None:
    """Refuse a time limit that is no whole number of milliseconds, or out of bounds. Raises `Invalid`."""
    if TIMEOUT in metadata and _milliseconds(metadata) is None:
        least, most = BEAD_TIME_LIMIT_MIN // MILLISECOND, BEAD_TIME_LIMIT_MAX // MILLISECOND
        raise Invalid(
            f"{TIMEOUT} is a whole number of milliseconds from {least} to {most}", field=f"metadata.{TIMEOUT}"
        )


def time_limit(bead: Bead) -> timedelta:
    """How long a run of this bead may take; what an upgrade or a repair by hand left wrong counts as not said."""
    said = _milliseconds(bead.metadata)
    return BEAD_TIME_LIMIT if said is None else said * MILLISECOND


def _milliseconds(metadata: Mapping[str, object]) -> int | None:
    said = metadata.get(TIMEOUT)
    # JSON has one kind of number, so 60000.0 is whole too; a truth value is no number.
    if isinstance(said, bool) or not (isinstance(said, int) or (isinstance(said, float) and said.is_integer())):
        return None
    within = BEAD_TIME_LIMIT_MIN // MILLISECOND <= said <= BEAD_TIME_LIMIT_MAX // MILLISECOND
    return int(said) if within else None
