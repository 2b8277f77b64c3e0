"""What Terraform grants each function: terraform/tests/permissions.json lists it, `terraform test` compares it with the policies.

A permission is `s3:GetObject returns/*/mapper/*`: an action, and a bucket (with a pattern for its keys), table or function by its
role.
"""

import json
import re
from collections.abc import Iterator

from scripts import paths
from tests.simulation.usage import Use


def granted(orchestration: str) -> dict[str, list[str]]:
    """The permissions of each function but for that to write its own log.

    Raises:
        KeyError: there is no such list.
    """
    listed: dict[str, dict[str, list[str]]] = json.loads((paths.TERRAFORM / "tests" / "permissions.json").read_text("utf-8"))
    return listed[orchestration]


def allows(permission: str, use: Use) -> bool:
    """Whether a permission is for what was used."""
    action, _, resource = permission.partition(" ")
    pattern = re.escape(resource).replace(r"\*", ".*")
    return action == use.action and re.fullmatch(pattern, _named(use)) is not None


def _named(use: Use) -> str:
    if use.action.startswith("lambda:"):
        return use.resource.rpartition("-")[2]
    bucket, slash, key = use.resource.partition("/")
    return bucket.removeprefix("sim-") + (slash + key if key else "")


def without_grant(uses: set[Use], orchestration: str) -> Iterator[Use]:
    """What is used, and granted to nobody."""
    permissions = granted(orchestration)
    for use in sorted(uses):
        if not any(allows(permission, use) for permission in permissions[use.function]):
            yield use
