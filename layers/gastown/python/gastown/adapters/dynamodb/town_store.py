"""The town store on DynamoDB; each method's docstring cites its access pattern."""

import hashlib
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from pynamodb.exceptions import DoesNotExist, PynamoDBException
from pynamodb.expressions.condition import Condition as Expression
from pynamodb.expressions.operand import Path
from pynamodb.expressions.update import Action
from pynamodb.transactions import TransactWrite

from gastown.adapters.dynamodb.connection import shared
from gastown.adapters.dynamodb.failures import is_condition, translated
from gastown.adapters.dynamodb.items import DirectoryItem, TownItem, directory_model, town_model
from gastown.ports.town_store import Commit, Condition, FenceBroken, LiveItem, Row, Unchanged

LIVE = "LIVE"
DUE_SHARDS = 4


def due_shard(town_id: str) -> str:
    """Which shard of the due index a town is in."""
    return f"due#{int(hashlib.sha256(town_id.encode()).hexdigest(), 16) % DUE_SHARDS}"


def due_text(at: datetime) -> str:
    """A due time as it sorts in the index: UTC with milliseconds."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class DynamoTownStore:
    """One table per town, named by a prefix; the directory row is in the same transaction as a commit."""

    def __init__(self, *, table_prefix: str, directory_table: str) -> None:
        """Keep the names; clients are made on first use."""
        self._prefix, self._directory_table = table_prefix, directory_table

    def _model(self, town_id: str) -> type[TownItem]:
        return town_model(f"{self._prefix}{town_id}")

    @property
    def _directory(self) -> type[DirectoryItem]:
        return directory_model(self._directory_table)

    def load(self, town_id: str, *, consistent: bool = True) -> list[LiveItem]:
        """Pattern `load town`."""
        with translated(town_id):
            items = self._model(town_id).query(LIVE, consistent_read=consistent)
            return [LiveItem(key=item.sk, version=int(item.version or 0), body=item.body) for item in items]

    def commit(self, commit: Commit) -> None:
        """Pattern `commit town`."""
        model = self._model(commit.town_id)
        with translated(commit.town_id, writes=True), _transaction() as write:
            for item in commit.puts:
                expected = _version_is(commit.expected) if item.key == "META" else None
                write.save(model(pk=LIVE, sk=item.key, version=item.version, body=item.body), condition=expected)
            for key in commit.deletes:
                write.delete(model(LIVE, key))
            for row in commit.rows:
                write.save(_row(model, row), condition=TownItem.pk.does_not_exist() if row.if_absent else None)
            for condition in commit.conditions:
                write.condition_check(model, LIVE, condition.key, condition=_expression(condition))
            if not isinstance(commit.due_at, Unchanged):
                self._set_due(write, commit.town_id, commit.due_at)

    def _set_due(self, write: TransactWrite, town_id: str, due_at: datetime | None) -> None:
        row = self._directory(f"TOWN#{town_id}", "META")
        actions: list[Action]
        if due_at is None:
            actions = [DirectoryItem.due_at.remove(), DirectoryItem.due_shard.remove()]
        else:
            shard = DirectoryItem.due_shard.set(due_shard(town_id))
            actions = [DirectoryItem.due_at.set(due_text(due_at)), shard]
        write.update(row, actions=actions, condition=DirectoryItem.pk.exists() & (DirectoryItem.state != "deleting"))

    def deliver(
        self, town_id: str, key: str, body: dict[str, Any], *, now: datetime, fence: Condition | None = None
    ) -> bool:
        """Pattern `deliver event`."""
        model = self._model(town_id)
        try:
            with _transaction() as write:
                write.save(model(pk=LIVE, sk=key, version=0, body=body), condition=TownItem.pk.does_not_exist())
                if fence is not None:
                    write.condition_check(model, LIVE, fence.key, condition=_expression(fence))
                self._set_due(write, town_id, now)
        except PynamoDBException as error:
            reasons = getattr(error, "cancellation_reasons", None) or []
            put, fenced = (1, 0) if fence is not None else (0, 1)  # the library sends condition checks first
            if _refused(reasons, put) and not _refused(reasons, fenced):
                return False
            if fence is not None and _refused(reasons, fenced):
                raise FenceBroken(f"{fence.key}.{fence.field} of town {town_id} has moved") from error
            with translated(town_id, writes=True):
                raise
        return True

    def beat(self, town_id: str, generation: int, pulse: dict[str, Any]) -> bool:
        """Pattern `beat`: agents that this pulse does not speak of keep their last one."""
        seen = dict(pulse.get("agents", {}))
        actions: list[Action] = [Path(["body", name]).set(pulse[name]) for name in pulse if name != "agents"]
        actions += [Path(["body", "agents", agent_id]).set(one) for agent_id, one in seen.items()]
        try:
            with translated(town_id):
                self._model(town_id)(LIVE, f"PULSE#{generation}").update(
                    actions, condition=TownItem.pk.exists(), add_version_condition=False
                )
        except Exception as error:
            if isinstance(error.__cause__, PynamoDBException) and is_condition(error.__cause__):
                return False
            raise
        return True

    def claim(
        self, town_id: str, key: str, *, now: datetime, lease_until: datetime, attempts_max: int
    ) -> dict[str, Any] | None:
        """Pattern `claim effect`."""
        item = self._model(town_id)(LIVE, key)
        lease, attempt = Path("body.lease_until"), Path("body.attempt")
        free = lease.does_not_exist() | lease.is_type("NULL") | (lease < due_text(now))
        condition = TownItem.pk.exists() & (attempt < attempts_max) & free
        try:
            with translated(town_id):
                item.update(
                    [lease.set(due_text(lease_until)), attempt.set(attempt + 1)],
                    condition=condition,
                    add_version_condition=False,
                )
        except Exception as error:
            if isinstance(error.__cause__, PynamoDBException) and is_condition(error.__cause__):
                return None
            raise
        return item.body

    def settle(
        self, town_id: str, key: str, event_key: str | None, event: dict[str, Any] | None, *, now: datetime
    ) -> None:
        """Pattern `settle effect`."""
        model = self._model(town_id)
        try:
            with _transaction() as write:
                write.delete(model(LIVE, key), condition=TownItem.pk.exists())
                if event_key is not None and event is not None:
                    write.save(model(pk=LIVE, sk=event_key, version=0, body=event))
                    self._set_due(write, town_id, now)
        except PynamoDBException as error:
            if _refused(getattr(error, "cancellation_reasons", None) or [], 0):
                return
            with translated(town_id, writes=True):
                raise

    def put_rows(self, town_id: str, rows: Iterable[Row]) -> None:
        """Pattern `write rows`."""
        model = self._model(town_id)
        with translated(town_id, writes=True), model.batch_write() as batch:
            for row in rows:
                batch.save(_row(model, row))

    def delete_rows(self, town_id: str, keys: Iterable[tuple[str, str]]) -> None:
        """Pattern `delete rows`: the library sends 25 at once and again what was left unprocessed."""
        model = self._model(town_id)
        with translated(town_id, writes=True), model.batch_write() as batch:
            for pk, sk in dict.fromkeys(keys):
                batch.delete(model(pk, sk))

    def read_row(self, town_id: str, pk: str, sk: str, *, consistent: bool = False) -> dict[str, Any] | None:
        """Pattern `read row`."""
        model = self._model(town_id)
        try:
            with translated(town_id):
                return model.get(pk, sk, consistent_read=consistent).body
        except DoesNotExist:
            return None

    def list_rows(  # noqa: PLR0913 - by keyword only: these are a query's own parts
        self,
        town_id: str,
        pk: str,
        *,
        limit: int,
        before: str | None = None,
        prefix: str = "",
        newest_first: bool = True,
        consistent: bool = False,
    ) -> tuple[list[tuple[str, dict[str, Any]]], str | None]:
        """Pattern `list rows`."""
        key = {"pk": {"S": pk}, "sk": {"S": before}} if before is not None else None
        condition = TownItem.sk.startswith(prefix) if prefix else None
        with translated(town_id):
            found = self._model(town_id).query(
                pk,
                condition,
                consistent_read=consistent,
                scan_index_forward=not newest_first,
                limit=limit,
                last_evaluated_key=key,
            )
            page = [(item.sk, item.body) for item in found]
            return page, found.last_evaluated_key["sk"]["S"] if found.last_evaluated_key else None


def _transaction() -> TransactWrite:
    """A transaction that the SDK may send twice and DynamoDB carries out once."""
    return TransactWrite(connection=shared(), client_request_token=str(uuid4()))


def _row(model: type[TownItem], row: Row) -> TownItem:
    return model(pk=row.pk, sk=row.sk, body=row.body, expires_at=row.expires_at)


def _version_is(expected: int) -> Expression:
    return (TownItem.version == expected) if expected else TownItem.pk.does_not_exist()


def _expression(condition: Condition) -> Expression:
    if condition.field is None:
        return TownItem.pk.does_not_exist()
    expression: Expression = Path(["body", condition.field]) == condition.equals
    return expression


def _refused(reasons: list[Any], place: int) -> bool:
    return len(reasons) > place and reasons[place] is not None and reasons[place].code == "ConditionalCheckFailed"
