"""The checks of a head: the jobs of its pipelines, and what others report about it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from gastown.adapters.gitlab.answers import Failure, misshapen
from gastown.adapters.gitlab.client import Conversation, Listed
from gastown.adapters.gitlab.instance import project_path
from gastown.domain.pull import Repository

PASSED: Final = frozenset({"success", "skipped"})
FAILED: Final = frozenset({"failed", "canceled", "canceling"})
"""Every other word means that it is not over, or that we do not know it: both hold a merge back."""

NAME_LIMIT: Final = 120


@dataclass(frozen=True, kw_only=True)
class Checks:
    """Names of what is red, names of what is not over, and whether there are more than were read."""

    failing: tuple[str, ...] = ()
    pending: tuple[str, ...] = ()
    has_more: bool = False


def read_checks(call: Conversation, repository: Repository, sha: str) -> Checks | Failure:
    """`GET /projects/:id/repository/commits/:sha/statuses`: the latest of each job and of each external status.

    https://docs.gitlab.com/api/commits/#list-commit-statuses
    """
    path = f"{project_path(repository)}/repository/commits/{sha}/statuses"
    listed = call.pages(path)
    if not isinstance(listed, Listed):
        return listed
    wrong = next((entry for entry in listed.entries if not _is_status(entry)), None)
    if wrong is not None:
        return misshapen(wrong)
    newest = _newest(listed.entries)
    counting = [entry for entry in newest if not entry.get("allow_failure")]
    return Checks(
        failing=_names(entry for entry in counting if entry["status"] in FAILED),
        pending=_names(entry for entry in counting if entry["status"] not in FAILED | PASSED),
        has_more=listed.has_more,
    )


def with_pipeline(checks: Checks, pipeline: tuple[str, str] | None) -> Checks:
    """Add the head pipeline itself where none of the jobs that were read explains its state.

    A pipeline of the merged result runs on a commit of its own, so its jobs are not among those of the head.
    """
    if pipeline is None or checks.failing or pipeline[1] in PASSED:
        return checks
    name = f"pipeline {pipeline[0]}"
    if pipeline[1] in FAILED:
        return Checks(failing=(name,), pending=checks.pending, has_more=checks.has_more)
    return checks if checks.pending else Checks(pending=(name,), has_more=checks.has_more)


def _newest(entries: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The last of each name and ref: a pipeline that was run again leaves the statuses of the one before behind."""
    newest: dict[tuple[str, str], Mapping[str, Any]] = {}
    for entry in entries:
        key = (entry["name"], str(entry.get("ref")))
        if key not in newest or _number(entry) >= _number(newest[key]):
            newest[key] = entry
    return list(newest.values())


def _number(entry: Mapping[str, Any]) -> int:
    number = entry.get("id")
    return number if isinstance(number, int) else 0


def _is_status(entry: Mapping[str, Any]) -> bool:
    return isinstance(entry.get("name"), str) and isinstance(entry.get("status"), str)


def _names(entries: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    """Each name once, in the order of the alphabet."""
    return tuple(sorted({entry["name"][:NAME_LIMIT] for entry in entries}))
