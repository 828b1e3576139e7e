"""The two kinds of items that there are: one of a town's table, one of the directory."""

from decimal import Decimal
from functools import lru_cache
from typing import Any

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from pynamodb.attributes import Attribute, NumberAttribute, UnicodeAttribute
from pynamodb.constants import MAP
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex
from pynamodb.models import Model

from gastown.adapters.dynamodb.connection import OneClient

_TO, _FROM = TypeSerializer(), TypeDeserializer()


class BodyAttribute(Attribute[dict[str, Any]]):
    """A dictionary of JSON-like values as a native map, nulls and unknown attributes included."""

    attr_type = MAP

    def serialize(self, value: dict[str, Any]) -> Any:
        """To DynamoDB's own types; floats become decimals."""
        return {name: _TO.serialize(_decimals(part)) for name, part in value.items()}

    def deserialize(self, value: Any) -> dict[str, Any]:
        """Back to plain values; decimals become int or float."""
        return {name: _plain(_FROM.deserialize(part)) for name, part in value.items()}


def _decimals(value: Any) -> Any:
    if isinstance(value, float):
        return Decimal(repr(value))
    if isinstance(value, dict):
        return {name: _decimals(part) for name, part in value.items()}
    return [_decimals(part) for part in value] if isinstance(value, list | tuple) else value


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() and "." not in str(value) else float(value)
    if isinstance(value, dict):
        return {name: _plain(part) for name, part in value.items()}
    return [_plain(part) for part in value] if isinstance(value, list) else value


class TownItem(Model):
    """One item of a town's table."""

    class Meta:
        """Replaced per town."""

        table_name = "-"

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    version = NumberAttribute(default=0)
    body = BodyAttribute()
    expires_at = NumberAttribute(null=True)


class DueIndex(GlobalSecondaryIndex["DirectoryItem"]):  # type: ignore[no-untyped-call]
    """Sparse: only rows that are due, or whose life cycle is under way, carry its keys."""

    class Meta:
        """The name is the template's."""

        index_name = "due"
        projection = AllProjection()

    due_shard = UnicodeAttribute(hash_key=True)
    due_at = UnicodeAttribute(range_key=True)


class DirectoryItem(Model):
    """One item of the directory table."""

    class Meta:
        """Replaced per stack."""

        table_name = "-"

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    body = BodyAttribute(null=True)
    state = UnicodeAttribute(null=True)
    due_shard = UnicodeAttribute(null=True)
    due_at = UnicodeAttribute(null=True)
    due = DueIndex()


@lru_cache(maxsize=512)
def town_model(table_name: str) -> type[TownItem]:
    """The model of one town's table."""
    meta = type("Meta", (), {"table_name": table_name})
    return type("TownItemOf", (OneClient, TownItem), {"Meta": meta})


@lru_cache(maxsize=8)
def directory_model(table_name: str) -> type[DirectoryItem]:
    """The model of the stack's directory table."""
    meta = type("Meta", (), {"table_name": table_name})
    return type("DirectoryItemOf", (OneClient, DirectoryItem), {"Meta": meta})
