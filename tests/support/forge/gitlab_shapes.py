"""The bodies of GitLab's REST API v4 and webhooks, as far as anybody here reads them.

Field names: https://gitlab.com/gitlab-org/gitlab/-/tree/master/doc/api (docs.gitlab.com/api).
"""

from typing import Any

from tests.support.forge.requests import ChangeRequest, Comment, CommitStatus, Pipeline, Project, Thread
from tests.support.forge.world import World

Body = dict[str, Any]
FORKS = 1_000_000  # the numbers of projects that this forge does not host
STATES = {"open": "opened", "closed": "closed", "merged": "merged"}
RUNNING = {"created", "waiting_for_resource", "preparing", "pending", "running", "scheduled"}
STATUSES = {
    "not_open": "not_open",
    "draft": "draft_status",
    "conflict": "conflict",
    "threads": "discussions_not_resolved",
    "changes_requested": "requested_changes",
    "approvals": "not_approved",
    "checks": "status_checks_must_pass",
    "behind": "need_rebase",
}


def user(login: str) -> Body:
    """A user."""
    return {"id": sum(login.encode()), "username": login, "name": login, "state": "active"}


def project_body(world: World, project: Project) -> Body:
    """https://docs.gitlab.com/api/projects/#retrieve-a-project."""
    rules = project.rules
    return {
        "id": project.number,
        "name": project.name,
        "path": project.name,
        "path_with_namespace": project.path,
        "default_branch": project.repository.default_branch,
        "web_url": f"{world.gitlab_web}/{project.path}",
        "http_url_to_repo": f"{world.gitlab_web}/{project.path}.git",
        "merge_method": "merge",
        "squash_option": "default_off" if "squash" in rules.methods else "never",
        "only_allow_merge_if_pipeline_succeeds": rules.pipeline_must_succeed,
        "only_allow_merge_if_all_discussions_are_resolved": rules.resolved_threads,
        "archived": False,
    }


def merge_status(project: Project, request: ChangeRequest) -> str:
    """`detailed_merge_status`: https://docs.gitlab.com/api/merge_requests/#merge-status, or what was forced."""
    if request.forced_state is not None:
        return request.forced_state
    if request.state == "open" and request.reads_unknown > 0:
        return "checking"
    obstacle = project.obstacle(request)
    if obstacle == "pipeline":
        pipeline = project.pipeline(project.head_sha(request))
        return "ci_still_running" if pipeline and pipeline.status in RUNNING else "ci_must_pass"
    return "mergeable" if obstacle is None else STATUSES[obstacle]


def web_url(world: World, project: Project, request: ChangeRequest) -> str:
    """The page of a merge request."""
    return f"{world.gitlab_web}/{project.path}/-/merge_requests/{request.number}"


def merge_request(world: World, project: Project, request: ChangeRequest) -> Body:
    """https://docs.gitlab.com/api/merge_requests/#list-project-merge-requests: as it stands in a list."""
    return {
        "id": request.identity,
        "iid": request.number,
        "project_id": project.number,
        "title": f"Draft: {request.title}" if request.draft else request.title,
        "description": request.body,
        "state": STATES[request.state],
        "created_at": request.created_at,
        "updated_at": request.updated_at,
        "closed_at": request.closed_at if request.state == "closed" else None,
        "target_branch": request.base,
        "source_branch": request.head,
        "author": user(request.author),
        "source_project_id": FORKS + request.identity if request.fork else project.number,
        "target_project_id": project.number,
        "labels": request.labels,
        "reviewers": [user(login) for login in request.opinions()],
        "draft": request.draft,
        "work_in_progress": request.draft,
        "user_notes_count": len(request.comments) + sum(len(thread.comments) for thread in request.threads),
        "web_url": web_url(world, project, request),
        "references": {"short": f"!{request.number}", "full": f"{project.path}!{request.number}"},
    } | _merging(project, request)


