"""GitHub's door: who may ask, what it costs, which endpoint answers. The endpoints stand in `github_*.py`.

Also served below `/api/v3` and `/api/graphql`, as GitHub Enterprise Server does.
"""

import hashlib
from dataclasses import dataclass
from typing import Any

from tests.support.forge import graphql
from tests.support.forge.exchange import Answer, Page, Refused, Request, Routes, links
from tests.support.forge.requests import ChangeRequest, Project
from tests.support.forge.tokens import BadCredentials, Token
from tests.support.forge.world import World

DOCUMENTATION = "https://docs.github.com/rest"
USUAL_PAGE = 30
VERSIONS = ("2022-11-28", "2026-03-10")  # docs.github.com/en/rest/about-the-rest-api/api-versions


@dataclass(kw_only=True)
class Call:
    """One authenticated call."""

    world: World
    token: Token

    def project(self, request: Request) -> Project:
        """The repository of the route, if this token knows of it. Raises `Refused` with 404."""
        path = f"{request.parts['owner']}/{request.parts['repo']}"
        project = self.world.project(path)
        if project is None or not self.token.reaches(path):
            raise refused(404, "Not Found")
        return project

    def pull(self, request: Request) -> tuple[Project, ChangeRequest]:
        """The pull request of the route. Raises `Refused` with 404."""
        project = self.project(request)
        number = request.parts["number"]
        found = project.requests.get(int(number)) if number.isdecimal() else None
        if found is None:
            raise refused(404, "Not Found")
        return project, found


endpoint: Routes[Call] = Routes()


def refused(status: int, message: str, **more: Any) -> Refused:
    """An error in GitHub's shape."""
    body = {"message": message, **more, "documentation_url": DOCUMENTATION, "status": str(status)}
    return Refused(Answer(status=status, content=body))


def invalid(resource: str, **error: Any) -> Refused:
    """422 as https://docs.github.com/en/rest/using-the-rest-api/troubleshooting-the-rest-api#validation-failed."""
    return refused(422, "Validation Failed", errors=[{"resource": resource, **error}])


def answer(world: World, request: Request) -> Answer:
    """Answer one request: authentication, quota, permission, the endpoint, `ETag`."""
    request.path = request.path.removeprefix("/api/v3").replace("/api/graphql", "/graphql")
    token: Token | None = None
    try:
        token = authenticate(world, request)
        given = _perform(world, token, request)
    except Refused as error:
        given = error.answer
    return _finished(world, token, request, given)


def authenticate(world: World, request: Request) -> Token:
    """The token of a request. Raises `Refused` with 401.

    https://docs.github.com/en/rest/authentication/authenticating-to-the-rest-api
    """
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() not in {"bearer", "token"}:
        raise refused(401, "Requires authentication")
    if value.count(".") == 2:
        return _app_token(world, value)
    try:
        return world.credentials.find(value, world.now())
    except BadCredentials as error:
        raise refused(401, "Bad credentials") from error


def _app_token(world: World, assertion: str) -> Token:
    message = "A JSON web token could not be decoded"
    for app in world.credentials.apps.values():
        try:
            app.verify(assertion, world.now())
        except BadCredentials as error:
            message = str(error)
        else:
            return Token(value=f"app {app.number}", login=app.number, kind="app", permissions={})
    raise refused(404 if message == "Integration not found" else 401, message)


def _perform(world: World, token: Token, request: Request) -> Answer:
    if request.headers.get("x-github-api-version", VERSIONS[0]) not in VERSIONS:
        raise refused(400, "The requested API version is not supported.")
    quota = world.quota(token.value)
    if quota.used >= world.quota_limit:
        raise refused(403, f"API rate limit exceeded for {token.login}.")
    if request.path == "/graphql" and request.method == "POST":
        return graphql.answer(world, token, request)
    route = endpoint.find(request)
    if route is None:
        raise refused(404, "Not Found")
    if (token.kind == "app") != (route.needs == "app"):
        raise refused(401 if route.needs == "app" else 403, "A JSON web token could not be decoded")
    if route.needs != "app" and not token.permits(route.needs):
        what = "integration" if token.kind == "installation" else "personal access token"
        raise refused(403, f"Resource not accessible by {what}")
    return route.handle(Call(world=world, token=token), request)


def _finished(world: World, token: Token | None, request: Request, given: Answer) -> Answer:
    """Add the `ETag` (which differs by token, as GitHub's does), turn to 304 if it is known, and count.

    https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api#use-conditional-requests
    https://github.com/github/docs/issues/34689 (an ETag is of no use with another token)
    """
    if token is None:
        return given
    if request.headers.get("x-github-api-version") == VERSIONS[1]:
        given.content = without_dropped(given.content)
    if request.method == "GET" and given.status == 200:
        digest = hashlib.sha256(token.value.encode() + given.body()).hexdigest()
        given.headers |= {
            "ETag": f'W/"{digest}"',
            "Vary": "Accept, Authorization",
            "Cache-Control": "private, max-age=60",
        }
        if f'"{digest}"' in request.headers.get("if-none-match", ""):
            given = Answer(status=304, headers=given.headers)
    quota = world.quota(token.value)
    over = quota.used >= world.quota_limit
    quota.used += given.status != 304 and not over
    given.headers |= {
        "X-RateLimit-Limit": str(world.quota_limit),
        "X-RateLimit-Remaining": str(world.quota_limit - quota.used),
        "X-RateLimit-Used": str(quota.used),
        "X-RateLimit-Reset": str(int(quota.resets_at)),
        "X-RateLimit-Resource": "graphql" if request.path == "/graphql" else "core",
    }
    return given


def without_dropped(content: Any) -> Any:
    """What version 2026-03-10 no longer says of pull requests.

    https://docs.github.com/en/rest/about-the-rest-api/breaking-changes
    """
    if isinstance(content, list):
        return [without_dropped(one) for one in content]
    return {k: v for k, v in content.items() if k != "merge_commit_sha"} if isinstance(content, dict) else content


def listed(call: Call, request: Request, page: Page[Any], content: Any) -> Answer:
    """A page with its `Link` header: https://docs.github.com/en/rest/using-the-rest-api/using-pagination-in-the-rest-api."""
    link = links(page, request, call.world.address(request))
    return Answer(content=content, headers={"Link": link} if link else {})
