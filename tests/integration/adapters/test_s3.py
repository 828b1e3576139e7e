"""Session snapshots on the emulator keep the contract of their port; what the emulator does not check is in the URL.

It takes any signature at any time, so expiry and the bound size are looked at in the address itself.
"""

from urllib.parse import parse_qs, urlsplit

import boto3
import httpx
import pytest
from botocore.config import Config
from types_boto3_s3.client import S3Client

from gastown.adapters.s3.client import SDK
from gastown.adapters.s3.session_snapshots import ADDRESS_SECONDS, S3SessionSnapshots
from tests.support.contracts.session_snapshots import SessionSnapshotsContract, mayor


class Courier:
    """Uses addresses over HTTP, with no credentials of its own."""

    def fetch(self, address: str) -> bytes | None:
        """GET."""
        answer = httpx.get(address)
        return answer.content if answer.is_success else None

    def leave(self, address: str, data: bytes) -> None:
        """PUT."""
        httpx.put(address, content=data).raise_for_status()


@pytest.fixture
def s3(emulator: str) -> S3Client:
    """A client of the emulator, configured as the adapter's own."""
    return boto3.client("s3", endpoint_url=emulator, config=SDK)


class TestS3SessionSnapshots(SessionSnapshotsContract):
    """The contract, on S3."""

    @pytest.fixture
    def snapshots(self, s3: S3Client, fresh: str) -> S3SessionSnapshots:
        """The adapter with a bucket of its own."""
        s3.create_bucket(Bucket=fresh)
        return S3SessionSnapshots(bucket=fresh, client=lambda: s3)

    @pytest.fixture
    def carrier(self) -> Courier:
        """Anybody."""
        return Courier()

    @pytest.fixture
    def silent(self, nowhere: str, one_try: Config) -> S3SessionSnapshots:
        """The adapter where nobody answers."""
        client = boto3.client("s3", endpoint_url=nowhere, config=one_try)
        return S3SessionSnapshots(bucket="nowhere", client=lambda: client)


def test_more_than_a_page_is_forgotten(s3: S3Client, fresh: str) -> None:
    """S3 lists and deletes a thousand at once."""
    s3.create_bucket(Bucket=fresh)
    for number in range(1001):
        s3.put_object(Bucket=fresh, Key=f"town-1/mayor/opencode/{number:012d}", Body=b"x")

    S3SessionSnapshots(bucket=fresh, client=lambda: s3).forget_town("town-1")

    assert s3.list_objects_v2(Bucket=fresh)["KeyCount"] == 0


def test_an_address_to_write_takes_one_size_for_a_short_time() -> None:
    """The length is signed, so S3 refuses any other; the method, the name and the end of its time are signed always."""
    s3 = boto3.client("s3", region_name="eu-west-1", config=SDK)
    snapshots = S3SessionSnapshots(bucket="a-bucket", client=lambda: s3)

    address = urlsplit(snapshots.address_to_write(mayor(), generation=7, size=12))

    said = {name: values[0] for name, values in parse_qs(address.query).items()}
    assert address.path == "/town-1/mayor/opencode/000000000007"
    assert "content-length" in said["X-Amz-SignedHeaders"].split(";")
    assert (said["X-Amz-Algorithm"], said["X-Amz-Expires"]) == ("AWS4-HMAC-SHA256", str(ADDRESS_SECONDS))
    other = urlsplit(snapshots.address_to_write(mayor(), generation=7, size=13))
    assert parse_qs(other.query)["X-Amz-Signature"] != parse_qs(address.query)["X-Amz-Signature"]


def test_an_address_names_the_region_of_its_bucket() -> None:
    """The global endpoint answers for a young bucket with a redirect, on which an upload does not follow."""
    s3 = boto3.client("s3", region_name="eu-west-1", config=SDK)
    snapshots = S3SessionSnapshots(bucket="a-bucket", client=lambda: s3)

    address = snapshots.address_to_write(mayor(), generation=1, size=1)

    assert urlsplit(address).hostname == "a-bucket.s3.eu-west-1.amazonaws.com"
