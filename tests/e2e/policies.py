"""The policies of deployed functions, statement by statement, and which of them a request needs."""

import json
import re
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from tests.cloud import Cloud
from tests.simulation import seams
from tests.simulation.observer import RESULTS, RETURNS
from tests.simulation.scenario import SHUFFLE
from tests.simulation.usage import Use

ACCOUNT = "000000000000"
REGION = "us-east-1"


@dataclass(frozen=True)
class Grant:
    """One action that a statement allows a function, on the statement's resources."""

    function: str
    sid: str
    action: str
    resources: tuple[str, ...]

    def allows(self, use: Use, arn: str) -> bool:
        """Whether it is this grant that lets a function do what it did."""
        return (use.function, use.action) == (self.function, self.action) and any(
            re.fullmatch(re.escape(resource).replace(r"\*", ".*"), arn) for resource in self.resources
        )

    def __str__(self) -> str:
        return f"{self.function}/{self.sid}/{self.action}"


def grants(cloud: Cloud, orchestration: str) -> list[Grant]:
    """All that the functions of a deployment are granted."""
    return [
        Grant(function, statement["Sid"], action, tuple(_listed(statement["Resource"])))
        for function in cloud.deployment(orchestration)["functions"]
        for statement in _policy(cloud, cloud.role(orchestration, function))["Statement"]
        for action in _listed(statement["Action"])
    ]


@contextmanager
def without(cloud: Cloud, orchestration: str, grant: Grant) -> Iterator[None]:
    """The deployment while a function lacks one action of one statement."""
    role = cloud.role(orchestration, grant.function)
    policy = _policy(cloud, role)
    statements = []
    for statement in policy["Statement"]:
        if statement["Sid"] == grant.sid:
            left = [action for action in _listed(statement["Action"]) if action != grant.action]
            statements += [{**statement, "Action": left}] if left else []
        else:
            statements.append(statement)
    _write(cloud, role, {**policy, "Statement": statements})
    try:
        yield
    finally:
        _write(cloud, role, policy)


def is_used(grant: Grant, uses: Collection[Use], orchestration: str, deployment: Mapping[str, Any]) -> bool:
    """Whether it is this grant that lets a function do any of what it did."""
    return any(grant.allows(use, arn_of(use, orchestration, deployment)) for use in uses)


def arn_of(use: Use, orchestration: str, deployment: Mapping[str, Any]) -> str:
    """The ARN of what a simulated function used, where that is deployed."""
    kind = use.action.partition(":")[0]
    if kind == "lambda":
        function = use.resource.removeprefix(seams.prefix(orchestration))
        return f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{deployment['functions'][function]}"
    if kind == "dynamodb":
        return f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{deployment['tables'][_role(use.resource)]}"
    bucket, slash, key = use.resource.partition("/")
    return f"arn:aws:s3:::{deployment['buckets'][_role(bucket)]}{slash if key else ''}{key}"


def _role(name: str) -> str:
    """What a simulated bucket or table is for."""
    fixed = {SHUFFLE: "shuffle", RETURNS: "returns", RESULTS: "results"}
    return fixed.get(name, name.removeprefix(seams.stage("")))


def _policy(cloud: Cloud, role: str) -> dict[str, Any]:
    iam = cloud.client("iam")
    (name,) = iam.list_role_policies(RoleName=role)["PolicyNames"]
    document: dict[str, Any] = iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
    return document


def _write(cloud: Cloud, role: str, policy: dict[str, Any]) -> None:
    iam = cloud.client("iam")
    (name,) = iam.list_role_policies(RoleName=role)["PolicyNames"]
    iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=json.dumps(policy))


def _listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value
