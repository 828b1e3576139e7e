"""Organisations on DynamoDB, in the directory's table; each method's docstring cites its access pattern."""

from datetime import datetime

from pynamodb.exceptions import DoesNotExist, PynamoDBException
from pynamodb.expressions.operand import Path
from pynamodb.transactions import TransactWrite

from gastown.adapters.dynamodb.connection import shared
from gastown.adapters.dynamodb.failures import translated
from gastown.adapters.dynamodb.items import DirectoryItem, directory_model
from gastown.domain.organization import Organization, OrgRole


class DynamoOrganizations:
    """One item each with all its members, and a row for each member to find it by."""

    def __init__(self, *, table: str) -> None:
        """Keep the name; the client is made on first use."""
        self._table = table

    @property
    def _model(self) -> type[DirectoryItem]:
        return directory_model(self._table)

    def get(self, organization_id: str) -> Organization | None:
        """Pattern `read organisation`."""
        try:
            with translated(organization_id):
                return _organization(self._model.get(f"ORG#{organization_id}", "META", consistent_read=True))
        except DoesNotExist:
            return None

    def save(self, organization: Organization) -> bool:
        """Pattern `save organisation`: the rows of those who came or left move in the same transaction."""
        before = self.get(organization.id)
        known = set(before.members) if before else set()
        item = self._model(pk=f"ORG#{organization.id}", sk="META", body=_body(organization))
        is_first = organization.version == 1
        last = Path("body.version") == organization.version - 1
        try:
            with TransactWrite(connection=shared()) as write:
                write.save(item, condition=DirectoryItem.pk.does_not_exist() if is_first else last)
                for user_id in set(organization.members) - known:
                    write.save(self._row(user_id, organization.id))
                for user_id in known - set(organization.members):
                    write.delete(self._row(user_id, organization.id))
        except PynamoDBException as error:
            refused = [reason for reason in getattr(error, "cancellation_reasons", []) if reason is not None]
            if any(reason.code in ("ConditionalCheckFailed", "TransactionConflict") for reason in refused):
                return False
            with translated(organization.id, writes=True):
                raise
        return True

    def _row(self, user_id: str, organization_id: str) -> DirectoryItem:
        body = {"organization_id": organization_id}
        return self._model(pk=f"USER#{user_id}", sk=f"ORG#{organization_id}", body=body)

    def of_user(self, user_id: str) -> list[Organization]:
        """Pattern `list organisations`."""
        with translated(user_id):
            rows = list(self._model.query(f"USER#{user_id}", DirectoryItem.sk.startswith("ORG#")))
            keys = [(f"ORG#{row.body['organization_id']}", "META") for row in rows]
            found = [_organization(item) for item in self._model.batch_get(keys)] if keys else []
        return sorted(found, key=lambda organization: organization.created_at, reverse=True)


def _body(organization: Organization) -> dict[str, object]:
    return {
        "organization_id": organization.id,
        "name": organization.name,
        "created_at": organization.created_at.isoformat(),
        "version": organization.version,
        "members": {user_id: str(role) for user_id, role in organization.members.items()},
    }


def _organization(item: DirectoryItem) -> Organization:
    body = item.body or {}
    return Organization(
        id=body["organization_id"],
        name=body["name"],
        created_at=datetime.fromisoformat(body["created_at"]),
        version=int(body["version"]),
        members={user_id: OrgRole(role) for user_id, role in body["members"].items()},
    )
