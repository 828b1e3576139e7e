"""Checks of a commit: check runs of apps, and statuses of older integrations."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from gastown.adapters.github.session import Session
from gastown.adapters.http.refusals import described
from gastown.adapters.http.shapes import M, Shape
from gastown.domain.pull import HttpError, InvalidResponse

PAGES: Final = 5
PER_PAGE: Final = 100
NAME_CHARACTERS: Final = 100
PASSING: Final = frozenset({"success", "skipped", "neutral"})
"""GitHub lets a pull request merge on these; whatever else a completed run concludes is red."""
RED_STATES: Final = frozenset({"failure", "error"})


class Run(Shape):
    """A check run."""

    name: str
    status: str
    conclusion: str | None = None


class Runs(Shape):
    """A page of check runs."""

    total_count: int
    check_runs: tuple[Run, ...]


class Status(Shape):
    """The latest status of one context."""

    context: str
    state: str


class Combined(Shape):
    """A page of statuses. What they come to (`state`) is "pending" too where there are none: it is not read."""

    total_count: int
    statuses: tuple[Status, ...]


@dataclass(frozen=True, kw_only=True)
class Checks:
    """What is red, what is not finished, by name; whether there are more than are read; what could not be read."""

    failing: tuple[str, ...]
    pending: tuple[str, ...]
    unchecked: bool
    missing: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class _Listed:
    """The items of some pages of a list."""

    items: list[Run | Status]
    whole: bool
    refusal: HttpError | InvalidResponse | None = None


def read_checks(session: Session, sha: str) -> Checks:
    """Read up to 500 check runs and 500 statuses; what cannot be read is missing.

    https://docs.github.com/en/rest/checks/runs#list-check-runs-for-a-git-reference (the latest of each name) and
    https://docs.github.com/en/rest/commits/statuses#get-the-combined-status-for-a-specific-reference
    """
    commit = f"commits/{quote(sha, safe='')}"
    runs = _pages(session, Runs, f"{commit}/check-runs", lambda page: (page.check_runs, page.total_count))
    statuses = _pages(session, Combined, f"{commit}/status", lambda page: (page.statuses, page.total_count))
    items = [*runs.items, *statuses.items]
    parts = {"check runs": runs.refusal, "commit status": statuses.refusal}
    return Checks(
        failing=_names(item for item in items if _is_red(item)),
        pending=_names(item for item in items if _is_pending(item)),
        unchecked=not (runs.whole and statuses.whole),
        missing=tuple(described(part, refusal) for part, refusal in parts.items() if refusal is not None),
    )


def _pages(
    session: Session, model: type[M], path: str, listed: Callable[[M], tuple[tuple[Run, ...] | tuple[Status, ...], int]]
) -> _Listed:
    """The pages of a list, until it is whole, five are read or one is refused."""
    items: list[Run | Status] = []
    for number in range(1, PAGES + 1):
        page = session.look_up(model, f"{path}?per_page={PER_PAGE}&page={number}")
        if isinstance(page, HttpError | InvalidResponse):
            return _Listed(items=items, whole=True, refusal=page)
        some, total = listed(page)
        items += some
        if len(items) >= total:
            return _Listed(items=items, whole=True)
        if len(some) < PER_PAGE:
            break
    return _Listed(items=items, whole=False)


def _is_red(item: Run | Status) -> bool:
    if isinstance(item, Status):
        return item.state in RED_STATES
    return item.status == "completed" and item.conclusion not in PASSING


def _is_pending(item: Run | Status) -> bool:
    """A word that we do not know is not finished: it blocks, and asks nobody to repair anything."""
    if isinstance(item, Status):
        return item.state not in {"success", *RED_STATES}
    return item.status != "completed"


def _names(items: Iterable[Run | Status]) -> tuple[str, ...]:
    names = ((item.context if isinstance(item, Status) else item.name)[:NAME_CHARACTERS] for item in items)
    return tuple(dict.fromkeys(names))
