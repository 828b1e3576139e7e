"""What a deployment decides, read once from environment variables named `GASTOWN_<FIELD>`.

Each function gets only the variables that it needs, so a missing one is no fault until somebody demands it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Final

PREFIX: Final = "GASTOWN_"
FOREIGN_NAMES: Final = {"service": "POWERTOOLS_SERVICE_NAME", "log_level": "POWERTOOLS_LOG_LEVEL"}
"""Variables that Powertools reads too and that therefore keep its names."""
SDK_CONNECT_SECONDS: Final = 1
SDK_READ_SECONDS: Final = 3
SDK_ATTEMPTS: Final = 2
"""How long an adapter waits for AWS, and how often it asks (design section 7); no environment changes these."""


class SettingsError(ValueError):
    """A setting is missing or makes no sense; names the variable, never its value."""


def _names(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _one_of(*allowed: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text not in allowed:
            raise ValueError(f"is none of {', '.join(allowed)}")
        return text

    return read


def _share(text: str) -> float:
    value = float(text)
    if not 0 <= value <= 1:
        raise ValueError("is not between 0 and 1")
    return value


def _count(text: str) -> int:
    value = int(text)
    if value < 0:
        raise ValueError("is negative")
    return value


def _setting(default: Any, read: Callable[[str], object]) -> Any:
    return field(default=default, metadata={"read": read})


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Every setting with its type; an empty text means that the deployment does not give it."""

    stage: str = _setting("prod", _one_of("local", "dev", "staging", "prod"))
    stack: str = "gastown"
    service: str = "gastown"
    log_level: str = "INFO"

    directory_table: str = ""
    table_prefix: str = ""
    session_bucket: str = ""
    table_retention: str = _setting("delete", _one_of("delete", "retain"))
    clock_file: str = ""
    """Holds how far the local stage's clock was moved; empty means that it cannot be moved."""
    trace_sample: float = _setting(1.0, _share)

    wake_queue_url: str = ""
    alarm_queue_url: str = ""
    alarm_queue_arn: str = ""
    alarm_schedule_group: str = ""
    scheduler_role_arn: str = ""
    effects_queue_url: str = ""
    convoy_machine_arn: str = ""
    towns_function: str = ""

    cluster: str = ""
    task_definition: str = ""
    subnets: tuple[str, ...] = _setting((), _names)
    security_groups: tuple[str, ...] = _setting((), _names)
    assign_public_ip: str = _setting("ENABLED", _one_of("ENABLED", "DISABLED"))
    container_cap: int = _setting(500, _count)

    api_url: str = ""
    live_url: str = ""
    live_endpoint: str = ""

    signing_secret_arn: str = ""
    user_secret_arn: str = ""
    town_secret_prefix: str = ""
    github_app_secret_arn: str = ""
    webhook_secret_arn: str = ""
    thread_model: str = ""
    """The model of Amazon Bedrock that judges threads where a town switches that on."""
    github_url: str = "https://github.com"
    github_api_url: str = "https://api.github.com"
    """Another GitHub than github.com has both at addresses of its own."""

    oidc_issuer: str = ""
    oidc_audience: str = ""
    jwks_url: str = ""

    def __post_init__(self) -> None:
        if self.clock_file and self.stage != "local":
            raise SettingsError(f"{variable('clock_file')}: a movable clock belongs to the local stage only")

    def demand(self, name: str) -> str:
        """The text of a setting that the caller cannot do without. Raises `SettingsError` when it is empty."""
        value = getattr(self, name)
        if not isinstance(value, str):
            raise TypeError(f"{name} is not a text")
        if not value:
            raise SettingsError(f"{variable(name)} is not set")
        return value


def variable(name: str) -> str:
    """The environment variable that a setting is read from."""
    return FOREIGN_NAMES.get(name, PREFIX + name.upper())


def read(environment: Mapping[str, str]) -> Settings:
    """The settings in this environment; empty variables count as missing. Raises `SettingsError`."""
    values: dict[str, Any] = {}
    for each in fields(Settings):
        text = environment.get(variable(each.name), "").strip()
        if text:
            values[each.name] = _converted(variable(each.name), text, each.metadata.get("read", str))
    return Settings(**values)


def _converted(name: str, text: str, convert: Callable[[str], object]) -> object:
    try:
        return convert(text)
    except ValueError as wrong:
        raise SettingsError(f"{name} makes no sense") from wrong
