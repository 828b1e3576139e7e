"""What the local stack changes in `template.yaml`: where code lies and what URLs look like. Nothing else.

Functions get no layers: they read the house from the working tree and packages from the environment that the emulator
runs in, by PYTHONPATH. No bucket insists on TLS. Routes, queues, rights, schedules and tables stay exactly as they are
deployed on AWS.
"""

import copy
import io
import json
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from samtranslator.yaml_helper import yaml_parse

ROOT = Path(__file__).resolve().parents[2]
HOUSE = ROOT / "layers" / "gastown" / "python"
FUNCTION = "AWS::Serverless::Function"
LAYER = "AWS::Serverless::LayerVersion"
MACHINE = "AWS::Serverless::StateMachine"
BUCKET_POLICY = "AWS::S3::BucketPolicy"
LEFT_OUT = {LAYER, BUCKET_POLICY}  # the policy refuses what is not encrypted on its way, and the emulator speaks HTTP
# What AWS includes in a right, the emulator (with IAM enforcement on) asks for by a name that AWS does not know.
INCLUDED_RIGHTS = {"sqs:SendMessage": "sqs:SendMessageBatch"}
# The emulator takes the cluster for the resource of every ECS call, and the group `default` for that of every schedule.
UNNAMED_RESOURCES = ("ecs:", "scheduler:")

Template = dict[str, Any]


def read_template(path: Path = ROOT / "template.yaml") -> Template:
    """Return the template with its short intrinsic forms (`!Ref`) spelled out."""
    parsed: Template = yaml_parse(path.read_text())
    return parsed


def code_of(resource: Mapping[str, Any], root: Path = ROOT) -> bytes:
    """Return the zip of a function's one file."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(root / resource["Properties"]["CodeUri"] / "handler.py", "handler.py")
    return packed.getvalue()


def functions_of(template: Template) -> dict[str, dict[str, Any]]:
    """Return the functions of a template by logical name."""
    return {name: thing for name, thing in template["Resources"].items() if thing["Type"] == FUNCTION}


def local_variables(endpoint: str) -> dict[str, Any]:
    """Return the function variables that differ here: URLs by path, because local host names do not resolve."""
    apis = f"{endpoint}/_aws/execute-api"
    live = {"Fn::Sub": f"{apis}/${{LiveApi}}/live"}
    return {
        "PYTHONPATH": str(HOUSE),
        "GASTOWN_API_URL": {"Fn::Sub": f"{apis}/${{HttpApi}}"},
        "GASTOWN_LIVE_URL": {"Fn::Sub": f"{apis.replace('http', 'ws', 1)}/${{LiveApi}}/live"},
        "GASTOWN_LIVE_ENDPOINT": live,
        "AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI": live,
    }


def statements_in(thing: Any) -> Iterator[dict[str, Any]]:
    """Yield every IAM statement anywhere inside a part of a template."""
    if isinstance(thing, dict):
        if "Effect" in thing and "Action" in thing:
            yield thing
        for value in thing.values():
            yield from statements_in(value)
    elif isinstance(thing, list):
        for value in thing:
            yield from statements_in(value)


def fit_rights(template: Template) -> None:
    """Word the template's rights as the emulator's IAM reads them; which actions each door may call stays as it is."""
    for statement in statements_in(template["Resources"]):
        actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
        statement["Action"] = [*actions, *(INCLUDED_RIGHTS[name] for name in actions if name in INCLUDED_RIGHTS)]
        if actions[0].startswith(UNNAMED_RESOURCES):
            statement["Resource"] = "*"
            statement.pop("Condition", None)


def local_template(template: Template, *, endpoint: str, bucket: str, root: Path = ROOT) -> Template:
    """Return a copy for the emulator at `endpoint`; functions' code lies in `bucket` under their logical names."""
    local = copy.deepcopy(template)
    shared = local["Globals"]["Function"]
    shared.pop("Layers", None)
    shared["Environment"]["Variables"].update(local_variables(endpoint))
    for name, function in functions_of(local).items():
        function["Properties"]["CodeUri"] = {"Bucket": bucket, "Key": f"{name}.zip"}
        own = function["Properties"].setdefault("Environment", {}).setdefault("Variables", {})
        own["AWS_SDK_UA_APP_ID"] = name  # so that the request log can say whose request it was
    for machine in (thing for thing in local["Resources"].values() if thing["Type"] == MACHINE):
        uri = machine["Properties"].pop("DefinitionUri")
        machine["Properties"]["Definition"] = json.loads((root / uri).read_text())
    fit_rights(local)
    local["Resources"] = {name: thing for name, thing in local["Resources"].items() if thing["Type"] not in LEFT_OUT}
    local["Outputs"]["ApiUrl"]["Value"] = local_variables(endpoint)["GASTOWN_API_URL"]
    local["Outputs"]["LiveUrl"]["Value"] = local_variables(endpoint)["GASTOWN_LIVE_URL"]
    return local
