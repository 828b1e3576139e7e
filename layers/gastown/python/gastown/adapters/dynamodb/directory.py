"""The directory on DynamoDB; each method's docstring cites its access pattern."""

from collections.abc import Collection
from dataclasses import asdict
from datetime import datetime
from typing import Any

from pynamodb.exceptions import DoesNotExist, PynamoDBException
from pynamodb.expressions.operand import Path
from pynamodb.expressions.update import Action
from pynamodb.transactions import TransactWrite

from gastown.adapters.dynamodb.connection import shared
from gastown.adapters.dynamodb.failures import translated
from gastown.adapters.dynamodb.items import DirectoryItem, directory_model
from gastown.adapters.dynamodb.town_store import DUE_SHARDS, due_text
from gastown.ports.directory import RigRow, TownRow

UNDER_WAY = frozenset({"creating", "deleting"})
"""States whose rows stand in the due index under their own name, so that the sweep finds them."""


class DynamoDirectory:
    """One table a stack."""

    def __init__(self, *, table: str) -> None:
        """Keep the name; the client is made on first use."""
        self._table = table

    @property
    def _model(self) -> type[DirectoryItem]:
        return directory_model(self._table)

    def put_town(self, row: TownRow) -> bool:
        """Pattern `add town`."""
        body = _texts(asdict(row))
        town = self._model(
            pk=f"TOWN#{row.town_id}", sk="META", body=body, state=row.state,
            due_shard=row.state if row.state in UNDER_WAY else None, due_at=due_text(row.updated_at),
        )  # fmt: skip
        listing = self._model(pk=_lister(row), sk=f"TOWN#{row.town_id}", body={"town_id": row.town_id})
        try:
            with TransactWrite(connection=shared()) as write:
                write.save(town, condition=DirectoryItem.pk.does_not_exist())
                write.save(listing)
        except PynamoDBException as error:
            if any(
                r is not None and r.code == "ConditionalCheckFailed" for r in getattr(error, "cancellation_reasons", [])
            ):
                return False
            with translated(row.town_id, writes=True):
                raise
        return True

    def get_town(self, town_id: str) -> TownRow | None:
        """Pattern `read town`."""
        try:
            with translated(town_id):
                return _town(self._model.get(f"TOWN#{town_id}", "META", consistent_read=True))
        except DoesNotExist:
            return None

    def set_town_state(self, town_id: str, from_states: Collection[str], to_state: str, *, now: datetime) -> bool:
        """Pattern `move town state`."""
        actions: list[Action] = [DirectoryItem.state.set(to_state), Path("body.updated_at").set(due_text(now))]
        if to_state in UNDER_WAY:
            actions += [DirectoryItem.due_shard.set(to_state), DirectoryItem.due_at.set(due_text(now))]
        else:
            actions += [DirectoryItem.due_shard.remove(), DirectoryItem.due_at.remove()]
        condition = DirectoryItem.state.is_in(*from_states)
        try:
            with translated(town_id):
                self._model(f"TOWN#{town_id}", "META").update(actions, condition=condition)
        except Exception as error:
            code = getattr(error.__cause__, "cause_response_code", None)
            if code == "ConditionalCheckFailedException":
                return False
            raise
        return True

    def delete_town(self, town_id: str) -> None:
        """Pattern `remove town`."""
        row = self.get_town(town_id)
        if row is None:
            return
        with translated(town_id, writes=True), TransactWrite(connection=shared()) as write:
            write.delete(self._model(f"TOWN#{town_id}", "META"))
            write.delete(self._model(_lister(row), f"TOWN#{town_id}"))

    def list_towns(self, owner_user_id: str) -> list[TownRow]:
        """Pattern `list towns`."""
        return self._listed(f"USER#{owner_user_id}")

    def list_organization_towns(self, organization_id: str) -> list[TownRow]:
        """Pattern `list towns`."""
        return self._listed(f"ORG#{organization_id}")

    def _listed(self, lister: str) -> list[TownRow]:
        with translated(lister):
            listed = list(self._model.query(lister, DirectoryItem.sk.startswith("TOWN#")))
            keys = [(f"TOWN#{item.body['town_id']}", "META") for item in listed]
            rows = [_town(item) for item in self._model.batch_get(keys)] if keys else []
        return sorted(rows, key=lambda row: row.created_at, reverse=True)

    def towns_in_state(self, state: str) -> list[TownRow]:
        """Pattern `towns under way`."""
        with translated(state):
            return [_town(item) for item in self._model.due.query(state)]

    def due_towns(self, now: datetime, limit: int = 100) -> list[str]:
        """Pattern `due towns`."""
        due: list[tuple[str, str]] = []
        with translated("directory"):
            for shard in range(DUE_SHARDS):
                rows = self._model.due.query(f"due#{shard}", DirectoryItem.due_at <= due_text(now), limit=limit)
                due += [(item.due_at or "", item.pk.removeprefix("TOWN#")) for item in rows]
        return [town_id for _, town_id in sorted(due)[:limit]]

    def put_rig(self, row: RigRow) -> None:
        """Pattern `add rig`."""
        body = _texts(asdict(row))
        with translated(row.town_id, writes=True), TransactWrite(connection=shared()) as write:
            write.save(self._model(pk=f"RIG#{row.rig_id}", sk="META", body=body))
            write.save(self._model(pk=f"TOWN#{row.town_id}", sk=f"RIG#{row.rig_id}", body=body))
            if row.repository is not None:
                write.save(self._model(pk=f"REPOSITORY#{row.repository}", sk=f"RIG#{row.rig_id}", body=body))

    def get_rig(self, rig_id: str) -> RigRow | None:
        """Pattern `read rig`."""
        try:
            with translated(rig_id):
                return _rig(self._model.get(f"RIG#{rig_id}", "META", consistent_read=True))
        except DoesNotExist:
            return None

    def list_rigs(self, town_id: str) -> list[RigRow]:
        """Pattern `list rigs`."""
        with translated(town_id):
            rows = self._model.query(f"TOWN#{town_id}", DirectoryItem.sk.startswith("RIG#"), consistent_read=True)
            return sorted((_rig(item) for item in rows), key=lambda row: row.created_at, reverse=True)

    def rigs_of(self, repository: str) -> list[RigRow]:
        """Pattern `rigs of a repository`."""
        with translated("directory"):
            return [_rig(item) for item in self._model.query(f"REPOSITORY#{repository}")]

    def delete_rig(self, rig_id: str) -> None:
        """Pattern `remove rig`."""
        row = self.get_rig(rig_id)
        if row is None:
            return
        with translated(row.town_id, writes=True), TransactWrite(connection=shared()) as write:
            write.delete(self._model(f"RIG#{rig_id}", "META"))
            write.delete(self._model(f"TOWN#{row.town_id}", f"RIG#{rig_id}"))
            if row.repository is not None:
                write.delete(self._model(f"REPOSITORY#{row.repository}", f"RIG#{rig_id}"))


def _texts(values: dict[str, Any]) -> dict[str, Any]:
    return {name: due_text(value) if isinstance(value, datetime) else value for name, value in values.items()}


def _lister(row: TownRow) -> str:
    """Under whose name a town is found: its organisation's, else its owner's."""
    return f"ORG#{row.organization_id}" if row.organization_id else f"USER#{row.owner_user_id}"


def _town(item: DirectoryItem) -> TownRow:
    body = item.body or {}
    due = item.due_at if item.due_at and (item.due_shard or "").startswith("due#") else None
    return TownRow(
        town_id=body["town_id"],
        name=body["name"],
        owner_user_id=body["owner_user_id"],
        state=item.state or body["state"],
        table=body["table"],
        created_at=datetime.fromisoformat(body["created_at"]),
        updated_at=datetime.fromisoformat(body["updated_at"]),
        due_at=datetime.fromisoformat(due) if due else None,
        organization_id=body.get("organization_id"),
    )


def _rig(item: DirectoryItem) -> RigRow:
    body = dict(item.body or {})
    return RigRow(**{**body, "created_at": datetime.fromisoformat(body["created_at"])})
