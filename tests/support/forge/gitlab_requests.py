"""GitLab's endpoints: projects, branches, merge requests, discussions, approvals, pipelines, statuses."""

from typing import Any

from tests.support.forge import gitlab_shapes as shapes
from tests.support.forge.exchange import Answer, Page, Request, page_of
from tests.support.forge.gitlab import API, USUAL_PAGE, Call, endpoint, listed, plain, refused
from tests.support.forge.repository import GitFailed, Method
from tests.support.forge.requests import CannotMerge, ChangeRequest, Comment, Project, Review, Thread
from tests.support.forge.world import Happening

READ, WRITE = "read_api", "api"
ONE = "/projects/{id}/merge_requests/{iid}"


def full(call: Call, project: Project, found: ChangeRequest) -> shapes.Body:
    """The merge request with everything."""
    return shapes.full_merge_request(call.world, project, found)


@endpoint("GET", "/user", "read_user")
def get_user(call: Call, request: Request) -> Answer:
    """https://docs.gitlab.com/api/users/#retrieve-the-current-user."""
    return Answer(content=shapes.user(call.token.login))


@endpoint("GET", "/projects/{id}", READ)
def get_project(call: Call, request: Request) -> Answer:
    """https://docs.gitlab.com/api/projects/#retrieve-a-project."""
    return Answer(content=shapes.project_body(call.world, call.project(request)))


@endpoint("GET", "/projects/{id}/repository/branches", READ)
def list_branches(call: Call, request: Request) -> Answer:
    """https://docs.gitlab.com/api/branches/#list-all-repository-branches, also by keyset (`page_token`)."""
    project = call.project(request)
    branches = list(project.repository.branches().items())
    if request.query.get("pagination") != "keyset":
        page = page_of(branches, request, USUAL_PAGE)
        return listed(call, request, page, [shapes.branch(project, *pair) for pair in page.items])
    rest = [pair for pair in branches if pair[0] > request.query.get("page_token", "")]
    size = int(request.query.get("per_page", USUAL_PAGE))
    content = [shapes.branch(project, *pair) for pair in rest[:size]]
    following = f"http://{request.host}{API}{request.path}?pagination=keyset&per_page={size}&page_token="
    more = len(rest) > size
    return Answer(content=content, headers={"Link": f'<{following}{rest[size - 1][0]}>; rel="next"'} if more else {})


@endpoint("GET", "/projects/{id}/repository/branches/{branch}", READ)
def get_branch(call: Call, request: Request) -> Answer:
    """https://docs.gitlab.com/api/branches/#retrieve-a-repository-branch."""
    project, name = call.project(request), request.parts["branch"]
    sha = project.repository.head(name)
    if sha is None:
        raise refused(404, "404 Branch Not Found")
    return Answer(content=shapes.branch(project, name, sha))


@endpoint("POST", "/projects/{id}/repository/branches", WRITE)
def create_branch(call: Call, request: Request) -> Answer:
    """https://docs.gitlab.com/api/branches/#create-repository-branch: 400 when it is there or `ref` is not."""
    project, body = call.project(request), request.query | request.json()
    name, ref = str(body.get("branch", "")), str(body.get("ref", ""))
    sha = project.repository.head(ref) or (ref if project.repository.knows(ref) else None)
    if project.repository.head(name):
        raise refused(400, "Branch already exists")
    if sha is None:
        raise refused(400, f"Invalid reference name: {ref}")
    before = project.repository.branches()
    try:
        project.repository.create_branch(name, sha)
    except GitFailed as error:
        raise refused(400, "Branch name is invalid") from error
    call.world.notice_pushes(project, before, call.token.login)
    return Answer(status=201, content=shapes.branch(project, name, sha))


@endpoint("GET", "/projects/{id}/repository/commits/{ref}", READ)
def get_commit(call: Call, request: Request) -> Answer:
    """https://docs.gitlab.com/api/commits/#retrieve-a-commit: by sha or branch."""
    project, ref = call.project(request), request.parts["ref"]
    sha = project.repository.head(ref) or (ref if project.repository.knows(ref) else None)
    if sha is None:
        raise refused(404, "404 Commit Not Found")
    parents, title, message = project.repository.git("log", "-1", "--format=%P%x00%s%x00%B", sha).split("\0")
    content = {"id": sha, "short_id": sha[:8], "title": title, "message": message}
    return Answer(content=content | {"parent_ids": parents.split()})


@endpoint("GET", "/projects/{id}/merge_requests", READ)
def list_merge_requests(call: Call, request: Request) -> Answer:
    """https://docs.gitlab.com/api/merge_requests/#list-project-merge-requests: by state, source and target branch."""
    project, wanted = call.project(request), request.query
    found = [
        one
        for one in reversed(project.requests.values())
        if wanted.get("state", "all") in {"all", shapes.STATES[one.state]}
        and wanted.get("source_branch", one.head) == one.head
        and wanted.get("target_branch", one.base) == one.base
    ]
    page = page_of(found, request, USUAL_PAGE)
    return listed(call, request, page, [shapes.merge_request(call.world, project, one) for one in page.items])


