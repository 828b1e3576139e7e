"""How sessions are run and models are paid: settings of a town, a rig, a role."""

import pytest

from gastown.domain.config import TownConfig, effective
from gastown.domain.errors import Invalid
from gastown.domain.ids import RigId
from gastown.domain.rig import Rig, RigOverrides
from gastown.domain.runtime import RuntimeName
from gastown.usecases.town_secrets import change_secret, show_secrets
from gastown.usecases.vault import TownSecret
from tests.support.builders import NOW

SITE = "https://gitlab.com"


def a_rig(**overrides: object) -> Rig:
    """A rig with these settings of its own."""
    own = RigOverrides(**overrides)  # type: ignore[arg-type]
    return Rig(id=RigId("r"), name="r", git_url="/x", default_branch="main", created_at=NOW, overrides=own)


def test_a_runtime_is_resolved_as_a_model_is() -> None:
    """A rig's role before a town's role before a rig's default before the town's; `command` if nobody says more."""
    town = TownConfig()
    assert RuntimeName.COMMAND is effective(town, a_rig()).runtime_of("polecat")

    town.runtime = RuntimeName.KILO
    assert RuntimeName.KILO is effective(town, a_rig()).runtime_of("polecat")
    assert RuntimeName.OPENCODE is effective(town, a_rig(runtime=RuntimeName.OPENCODE)).runtime_of("polecat")

    town.role_runtimes = {"polecat": RuntimeName.COMMAND}
    assert RuntimeName.COMMAND is effective(town, a_rig(runtime=RuntimeName.OPENCODE)).runtime_of("polecat")
    own = a_rig(role_runtimes={"polecat": RuntimeName.OPENCODE})
    assert RuntimeName.OPENCODE is effective(town, own).runtime_of("polecat")


def test_a_models_token_is_shown_by_its_end_only() -> None:
    """Its address is no secret."""
    secret = change_secret(
        TownSecret({}), {"kilocode_token": "sk-0123456789-abcd", "model_url": "https://m.example"}, SITE
    )

    assert ("****abcd", "https://m.example") == (
        show_secrets(secret)["kilocode_token"],
        show_secrets(secret)["model_url"],
    )


def test_no_change_of_the_address_sends_an_old_token_there() -> None:
    """A new address comes with a new token, or with none."""
    stored = TownSecret({"kilocode_token": "sk-0123456789-abcd", "model_url": "https://m.example"})

    for changes in ({"model_url": "https://evil.example"}, {"model_url": ""}):
        with pytest.raises(Invalid):
            change_secret(stored, changes, SITE)
    moved = change_secret(stored, {"model_url": "https://n.example", "kilocode_token": "another"}, SITE)
    assert ("another", "https://n.example") == (moved.text("kilocode_token"), moved.text("model_url"))
