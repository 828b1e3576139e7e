"""Changing a town's settings: what a body names is replaced, the rest stays. Secrets go to the town's secret alone."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from gastown.domain.config import GitAuth, RefineryConfig, TownConfig
from gastown.domain.errors import Invalid
from gastown.domain.ids import Moment
from gastown.domain.instances import parse_instance
from gastown.domain.rig import RigOverrides
from gastown.domain.town import Town
from gastown.usecases.town_items import dump
from gastown.usecases.town_secrets import GIT_SECRETS, MODEL_URL, OAUTH, PLAIN_SECRETS, change_secret, show_secrets
from gastown.usecases.unit_of_work import UnitOfWork
from gastown.usecases.vault import TownSecret, Vault

NULLABLE = frozenset({"auto_merge_delay_minutes"})
"""Here null is an answer: never (town facts, 2)."""
NESTED = ("refinery", "git_auth")
SECRET_NAMES = frozenset({*PLAIN_SECRETS, MODEL_URL, "env_vars"})
SECRET_GIT_NAMES = frozenset({*GIT_SECRETS, OAUTH})

Settings = TownConfig | RefineryConfig | RigOverrides | GitAuth


@dataclass(frozen=True, kw_only=True)
class ConfigChange:
    """A partial update, taken apart: `plain` settings for the town, and what concerns its secret."""

    plain: dict[str, Any]
    secret: dict[str, Any]


def change_settings(uow: UnitOfWork, vault: Vault, town_id: str, changes: Mapping[str, Any], by: str) -> dict[str, Any]:
    """Store secrets, then commit settings; answers with both as people may see them.

    Raises `Invalid` before anything is changed. Values that older versions kept in the settings move along.
    """
    asked = _taken_apart(changes)

    def change(stored: TownSecret) -> TownSecret:
        before = uow.read(town_id).config
        moved = TownSecret({**stored.values, "env": {**before.env_vars, **stored.env}})
        return change_secret(moved, asked.secret, _site(before.git_auth, asked.plain))

    secret = vault.change(town_id, change)
    config = change_config(uow, town_id, {**asked.plain, "env_vars": None}, by)
    return show_settings(config, secret)


def read_settings(uow: UnitOfWork, vault: Vault, town_id: str) -> dict[str, Any]:
    """A town's settings as people may see them."""
    config, secret = uow.read(town_id).config, vault.town_secret(town_id, fresh=True)
    return show_settings(config, TownSecret({**secret.values, "env": {**config.env_vars, **secret.env}}))


def show_settings(config: TownConfig, secret: TownSecret) -> dict[str, Any]:
    """The settings with what may be shown of the secrets among them."""
    plain, shown = dump(config, TownConfig), show_secrets(secret)
    return {**plain, **shown, "git_auth": {**plain["git_auth"], **shown["git_auth"]}}


def change_plain(uow: UnitOfWork, town_id: str, changes: Mapping[str, Any], by: str) -> TownConfig:
    """Commit settings where nobody may store secrets. Raises `Invalid` for those."""
    asked = _taken_apart(changes)
    for name in asked.secret:
        raise Invalid("Secrets are changed through the town's own settings only", field=name)
    _site(uow.read(town_id).config.git_auth, asked.plain)
    return change_config(uow, town_id, asked.plain, by)


def change_config(uow: UnitOfWork, town_id: str, changes: Mapping[str, Any], by: str) -> TownConfig:
    """Commit these settings; nested ones are merged name by name, null puts the default back."""

    def move(town: Town, _moment: Moment) -> TownConfig:
        for name, value in changes.items():
            if name in NESTED:
                replace_named(getattr(town.config, name), value or {})
            else:
                replace_named(town.config, {name: value})
        return town.config

    return uow.change(town_id, move, actor=by, cause="change config")


def replace_named(settings: Settings, changes: Mapping[str, Any]) -> None:
    """Set these fields; null means the field's default, or nothing where nothing is a value of its own.

    An empty text means the same as null (town facts, 6, no. 17 and 56).
    """
    defaults = type(settings)()
    for name, value in changes.items():
        unset = value is None or value == ""
        setattr(settings, name, getattr(defaults, name) if unset and name not in NULLABLE else value)


def _taken_apart(changes: Mapping[str, Any]) -> ConfigChange:
    """Which part of a body goes where; empty texts mean the same as null."""
    plain = {name: value for name, value in changes.items() if name not in SECRET_NAMES}
    secret = {name: value for name, value in changes.items() if name in SECRET_NAMES}
    git = cast("Mapping[str, Any]", plain.pop("git_auth", None) or {})
    kept = {name: None if value == "" else value for name, value in git.items() if name not in SECRET_GIT_NAMES}
    if kept:
        plain["git_auth"] = kept
    if hidden := {name: value for name, value in git.items() if name in SECRET_GIT_NAMES}:
        secret["git_auth"] = hidden
    return ConfigChange(plain=plain, secret=secret)


def _site(before: GitAuth, plain: Mapping[str, Any]) -> str:
    """The GitLab instance after the change. Raises `Invalid`."""
    named = plain.get("git_auth", {})
    return parse_instance(named.get("gitlab_instance_url", before.gitlab_instance_url))
