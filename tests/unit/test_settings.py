"""Settings are read from the environment, typed, and complain by name."""

from dataclasses import fields

import pytest

from gastown.settings import Settings, SettingsError, read, variable


def test_an_empty_environment_is_a_careful_deployment() -> None:
    """Without a stage nothing of the local stage is open."""
    chosen = read({})

    assert (chosen.stage, chosen.clock_file, chosen.container_cap, chosen.trace_sample) == ("prod", "", 500, 1.0)


def test_values_are_typed() -> None:
    """Texts, numbers and lists."""
    chosen = read(
        {
            "GASTOWN_STAGE": "dev",
            "GASTOWN_SUBNETS": "subnet-1, subnet-2,",
            "GASTOWN_CONTAINER_CAP": "7",
            "GASTOWN_TRACE_SAMPLE": "0.1",
            "POWERTOOLS_SERVICE_NAME": "towns",
        }
    )

    assert (chosen.stage, chosen.subnets, chosen.container_cap) == ("dev", ("subnet-1", "subnet-2"), 7)
    assert (chosen.trace_sample, chosen.service) == (0.1, "towns")


def test_an_empty_variable_counts_as_missing() -> None:
    """A template may leave a parameter empty."""
    assert read({"GASTOWN_CONTAINER_CAP": " ", "GASTOWN_USER_SECRET_ARN": ""}) == Settings()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("GASTOWN_STAGE", "production"),
        ("GASTOWN_CONTAINER_CAP", "many"),
        ("GASTOWN_CONTAINER_CAP", "-1"),
        ("GASTOWN_TRACE_SAMPLE", "1.5"),
        ("GASTOWN_ASSIGN_PUBLIC_IP", "yes"),
        ("GASTOWN_TABLE_RETENTION", "keep"),
    ],
)
def test_nonsense_is_refused_by_name(name: str, value: str) -> None:
    """The message names the variable and never shows its value."""
    with pytest.raises(SettingsError, match=name) as refused:
        read({name: value})
    assert value not in str(refused.value)


def test_only_the_local_stage_has_a_movable_clock() -> None:
    """Elsewhere somebody could make hours pass."""
    assert read({"GASTOWN_STAGE": "local", "GASTOWN_CLOCK_FILE": "/x/clock"}).clock_file == "/x/clock"
    with pytest.raises(SettingsError, match="GASTOWN_CLOCK"):
        read({"GASTOWN_STAGE": "dev", "GASTOWN_CLOCK_FILE": "/x/clock"})


def test_demanding_gives_the_text_or_names_what_is_missing() -> None:
    """A function without a variable that it needs says so, not something about an empty URL."""
    chosen = read({"GASTOWN_WAKE_QUEUE_URL": "https://queue"})

    assert chosen.demand("wake_queue_url") == "https://queue"
    with pytest.raises(SettingsError, match="GASTOWN_ALARM_QUEUE_URL is not set"):
        chosen.demand("alarm_queue_url")


def test_only_texts_can_be_demanded() -> None:
    """Numbers and lists always have a value."""
    with pytest.raises(TypeError):
        Settings().demand("container_cap")


def test_every_setting_has_a_variable_of_its_own() -> None:
    """No two fields read the same variable."""
    names = [variable(each.name) for each in fields(Settings)]

    assert len(set(names)) == len(names)


def test_sampling_is_lowered_by_one_variable_and_the_cap_is_one_value() -> None:
    """REQ-7.5 and REQ-1.19: a deployment decides both, code does not."""
    chosen = read({"GASTOWN_STAGE": "prod", "GASTOWN_TRACE_SAMPLE": "0.1", "GASTOWN_CONTAINER_CAP": "500"})

    assert (chosen.trace_sample, chosen.container_cap) == (0.1, 500)
