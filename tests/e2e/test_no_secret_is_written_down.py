"""Secrets are planted everywhere, work succeeds and fails with them, and all that was written is searched."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest

from infra.local.deployment import STACK_NAME, aws_session, client_settings
from infra.local.stack import Stack, folder_of
from tests.e2e.forge_app import ForgeApp, vault_at
from tests.e2e.forge_story import TOKEN, ForgeStory
from tests.e2e.story import wait_until

pytestmark = pytest.mark.e2e
Begin = Callable[..., ForgeStory]
PLANTED = {
    "stored token": "ghs_planted_in_the_settings_0001",
    "GitLab token": "glpat-planted-in-the-settings-0002",
    "GitLab access token": "planted-access-token-0003",
    "GitLab refresh token": "planted-refresh-token-0004",
    "GitLab client secret": "planted-client-secret-0005",
    "town variable": "sk-planted-model-key-0006",
    "webhook forger": "planted-forged-signature-0007",
    "wrong token": "planted wrong token 0008",
}
JSON_WEB_TOKEN = re.compile(r"eyJ[\w-]{20,}\.eyJ[\w-]{20,}\.[\w-]{20,}")
"""Tokens of people, containers and agents, whoever signed them."""

MINTED = re.compile(r"ghs_(?!planted)\w{16,}")
"""Installation tokens, as the forge makes them."""


def plant(story: ForgeStory) -> None:
    """Every secret that settings can hold."""
    pair = {
        "access_token": PLANTED["GitLab access token"],
        "refresh_token": PLANTED["GitLab refresh token"],
        "client_secret": PLANTED["GitLab client secret"],
        "client_id": "client",
    }
    git = {"github_token": PLANTED["stored token"], "gitlab_token": PLANTED["GitLab token"], "gitlab_oauth": pair}
    path = f"/api/towns/{story.town_id}/config"
    story.api.call("PATCH", path, {"git_auth": git, "env_vars": {"MODEL_KEY": PLANTED["town variable"]}})
    refused = story.api.send("PATCH", path, json={"github_cli_pat": PLANTED["wrong token"]})
    assert refused.status_code == 400
    assert PLANTED["wrong token"] not in refused.text


def tables_of(stack: Stack) -> Iterator[tuple[str, str]]:
    """Every item of every table: working sets, journals, outboxes, inboxes, keys, remembered answers and tokens."""
    with closing(aws_session().client("dynamodb", endpoint_url=stack.endpoint, config=client_settings())) as dynamodb:
        for table in dynamodb.list_tables()["TableNames"]:
            for page in dynamodb.get_paginator("scan").paginate(TableName=table, ConsistentRead=True):
                for item in page["Items"]:
                    yield f"{table} {item.get('pk')} {item.get('sk')}", str(item)


def files_of(stack: Stack) -> Iterator[tuple[str, str]]:
    """Every log: of the functions, of containers and agents, and of the requests with their addresses."""
    folder = folder_of(stack.port)
    kept = [*folder.rglob("*.log"), *folder.rglob("*.jsonl"), *folder.rglob("logs/*")]
    for file in {path for path in kept if path.is_file()}:
        yield str(file), file.read_text(errors="replace")


def executions_of(stack: Stack) -> Iterator[tuple[str, str]]:
    """What the convoys' executions were given and gave."""
    with closing(
        aws_session().client("stepfunctions", endpoint_url=stack.endpoint, config=client_settings())
    ) as machines:
        for machine in machines.list_state_machines()["stateMachines"]:
            for execution in machines.list_executions(stateMachineArn=machine["stateMachineArn"])["executions"]:
                yield execution["name"], str(machines.describe_execution(executionArn=execution["executionArn"]))


def answers_of(story: ForgeStory) -> Iterator[tuple[str, str]]:
    """What people and operators are told of the town."""
    town = f"/api/towns/{story.town_id}"
    paths = ("config", "status", "merge-queue", "escalations", "convoys")
    for path in (f"{story.rig}/beads", f"{story.rig}/events", *(f"{town}/{name}" for name in paths)):
        yield path, story.api.send("GET", path).text
    for path in ("/status", "/config"):
        yield f"debug {path}", json.dumps(story.debug("GET", path))


