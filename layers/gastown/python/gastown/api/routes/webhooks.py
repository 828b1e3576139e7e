"""/webhooks/…: what GitHub and GitLab tell us. No token of ours: the signature is the proof."""

import json
from typing import Any
from urllib.parse import urlsplit

from aws_lambda_powertools.event_handler.api_gateway import Router

from gastown import bootstrap
from gastown.api.callers import success
from gastown.bootstrap.once import once
from gastown.domain.errors import Invalid
from gastown.usecases import webhooks
from gastown.usecases.signing import SigningSecrets

router = Router()


@once
def webhook_secrets() -> SigningSecrets:
    """What webhooks of providers are signed with, as this process sees it."""
    secret = bootstrap.settings().demand("webhook_secret_arn")
    return SigningSecrets(bootstrap.secrets(), secret, bootstrap.true_clock())


@router.post("/webhooks/github")
def github() -> dict[str, Any]:
    """A webhook of GitHub, of any event: signed with the stack's webhook secret."""
    body, headers = _body(), router.current_event.headers
    signature = headers.get("x-hub-signature-256")
    webhook_secrets().prove(lambda live: webhooks.check_github(live, body, signature))
    host = urlsplit(bootstrap.settings().github_url).hostname or ""
    return _taken(webhooks.read_github(host, _payload(body)), body)


@router.post("/webhooks/gitlab")
def gitlab() -> dict[str, Any]:
    """A webhook of GitLab, of any event: its secret token is the stack's webhook secret."""
    body, token = _body(), router.current_event.headers.get("x-gitlab-token")
    webhook_secrets().prove(lambda live: webhooks.check_gitlab(live, token))
    return _taken(webhooks.read_gitlab(_payload(body)), body)


def _taken(hint: webhooks.Hint, body: bytes) -> dict[str, Any]:
    now = bootstrap.true_clock().now()  # providers do not know that somebody moved this stage's clock
    return success({"towns": webhooks.take_webhook(bootstrap.unit_of_work(), hint, body, now)})


def _body() -> bytes:
    return (router.current_event.decoded_body or "").encode()


def _payload(body: bytes) -> dict[str, Any]:
    try:
        payload = json.loads(body)
    except ValueError:
        payload = None
    if not isinstance(payload, dict):
        raise Invalid("A webhook is a JSON object; set its content type to application/json", field="body")
    return payload