def _merging(project: Project, request: ChangeRequest) -> Body:
    conflicted = request.state == "open" and request.reads_unknown <= 0 and project.conflicted(request)
    old = "checking" if request.reads_unknown > 0 else "cannot_be_merged" if conflicted else "can_be_merged"
    return {
        "sha": project.head_sha(request),
        "merge_status": old,
        "detailed_merge_status": merge_status(project, request),
        "has_conflicts": conflicted,
        "blocking_discussions_resolved": not (project.rules.resolved_threads and request.unresolved()),
        "merge_when_pipeline_succeeds": False,
        "merge_user": user(request.merged_by) if request.merged_by else None,
        "merged_at": request.merged_at,
        "merge_commit_sha": request.merge_sha,
        "squash_commit_sha": request.merge_sha if request.squashed else None,
        "squash": request.squashed,
        "should_remove_source_branch": None,
        "force_remove_source_branch": project.rules.deletes_branch,
    }


def full_merge_request(world: World, project: Project, request: ChangeRequest) -> Body:
    """https://docs.gitlab.com/api/merge_requests/#retrieve-a-merge-request: with `head_pipeline` and `diff_refs`."""
    sha, base = project.head_sha(request), project.base_sha(request)
    pipeline = project.pipeline(sha)
    return merge_request(world, project, request) | {
        "head_pipeline": pipeline_body(world, project, pipeline) if pipeline else None,
        "diff_refs": {"base_sha": base, "head_sha": sha, "start_sha": base},
        "merge_error": None,
        "changes_count": str(len(project.repository.changed_files(base, sha))) if base else None,
        "user": {"can_merge": True},
    }


def pipeline_body(world: World, project: Project, pipeline: Pipeline) -> Body:
    """https://docs.gitlab.com/api/pipelines/#list-project-pipelines."""
    return {
        "id": pipeline.number,
        "iid": pipeline.number,
        "project_id": project.number,
        "sha": pipeline.sha,
        "ref": pipeline.ref,
        "status": pipeline.status,
        "source": "merge_request_event",
        "created_at": pipeline.at,
        "updated_at": pipeline.at,
        "web_url": f"{world.gitlab_web}/{project.path}/-/pipelines/{pipeline.number}",
    }


def status_body(status: CommitStatus) -> Body:
    """https://docs.gitlab.com/api/commits/#list-commit-statuses."""
    return {
        "id": status.number,
        "sha": status.sha,
        "ref": "feature",
        "status": {"failure": "failed", "error": "failed"}.get(status.state, status.state),
        "name": status.context,
        "description": status.description or None,
        "target_url": None,
        "allow_failure": False,
        "created_at": status.at,
    }


def discussion(project: Project, request: ChangeRequest, thread: Thread) -> Body:
    """https://docs.gitlab.com/api/discussions/#merge-requests: a thread of notes that can be resolved."""
    position = {"position_type": "text", "new_path": thread.path, "new_line": thread.line}
    return {
        "id": thread.key,
        "individual_note": False,
        "notes": [
            note(project, request, comment)
            | {
                "type": "DiffNote" if thread.path else "DiscussionNote",
                "resolvable": True,
                "resolved": thread.resolved,
                "resolved_by": user(thread.resolved_by) if thread.resolved_by else None,
            }
            | ({"position": position} if thread.path else {})
            for comment in thread.comments
        ],
    }


def single_note(project: Project, request: ChangeRequest, comment: Comment) -> Body:
    """The same document: a comment on the merge request itself is a discussion that cannot be resolved."""
    return {"id": f"{comment.number:040x}", "individual_note": True, "notes": [note(project, request, comment)]}


def note(project: Project, request: ChangeRequest, comment: Comment) -> Body:
    """https://docs.gitlab.com/api/notes/."""
    return {
        "id": comment.number,
        "type": None,
        "body": comment.body,
        "author": user(comment.author),
        "created_at": comment.at,
        "updated_at": comment.at,
        "system": False,
        "noteable_id": request.identity,
        "noteable_type": "MergeRequest",
        "noteable_iid": request.number,
        "project_id": project.number,
        "resolvable": False,
    }


