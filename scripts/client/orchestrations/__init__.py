"""How a run is started and watched, one module for each orchestration. To add one: a module, and an entry here."""

from scripts.client.orchestrations.base import Orchestration, Progress, Verdict
from scripts.client.orchestrations.http_sync_s3 import HttpSyncS3
from scripts.client.orchestrations.sfn import Sfn

ORCHESTRATIONS: dict[str, type[Orchestration]] = {
    "http_sync_s3": HttpSyncS3,
    "sfn": Sfn,
}

__all__ = ["ORCHESTRATIONS", "Orchestration", "Progress", "Verdict"]
