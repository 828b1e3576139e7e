"""The checks of a head: the jobs of its pipelines, and what others report about it."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import quote

from gastown.adapters.gitlab.calls import Calls, Failure, Listed
from gastown.adapters.gitlab.instance import project_path
from gastown.adapters.gitlab.shapes import CommitStatus, CommitStatuses, MergeRequest
from gastown.domain.pull import Repository

PASSED: Final = frozenset({"success", "skipped"})
FAILED: Final = frozenset({"failed", "canceled", "canceling"})
"""Every other word means that it is not over, or that we do not know it: both hold a merge back."""

NAME_LIMIT: Final = 120
MERGED_RESULT: Final = re.compile(r"refs/merge-requests/\d+/(merge|train)")
"""The refs of pipelines that run on a commit which GitLab made of head and target."""


@dataclass(frozen=True, kw_only=True)
class Checks:
    """Names of what is red, names of what is not over, and whether there are more than were read."""

    failing: tuple[str, ...] = ()
    pending: tuple[str, ...] = ()
    has_more: bool = False


def read_checks(calls: Calls, repository: Repository, sha: str) -> Checks | Failure:
    """`GET /projects/:id/repository/commits/:sha/statuses`: the latest of each job and of each external status.

    What is allowed to fail is not counted.
    https://docs.gitlab.com/api/commits/#list-commit-statuses
    """
    listed = calls.pages(
        CommitStatuses, f"{project_path(repository)}/repository/commits/{quote(sha, safe='')}/statuses"
    )
    if not isinstance(listed, Listed):
        return listed
    counting = [status for status in _newest(listed.entries) if not status.allow_failure]
    return Checks(
        failing=_names(each for each in counting if each.status in FAILED),
        pending=_names(each for each in counting if each.status not in FAILED | PASSED),
        has_more=listed.has_more,
    )


def with_pipeline(checks: Checks, request: MergeRequest) -> Checks:
    """Add the head pipeline itself where none of the jobs that were read explains its state.

    A pipeline of the merged result runs on a commit of its own, so its jobs are not among those of the head.
    """
    pipeline = request.head_pipeline
    if pipeline is None or checks.failing or pipeline.status in PASSED or not _is_of_head(request):
        return checks
    name = (f"pipeline {pipeline.id}",)
    if pipeline.status in FAILED:
        return replace(checks, failing=name)
    return checks if checks.pending else replace(checks, pending=name)


def _is_of_head(request: MergeRequest) -> bool:
    """Whether the pipeline is this head's; after a push it is that of the commit before, until there is a new one.

    https://docs.gitlab.com/ci/pipelines/merged_results_pipelines/
    """
    pipeline = request.head_pipeline
    return pipeline is not None and (
        pipeline.sha == request.sha or MERGED_RESULT.fullmatch(pipeline.ref or "") is not None
    )


def _newest(statuses: Iterable[CommitStatus]) -> list[CommitStatus]:
    """The last of each name and ref: a pipeline that was run again leaves the statuses of the one before behind."""
    newest: dict[tuple[str, str | None], CommitStatus] = {}
    for status in sorted(statuses, key=lambda each: each.id):
        newest[status.name, status.ref] = status
    return list(newest.values())


def _names(statuses: Iterable[CommitStatus]) -> tuple[str, ...]:
    """Each name once, in the order of the alphabet."""
    return tuple(sorted({status.name[:NAME_LIMIT] for status in statuses}))
