"""The stack's GitHub App, registered at the forge: its key lies in the vault and nowhere else."""

import json
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from infra.local.deployment import aws_session, client_settings
from tests.support.forge.server import Forge

NAME = "github-app-of-the-stories"
APP = "4711"


@dataclass(frozen=True, kw_only=True)
class ForgeApp:
    """An App that can be installed on projects of the forge."""

    forge: Forge
    private_key: str = field(repr=False)

    def install(self, project: str) -> str:
        """Install it on one project; the installation's id."""
        return str(self.forge.steer.install(APP, "acme", [project], None))


def register_app(endpoint: str, forge: Forge) -> tuple[ForgeApp, str]:
    """Make the key, tell the forge its public half, and keep the private one in a secret: the App, the secret's ARN."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    forge.steer.add_app(APP, public)
    with closing(vault_at(endpoint)) as vault:
        made = vault.create_secret(Name=NAME, SecretString=json.dumps({"app_id": APP, "private_key": private}))
    return ForgeApp(forge=forge, private_key=private), str(made["ARN"])


def vault_at(endpoint: str) -> Any:
    """A client of a stack's Secrets Manager; close it."""
    return aws_session().client("secretsmanager", endpoint_url=endpoint, config=client_settings())
