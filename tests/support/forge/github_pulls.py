"""GitHub's endpoints about pull requests: list, make, read, change, merge, review, comment."""

from tests.support.forge import github_shapes as shapes
from tests.support.forge.exchange import Answer, Request, page_of
from tests.support.forge.github import USUAL_PAGE, Call, endpoint, invalid, listed, refused
from tests.support.forge.requests import CannotMerge, ChangeRequest, Comment, Project, Review, Thread
from tests.support.forge.world import Happening

METHOD_WORDS = {"merge": "Merge commits", "squash": "Squash merges", "rebase": "Rebase merges"}
EVENTS = {"APPROVE": "APPROVED", "REQUEST_CHANGES": "CHANGES_REQUESTED", "COMMENT": "COMMENTED"}


@endpoint("GET", "/repos/{owner}/{repo}/pulls", "pull_requests:read")
def list_pulls(call: Call, request: Request) -> Answer:
    """https://docs.github.com/en/rest/pulls/pulls#list-pull-requests by `state`, `head` (owner:branch), `base`."""
    project = call.project(request)
    state, wanted = request.query.get("state", "open"), request.query
    found = [
        pull
        for pull in reversed(project.requests.values())
        if state in {"all", "open" if pull.state == "open" else "closed"}
        and wanted.get("base", pull.base) == pull.base
        and wanted.get("head", f"{project.owner}:{pull.head}") == f"{project.owner}:{pull.head}"
    ]
    page = page_of(found, request, USUAL_PAGE)
    return listed(call, request, page, [shapes.pull(call.world, project, pull) for pull in page.items])


@endpoint("POST", "/repos/{owner}/{repo}/pulls", "pull_requests:write")
def create_pull(call: Call, request: Request) -> Answer:
    """https://docs.github.com/en/rest/pulls/pulls#create-a-pull-request: 422 when it is there, or has no commits."""
    project, body = call.project(request), request.json()
    head = str(body.get("head", "")).removeprefix(f"{project.owner}:")
    base, title = str(body.get("base", "")), str(body.get("title", ""))
    if not title:
        raise invalid("PullRequest", field="title", code="missing_field")
    _check_sides(project, head, base)
    fields = {"title": title, "body": body.get("body") or "", "head": head, "base": base}
    made = call.world.open_request(project, call.token.login, fields | {"draft": bool(body.get("draft"))})
    content = shapes.full_pull(call.world, project, made)
    return Answer(status=201, content=content, headers={"Location": content["url"]})


def _check_sides(project: Project, head: str, base: str) -> None:
    shas = {"head": project.repository.head(head), "base": project.repository.head(base)}
    for name, sha in shas.items():
        if sha is None:
            raise invalid("PullRequest", field=name, code="invalid")
    if any((pull.state, pull.head, pull.base) == ("open", head, base) for pull in project.requests.values()):
        raise invalid(
            "PullRequest", code="custom", message=f"A pull request already exists for {project.owner}:{head}."
        )
    if not project.repository.count(str(shas["base"]), str(shas["head"])):
        raise invalid("PullRequest", code="custom", message=f"No commits between {base} and {head}")


@endpoint("GET", "/repos/{owner}/{repo}/pulls/{number}", "pull_requests:read")
def get_pull(call: Call, request: Request) -> Answer:
    """https://docs.github.com/en/rest/pulls/pulls#get-a-pull-request."""
    project, pull = call.pull(request)
    content = shapes.full_pull(call.world, project, pull)
    pull.reads_unknown = max(0, pull.reads_unknown - 1)
    return Answer(content=content)


@endpoint("PATCH", "/repos/{owner}/{repo}/pulls/{number}", "pull_requests:write")
def update_pull(call: Call, request: Request) -> Answer:
    """https://docs.github.com/en/rest/pulls/pulls#update-a-pull-request: title, body, base, state."""
    project, pull = call.pull(request)
    body = request.json()
    for name in {"title", "body", "base"} & body.keys():
        setattr(pull, name, body[name])
    if body.get("state") in {"open", "closed"} and pull.state != "merged" and pull.state != body["state"]:
        call.world.set_open(project, pull, call.token.login, opened=body["state"] == "open")
    else:
        call.world.changed(project, pull, "edited", call.token.login)
    return Answer(content=shapes.full_pull(call.world, project, pull))


@endpoint("PUT", "/repos/{owner}/{repo}/pulls/{number}/merge", "contents:write")
def merge_pull(call: Call, request: Request) -> Answer:
    """https://docs.github.com/en/rest/pulls/pulls#merge-a-pull-request: 405 cannot be merged, 409 head is not `sha`."""
    project, pull = call.pull(request)
    body = request.json()
    method = body.get("merge_method", "merge")
    if method not in METHOD_WORDS:
        raise invalid("PullRequest", field="merge_method", code="invalid")
    if pull.state != "open":
        raise refused(405, "Pull Request is not mergeable")
    if pull.draft:
        raise refused(405, "Pull Request is still a draft")
    if body.get("sha", project.head_sha(pull)) != project.head_sha(pull):
        raise refused(409, "Head branch was modified. Review and try the merge again.")
    if method not in project.rules.methods:
        raise refused(405, f"{METHOD_WORDS[method]} are not allowed on this repository.")
    _check_rules(project, pull)
    message = "\n\n".join(part for part in (body.get("commit_title"), body.get("commit_message")) if part)
    try:
        sha = call.world.merge(
            project, pull, method, message or _usual_message(project, pull, method), call.token.login
        )
    except CannotMerge as error:
        raise refused(405, "Base branch was modified. Review and try the merge again.") from error
    return Answer(content={"sha": sha, "merged": True, "message": "Pull Request successfully merged"})


