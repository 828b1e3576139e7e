"""What DynamoDB's refusals mean to the house."""

from collections.abc import Iterator
from contextlib import contextmanager

from pynamodb.exceptions import DoesNotExist, PynamoDBException, TransactWriteError

from gastown.domain.errors import GastownError, NotFound, Unavailable
from gastown.ports.town_store import CommitConflict, CommitUnknown

THROTTLED = frozenset(
    {"ThrottlingException", "ProvisionedThroughputExceededException", "RequestLimitExceeded", "ThrottlingError"}
)
CONFLICTS = frozenset({"ConditionalCheckFailed", "TransactionConflict", "DuplicateItem"})


def is_condition(error: PynamoDBException) -> bool:
    """Whether a single write was refused by its condition."""
    return error.cause_response_code == "ConditionalCheckFailedException"


@contextmanager
def translated(town_id: str, *, writes: bool = False) -> Iterator[None]:
    """Turn library errors into the house's; of a write without an answer nobody knows whether it happened."""
    try:
        yield
    except DoesNotExist:
        raise
    except TransactWriteError as error:
        raise _transaction(town_id, error) from error
    except PynamoDBException as error:
        raise _request(town_id, error, writes=writes) from error


def _transaction(town_id: str, error: TransactWriteError) -> GastownError:
    codes = {reason.code for reason in error.cancellation_reasons if reason is not None}
    if codes & CONFLICTS:
        return CommitConflict(f"Commit of town {town_id} lost: {sorted(codes)}")
    if codes & THROTTLED:
        return Unavailable(f"Town {town_id} is throttled")
    return _request(town_id, error, writes=True)


def _request(town_id: str, error: PynamoDBException, *, writes: bool) -> GastownError:
    code = error.cause_response_code
    if code == "ResourceNotFoundException":
        return NotFound(f"Town {town_id} has no table")
    if code in THROTTLED:
        return Unavailable(f"Town {town_id} is throttled")
    if writes and code in (None, "InternalServerError", "TransactionInProgressException", "ServiceUnavailable"):
        return CommitUnknown(f"The outcome of a write to town {town_id} is not known")
    return Unavailable(f"Storage of town {town_id}: {code or error}")
