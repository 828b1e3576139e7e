"""One agent's environment: what is in it, what never is, and that nobody needs a session to build it."""

import os
from pathlib import Path

import pytest

from gastown.container.environment import Outfit
from gastown.container.payloads import Author, MayorStart, StartPayload
from gastown.container.places import Places
from gastown.container.processes import INHERITED
from gastown.container.settings import ContainerSettings
from gastown.container.tools.credential_helper import PASS
from gastown.domain.variables import RESERVED

MAYOR = MayorStart.model_validate(
    {"agent": {"id": "mayor", "name": "Mayor", "role": "mayor"}, "rig_id": "mayor-town-1", "model": "m-1"}
)


def a_start(agent_id: str = "toast", rig_id: str = "rig-1") -> StartPayload:
    """A polecat's start."""
    return StartPayload.model_validate(
        {
            "agent": {"id": agent_id, "name": agent_id.title(), "role": "polecat"},
            "rig": {"id": rig_id, "git_url": f"https://git.test/acme/{rig_id}.git"},
            "bead": {"id": "bead-1"},
            "branch": f"gt/{agent_id}/1",
        }
    )


@pytest.fixture
def outfit(tmp_path: Path) -> Outfit:
    """What dresses the agents of one container."""
    settings = ContainerSettings(
        api_url="https://town.test",
        town_id="town-1",
        generation=3,
        boot_code="boot-code",
        agent_command=("true",),
        workspace=tmp_path,
        control_port=0,
        heartbeat_seconds=30,
        agent_user=None,
    )
    return Outfit(settings=settings, places=Places(workspace=tmp_path))


def test_a_process_made_ready_early_has_the_environment_of_its_start(outfit: Outfit) -> None:
    """Nothing of a session is in it, so a prewarmed mayor's is byte for byte that of the start that uses it."""
    given = {"KILO_CONFIG_CONTENT": '{"model": "m-1"}'}
    early = outfit.build(MAYOR, {"LEVEL": "1"}, given=given)
    later = MAYOR.model_copy(update={"words": "Good morning"})

    assert list(early.items()) == list(outfit.build(later, {"LEVEL": "1"}, given=given).items())
    assert ("mayor", "mayor-town-1", given["KILO_CONFIG_CONTENT"]) == (
        early["GASTOWN_AGENT_ROLE"],
        early["GASTOWN_RIG_ID"],
        early["KILO_CONFIG_CONTENT"],
    )


def test_each_run_has_a_pass_of_its_own(outfit: Outfit) -> None:
    """Two agents never share one, and neither do two runs of one agent."""
    toast, rye = outfit.build(a_start(), {}), outfit.build(a_start("rye"), {})
    outfit.passes.revoke("toast")

    assert 3 == len({toast[PASS], rye[PASS], outfit.build(a_start(), {})[PASS]})


@pytest.mark.parametrize("name", sorted(RESERVED))
def test_a_towns_variables_neither_set_nor_delete_a_reserved_name(outfit: Outfit, name: str) -> None:
    """All sixteen, whether the platform sets them here or not (REQ-R.1d)."""
    plain = outfit.build(a_start(), {})

    for value in ("evil", ""):
        assert plain == outfit.build(a_start(), {name: value})


def test_there_are_sixteen_reserved_names() -> None:
    """The reference's own (container facts, 1.3)."""
    assert 16 == len(RESERVED)


@pytest.mark.parametrize(
    "name", ["PATH", "HOME", "GIT_CONFIG_COUNT", "GIT_SSH_COMMAND", "GIT_ASKPASS", "GASTOWN_BROKER", "LD_PRELOAD"]
)
def test_nor_do_they_change_who_an_agent_is_and_how_its_git_signs_in(outfit: Outfit, name: str) -> None:
    """A variable of these families would lead the helper past the broker."""
    assert outfit.build(a_start(), {}) == outfit.build(a_start(), {name: "evil"})


def test_a_runtimes_own_variables_win_over_the_towns(outfit: Outfit) -> None:
    """A town cannot replace the configuration that its runtime was given; its other variables arrive."""
    built = outfit.build(a_start(), {"KILO_CONFIG_CONTENT": "evil", "LEVEL": "2"}, given={"KILO_CONFIG_CONTENT": "{}"})

    assert ("{}", "2") == (built["KILO_CONFIG_CONTENT"], built["LEVEL"])


def test_nothing_is_inherited_but_a_short_list(outfit: Outfit, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever lies in the container's own environment stays there (REQ-R.1e)."""
    for name in (*RESERVED, "AWS_SECRET_ACCESS_KEY", "ECS_CONTAINER_METADATA_URI_V4", "GASTOWN_BOOT_CODE"):
        monkeypatch.setenv(name, "planted")

    built = outfit.build(a_start(), {})

    assert "planted" not in built.values()
    assert built.keys() - {name for name in built if name.startswith(("GASTOWN_", "GIT_"))} <= {*INHERITED, "HOME"}


def test_agent_b_has_nothing_of_agent_a(outfit: Outfit) -> None:
    """A with every credential there is, then B without: B's environment is what it would be without A (REQ-R.1a, b)."""
    before, alone = dict(os.environ), outfit.build(a_start("rye", "rig-2"), {})
    outfit.passes.revoke("rye")
    secrets = {"GH_TOKEN": "planted-1", "MODEL_KEY": "planted-2"}
    outfit.build(a_start(), secrets, given={"KILO_CONFIG_CONTENT": "planted-3"})
    built = outfit.build(a_start("rye", "rig-2"), {})

    assert alone | {PASS: ""} == built | {PASS: ""}
    assert before == dict(os.environ)


def test_who_commits_is_the_agent_unless_the_town_names_somebody(outfit: Outfit) -> None:
    """Author and committer alike; without an address the agent's own stays (container facts, 3.4)."""
    named = a_start().model_copy(update={"author": Author(name="Ann")})
    own, anns = outfit.build(a_start(), {}), outfit.build(named, {})

    assert ("Toast (gastown)", "Toast@gastown.local") == (own["GIT_AUTHOR_NAME"], own["GIT_COMMITTER_EMAIL"])
    assert ("Ann", "Toast@gastown.local") == (anns["GIT_COMMITTER_NAME"], anns["GIT_AUTHOR_EMAIL"])
