"""Session snapshots in one bucket, as `<town>/<agent>/<program>/<generation>`.

Addresses are presigned: their holder acts with this process's rights on one object, by one method. A signed length is
part of it, so that an address takes one size and no more.
"""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final

from gastown.adapters.s3.client import s3_client, translated
from gastown.domain.errors import Unavailable
from gastown.ports.session_snapshots import Remembered

if TYPE_CHECKING:
    from types_boto3_s3.client import S3Client
    from types_boto3_s3.type_defs import ObjectIdentifierTypeDef

ADDRESS_SECONDS: Final = 120
"""How long an address is good for: a container uses it at once, and gives up on it sooner."""
GENERATION_DIGITS: Final = 12
"""So that names in order are generations in order."""


class S3SessionSnapshots:
    """Copies of all towns in one bucket."""

    def __init__(self, *, bucket: str, client: "Callable[[], S3Client]" = s3_client) -> None:
        """Keep where they lie; the client is made on first use."""
        self._bucket = bucket
        self._client = client

    def address_to_read(self, whose: Remembered) -> str | None:
        """Look for the last name, and sign for it."""
        with translated():
            newest = max(self._names(_folder(whose)), default=None)
            if newest is None:
                return None
            return self._client().generate_presigned_url(
                "get_object", Params={"Bucket": self._bucket, "Key": newest}, ExpiresIn=ADDRESS_SECONDS
            )

    def address_to_write(self, whose: Remembered, *, generation: int, size: int) -> str:
        """Sign; S3 is not asked."""
        name = f"{_folder(whose)}{generation:0{GENERATION_DIGITS}d}"
        with translated():
            return self._client().generate_presigned_url(
                "put_object",
                Params={"Bucket": self._bucket, "Key": name, "ContentLength": size},
                ExpiresIn=ADDRESS_SECONDS,
            )

    def forget_town(self, town_id: str) -> None:
        """Delete page by page; `Unavailable` if some stayed, after all were tried."""
        stayed = 0
        with translated():
            for page in self._pages(f"{town_id}/"):
                answer = self._client().delete_objects(Bucket=self._bucket, Delete={"Objects": page, "Quiet": True})
                stayed += len(answer.get("Errors", []))
        if stayed:
            raise Unavailable(f"S3 kept {stayed} session snapshots of town {town_id}")

    def _names(self, prefix: str) -> Iterator[str]:
        for page in self._pages(prefix):
            yield from (each["Key"] for each in page)

    def _pages(self, prefix: str) -> "Iterator[list[ObjectIdentifierTypeDef]]":
        listing = self._client().get_paginator("list_objects_v2")
        for page in listing.paginate(Bucket=self._bucket, Prefix=prefix):
            if found := page.get("Contents"):
                yield [{"Key": each["Key"]} for each in found]


def _folder(whose: Remembered) -> str:
    return f"{whose.town_id}/{whose.agent_id}/{whose.program}/"
