"""The bodies of GitHub's REST API, as far as anybody here reads them.

Field names: https://github.com/github/rest-api-description (descriptions/api.github.com), version 2022-11-28.
`merge_commit_sha` is gone from version 2026-03-10; so nothing here should be written to need it.
"""

from typing import Any

from tests.support.forge.requests import ChangeRequest, CheckRun, Comment, CommitStatus, Project, Review, Thread
from tests.support.forge.world import World

Body = dict[str, Any]
STATES = {"draft": "draft", "conflict": "dirty", "behind": "behind", "not_open": "unknown"}


def user(login: str) -> Body:
    """A simple user."""
    kind = "Bot" if login.endswith("[bot]") else "User"
    return {"login": login, "id": sum(login.encode()), "node_id": f"U_{login}", "type": kind, "site_admin": False}


def repository(world: World, project: Project) -> Body:
    """https://docs.github.com/en/rest/repos/repos#get-a-repository."""
    methods = project.rules.methods
    return {
        "id": project.number,
        "node_id": f"R_{project.number}",
        "name": project.name,
        "full_name": project.path,
        "private": True,
        "fork": False,
        "owner": user(project.owner),
        "html_url": f"{world.github_web}/{project.path}",
        "clone_url": f"{world.github_web}/{project.path}.git",
        "url": f"{world.url}/repos/{project.path}",
        "default_branch": project.repository.default_branch,
        "allow_squash_merge": "squash" in methods,
        "allow_merge_commit": "merge" in methods,
        "allow_rebase_merge": "rebase" in methods,
        "delete_branch_on_merge": project.rules.deletes_branch,
    }


def html_url(world: World, project: Project, request: ChangeRequest) -> str:
    """The page of a pull request."""
    return f"{world.github_web}/{project.path}/pull/{request.number}"


def merge_state(project: Project, request: ChangeRequest) -> str:
    """The lower-case `mergeable_state`: clean, dirty, blocked, behind, unstable, draft, unknown, or what was forced.

    https://docs.github.com/en/graphql/reference/enums#mergestatestatus
    """
    if request.forced_state is not None:
        return request.forced_state
    if request.state != "open" or request.reads_unknown > 0:
        return "unknown"
    if project.conflicted(request):
        return "dirty"
    obstacle = project.obstacle(request)
    if obstacle is not None:
        return STATES.get(obstacle, "blocked")
    words = project.check_words(project.head_sha(request)).values()
    return "unstable" if {"failing", "pending"} & set(words) else "clean"


def pull(world: World, project: Project, request: ChangeRequest) -> Body:
    """https://docs.github.com/en/rest/pulls/pulls#list-pull-requests: a pull request in a list, without merge facts."""
    api = f"{world.url}/repos/{project.path}"
    return {
        "id": request.identity,
        "node_id": f"PR_{request.identity}",
        "number": request.number,
        "url": f"{api}/pulls/{request.number}",
        "html_url": html_url(world, project, request),
        "issue_url": f"{api}/issues/{request.number}",
        "state": "open" if request.state == "open" else "closed",
        "title": request.title,
        "body": request.body,
        "user": user(request.author),
        "labels": [{"name": name} for name in request.labels],
        "draft": request.draft,
        "created_at": request.created_at,
        "updated_at": request.updated_at,
        "closed_at": request.closed_at,
        "merged_at": request.merged_at,
        "merge_commit_sha": request.merge_sha,
        "head": _side(world, project, request.head, project.head_sha(request), request.fork),
        "base": _side(world, project, request.base, project.base_sha(request)),
        "auto_merge": None,
        "author_association": "COLLABORATOR",
    }


def full_pull(world: World, project: Project, request: ChangeRequest) -> Body:
    """https://docs.github.com/en/rest/pulls/pulls#get-a-pull-request: `mergeable` is null while computed."""
    state = merge_state(project, request)
    sha, base = project.head_sha(request), project.base_sha(request)
    computed = request.state == "open" and request.reads_unknown <= 0
    return pull(world, project, request) | {
        "merged": request.state == "merged",
        "mergeable": not project.conflicted(request) if computed else None,
        "rebaseable": None,
        "mergeable_state": state,
        "merged_by": user(request.merged_by) if request.merged_by else None,
        "comments": len(request.comments),
        "review_comments": sum(len(thread.comments) for thread in request.threads),
        "maintainer_can_modify": False,
        "commits": project.repository.count(base, sha) if base else 0,
        "changed_files": len(project.repository.changed_files(base, sha)) if base else 0,
    }


