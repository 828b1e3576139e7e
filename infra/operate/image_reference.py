"""Whether ECS will find the container's image."""

import re
from collections.abc import Iterator
from typing import Final

from botocore.exceptions import ClientError

from infra.operate.aws import client, code_of
from infra.operate.finding import Finding
from infra.operate.plan import Plan

REFERENCE: Final = re.compile(
    r"""^(?:(?P<registry>(?=[^/]*[.:]|localhost/)[a-zA-Z0-9.-]+(?::\d+)?)/)?
    (?P<path>[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*)
    (?::(?P<tag>\w[\w.-]{0,127}))?(?:@(?P<digest>sha256:[0-9a-f]{64}))?$""",
    re.VERBOSE,
)
PRIVATE: Final = re.compile(
    r"^(?P<account>\d{12})\.dkr\.ecr(?:-fips)?\.(?P<region>[a-z0-9-]+)\.amazonaws\.com(?:\.cn)?$"
)
TITLE: Final = "container image"
ABSENT: Final = {"ImageNotFound", "RepositoryNotFound"}


def check_image(plan: Plan, account: str, region: str) -> Iterator[Finding]:
    """Look an image of this account's ECR up; of any other registry only the form can be judged."""
    if not plan.image:
        yield Finding(title=TITLE, state="unknown", seen="none given", advice="name it with IMAGE=registry/name:tag")
        return
    parts = REFERENCE.match(plan.image)
    if parts is None:
        yield _missing(f"{plan.image} is no image reference", "write registry/name:tag")
        return
    private = PRIVATE.match(parts["registry"] or "")
    if private is None:
        advice = "ECS has to reach its registry without credentials"
        yield Finding(title=TITLE, state="unknown", seen=f"{plan.image} is well-formed, not looked up", advice=advice)
    elif (private["account"], private["region"]) != (account, region):
        advice = f"push it to {account}.dkr.ecr.{region}.amazonaws.com: the tasks' role may pull only from there"
        yield _missing(f"{plan.image} is in another account or region", advice)
    else:
        yield _looked_up(plan.image, parts)


def _looked_up(image: str, parts: re.Match[str]) -> Finding:
    wanted = {"imageDigest": parts["digest"]} if parts["digest"] else {"imageTag": parts["tag"] or "latest"}
    try:
        client("ecr").describe_images(repositoryName=parts["path"], imageIds=[wanted])
    except ClientError as error:
        if code_of(error) not in ABSENT:
            raise
        return _missing(f"{image} is not in ECR", f"make push IMAGE={image}")
    return Finding(title=TITLE, state="ok", seen=f"{image} is in ECR")


def _missing(seen: str, advice: str) -> Finding:
    return Finding(title=TITLE, state="missing", seen=seen, advice=advice)
