"""What a provider's refusal means for a person, and what they can do about it (REQ-5.11, R.3)."""

from gastown.domain.pull import HostMismatch, HttpError, InvalidResponse, NoToken, Provider, Refusal, UnrecognizedUrl

NAMES = {Provider.GITHUB: "GitHub", Provider.GITLAB: "GitLab"}
REQUESTS = {Provider.GITHUB: "pull request", Provider.GITLAB: "merge request (MR)"}
PERMISSIONS = {
    Provider.GITHUB: "give the token the permission `Pull requests: read and write` on this repository",
    Provider.GITLAB: "give the token the scope `api` and a role that may read and merge this project's merge requests",
}


def explain_refusal(refusal: Refusal) -> str:
    """One or two sentences: what happened, and what to do."""
    match refusal:
        case NoToken():
            return _no_token(refusal)
        case UnrecognizedUrl(url=url):
            return (
                f"{url[:200]} is not recognized as a pull request of GitHub or a merge request of GitLab. "
                "Check the rig's repository address and, for your own GitLab, the town's GitLab instance URL."
            )
        case HostMismatch(provider=provider, expected=expected, got=got):
            return (
                f"The {NAMES[provider]} token was not sent to {got[:200]}, because {expected} is configured. "
                f"Correct the rig's address, or configure {got[:200]} if it is yours."
            )
        case HttpError():
            return _http_error(refusal)
        case InvalidResponse(provider=provider, reason=reason, keys=keys):
            named = f" Its top-level keys: {', '.join(keys)}." if keys else ""
            return f"{NAMES[provider]} answered in a shape that we do not know ({reason}).{named} Please report this."


def _no_token(refusal: NoToken) -> str:
    name = NAMES[refusal.provider]
    tried = ", ".join(f"`{source}`" for source in refusal.tried) or "nothing"
    return (
        f"No {name} token was found; tried in order: {tried}. Configure one of them in the town's settings. "
        f"Agents use credentials of their own, so a {REQUESTS[refusal.provider]} may exist although the town cannot "
        "look at it."
    )


def _http_error(refusal: HttpError) -> str:
    name, request = NAMES[refusal.provider], REQUESTS[refusal.provider]
    match refusal.status:
        case 0 if not refusal.transient:
            why = refusal.text[:300].rstrip(".")
            return f"{name} was not asked: {why}. Correct the settings of the town or the deployment."
        case 0:
            return f"{name} did not answer: {refusal.text[:300]}. It is asked again."
        case 401:
            return (
                f"The {name} token is invalid or has expired (HTTP 401). Put a fresh one into the town's settings. "
                f"What was said: {refusal.text[:300]}."
            )
        case 403 if not refusal.transient:
            return f"The {name} token may not do this (HTTP 403): {PERMISSIONS[refusal.provider]}."
        case 404:
            return (
                f"The {request} was not found (HTTP 404): was its branch or repository deleted, is the URL wrong, "
                f"or may the {name} token not see it?"
            )
    again = "It is asked again." if refusal.transient else "Asking again does not help."
    return f"{name} answered HTTP {refusal.status}: {refusal.text[:300]}. {again}"
