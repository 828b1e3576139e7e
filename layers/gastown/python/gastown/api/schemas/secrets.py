"""What people send that nobody reads back: tokens, and the town's environment variables."""

from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, ConfigDict, Field, StringConstraints

from gastown.api.schemas.body import Body
from gastown.domain.variables import is_reserved


def _not_ours(name: str) -> str:
    if is_reserved(name):
        raise ValueError("this name is reserved for the platform")
    return name


EnvName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$"), AfterValidator(_not_ours)]

Secret = Annotated[str, StringConstraints(max_length=4_000, pattern=r"^[!-~]*$")]
"""A token: printable and without blanks, so that it can stand in a header and in a credential file; empty deletes."""

ModelUrl = Annotated[
    str, StringConstraints(max_length=500, pattern=r"^$|^(https://|http://(127\.0\.0\.1|localhost)[:/])[!-?A-~]+$")
]
"""Where a town's models are asked: over TLS, or on the same host; without user information."""

EnvValue = Annotated[str, StringConstraints(max_length=8_000, pattern=r"^[^\x00]*$")]
InstallationId = Annotated[str, StringConstraints(pattern=r"^[0-9]{0,20}$")]


class OAuthBody(Body):
    """A GitLab OAuth pair with the client that it was given to."""

    model_config = ConfigDict(extra="forbid")

    access_token: Secret = ""
    refresh_token: Secret = ""
    expires_at: AwareDatetime | None = None
    client_id: Secret = ""
    client_secret: Secret = ""


class GitAuthBody(Body):
    """How the town speaks to GitHub and GitLab; named fields are merged, null or an empty text deletes."""

    model_config = ConfigDict(extra="forbid")

    github_token: Secret | None = None
    gitlab_token: Secret | None = None
    gitlab_oauth: OAuthBody | None = None
    gitlab_instance_url: str | None = Field(default=None, max_length=500)
    platform_integration_id: InstallationId | None = None
    allow_stored_token: bool | None = None
