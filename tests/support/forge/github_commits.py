"""GitHub's endpoints about the repository itself: refs, commits, check runs, statuses, and who is asking."""

import re

from tests.support.forge import github_shapes as shapes
from tests.support.forge.exchange import Answer, Request, page_of
from tests.support.forge.github import USUAL_PAGE, Call, endpoint, listed, refused
from tests.support.forge.repository import GitFailed
from tests.support.forge.requests import CheckRun, CommitStatus, Project
from tests.support.forge.world import Happening

SHA = re.compile(r"[0-9a-f]{40}")


@endpoint("GET", "/user")
def get_user(call: Call, request: Request) -> Answer:
    """https://docs.github.com/en/rest/users/users#get-the-authenticated-user."""
    if call.token.kind == "installation":
        raise refused(403, "Resource not accessible by integration")
    return Answer(content=shapes.user(call.token.login))


@endpoint("GET", "/repos/{owner}/{repo}", "metadata:read")
def get_repository(call: Call, request: Request) -> Answer:
    """https://docs.github.com/en/rest/repos/repos#get-a-repository."""
    return Answer(content=shapes.repository(call.world, call.project(request)))


def commit(project: Project, request: Request) -> str:
    """The sha that the route's `ref` (a sha or a branch) names. Raises `Refused` with 422."""
    ref = request.parts["ref"]
    sha = ref if SHA.fullmatch(ref) else project.repository.head(ref.removeprefix("heads/"))
    if sha is None or not project.repository.knows(sha):
        raise refused(422, f"No commit found for SHA: {ref}")
    return sha


@endpoint("GET", "/repos/{owner}/{repo}/commits/{ref:path}/check-runs", "checks:read")
def list_check_runs(call: Call, request: Request) -> Answer:
    """https://docs.github.com/en/rest/checks/runs#list-check-runs-for-a-git-reference."""
    project = call.project(request)
    sha = commit(project, request)
    runs = [run for run in project.checks if run.sha == sha]
    page = page_of(runs, request, USUAL_PAGE)
    bodies = [shapes.check_run(call.world, project, run) for run in page.items]
    return listed(call, request, page, {"total_count": page.total, "check_runs": bodies})


@endpoint("POST", "/repos/{owner}/{repo}/check-runs", "checks:write")
def create_check_run(call: Call, request: Request) -> Answer:
    """https://docs.github.com/en/rest/checks/runs#create-a-check-run."""
    project, body = call.project(request), request.json()
    conclusion = body.get("conclusion")
    status = "completed" if conclusion else body.get("status", "queued")
    run = CheckRun(name=body["name"], sha=body["head_sha"], status=status, conclusion=conclusion)
    project.checks.append(run)
    call.world.tell(Happening(topic="check", action="created", project=project, login=call.token.login, subject=run))
    return Answer(status=201, content=shapes.check_run(call.world, project, run))


@endpoint("GET", "/repos/{owner}/{repo}/commits/{ref:path}/status", "statuses:read")
def get_combined_status(call: Call, request: Request) -> Answer:
    """https://docs.github.com/en/rest/commits/statuses#get-the-combined-status-for-a-specific-reference."""
    project = call.project(request)
    sha = commit(project, request)
    page = page_of(project.latest_statuses(sha), request, USUAL_PAGE)
    return listed(call, request, page, shapes.combined_status(call.world, project, sha, list(page.items)))


@endpoint("POST", "/repos/{owner}/{repo}/statuses/{ref}", "statuses:write")
def create_status(call: Call, request: Request) -> Answer:
    """https://docs.github.com/en/rest/commits/statuses#create-a-commit-status."""
    project, body = call.project(request), request.json()
    status = CommitStatus(
        context=body.get("context", "default"),
        sha=commit(project, request),
        state=body["state"],
        description=body.get("description") or "",
        at=call.world.stamp(),
    )
    project.statuses.append(status)
    call.world.tell(
        Happening(topic="status", action=status.state, project=project, login=call.token.login, subject=status)
    )
    return Answer(status=201, content=shapes.commit_status(status))


