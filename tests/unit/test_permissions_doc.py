"""docs/permissions.md names what whoever applies needs: for each type of resource in terraform/, and in words that AWS knows."""

import re

import pytest
from botocore.session import get_session

from scripts import paths

ROWS = dict(re.findall(r"^\| `([a-z0-9_]+)` \| (.*?) \|", (paths.ROOT / "docs" / "permissions.md").read_text(), re.MULTILINE))
SERVICES = {"states": "stepfunctions"}

# Actions of IAM that are no operation of an API: S3 has names of its own for what its configurations are read and written by,
# passing a role is an action without a request, and Step Functions delivers its logs with actions that nobody can call.
NO_OPERATION = {
    "iam:PassRole",
    "logs:CreateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:GetLogDelivery",
    "logs:ListLogDeliveries",
    "logs:UpdateLogDelivery",
    "s3:GetAccelerateConfiguration",
    "s3:GetBucketCORS",
    "s3:GetBucketNotification",
    "s3:GetBucketObjectLockConfiguration",
    "s3:GetBucketPublicAccessBlock",
    "s3:GetEncryptionConfiguration",
    "s3:GetLifecycleConfiguration",
    "s3:GetReplicationConfiguration",
    "s3:ListBucket",
    "s3:ListBucketVersions",
    "s3:DeleteObjectVersion",
    "s3:PutBucketNotification",
    "s3:PutBucketPublicAccessBlock",
    "s3:PutEncryptionConfiguration",
    "s3:PutLifecycleConfiguration",
}


def actions(row: str) -> list[str]:
    return re.findall(r"`([a-z0-9]+:[A-Za-z]+)`", row)


def test_every_type_in_the_configuration_has_a_row_and_no_row_is_left_over() -> None:
    files = [path for path in paths.TERRAFORM.rglob("*.tf") if ".terraform" not in path.parts]
    used = {name for path in files for name in re.findall(r'^(?:resource|data) "(\w+)"', path.read_text(), re.MULTILINE)}

    assert used == ROWS.keys()


@pytest.mark.parametrize("row", ROWS)
def test_a_row_names_actions_or_says_that_there_are_none(row: str) -> None:
    assert actions(ROWS[row]) or ROWS[row] == "none"


@pytest.mark.parametrize("service", sorted({action.partition(":")[0] for row in ROWS.values() for action in actions(row)}))
def test_actions_are_those_of_their_service(service: str) -> None:
    named = {action for row in ROWS.values() for action in actions(row) if action.startswith(f"{service}:")}
    model = get_session().get_service_model(SERVICES.get(service, service))

    assert named - NO_OPERATION - {f"{service}:{operation}" for operation in model.operation_names} == set()
