"""http_sync_s3: the client invokes `unum_map`, asynchronously, with all chunks in one envelope.

    {"Session": run id, "Data": {"Source": "http", "Value": [chunk, ...]}}
    {"Session": run id, "Data": {"Source": "s3", "Value": "unum_map.input/1.json"}}     when that is too large

Return values are objects `{run}/{function}/{index}.json`, so their names tell the progress.
"""

import json

from runtime.orchestration.envelope import encode, inline, pointer
from scripts.client import objects
from scripts.client.errors import StartError
from scripts.client.orchestrations.base import (
    Chunk,
    Orchestration,
    Progress,
    require,
    size,
    starting,
)

MAX_PAYLOAD_BYTES = 900_000
"""Of 1 MB that Lambda takes asynchronously; the rest is room for headers and for how the service counts."""

_CLAIM_CHECK = "unum_map.input/1.json"


class HttpSyncS3(Orchestration):
    """A run of Lambdas that invoke each other."""

    service = "lambda"

    def start(self, chunks: list[Chunk]) -> None:
        """Invoke unum_map."""
        function = require(self.aws.deployment.functions.get("unum_map"), "function unum_map")
        payload: dict[str, object] = {"Session": self.run_id, "Data": inline(chunks)}
        if size(payload) > MAX_PAYLOAD_BYTES:
            objects.write(self.aws.store("returns"), f"{self.run_id}/{_CLAIM_CHECK}", encode(chunks))
            payload["Data"] = pointer(_CLAIM_CHECK)
        client = self.aws.client("lambda")
        with starting(f"invoking {function}"):
            answer = client.invoke(FunctionName=function, InvocationType="Event", Payload=encode(payload))
        if answer["StatusCode"] != 202:
            raise StartError(f"invoking {function} was answered with status {answer['StatusCode']}, not 202", certain=False)

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
