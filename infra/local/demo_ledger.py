"""What a run left behind, read from the town's own table and the emulator's request log: receipts, times, counts."""

import statistics
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.types import TypeDeserializer

from infra.local import request_log
from infra.local.deployment import STACK_NAME, aws_session, client_settings
from infra.local.stack import Stack, folder_of

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

STEPS = {"created": "opened", "review_submitted": "done", "review_approved": "reviewed"}


@dataclass(kw_only=True)
class Timeline:
    """When a bead took each step; a step that comes again (a rework's second review) counts the last time."""

    title: str
    steps: dict[str, datetime] = field(default_factory=dict)
    reworks: int = 0

    def spell(self) -> str:
        """The steps in order, each with the seconds since the one before."""
        ordered = sorted(self.steps.items(), key=lambda step: step[1])
        first = [f"{ordered[0][0]} {ordered[0][1]:%H:%M:%S}"] if ordered else []
        rest = [f"{name} +{(at - before).total_seconds():.1f}" for (_, before), (name, at) in pairwise(ordered)]
        rework = [f"({self.reworks} rework)"] if self.reworks else []
        return "  ".join(first + rest + rework)


@dataclass(kw_only=True)
class Ledger:
    """One town's journal, what has ended in it, and the requests of the run."""

    journal: list[dict[str, Any]]
    reviews: list[dict[str, Any]]
    requests: list[dict[str, Any]]

    @property
    def ticks(self) -> int:
        """Ticks that committed something."""
        return sum(1 for commit in self.journal if commit["actor"] == "reconciler")

    @property
    def aws_requests(self) -> Counter[str]:
        """How often each AWS service was asked; calls of the HTTP API by people and agents are not among them."""
        return Counter(line["service"] for line in self.requests if line["service"] != request_log.HTTP_API)

    @property
    def api_calls(self) -> int:
        """How often people, agents and the container called the HTTP API."""
        return sum(1 for line in self.requests if line["service"] == request_log.HTTP_API)

    @property
    def receipts(self) -> list[dict[str, Any]]:
        """The reviews that were merged, in order."""
        merged = [review for review in self.reviews if review.get("receipt")]
        return sorted(merged, key=lambda review: str(review["receipt"]["merged_at"]))

    def timelines(self) -> dict[str, Timeline]:
        """By bead what happened when, in the order of their making."""
        lines: dict[str, Timeline] = {}
        for note in (note for commit in self.journal for note in commit.get("notes", [])):
            at, detail = datetime.fromisoformat(note["at"]), note.get("metadata") or {}
            if note["type"] == "created":
                lines[note["bead_id"]] = Timeline(title=str(detail.get("title", note["bead_id"])))
            if (line := lines.get(note["bead_id"])) is None:
                continue
            line.reworks += note["type"] == "rework_requested"
            if step := _step(note):
                line.steps[step] = at
        return lines

    def reactions(self) -> list[float]:
        """Seconds from each `done` that reached the door to the next start that the town asked for."""
        starts = sorted(self._starts())
        dones = [line["at"] for line in self.requests if _is_done(line)]
        following = [(done, next((start for start in starts if start >= done), None)) for done in dones]
        return [start - done for done, start in following if start is not None]

    def median_reaction(self) -> float | None:
        """The median of the reactions; none without any."""
        found = self.reactions()
        return statistics.median(found) if found else None

    def _starts(self) -> Iterator[float]:
        for commit in self.journal:
            for key, change in (commit.get("diff") or {}).items():
                if key.startswith("COMMAND#") and change and change.get("kind") == [None, "start"]:
                    yield datetime.fromisoformat(change["created_at"][1]).timestamp()


def _is_done(line: dict[str, Any]) -> bool:
    operation = str(line["operation"])
    return line["service"] == request_log.HTTP_API and operation.startswith("POST ") and operation.endswith("/done")


def _step(note: dict[str, Any]) -> str | None:
    if note["type"] == "review_completed":
        return str(note["new"])
    if note["type"] == "status_changed" and (note.get("metadata") or {}).get("reason") == "accepted":
        return "accepted"
    if note["type"] == "status_changed":
        return {"in_progress": "started", "landed": "landed", "failed": "failed"}.get(str(note["new"]))
    return STEPS.get(str(note["type"]))


def read_ledger(stack: Stack, town_id: str) -> Ledger:
    """The ledger of a town of a local stack."""
    database = aws_session().client("dynamodb", endpoint_url=stack.endpoint, config=client_settings())
    with closing(database):
        table = Table(database=database, name=f"{STACK_NAME}-town-{town_id}")
        journal = table.rows("JOURNAL")
        ended = [line for commit in journal for line in commit.get("finals", [])]
        reviews = [table.final(line["id"]) for line in ended if line["kind"] == "review"]
    return Ledger(journal=journal, reviews=reviews, requests=request_log.read(folder_of(stack.port) / "requests.jsonl"))


@dataclass(frozen=True, kw_only=True)
class Table:
    """A town's table, read as an operator would."""

    database: "DynamoDBClient"
    name: str

    def final(self, bead_id: str) -> dict[str, Any]:
        """An ended bead of any kind."""
        key = {"pk": {"S": f"BEAD#{bead_id}"}, "sk": {"S": "FINAL"}}
        item = self.database.get_item(TableName=self.name, Key=key, ConsistentRead=True)["Item"]
        entity: dict[str, Any] = TypeDeserializer().deserialize(item["body"])["entity"]
        return entity

    def rows(self, partition: str) -> list[dict[str, Any]]:
        """The bodies of a whole partition, in the order of their keys."""
        pages = self.database.get_paginator("query").paginate(
            TableName=self.name,
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues={":pk": {"S": partition}},
            ConsistentRead=True,
        )
        return [TypeDeserializer().deserialize(item["body"]) for page in pages for item in page["Items"]]
