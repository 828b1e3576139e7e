"""What a played convoy costs at list price."""

from tests.bench.player import Figures

# Dollars in us-east-1 as of November 2025, without free tiers and volume discounts. Source: the pages
# aws.amazon.com/<service>/pricing of dynamodb (on demand), lambda (arm64), sqs, api-gateway, step-functions (standard),
# secrets-manager and eventbridge (Scheduler). Only DynamoDB's two, most of the bill, were compared with a second source
# (airbyte.com/data-engineering-resources/dynamodb-pricing, July 2025); look the others up before you quote them.
PRICES = {
    "read unit": 0.125e-6,
    "write unit": 0.625e-6,
    "function call": 0.20e-6,
    "GB-second": 13.3334e-6,
    "FIFO queue request": 0.50e-6,
    "queue request": 0.40e-6,
    "HTTP API call": 1.00e-6,
    "WebSocket message": 1.00e-6,
    "WebSocket minute": 0.25e-6,
    "transition": 25e-6,
    "secret read": 5e-6,
    "schedule": 1.00e-6,
}

SECONDS = 0.2
"""Billed for a function call: assumed, since only AWS could tell."""

GIGABYTES = {"api": 1.0, "agents": 1.0}
"""Memory of a function (template.yaml); the others have half of that."""

HTTP = ("api", "agents")
QUEUE_CALLS = 3
"""Send, receive and delete of one message, as if no batch ever held two."""


def bill(figures: Figures) -> dict[str, float]:
    """Dollars by what is paid for. Containers, models, logs and storage are no part of the control plane's requests."""
    doors, asked, minutes = figures.doors, figures.asked, figures.lasted.total_seconds() / 60
    memory = sum(calls * GIGABYTES.get(door, 0.5) for door, calls in doors.items())
    return {
        "reads": figures.reads * PRICES["read unit"],
        "writes": figures.writes * PRICES["write unit"],
        "functions": doors.total() * PRICES["function call"] + memory * SECONDS * PRICES["GB-second"],
        "queues": QUEUE_CALLS
        * (asked["wakes"] * PRICES["FIFO queue request"] + asked["messages"] * PRICES["queue request"]),
        "HTTP": sum(doors[door] for door in HTTP) * PRICES["HTTP API call"],
        "doorbell": asked["doorbell"] * PRICES["WebSocket message"] + minutes * PRICES["WebSocket minute"],
        "convoys": figures.transitions * PRICES["transition"],
        "secrets": asked["secrets"] * PRICES["secret read"],
        "schedules": asked["schedules"] * PRICES["schedule"],
    }


def per_thousand(figures: Figures) -> float:
    """Dollars for 1,000 landed beads."""
    return sum(bill(figures).values()) / figures.landed * 1000


def shares(figures: Figures) -> str:
    """Where the money goes, in per cent, the most first."""
    parts = sorted(bill(figures).items(), key=lambda part: part[1], reverse=True)
    whole = sum(price for _, price in parts)
    return ", ".join(f"{name} {100 * price / whole:.0f} %" for name, price in parts if price / whole >= 0.01)
