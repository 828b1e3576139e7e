"""Deploys the template through the emulator's CloudFormation and reads what came out."""

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
import jwt
from botocore.config import Config

from infra.local.launcher import FAKE_CREDENTIALS
from infra.local.request_log import STAND_IN
from infra.local.template import ROOT, code_of, functions_of, local_template, read_template

if TYPE_CHECKING:
    from types_boto3_cloudformation import CloudFormationClient

BUCKET = "gastown-code"
STACK_NAME = "gastown"
DEPLOY_SECONDS = 60.0
POLL_SECONDS = 0.1
TOKEN_SECONDS = 30 * 24 * 3600
PARAMETERS = {
    "Stage": "local",
    "SharedUserSecret": "true",
    "ContainerImage": "local",
    "Subnets": "subnet-local",
    "TableRetention": "delete",
}


class DeploymentFailed(Exception):
    """The emulator did not make the stack; the message holds its reasons."""


def aws_session() -> boto3.session.Session:
    """Return an SDK session with fake credentials that ignores the caller's own AWS settings."""
    return boto3.session.Session(
        aws_access_key_id=FAKE_CREDENTIALS["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=FAKE_CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
        region_name=FAKE_CREDENTIALS["AWS_REGION"],
    )


def client_settings() -> Config:
    """Return settings for clients of the emulator: short time-outs, path-style buckets, no proxy."""
    return Config(
        connect_timeout=2,
        read_timeout=60,
        retries={"total_max_attempts": 2},
        s3={"addressing_style": "path"},
        proxies={},
        user_agent_extra=f"app/{STAND_IN}",
    )


def deploy(endpoint: str, *, root: Path = ROOT, parameters: Mapping[str, str] | None = None) -> dict[str, str]:
    """Deploy the template to the emulator at `endpoint` and return the stack's outputs. Raises `DeploymentFailed`."""
    template = read_template(root / "template.yaml")
    bucket = aws_session().client("s3", endpoint_url=endpoint, config=client_settings())
    bucket.create_bucket(Bucket=BUCKET)
    for name, function in functions_of(template).items():
        bucket.put_object(Bucket=BUCKET, Key=f"{name}.zip", Body=code_of(function, root))
    local = local_template(template, endpoint=endpoint, bucket=BUCKET, root=root)
    bucket.put_object(Bucket=BUCKET, Key="template.json", Body=json.dumps(local).encode())
    formation = aws_session().client("cloudformation", endpoint_url=endpoint, config=client_settings())
    formation.create_stack(
        StackName=STACK_NAME,
        TemplateURL=f"{endpoint}/{BUCKET}/template.json",
        Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
        Parameters=[
            {"ParameterKey": name, "ParameterValue": value}
            for name, value in {**PARAMETERS, **(parameters or {})}.items()
        ],
    )
    return wait_for_outputs(formation)


def wait_for_outputs(formation: "CloudFormationClient") -> dict[str, str]:
    """Wait until the stack stands and return its outputs. Raises `DeploymentFailed` with the reasons of what failed."""
    deadline = time.monotonic() + DEPLOY_SECONDS
    while time.monotonic() < deadline:
        stack = formation.describe_stacks(StackName=STACK_NAME)["Stacks"][0]
        if stack["StackStatus"] == "CREATE_COMPLETE":
            return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}
        if "IN_PROGRESS" not in stack["StackStatus"]:
            break
        time.sleep(POLL_SECONDS)
    events = formation.describe_stack_events(StackName=STACK_NAME)["StackEvents"]
    reasons = [
        f"{event.get('LogicalResourceId')}: {event.get('ResourceStatusReason')}"
        for event in events
        if event.get("ResourceStatus", "").endswith("FAILED")
    ]
    raise DeploymentFailed("\n".join(reasons) or "the stack was not ready in time")


def sign_user_token(endpoint: str, secret_arn: str, user_id: str) -> str:
    """Return a token for a person of the local stack, signed with the stack's shared user secret, valid 30 days."""
    secrets = aws_session().client("secretsmanager", endpoint_url=endpoint, config=client_settings())
    secret = secrets.get_secret_value(SecretId=secret_arn)["SecretString"]
    issued = int(time.time())
    claims = {
        "version": 3,
        "sub": user_id,
        "kiloUserId": user_id,
        "aud": "gastown",
        "isAdmin": True,
        "gastownAccess": True,
        "iat": issued,
        "exp": issued + TOKEN_SECONDS,
    }
    return jwt.encode(claims, secret, algorithm="HS256")