def _check_rules(project: Project, pull: ChangeRequest) -> None:
    match project.obstacle(pull):
        case None:
            return
        case "conflict":
            message = "Pull Request has merge conflicts"
        case "approvals":
            missing = project.rules.required_approvals
            message = f"At least {missing} approving review is required by reviewers with write access."
        case "changes_requested":
            message = "Changes must be made before this pull request can be merged."
        case "checks":
            name = project.missing_checks(project.head_sha(pull))[0]
            message = f'Required status check "{name}" is expected.'
        case "threads":
            message = "A conversation must be resolved before this pull request can be merged."
        case _:
            message = "Pull Request is not mergeable"
    raise refused(405, message)


def _usual_message(project: Project, pull: ChangeRequest, method: str) -> str:
    if method == "merge":
        return f"Merge pull request #{pull.number} from {project.owner}/{pull.head}\n\n{pull.title}"
    return f"{pull.title} (#{pull.number})"


@endpoint("GET", "/repos/{owner}/{repo}/pulls/{number}/reviews", "pull_requests:read")
def list_reviews(call: Call, request: Request) -> Answer:
    """https://docs.github.com/en/rest/pulls/reviews#list-reviews-for-a-pull-request."""
    project, pull = call.pull(request)
    page = page_of(pull.reviews, request, USUAL_PAGE)
    return listed(call, request, page, [shapes.review(call.world, project, pull, one) for one in page.items])


@endpoint("POST", "/repos/{owner}/{repo}/pulls/{number}/reviews", "pull_requests:write")
def create_review(call: Call, request: Request) -> Answer:
    """https://docs.github.com/en/rest/pulls/reviews#create-a-review-for-a-pull-request: nobody approves his own."""
    project, pull = call.pull(request)
    body, login = request.json(), call.token.login
    state = EVENTS.get(body.get("event", ""), "PENDING")
    if login == pull.author and state in {"APPROVED", "CHANGES_REQUESTED"}:
        words = {"APPROVED": "approve", "CHANGES_REQUESTED": "request changes on"}
        raise refused(422, "Unprocessable Entity", errors=[f"Can not {words[state]} your own pull request"])
    stamp = call.world.stamp()
    made = Review(author=login, state=state, body=body.get("body", ""), sha=project.head_sha(pull), at=stamp)
    pull.reviews.append(made)
    for given in body.get("comments", []):
        comment = Comment(author=login, body=given["body"], at=stamp)
        pull.threads.append(Thread(comments=[comment], path=given.get("path"), line=given.get("line")))
    happening = Happening(topic="review", action="submitted", project=project, login=login, request=pull, subject=made)
    call.world.tell(happening)
    return Answer(content=shapes.review(call.world, project, pull, made))


@endpoint("GET", "/repos/{owner}/{repo}/pulls/{number}/comments", "pull_requests:read")
def list_review_comments(call: Call, request: Request) -> Answer:
    """https://docs.github.com/en/rest/pulls/comments#list-review-comments-on-a-pull-request."""
    project, pull = call.pull(request)
    pairs = [(thread, comment) for thread in pull.threads for comment in thread.comments]
    page = page_of(pairs, request, USUAL_PAGE)
    return listed(call, request, page, [shapes.review_comment(call.world, project, pull, *pair) for pair in page.items])


@endpoint("POST", "/repos/{owner}/{repo}/pulls/{number}/comments/{comment}/replies", "pull_requests:write")
def reply(call: Call, request: Request) -> Answer:
    """https://docs.github.com/en/rest/pulls/comments#create-a-reply-for-a-review-comment."""
    project, pull = call.pull(request)
    wanted = request.parts["comment"]
    thread = next((one for one in pull.threads if str(one.comments[0].number) == wanted), None)
    if thread is None:
        raise refused(404, "Not Found")
    made = Comment(author=call.token.login, body=str(request.json().get("body", "")), at=call.world.stamp())
    thread.comments.append(made)
    return Answer(status=201, content=shapes.review_comment(call.world, project, pull, thread, made))


@endpoint("GET", "/repos/{owner}/{repo}/issues/{number}/comments", "pull_requests:read")
def list_comments(call: Call, request: Request) -> Answer:
    """https://docs.github.com/en/rest/issues/comments#list-issue-comments."""
    project, pull = call.pull(request)
    page = page_of(pull.comments, request, USUAL_PAGE)
    return listed(call, request, page, [shapes.issue_comment(call.world, project, pull, one) for one in page.items])


@endpoint("POST", "/repos/{owner}/{repo}/issues/{number}/comments", "pull_requests:write")
def create_comment(call: Call, request: Request) -> Answer:
    """https://docs.github.com/en/rest/issues/comments#create-an-issue-comment."""
    project, pull = call.pull(request)
    made = Comment(author=call.token.login, body=str(request.json().get("body", "")), at=call.world.stamp())
    pull.comments.append(made)
    return Answer(status=201, content=shapes.issue_comment(call.world, project, pull, made))


@endpoint("POST", "/repos/{owner}/{repo}/issues/{number}/labels", "pull_requests:write")
def add_labels(call: Call, request: Request) -> Answer:
    """https://docs.github.com/en/rest/issues/labels#add-labels-to-an-issue."""
    _, pull = call.pull(request)
    pull.labels += [name for name in request.json().get("labels", []) if name not in pull.labels]
    return Answer(content=[{"name": name} for name in pull.labels])
