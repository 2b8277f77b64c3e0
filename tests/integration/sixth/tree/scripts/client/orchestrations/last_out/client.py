"""last_out: a run is started, watched and resumed as under http_sync_s3 with its values in S3, but no branch waits for others."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

from runtime.orchestration.workflow.envelope import Directory
from runtime.orchestration.workflow.place import Place
from scripts.client.deployment import Deployment
from scripts.client.orchestrations.base import Orchestration
from scripts.client.orchestrations.http_sync_s3.client import HttpSyncS3
from scripts.client.orchestrations.http_sync_s3.return_stores import InBucket


class _InBucket(InBucket):
    last_continues = False


class LastOut(HttpSyncS3):
    """A run of Lambdas that invoke each other."""

    @classmethod
    def last_branch_waits(cls, deployment: Deployment) -> bool:
        """No branch waits."""
        return False

    @classmethod
    def crowding(cls, deployment: Deployment, sizes: Mapping[str, int], limit: int) -> str | None:
        """Nothing is to be known, since nobody waits."""
        return None

    def check(self, elements: Sequence[Any]) -> None:
        """There is no choice of stores."""
        Orchestration.check(self, elements)

    def _gather_again(self, place: Place, size: int) -> None:
        self._invoke(str(place.next), Directory(place.name, size))

    @cached_property
    def _returns(self) -> InBucket:
        return _InBucket(self.aws, self.run_id)
