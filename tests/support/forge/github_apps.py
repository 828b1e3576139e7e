"""GitHub App installations: which there are, and the tokens that they give for an hour."""

from tests.support.forge.exchange import Answer, Request
from tests.support.forge.github import Call, endpoint, refused
from tests.support.forge.github_shapes import Body, repository, user
from tests.support.forge.requests import Project
from tests.support.forge.tokens import LEVELS, App, Installation


def app_of(call: Call) -> App:
    """The app that signed this call."""
    return call.world.credentials.apps[call.token.login]


def installation_body(app: App, installation: Installation) -> Body:
    """An installation."""
    return {
        "id": installation.number,
        "account": user(installation.account),
        "app_id": app.number,
        "repository_selection": "selected",
        "permissions": installation.permissions,
        "suspended_at": "2026-01-01T00:00:00Z" if installation.suspended else None,
    }


@endpoint("GET", "/repos/{owner}/{repo}/installation", "app")
def get_repository_installation(call: Call, request: Request) -> Answer:
    """https://docs.github.com/en/rest/apps/apps#get-a-repository-installation-for-the-authenticated-app."""
    path = f"{request.parts['owner']}/{request.parts['repo']}".lower()
    app = app_of(call)
    for installation in app.installations.values():
        if path in {project.lower() for project in installation.projects}:
            return Answer(content=installation_body(app, installation))
    raise refused(404, "Not Found")


@endpoint("GET", "/app/installations/{number}", "app")
def get_installation(call: Call, request: Request) -> Answer:
    """https://docs.github.com/en/rest/apps/apps#get-an-installation-for-the-authenticated-app."""
    return Answer(content=installation_body(app_of(call), _installation(call, request)))


@endpoint("POST", "/app/installations/{number}/access_tokens", "app")
def create_token(call: Call, request: Request) -> Answer:
    """https://docs.github.com/en/rest/apps/apps#create-an-installation-access-token-for-an-app.

    May be narrowed to `repositories` (names) or `repository_ids`, and to `permissions`; 422 for what it has not.
    """
    installation, body = _installation(call, request), request.json()
    if installation.suspended:
        raise refused(403, "This installation has been suspended")
    projects = _projects(call, installation, body)
    permissions = body.get("permissions") or installation.permissions
    for name, level in permissions.items():
        if LEVELS.get(level, 9) > LEVELS.get(installation.permissions.get(name, ""), 0):
            raise refused(422, "The permissions requested are not granted to this installation.")
    narrowed = {project.path for project in projects} or None
    token = call.world.credentials.mint(installation, call.world.now(), narrowed, permissions)
    content: Body = {
        "token": token.value,
        "expires_at": call.world.stamp(token.expires_at),
        "permissions": token.permissions,
        "repository_selection": "selected",
    }
    if projects:
        content["repositories"] = [repository(call.world, project) for project in projects]
    return Answer(status=201, content=content)


def _installation(call: Call, request: Request) -> Installation:
    number = request.parts["number"]
    installation = app_of(call).installations.get(int(number)) if number.isdecimal() else None
    if installation is None:
        raise refused(404, "Not Found")
    return installation


def _projects(call: Call, installation: Installation, body: Body) -> list[Project]:
    names = {str(name).lower() for name in body.get("repositories", [])}
    numbers = set(body.get("repository_ids", []))
    reached = [call.world.projects[path.lower()] for path in installation.projects]
    found = [project for project in reached if project.name.lower() in names or project.number in numbers]
    if len(found) < len(names | numbers):
        message = (
            "There is at least one repository that does not exist or is not accessible to the parent installation."
        )
        raise refused(422, message)
    return found