@endpoint("GET", "/repos/{owner}/{repo}/git/commits/{ref}", "contents:read")
def get_commit(call: Call, request: Request) -> Answer:
    """https://docs.github.com/en/rest/git/commits#get-a-commit-object: with its tree and parents."""
    project, sha = call.project(request), request.parts["ref"]
    if not SHA.fullmatch(sha) or not project.repository.knows(sha):
        raise refused(404, "Not Found")
    tree, parents, message = project.repository.git("log", "-1", "--format=%T%x00%P%x00%B", sha).split("\0")
    content = {"sha": sha, "tree": {"sha": tree}, "message": message.strip()}
    return Answer(content=content | {"parents": [{"sha": parent} for parent in parents.split()]})


@endpoint("GET", "/repos/{owner}/{repo}/branches/{branch:path}", "contents:read")
def get_branch(call: Call, request: Request) -> Answer:
    """https://docs.github.com/en/rest/branches/branches#get-a-branch."""
    project, name = call.project(request), request.parts["branch"]
    sha = project.repository.head(name)
    if sha is None:
        raise refused(404, "Branch not found")
    return Answer(content={"name": name, "commit": {"sha": sha}, "protected": False})


@endpoint("GET", "/repos/{owner}/{repo}/git/ref/{ref:path}", "contents:read")
def get_ref(call: Call, request: Request) -> Answer:
    """https://docs.github.com/en/rest/git/refs#get-a-reference."""
    project = call.project(request)
    sha = project.repository.head(request.parts["ref"].removeprefix("heads/"))
    if sha is None or not request.parts["ref"].startswith("heads/"):
        raise refused(404, "Not Found")
    return Answer(content=ref_body(call, project, f"refs/{request.parts['ref']}", sha))


@endpoint("POST", "/repos/{owner}/{repo}/git/refs", "contents:write")
def create_ref(call: Call, request: Request) -> Answer:
    """https://docs.github.com/en/rest/git/refs#create-a-reference: 422 when it exists, or the sha does not."""
    project, body = call.project(request), request.json()
    ref, sha = str(body.get("ref", "")), str(body.get("sha", ""))
    if not ref.startswith("refs/heads/"):
        raise refused(422, "Reference name must start with 'refs/'.")
    branch = ref.removeprefix("refs/heads/")
    if project.repository.head(branch):
        raise refused(422, "Reference already exists")
    if not SHA.fullmatch(sha) or not project.repository.knows(sha):
        raise refused(422, "Object does not exist")
    before = project.repository.branches()
    try:
        project.repository.create_branch(branch, sha)
    except GitFailed as error:
        raise refused(422, "Reference update failed") from error
    call.world.notice_pushes(project, before, call.token.login)
    return Answer(status=201, content=ref_body(call, project, ref, sha))


@endpoint("DELETE", "/repos/{owner}/{repo}/git/refs/heads/{branch:path}", "contents:write")
def delete_ref(call: Call, request: Request) -> Answer:
    """https://docs.github.com/en/rest/git/refs#delete-a-reference."""
    project = call.project(request)
    before = project.repository.branches()
    if request.parts["branch"] not in before:
        raise refused(422, "Reference does not exist")
    project.repository.delete_branch(request.parts["branch"])
    call.world.notice_pushes(project, before, call.token.login)
    return Answer(status=204)


def ref_body(call: Call, project: Project, ref: str, sha: str) -> shapes.Body:
    """A Git reference."""
    url = f"{call.world.url}/repos/{project.path}/git"
    target = {"sha": sha, "type": "commit", "url": f"{url}/commits/{sha}"}
    return {"ref": ref, "node_id": f"REF_{ref}", "url": f"{url}/{ref}", "object": target}
