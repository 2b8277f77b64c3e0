"""Starting a run through its entry function, `unum_map`, with all chunks in one envelope.

{"Session": run id, "Data": {"Source": "http", "Value": [chunk, ...]}}
{"Session": run id, "Data": {"Source": "s3", "Value": "unum_map.input/1.json"}}     when that is too large
"""

from runtime.orchestration.envelope import encode, inline, pointer
from scripts.client import objects
from scripts.client.aws import Aws
from scripts.client.errors import StartError
from scripts.client.orchestrations.base import Chunk, size, starting

ENTRY = "unum_map"

MAX_EVENT_BYTES = 900_000
"""Of 1 MB that Lambda takes asynchronously; the rest is room for headers and for how the service counts."""

MAX_REQUEST_BYTES = 5_500_000
"""Of 6 MB that it takes synchronously."""

_CLAIM_CHECK = f"{ENTRY}.input/1.json"


def pack(aws: Aws, run_id: str, chunks: list[Chunk], limit: int) -> bytes:
    """The payload; chunks that make it larger than `limit` bytes are stored in the returns bucket. Raises StorageError."""
    payload: dict[str, object] = {"Session": run_id, "Data": inline(chunks)}
    if size(payload) > limit:
        objects.write(aws.store("returns"), f"{run_id}/{_CLAIM_CHECK}", encode(chunks))
        payload["Data"] = pointer(_CLAIM_CHECK)
    return encode(payload)


def send_off(aws: Aws, payload: bytes) -> None:
    """Invoke asynchronously: Lambda takes the payload into the function's queue.

    Raises:
        StartError: it did not, or its answer was lost.
    """
    function = aws.deployment.function(ENTRY)
    client = aws.client("lambda")
    with starting(f"invoking {function}"):
        answer = client.invoke(FunctionName=function, InvocationType="Event", Payload=payload)
    if answer["StatusCode"] != 202:
        raise StartError(f"invoking {function} was answered with status {answer['StatusCode']}, not 202", certain=False)
