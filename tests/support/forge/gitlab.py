"""GitLab's door (REST v4 and OAuth): who may ask, which endpoint answers. The endpoints stand in `gitlab_*.py`."""

import re
from dataclasses import dataclass
from typing import Any

from tests.support.forge.exchange import Answer, Page, Refused, Request, Routes, links
from tests.support.forge.requests import ChangeRequest, Project
from tests.support.forge.tokens import BadCredentials, Token
from tests.support.forge.world import World

API = "/api/v4"
USUAL_PAGE = 20
MINUTE_LIMIT = 2000  # docs.gitlab.com/security/rate_limits: authenticated API requests a minute on gitlab.com


@dataclass(kw_only=True)
class Call:
    """One authenticated call."""

    world: World
    token: Token

    def project(self, request: Request) -> Project:
        """The project of the route: a number, or a path with `%2F`. Raises `Refused` with 404."""
        project = self.world.project(request.parts["id"])
        if project is None or not self.token.reaches(project.path):
            raise refused(404, "404 Project Not Found")
        return project

    def merge_request(self, request: Request) -> tuple[Project, ChangeRequest]:
        """The merge request of the route. Raises `Refused` with 404."""
        project = self.project(request)
        iid = request.parts["iid"]
        found = project.requests.get(int(iid)) if iid.isdecimal() else None
        if found is None:
            raise refused(404, "404 Not found")
        return project, found


endpoint: Routes[Call] = Routes()


def refused(status: int, message: Any) -> Refused:
    """An error in GitLab's shape: https://docs.gitlab.com/api/rest/troubleshooting/#status-codes."""
    return Refused(Answer(status=status, content={"message": message}))


def oauth_refused(status: int, error: str, description: str) -> Refused:
    """An error in the shape of RFC 6749."""
    return Refused(Answer(status=status, content={"error": error, "error_description": description}))


def answer(world: World, request: Request) -> Answer:
    """Answer one request: authentication, scope, the endpoint, the `RateLimit-*` headers."""
    try:
        if request.path == "/oauth/token" and request.method == "POST":
            return renew(world, request)
        token = authenticate(world, request)
        given = _perform(world, token, request)
    except Refused as error:
        return error.answer
    quota = world.quota(token.value)
    quota.used += 1
    given.headers |= {
        "RateLimit-Limit": str(MINUTE_LIMIT),
        "RateLimit-Name": "throttle_authenticated_api",
        "RateLimit-Observed": str(quota.used),
        "RateLimit-Remaining": str(max(0, MINUTE_LIMIT - quota.used)),
        "RateLimit-Reset": str(int(world.now()) + 60),
    }
    return given


def authenticate(world: World, request: Request) -> Token:
    """The token of a request: `PRIVATE-TOKEN`, or `Authorization: Bearer`. Raises `Refused` with 401.

    https://docs.gitlab.com/api/rest/authentication/
    """
    scheme, _, bearer = request.headers.get("authorization", "").partition(" ")
    value = request.headers.get("private-token") or (bearer if scheme.lower() == "bearer" else "")
    if not value:
        raise refused(401, "401 Unauthorized")
    try:
        token = world.credentials.find(value, world.now())
    except BadCredentials as error:
        if str(error) == "unknown":
            raise refused(401, "401 Unauthorized") from error
        hint = " You can either do re-authorization or token refresh." if str(error) == "expired" else ""
        problem = "was revoked" if str(error) == "revoked" else "is expired"
        raise oauth_refused(401, "invalid_token", f"Token {problem}.{hint}") from error
    if token.kind == "oauth" and "private-token" in request.headers:
        raise refused(401, "401 Unauthorized")
    return token


def _perform(world: World, token: Token, request: Request) -> Answer:
    request.path = request.path.removeprefix(API)
    route = endpoint.find(request)
    if route is None:
        raise Refused(Answer(status=404, content={"error": "404 Not Found"}))
    if not token.has_scope(route.needs):
        body = {
            "error": "insufficient_scope",
            "error_description": "The request requires higher privileges than provided by the access token.",
            "scope": route.needs,
        }
        raise Refused(Answer(status=403, content=body))
    return route.handle(Call(world=world, token=token), request)


def listed(call: Call, request: Request, page: Page[Any], content: Any) -> Answer:
    """A page with GitLab's headers: https://docs.gitlab.com/api/rest/#offset-based-pagination."""
    link = links(page, request, f"http://{request.host}{API}{request.path}")
    headers = {
        "X-Page": str(page.number),
        "X-Per-Page": str(page.size),
        "X-Next-Page": str(page.number + 1) if page.number < page.last else "",
        "X-Prev-Page": str(page.number - 1) if page.number > 1 else "",
        "X-Total": str(page.total),
        "X-Total-Pages": str(page.last),
    }
    return Answer(content=content, headers=headers | ({"Link": link} if link else {}))


def renew(world: World, request: Request) -> Answer:
    """https://docs.gitlab.com/api/oauth2/#authorization-code-flow: a refresh token works once and ends the old pair."""
    body = request.json()
    client = world.credentials.clients.get(str(body.get("client_id", "")))
    if client is None or body.get("client_secret") != client.secret:
        raise oauth_refused(401, "invalid_client", "Client authentication failed due to unknown client.")
    if body.get("grant_type") != "refresh_token":
        raise oauth_refused(400, "unsupported_grant_type", "The authorization grant type is not supported.")
    try:
        access, refresh = world.credentials.renew(str(body.get("refresh_token", "")), world.now())
    except BadCredentials as error:
        message = "The provided authorization grant is invalid, expired, revoked, or was issued to another client."
        raise oauth_refused(400, "invalid_grant", message) from error
    lasting = round((access.expires_at or 0) - world.now())
    content = {"access_token": access.value, "token_type": "Bearer", "expires_in": lasting, "refresh_token": refresh}
    return Answer(content=content | {"scope": " ".join(sorted(access.scopes)), "created_at": int(world.now())})


def plain(name: str) -> str:
    """A title without the marks of a draft: https://docs.gitlab.com/user/project/merge_requests/drafts/."""
    return re.sub(r"^\s*(\[draft\]|draft:|\(draft\))\s*", "", name, flags=re.IGNORECASE)
