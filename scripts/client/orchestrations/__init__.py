"""How a run is started, watched and cleaned up, one module for each orchestration. To add one: a module, and an entry here."""

from scripts.client.orchestrations.base import Orchestration, Progress, Verdict
from scripts.client.orchestrations.dynamodb_triggers import DynamoDBTriggers
from scripts.client.orchestrations.http_only import HttpOnly
from scripts.client.orchestrations.http_sync_s3 import HttpSyncS3
from scripts.client.orchestrations.s3_triggers import S3Triggers
from scripts.client.orchestrations.sfn import Sfn

ORCHESTRATIONS: dict[str, type[Orchestration]] = {
    "dynamodb_triggers": DynamoDBTriggers,
    "http_only": HttpOnly,
    "http_sync_s3": HttpSyncS3,
    "s3_triggers": S3Triggers,
    "sfn": Sfn,
}

__all__ = ["ORCHESTRATIONS", "Orchestration", "Progress", "Verdict"]
