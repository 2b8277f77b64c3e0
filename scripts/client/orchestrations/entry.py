"""Starting a run through its entry function, `unum_map`, with all chunks in one envelope.

{"Session": run id, "Data": {"Source": "http", "Value": [chunk, ...]}}
{"Session": run id, "Data": {"Source": "s3", "Value": "unum_map.input/1.json"}}     when that is too large

The chunks are stored under that name in either case, so that a run that fails can be resumed: it goes on from them.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from runtime.orchestration.envelope import encode, inline, pointer
from scripts.client import objects, stored
from scripts.client.aws import Aws
from scripts.client.errors import StartError, StorageError
from scripts.client.orchestrations.base import Chunk, size, starting

ENTRY = "unum_map"

MAX_EVENT_BYTES = 900_000
"""Of 1 MB that Lambda takes asynchronously; the rest is room for headers and for how the service counts."""

MAX_REQUEST_BYTES = 5_500_000
"""Of 6 MB that it takes synchronously."""

_CHUNKS = f"{ENTRY}.input/1.json"


def launch(aws: Aws, run_id: str, chunks: list[Chunk], limit: int, send: Callable[[bytes], None]) -> None:
    """Send the payload, and store the chunks: meanwhile, or before, if they make it larger than `limit` bytes.

    Raises:
        StorageError: they could not be stored, and nothing was sent.
        StartError: what `send` raises; or they could not be stored, and the run goes on.
    """

    def store() -> None:
        objects.write(aws.store("returns"), f"{run_id}/{_CHUNKS}", encode(chunks))

    payload: dict[str, object] = {"Session": run_id, "Data": inline(chunks)}
    if size(payload) > limit:
        store()
        send(encode(payload | {"Data": pointer(_CHUNKS)}))
        return
    with ThreadPoolExecutor(1) as pool:
        storing = pool.submit(store)
        send(encode(payload))
    try:
        storing.result()
    except StorageError as error:
        raise StartError(
            f"the chunks could not be stored, so that the run could not be resumed: {error}", certain=False
        ) from error


def relaunch(run_id: str, **more: object) -> bytes:
    """The payload that starts a run anew from its stored chunks."""
    return encode({"Session": run_id, "Data": pointer(_CHUNKS), **more})


def read_chunks(aws: Aws, run_id: str, number: int) -> list[Chunk]:
    """The chunks that a run was started with.

    Raises:
        StorageError: they can't be read.
        UsageError: they are gone, or another number of them is there.
    """
    body = objects.read(aws.store("returns"), f"{run_id}/{_CHUNKS}")
    return stored.array(body, "what its mappers are given", number)


def send_off(aws: Aws, payload: bytes, function: str = ENTRY) -> None:
    """Invoke asynchronously: Lambda takes the payload into the function's queue.

    Raises:
        StartError: it did not, or its answer was lost.
    """
    name = aws.deployment.function(function)
    client = aws.client("lambda")
    with starting(f"invoking {name}"):
        answer = client.invoke(FunctionName=name, InvocationType="Event", Payload=payload)
    if answer["StatusCode"] != 202:
        raise StartError(f"invoking {name} was answered with status {answer['StatusCode']}, not 202", certain=False)