@endpoint("POST", "/projects/{id}/merge_requests", WRITE)
def create_merge_request(call: Call, request: Request) -> Answer:
    """https://docs.gitlab.com/api/merge_requests/ (create): 409 when one is open for these branches."""
    project, body = call.project(request), request.json()
    missing = [name for name in ("title", "source_branch", "target_branch") if not body.get(name)]
    if missing:
        return Answer(status=400, content={"error": ", ".join(f"{name} is missing" for name in missing)})
    head, base = body["source_branch"], body["target_branch"]
    for one in project.requests.values():
        if (one.state, one.head, one.base) == ("open", head, base):
            raise refused(409, [f"Another open merge request already exists for this source branch: !{one.number}"])
    if project.repository.head(base) is None:
        raise refused(400, {"target_branch": ["does not exist"]})
    if project.repository.head(head) is None:
        raise refused(400, {"source_branch": ["does not exist"]})
    title = plain(body["title"])
    fields = {"title": title, "body": body.get("description") or "", "head": head, "base": base}
    made = call.world.open_request(project, call.token.login, fields | {"draft": title != body["title"]})
    made.labels = [name for name in str(body.get("labels", "")).split(",") if name]
    return Answer(status=201, content=full(call, project, made))


@endpoint("GET", ONE, READ)
def get_merge_request(call: Call, request: Request) -> Answer:
    """https://docs.gitlab.com/api/merge_requests/#retrieve-a-merge-request."""
    project, found = call.merge_request(request)
    content = full(call, project, found)
    found.reads_unknown = max(0, found.reads_unknown - 1)
    return Answer(content=content)


@endpoint("PUT", ONE, WRITE)
def update_merge_request(call: Call, request: Request) -> Answer:
    """https://docs.gitlab.com/api/merge_requests/ (update); a title with `Draft:` makes a draft."""
    project, found = call.merge_request(request)
    body = request.json()
    if "title" in body:
        found.title, found.draft = plain(body["title"]), plain(body["title"]) != body["title"]
    found.body = body.get("description", found.body)
    found.base = body.get("target_branch", found.base)
    if "labels" in body:
        found.labels = [name for name in str(body["labels"]).split(",") if name]
    found.labels += [name for name in str(body.get("add_labels", "")).split(",") if name]
    event = body.get("state_event")
    if event in {"close", "reopen"} and found.state != "merged":
        call.world.set_open(project, found, call.token.login, opened=event == "reopen")
    else:
        call.world.changed(project, found, "edited", call.token.login)
    return Answer(content=full(call, project, found))


@endpoint("PUT", ONE + "/merge", WRITE)
def merge(call: Call, request: Request) -> Answer:
    """https://docs.gitlab.com/api/merge_requests/#merge-a-merge-request: 405 cannot, 409 other head, 422 failed.

    A conflict is 405, not 406: https://gitlab.com/gitlab-org/gitlab/-/issues/364102.
    """
    project, found = call.merge_request(request)
    body = request.json()
    if shapes.merge_status(project, found) != "mergeable":
        raise refused(405, "405 Method Not Allowed")
    sha = project.head_sha(found)
    if body.get("sha", sha) != sha:
        raise refused(409, f"SHA does not match HEAD of source branch: {sha}")
    squash = str(body.get("squash", "")).lower() == "true"
    method: Method = "squash" if squash and "squash" in project.rules.methods else "merge"
    usual = found.title if squash else f"Merge branch '{found.head}' into '{found.base}'"
    message = body.get("squash_commit_message" if squash else "merge_commit_message") or usual
    try:
        call.world.merge(project, found, method, message, call.token.login)
    except CannotMerge as error:
        raise refused(422, "Branch cannot be merged") from error
    if body.get("should_remove_source_branch") and project.repository.head(found.head):
        project.repository.delete_branch(found.head)
    return Answer(content=full(call, project, found))


@endpoint("GET", ONE + "/discussions", READ)
def list_discussions(call: Call, request: Request) -> Answer:
    """https://docs.gitlab.com/api/discussions/#list-all-merge-request-discussion-items."""
    project, found = call.merge_request(request)
    bodies = [shapes.discussion(project, found, thread) for thread in found.threads]
    page: Page[Any] = page_of(
        bodies + [shapes.single_note(project, found, one) for one in found.comments], request, USUAL_PAGE
    )
    return listed(call, request, page, list(page.items))


@endpoint("POST", ONE + "/discussions", WRITE)
def create_discussion(call: Call, request: Request) -> Answer:
    """https://docs.gitlab.com/api/discussions/#create-a-merge-request-thread."""
    project, found = call.merge_request(request)
    comment = Comment(author=call.token.login, body=str(request.json().get("body", "")), at=call.world.stamp())
    found.threads.append(Thread(comments=[comment]))
    return Answer(status=201, content=shapes.discussion(project, found, found.threads[-1]))


