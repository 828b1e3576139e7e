"""An account of moto's, and what moto lacks of AWS: CloudFormation without its extras, and service quotas."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError
from moto import mock_aws


@dataclass
class Account:
    """What AWS answers where moto has no answer, and what it was asked to refuse."""

    stacks: dict[str, str] = field(default_factory=dict)
    buckets: dict[str, str] = field(default_factory=dict)
    applied: dict[tuple[str, str], float] = field(default_factory=dict)
    defaults: dict[tuple[str, str], float] = field(default_factory=dict)
    named: dict[str, dict[str, float]] = field(default_factory=dict)
    refused: dict[str, list[str]] = field(default_factory=dict)
    answered: dict[str, dict[str, Any]] = field(default_factory=dict)

    def answer(self, operation: str, request: dict[str, Any]) -> dict[str, Any] | None:
        """Answer one of the operations that moto lacks; None leaves it to moto. Raises `ClientError`."""
        if refusals := self.refused.get(operation):
            raise refusal(refusals.pop(0), operation)
        if operation in self.answered:
            return self.answered[operation]
        if operation == "DescribeStacks":
            return self._stacks(request["StackName"])
        if operation == "ListStackResources":
            bucket = self.buckets.get(request["StackName"])
            parts = [{"LogicalResourceId": "SessionBucket", "PhysicalResourceId": bucket}] if bucket else []
            return {"StackResourceSummaries": parts}
        if operation in ("GetServiceQuota", "GetAWSDefaultServiceQuota"):
            known = self.applied if operation == "GetServiceQuota" else self.defaults
            key = (request["ServiceCode"], request["QuotaCode"])
            if key not in known:
                raise refusal("NoSuchResourceException", operation)
            return {"Quota": {"Value": known[key]}}
        if operation in ("ListServiceQuotas", "ListAWSDefaultServiceQuotas"):
            quotas = self.named.get(request["ServiceCode"], {})
            return {"Quotas": [{"QuotaName": name, "Value": value} for name, value in quotas.items()]}
        return None

    def _stacks(self, name: str) -> dict[str, Any]:
        if name not in self.stacks:
            raise refusal("ValidationError", "DescribeStacks", f"Stack with id {name} does not exist")
        return {"Stacks": [{"StackName": name, "StackStatus": self.stacks[name]}]}


def refusal(code: str, operation: str, message: str = "no") -> ClientError:
    """Make an error as the SDK raises it."""
    return ClientError({"Error": {"Code": code, "Message": message}}, operation)


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[Account]:
    """A fresh account; everything that is not answered here is moto's."""
    made = Account()
    real = BaseClient._make_api_call  # type: ignore[attr-defined]

    def call(self: BaseClient, operation: str, request: dict[str, Any]) -> Any:
        answer = made.answer(operation, request)
        return real(self, operation, request) if answer is None else answer

    # Else moto makes up more than a thousand machine images for each test.
    monkeypatch.setenv("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")
    with mock_aws():
        monkeypatch.setattr(BaseClient, "_make_api_call", call)
        yield made
