"""How a run is started, watched and cleaned up, one module for each orchestration. To add one: a module, and an entry here.

A module is imported when its orchestration is asked for: a run needs one of them.
"""

from collections.abc import Iterator, Mapping
from importlib import import_module

from scripts.client.orchestrations.base import Orchestration, Progress, Verdict

_CLASSES = {
    "dynamodb_triggers": "DynamoDBTriggers",
    "http_only": "HttpOnly",
    "http_sync_s3": "HttpSyncS3",
    "s3_triggers": "S3Triggers",
    "sfn": "Sfn",
}


class _Registry(Mapping[str, type[Orchestration]]):
    def __getitem__(self, name: str) -> type[Orchestration]:
        kind: type[Orchestration] = getattr(import_module(f"{__name__}.{name}"), _CLASSES[name])
        return kind

    def __iter__(self) -> Iterator[str]:
        return iter(_CLASSES)

    def __len__(self) -> int:
        return len(_CLASSES)

    def __contains__(self, name: object) -> bool:
        return name in _CLASSES


ORCHESTRATIONS = _Registry()
"""The client side of each orchestration, by its name."""

__all__ = ["ORCHESTRATIONS", "Orchestration", "Progress", "Verdict"]