def _side(world: World, project: Project, branch: str, sha: str, fork: str = "") -> Body:
    owner = fork.rpartition("/")[0] or project.owner
    repo = repository(world, project) | ({"full_name": fork, "fork": True, "owner": user(owner)} if fork else {})
    return {"label": f"{owner}:{branch}", "ref": branch, "sha": sha, "user": user(owner), "repo": repo}


def review(world: World, project: Project, request: ChangeRequest, given: Review) -> Body:
    """https://docs.github.com/en/rest/pulls/reviews#list-reviews-for-a-pull-request."""
    return {
        "id": given.number,
        "node_id": f"PRR_{given.number}",
        "user": user(given.author),
        "body": given.body,
        "state": given.state,
        "html_url": f"{html_url(world, project, request)}#pullrequestreview-{given.number}",
        "submitted_at": given.at,
        "commit_id": given.sha,
        "author_association": "COLLABORATOR",
    }


def review_comment(world: World, project: Project, request: ChangeRequest, thread: Thread, given: Comment) -> Body:
    """https://docs.github.com/en/rest/pulls/comments#list-review-comments-on-a-pull-request."""
    first = thread.comments[0]
    return (
        issue_comment(world, project, request, given)
        | {
            "html_url": f"{html_url(world, project, request)}#discussion_r{given.number}",
            "path": thread.path,
            "line": thread.line,
            "side": "RIGHT",
            "commit_id": project.head_sha(request),
            "diff_hunk": "@@ -1 +1 @@",
        }
        | ({"in_reply_to_id": first.number} if given is not first else {})
    )


def issue_comment(world: World, project: Project, request: ChangeRequest, given: Comment) -> Body:
    """https://docs.github.com/en/rest/issues/comments#list-issue-comments."""
    return {
        "id": given.number,
        "html_url": f"{html_url(world, project, request)}#issuecomment-{given.number}",
        "user": user(given.author),
        "body": given.body,
        "created_at": given.at,
        "updated_at": given.at,
        "author_association": "COLLABORATOR",
    }


def check_run(world: World, project: Project, run: CheckRun) -> Body:
    """https://docs.github.com/en/rest/checks/runs#list-check-runs-for-a-git-reference."""
    return {
        "id": run.number,
        "node_id": f"CR_{run.number}",
        "head_sha": run.sha,
        "name": run.name,
        "status": run.status,
        "conclusion": run.conclusion if run.status == "completed" else None,
        "html_url": f"{world.github_web}/{project.path}/runs/{run.number}",
        "details_url": f"{world.github_web}/{project.path}/runs/{run.number}",
        "app": {"id": 1, "slug": "forge-ci"},
    }


def combined_status(world: World, project: Project, sha: str, statuses: list[CommitStatus]) -> Body:
    """https://docs.github.com/en/rest/commits/statuses#get-the-combined-status-for-a-specific-reference.

    `failure` if any context is error or failure, `pending` if there are none or one is pending, else `success`.
    """
    states = {status.state for status in project.latest_statuses(sha)}
    state = "failure" if states & {"error", "failure"} else "success" if states == {"success"} else "pending"
    return {
        "state": state,
        "sha": sha,
        "total_count": len(project.latest_statuses(sha)),
        "statuses": [commit_status(status) for status in statuses],
        "repository": repository(world, project),
    }


def commit_status(status: CommitStatus) -> Body:
    """https://docs.github.com/en/rest/commits/statuses#list-commit-statuses-for-a-reference."""
    return {
        "id": status.number,
        "state": status.state,
        "context": status.context,
        "description": status.description,
        "target_url": None,
        "created_at": status.at,
        "updated_at": status.at,
    }
