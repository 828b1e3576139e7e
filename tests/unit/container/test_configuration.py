"""The configuration of a served agent program."""

import json
from typing import Any

import pytest
from pydantic import SecretStr

from gastown.container.payloads import ModelAccess
from gastown.container.refusals import RefusedError
from gastown.container.runtimes.configuration import as_environment, configure, name_models

OWN = ModelAccess(token=SecretStr("key"), url="https://models.example/v1")
GATEWAY = ModelAccess(token=SecretStr("key"), organization_id="org-1")


def built(role: str = "polecat", model: str = "big", small: str | None = "small", access: Any = OWN) -> str:
    """The configuration of a role."""
    models = name_models(model, small, access)
    return configure(role=role, models=models, access=access, tools=["python", "-m", "tools"], tools_path="/opt")


def test_the_same_start_has_the_same_configuration() -> None:
    """Byte for byte, so that what was warmed is used (REQ-1.13); other models make another one."""
    assert built() == built()
    assert built() != built(model="other")


def test_a_towns_own_endpoint_is_the_only_provider() -> None:
    """Address, token and both models are told; no other provider is tried."""
    known = json.loads(built())

    assert (["gastown"], "gastown/big", "gastown/small") == (
        known["enabled_providers"],
        known["model"],
        known["small_model"],
    )
    options = known["provider"]["gastown"]["options"]
    assert {"baseURL": "https://models.example/v1", "apiKey": "key"} == options
    assert {"big", "small"} == set(known["provider"]["gastown"]["models"])


def test_a_token_without_an_address_is_the_gateways() -> None:
    """The program knows the address; the prefix stands once, the organisation is told."""
    known = json.loads(built(model="kilo/vendor/big", small=None, access=GATEWAY))

    assert ("kilo/vendor/big", "kilo/vendor/big") == (known["model"], known["small_model"])
    assert "org-1" == known["provider"]["kilo"]["options"]["kilocodeOrganizationId"]


def test_without_a_token_the_model_names_its_provider() -> None:
    """The program finds that provider's key among the town's variables; nothing is guessed."""
    known = json.loads(built(model="anthropic/big", small=None, access=None))

    assert ("anthropic/big", False) == (known["model"], "provider" in known)
    for model in (None, "", "big"):
        with pytest.raises(RefusedError):
            name_models(model, None, None)


@pytest.mark.parametrize(
    ("role", "edit", "bash", "push"),
    [
        ("polecat", "allow", "allow", "allow"),
        ("refinery", "deny", "allow", "deny"),
        ("mayor", "deny", "deny", "deny"),
        ("triage", "deny", "deny", "deny"),
    ],
)
def test_a_role_may_do_what_its_prompt_says(role: str, edit: str, bash: str, push: str) -> None:
    """Nobody is asked; the built-in agent of a repository's own configuration is bound too."""
    known = json.loads(built(role))
    rule = known["permission"]["bash"]
    rules = rule if isinstance(rule, dict) else {"*": rule}

    assert (edit, bash, push) == (known["permission"]["edit"], rules["*"], rules.get("git push *", rules["*"]))
    assert "ask" not in json.dumps(known["permission"])
    assert known["permission"] == known["agent"]["build"]["permission"]


def test_both_programs_find_it() -> None:
    """Under each name the same text; what they store lies in the agent's HOME (REQ-1.17)."""
    environment = as_environment("{}", "/home/a", None)

    assert "{}" == environment["KILO_CONFIG_CONTENT"] == environment["OPENCODE_CONFIG_CONTENT"]
    assert ("/home/a/.local/share", "gastown") == (environment["XDG_DATA_HOME"], environment["KILOCODE_FEATURE"])


def test_what_a_town_does_is_not_told_to_the_makers_of_its_program() -> None:
    """`kilo` counts its use and copies its sessions elsewhere unless it is told not to."""
    environment = as_environment("{}", "/home/a", None)

    assert ("off", "1") == (environment["KILO_TELEMETRY_LEVEL"], environment["KILO_DISABLE_SESSION_INGEST"])


def test_a_list_of_models_is_fetched_only_where_no_endpoint_describes_them() -> None:
    """A program in a network of its own would ask for it in vain at each start."""
    fetching = [access for access in (OWN, GATEWAY, None) if "DISABLE_MODELS_FETCH" not in told(access)]

    assert [GATEWAY, None] == fetching


def told(access: ModelAccess | None) -> str:
    """The names of all variables that this access leads to."""
    return " ".join(as_environment("{}", "/home/a", access))
