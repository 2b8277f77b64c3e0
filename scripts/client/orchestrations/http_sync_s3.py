"""http_sync_s3: the client invokes `unum_map`, asynchronously; see `entry`.

Return values are objects `{run}/{function}/{index}.json`, so their names tell the progress.
"""

import json

from scripts.client import objects
from scripts.client.orchestrations import entry
from scripts.client.orchestrations.base import Chunk, Orchestration, Progress


class HttpSyncS3(Orchestration):
    """A run of Lambdas that invoke each other."""

    service = "lambda"

    def start(self, chunks: list[Chunk], *, attended: bool) -> None:
        """Invoke unum_map."""
        entry.send_off(self.aws, entry.pack(self.aws, self.run_id, chunks, entry.MAX_EVENT_BYTES))

    def progress(self, mappers: int | None) -> Progress:
        """Count return values."""
        returns = self.aws.store("returns", patient=False)
        mapped = len(objects.names(returns, f"{self.run_id}/mapper/"))
        if mappers is None or mapped < mappers:
            return Progress(mapped)
        partitions = objects.read(returns, f"{self.run_id}/partition/1.json")
        if partitions is None:
            return Progress(mapped)
        reduced = len(objects.names(returns, f"{self.run_id}/reducer/"))
        return Progress(mapped, reduced, len(json.loads(partitions)))