@endpoint("POST", ONE + "/discussions/{discussion}/notes", WRITE)
def reply(call: Call, request: Request) -> Answer:
    """https://docs.gitlab.com/api/discussions/#merge-requests."""
    project, found, thread = _thread(call, request)
    comment = Comment(author=call.token.login, body=str(request.json().get("body", "")), at=call.world.stamp())
    thread.comments.append(comment)
    return Answer(status=201, content=shapes.discussion(project, found, thread)["notes"][-1])


@endpoint("PUT", ONE + "/discussions/{discussion}", WRITE)
def resolve(call: Call, request: Request) -> Answer:
    """https://docs.gitlab.com/api/discussions/#resolve-a-merge-request-thread: `resolved` true or false."""
    project, found, thread = _thread(call, request)
    resolved = str((request.query | request.json()).get("resolved", "")).lower() == "true"
    thread.resolved_by = call.token.login if resolved else None
    action = "resolved" if resolved else "unresolved"
    login = call.token.login
    call.world.tell(
        Happening(topic="thread", action=action, project=project, login=login, request=found, subject=thread)
    )
    return Answer(content=shapes.discussion(project, found, thread))


def _thread(call: Call, request: Request) -> tuple[Project, ChangeRequest, Thread]:
    project, found = call.merge_request(request)
    for thread in found.threads:
        if thread.key == request.parts["discussion"]:
            return project, found, thread
    raise refused(404, "404 Discussion Not Found")


@endpoint("GET", ONE + "/reviewers", READ)
def list_reviewers(call: Call, request: Request) -> Answer:
    """https://docs.gitlab.com/api/merge_requests/#retrieve-merge-request-reviewers."""
    _, found = call.merge_request(request)
    return Answer(content=shapes.reviewers(found))


@endpoint("GET", ONE + "/approvals", READ)
def get_approvals(call: Call, request: Request) -> Answer:
    """https://docs.gitlab.com/api/merge_request_approvals/#retrieve-approval-state-for-a-merge-request."""
    return Answer(content=shapes.approvals(*call.merge_request(request)))


@endpoint("POST", ONE + "/approve", WRITE)
def approve(call: Call, request: Request) -> Answer:
    """https://docs.gitlab.com/api/merge_request_approvals/#approve-merge-request: 409 when `sha` is not the head."""
    project, found = call.merge_request(request)
    sha, login = project.head_sha(found), call.token.login
    if request.json().get("sha", sha) != sha:
        raise refused(409, f"SHA does not match HEAD of source branch: {sha}")
    if login == found.author or login in found.approvals():
        raise refused(401, "401 Unauthorized")
    found.reviews.append(Review(author=login, state="APPROVED", body="", sha=sha, at=call.world.stamp()))
    happening = Happening(topic="review", action="submitted", project=project, login=login, request=found)
    happening.subject = found.reviews[-1]
    call.world.tell(happening)
    return Answer(status=201, content=shapes.approvals(project, found))


@endpoint("GET", ONE + "/pipelines", READ)
def list_request_pipelines(call: Call, request: Request) -> Answer:
    """https://docs.gitlab.com/api/merge_requests/ (list pipelines), newest first."""
    project, found = call.merge_request(request)
    sides = [project.head_sha(found), f"^{project.base_sha(found)}"]
    shas = {project.head_sha(found), *project.repository.git("rev-list", *sides).split()}
    mine = [one for one in reversed(project.pipelines) if one.sha in shas]
    page = page_of(mine, request, USUAL_PAGE)
    return listed(call, request, page, [shapes.pipeline_body(call.world, project, one) for one in page.items])


@endpoint("GET", "/projects/{id}/pipelines", READ)
def list_pipelines(call: Call, request: Request) -> Answer:
    """https://docs.gitlab.com/api/pipelines/#list-project-pipelines: by `sha`, `ref`, `status`."""
    project, wanted = call.project(request), request.query
    found = [
        one
        for one in reversed(project.pipelines)
        if all(wanted.get(name, getattr(one, name)) == getattr(one, name) for name in ("sha", "ref", "status"))
    ]
    page = page_of(found, request, USUAL_PAGE)
    return listed(call, request, page, [shapes.pipeline_body(call.world, project, one) for one in page.items])


@endpoint("GET", "/projects/{id}/repository/commits/{sha}/statuses", READ)
def list_statuses(call: Call, request: Request) -> Answer:
    """https://docs.gitlab.com/api/commits/#list-commit-statuses."""
    project = call.project(request)
    page = page_of(project.latest_statuses(request.parts["sha"]), request, USUAL_PAGE)
    return listed(call, request, page, [shapes.status_body(status) for status in page.items])
