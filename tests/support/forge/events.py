"""What a happening reads like in a webhook: event name and payload, in the words of each provider."""

from typing import Any

from tests.support.forge import github_shapes, gitlab_shapes
from tests.support.forge.requests import Comment, Pipeline
from tests.support.forge.world import Happening, World

Message = tuple[str, dict[str, Any]]
CLOSING = {"merged": "closed"}
GITLAB_ACTIONS = {
    "opened": "open",
    "closed": "close",
    "reopened": "reopen",
    "merged": "merge",
    "APPROVED": "approved",
    "DISMISSED": "unapproved",
}
NOWHERE = "0" * 40


def messages(world: World, provider: str, happening: Happening) -> list[Message]:
    """The messages that a provider sends for a happening, none if it has no word for it."""
    message = (_github if provider == "github" else _gitlab)(world, happening)
    return [message] if message else []


def _github(world: World, happening: Happening) -> Message | None:
    """https://docs.github.com/en/webhooks/webhook-events-and-payloads."""
    request, payload = happening.request, _github_payload(world, happening)
    match happening.topic:
        case "request":
            return "pull_request", payload
        case "review" if request:
            body = github_shapes.review(world, happening.project, request, happening.subject)
            return "pull_request_review", payload | {"review": body | {"state": body["state"].lower()}}
        case "thread" if request:
            comments = [
                github_shapes.review_comment(world, happening.project, request, happening.subject, comment)
                for comment in happening.subject.comments
            ]
            thread = {"node_id": f"PRRT_{happening.subject.key}", "comments": comments}
            return "pull_request_review_thread", payload | {"thread": thread}
        case "comment" if request:
            return _github_comment(world, happening, payload)
        case _:
            return _github_commit(world, happening, payload)


def _github_payload(world: World, happening: Happening) -> dict[str, Any]:
    project, request = happening.project, happening.request
    payload: dict[str, Any] = {
        "action": CLOSING.get(happening.action, happening.action),
        "repository": github_shapes.repository(world, project),
        "sender": github_shapes.user(happening.login),
    }
    number = world.credentials.installation_on(project.path)
    if number is not None:
        payload["installation"] = {"id": number}
    if request is not None:
        payload |= {"number": request.number, "pull_request": github_shapes.full_pull(world, project, request)}
    return payload


def _github_comment(world: World, happening: Happening, payload: dict[str, Any]) -> Message:
    assert happening.request is not None
    thread = happening.details.get("thread")
    if thread is None:
        body = github_shapes.issue_comment(world, happening.project, happening.request, happening.subject)
        pull = payload.pop("pull_request")
        issue = {"number": happening.request.number, "pull_request": {"html_url": pull["html_url"]}}
        return "issue_comment", payload | {"issue": issue, "comment": body}
    body = github_shapes.review_comment(world, happening.project, happening.request, thread, happening.subject)
    return "pull_request_review_comment", payload | {"comment": body}


def _github_commit(world: World, happening: Happening, payload: dict[str, Any]) -> Message | None:
    project, subject = happening.project, happening.subject
    match happening.topic:
        case "check":
            pulls = [
                {"number": pull.number, "head": {"ref": pull.head, "sha": subject.sha}, "base": {"ref": pull.base}}
                for pull in project.requests.values()
                if pull.state == "open" and project.head_sha(pull) == subject.sha
            ]
            run = github_shapes.check_run(world, project, subject) | {"pull_requests": pulls}
            return "check_run", payload | {"check_run": run}
        case "status":
            branches = [{"name": name} for name, sha in project.repository.branches().items() if sha == subject.sha]
            del payload["action"]
            body = github_shapes.commit_status(subject)
            return "status", payload | body | {"sha": subject.sha, "name": project.path, "branches": branches}
        case "push":
            del payload["action"]
            before, after = happening.details["before"] or NOWHERE, happening.details["after"] or NOWHERE
            marks = {"created": before == NOWHERE, "deleted": after == NOWHERE}
            pusher = {"pusher": {"name": happening.login}, "ref": happening.details["ref"]}
            return "push", payload | pusher | marks | {"before": before, "after": after, "commits": []}
        case _:
            return None


def _gitlab(world: World, happening: Happening) -> Message | None:
    """https://docs.gitlab.com/user/project/integrations/webhook_events/."""
    project, request = happening.project, happening.request
    payload: dict[str, Any] = {
        "user": gitlab_shapes.user(happening.login),
        "project": gitlab_shapes.hook_project(world, project),
    }
    match happening.topic:
        case "request" | "review" if request:
            state = happening.subject.state if happening.topic == "review" else happening.action
            return "Merge Request Hook", payload | gitlab_shapes.hook_request(
                world, project, request, GITLAB_ACTIONS.get(state, "update")
            )
        case "thread" if request and not request.unresolved():
            return "Merge Request Hook", payload | gitlab_shapes.hook_request(world, project, request, "update")
        case "comment" if request and isinstance(happening.subject, Comment):
            thread = happening.details.get("thread")
            key = thread.key if thread else str(happening.subject.number)
            return "Note Hook", payload | gitlab_shapes.hook_note(world, project, request, happening.subject, key)
        case "pipeline" if isinstance(happening.subject, Pipeline):
            return "Pipeline Hook", payload | gitlab_shapes.hook_pipeline(world, project, happening.subject)
        case "push":
            return "Push Hook", payload | _gitlab_push(happening)
        case _:
            return None


def _gitlab_push(happening: Happening) -> dict[str, Any]:
    after = happening.details["after"]
    return {
        "object_kind": "push",
        "event_name": "push",
        "ref": happening.details["ref"],
        "before": happening.details["before"] or NOWHERE,
        "after": after or NOWHERE,
        "checkout_sha": after,
        "user_username": happening.login,
        "project_id": happening.project.number,
        "commits": [],
        "total_commits_count": 0,
    }
