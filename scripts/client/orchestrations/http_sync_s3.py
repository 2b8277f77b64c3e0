"""http_sync_s3: the client invokes `unum_map`, asynchronously; see `entry`.

Return values lie in one of the `return_stores`, and tell the progress.
"""

from functools import cached_property

from scripts.client.errors import ClientError
from scripts.client.orchestrations import entry
from scripts.client.orchestrations.base import Chunk, Orchestration, Progress
from scripts.client.return_stores import RETURN_STORES, TABLE, ReturnStore


class HttpSyncS3(Orchestration):
    """A run of Lambdas that invoke each other."""

    service = "lambda"

    def check(self, chunks: list[Chunk]) -> None:
        """The deployment's store is one that this client knows."""
        super().check(chunks)
        deployment = self.aws.deployment
        if deployment.return_store not in RETURN_STORES:
            raise ClientError(f"{deployment} keeps return values in {deployment.return_store!r}, which this client doesn't know")
        if deployment.return_store == "dynamodb":
            deployment.table(TABLE)

    def start(self, chunks: list[Chunk], *, attended: bool) -> None:
        """Invoke unum_map."""
        entry.send_off(self.aws, entry.pack(self.aws, self.run_id, chunks, entry.MAX_EVENT_BYTES))

    def progress(self, mappers: int | None) -> Progress:
        """Count return values."""
        mapped = self._returns.returned("mapper")
        if mapped is None or mappers is None or mapped < mappers:
            return Progress(mapped)
        partitions = self._returns.partitions()
        if partitions is None:
            return Progress(mapped)
        return Progress(mapped, self._returns.returned("reducer"), partitions)

    def remove(self, mappers: int | None) -> None:
        """Delete return values, then claim checks and all else in the returns bucket."""
        self._returns.remove(mappers)
        super().remove(mappers)

    @cached_property
    def _returns(self) -> ReturnStore:
        return RETURN_STORES[self.aws.deployment.return_store](self.aws, self.run_id)