def approvals(project: Project, request: ChangeRequest) -> Body:
    """https://docs.gitlab.com/api/merge_request_approvals/#retrieve-approval-state-for-a-merge-request."""
    given = request.approvals()
    return {
        "id": request.identity,
        "iid": request.number,
        "project_id": project.number,
        "title": request.title,
        "state": STATES[request.state],
        "approved": len(given) >= project.rules.required_approvals,
        "approvals_required": project.rules.required_approvals,
        "approvals_left": max(0, project.rules.required_approvals - len(given)),
        "approved_by": [{"user": user(login)} for login in given],
        "user_has_approved": False,
        "user_can_approve": True,
    }


def reviewers(request: ChangeRequest) -> list[Body]:
    """https://docs.gitlab.com/api/merge_requests/#retrieve-merge-request-reviewers: each with their state."""
    words = {"APPROVED": "approved", "CHANGES_REQUESTED": "requested_changes", "DISMISSED": "unapproved"}
    return [{"user": user(login), "state": words[state]} for login, state in request.opinions().items()]


def branch(project: Project, name: str, sha: str) -> Body:
    """https://docs.gitlab.com/api/branches/#retrieve-a-repository-branch."""
    default = name == project.repository.default_branch
    commit = {"id": sha, "short_id": sha[:8], "title": project.repository.git("log", "-1", "--format=%s", sha)}
    return {"name": name, "merged": False, "protected": default, "default": default, "commit": commit}


def hook_project(world: World, project: Project) -> Body:
    """The `project` of https://docs.gitlab.com/user/project/integrations/webhook_events/."""
    return {
        "id": project.number,
        "name": project.name,
        "web_url": f"{world.gitlab_web}/{project.path}",
        "git_http_url": f"{world.gitlab_web}/{project.path}.git",
        "path_with_namespace": project.path,
        "default_branch": project.repository.default_branch,
    }


def hook_request(world: World, project: Project, request: ChangeRequest, action: str) -> Body:
    """The rest of https://docs.gitlab.com/user/project/integrations/webhook_events/#merge-request-events."""
    body = merge_request(world, project, request)
    same = ("id", "iid", "title", "state", "source_branch", "target_branch", "detailed_merge_status", "draft")
    attributes = {name: body[name] for name in (*same, "merge_status", "blocking_discussions_resolved")}
    return {
        "object_kind": "merge_request",
        "event_type": "merge_request",
        "object_attributes": attributes
        | {
            "action": action,
            "url": body["web_url"],
            "last_commit": {"id": body["sha"]},
            "merge_commit_sha": request.merge_sha,
        },
        "labels": [],
        "changes": {},
    }


def hook_note(world: World, project: Project, request: ChangeRequest, comment: Comment, key: str) -> Body:
    """The rest of https://docs.gitlab.com/user/project/integrations/webhook_events/#comment-events."""
    attributes = {"id": comment.number, "note": comment.body, "noteable_type": "MergeRequest", "discussion_id": key}
    return {
        "object_kind": "note",
        "event_type": "note",
        "project_id": project.number,
        "object_attributes": attributes,
        "merge_request": hook_request(world, project, request, "update")["object_attributes"],
    }


def hook_pipeline(world: World, project: Project, pipeline: Pipeline) -> Body:
    """The rest of https://docs.gitlab.com/user/project/integrations/webhook_events/#pipeline-events."""
    of = next((one for one in project.requests.values() if project.head_sha(one) == pipeline.sha), None)
    same = ("id", "iid", "ref", "sha", "status", "source", "created_at")
    body = pipeline_body(world, project, pipeline)
    return {
        "object_kind": "pipeline",
        "object_attributes": {name: body[name] for name in same},
        "merge_request": hook_request(world, project, of, "update")["object_attributes"] if of else None,
        "commit": {"id": pipeline.sha},
        "builds": [],
    }
