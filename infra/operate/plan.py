"""What a deployment is going to be: the template's defaults, and what the caller says instead."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from infra.local.template import Template, functions_of, read_template

CPU_UNITS = 1024
"""CPU units of one vCPU."""


class PlanError(ValueError):
    """The caller gave a value that makes no sense; names the variable."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """One deployment, as far as an account has to have room for it."""

    stage: str
    containers: int
    vcpu_each: float
    towns: int
    functions: int
    effects_at_once: int
    image: str
    vpc: str
    subnets: tuple[str, ...]
    public_ip: bool


def read_plan(environment: Mapping[str, str]) -> Plan:
    """Read STAGE, CONTAINER_CAP, CONTAINER_CPU, TOWNS, IMAGE, VPC, SUBNETS and PUBLIC_IP. Raises `PlanError`."""
    template = _template()
    defaults = {name: parameter.get("Default", "") for name, parameter in template["Parameters"].items()}
    stages = template["Mappings"]["ContainerCaps"]
    stage = environment.get("STAGE") or defaults["Stage"]
    if stage not in stages:
        raise PlanError(f"STAGE is none of {', '.join(stages)}")
    containers = _count(environment, "CONTAINER_CAP", defaults["ContainerCap"]) or int(stages[stage]["Cap"])
    mappings = [each["Properties"] for each in template["Resources"].values() if each["Type"].endswith("SourceMapping")]
    return Plan(
        stage=stage,
        containers=containers,
        vcpu_each=_count(environment, "CONTAINER_CPU", defaults["ContainerCpu"]) / CPU_UNITS,
        towns=_count(environment, "TOWNS", containers),
        functions=len(functions_of(template)),
        effects_at_once=sum(each.get("ScalingConfig", {}).get("MaximumConcurrency", 0) for each in mappings),
        image=environment.get("IMAGE", "").strip(),
        vpc=environment.get("VPC", "").strip(),
        subnets=tuple(part.strip() for part in environment.get("SUBNETS", "").split(",") if part.strip()),
        public_ip=(environment.get("PUBLIC_IP") or defaults["AssignPublicIp"]) == "ENABLED",
    )


@cache
def _template() -> Template:
    return read_template()


def _count(environment: Mapping[str, str], name: str, default: int) -> int:
    text = environment.get(name, "").strip() or str(default)
    if not text.isdigit():
        raise PlanError(f"{name} is not a number: {text!r}")
    return int(text)