def addresses_of(story: ForgeStory) -> Iterator[tuple[str, str]]:
    """The addresses that the forge was asked at: a credential belongs into a header."""
    for entry in story.forge.steer.journal():
        yield f"address {entry['path']}", json.dumps([entry["path"], entry["query"]])


def secrets_of(stack: Stack, app: ForgeApp) -> dict[str, str]:
    """The planted ones, and those that the stack made for itself."""
    made = {"private key": app.private_key.splitlines()[5], "person's token": f"{TOKEN}-"}
    with closing(vault_at(stack.endpoint)) as vault:
        for name in ("signing", "users", "webhooks"):
            made[name] = vault.get_secret_value(SecretId=f"{STACK_NAME}/{name}")["SecretString"]
    return PLANTED | made


def leaks(places: Iterator[tuple[str, str]], secrets: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Which secret lies where."""
    for place, text in places:
        yield from ((name, place) for name, secret in secrets.items() if secret in text)
        if JSON_WEB_TOKEN.search(text):
            yield "a signed token", place
        if MINTED.search(text):
            yield "a minted token", place


def work_with_everything(story: ForgeStory, app: ForgeApp) -> None:
    """One bead lands by a person's token, one agent shouts all it knows, one request goes wrong by minted tokens."""
    story.sling("Write one", "```demo\nwrite one.txt\n  one\n```\n")
    assert story.pass_time(5, until=lambda: [one["state"] for one in story.requests()] == ["merged"]), story.told()
    ask = "printf 'url=%s\\n\\n' $(git remote get-url origin) | git credential fill"
    shout = story.sling("Shout", f"```demo\nrun (env; {ask}) | head -c 6000 >&2; exit 3\n```\n")
    assert wait_until(lambda: any(one["bead_id"] == shout for one in story.events("unhooked"))), story.events(
        "unhooked"
    )
    story.api.send("POST", f"{story.rig}/beads/{shout}/close", json={})
    number = app.install(story.project)
    known = {"github_cli_pat": None, "git_auth": {"platform_integration_id": number, "github_token": None}}
    story.api.call("PATCH", f"/api/towns/{story.town_id}/config", known)
    story.sling("Write two", "```demo\nwrite two.txt\n  two\n```\n")
    story.wait_for_request(2)
    story.forge.steer.arm(kind="answer", status=500, body={"message": "down"}, path="/pulls/2$", times=1)
    story.forge.steer.arm(kind="answer", status=401, body={"message": "Bad credentials"}, path="/pulls/2$", times=2)
    assert story.pass_time(6, until=lambda: story.events("pr_poll_failed") != []), story.told()
    body = {"object_kind": "push", "ref": "refs/heads/main"}
    forged = {"X-Gitlab-Token": PLANTED["webhook forger"]}
    assert story.api.send("POST", "/webhooks/gitlab", json=body, headers=forged).status_code == 401


def test_planted_secrets_are_in_no_table_log_answer_or_address(stack: Stack, on_forge: Begin, app: ForgeApp) -> None:
    """Tables with journals, outboxes and remembered tokens; logs; executions; what people see; what providers see."""
    story = on_forge(refinery={"code_review": False, "auto_merge_delay_minutes": 0})
    plant(story)
    work_with_everything(story, app)
    written = {
        "tables": list(tables_of(stack)),
        "logs": list(files_of(stack)),
        "executions": list(executions_of(stack)),
        "answers": list(answers_of(story)),
        "addresses": list(addresses_of(story)),
    }

    assert all(written[name] for name in ("tables", "logs", "answers", "addresses"))
    assert any("'MINTED'" in place for place, _ in written["tables"])
    secrets = secrets_of(stack, app)
    found = {name: sorted(set(leaks(iter(places), secrets))) for name, places in written.items()}
    assert {name: [] for name in written} == found
