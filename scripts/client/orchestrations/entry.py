"""Starting a run through its entry function, `unum_map`, with a list of data in one envelope; see `elements`.

{"Session": run id, "Data": [{"Source": "http", "Value": chunk}, {"Source": "s3", "Value": "mapper.input/2.json"}, ...]}
{"Session": run id, "Data": {"Source": "s3", "Value": {"Elements": "unum_map.input/1.json"}}}     when the list is too large

The list is stored under that name in either case, so that a run that fails can be resumed: it goes on from it.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from runtime.encoding import encode
from runtime.orchestration.workflow.envelope import Elements
from scripts.client.aws.clients import Aws
from scripts.client.errors import StartError, StorageError
from scripts.client.orchestrations import elements
from scripts.client.orchestrations.base import Chunk, size, starting

ENTRY = "unum_map"

MAX_EVENT_BYTES = 900_000
"""Of 1 MB that Lambda takes asynchronously; the rest is room for headers and for how the service counts."""

_FRAME_BYTES = len('{"Session":"","Data":}') + 64
"""Of the payload around the list."""


def launch(aws: Aws, run_id: str, chunks: Sequence[Chunk], send: Callable[[bytes], None]) -> None:
    """Store the chunks that have no room in the payload, and send it; store its list meanwhile, or before if that is pointed to.

    Raises:
        StorageError: something could not be stored, and nothing was sent.
        StartError: what `send` raises; or the list could not be stored, and the run goes on.
    """
    returns = aws.store("returns")
    data = elements.place(returns, run_id, chunks, MAX_EVENT_BYTES - _FRAME_BYTES)
    payload: dict[str, object] = {"Session": run_id, "Data": data}
    if size(payload) > MAX_EVENT_BYTES:
        elements.write_list(returns, run_id, data)
        send(relaunch(run_id))
        return
    with ThreadPoolExecutor(1) as pool:
        storing = pool.submit(elements.write_list, returns, run_id, data)
        send(encode(payload))
    try:
        storing.result()
    except StorageError as error:
        raise StartError(
            f"the chunks could not be stored, so that the run could not be resumed: {error}", certain=False
        ) from error


def relaunch(run_id: str, **more: object) -> bytes:
    """The payload that starts a run from its stored list."""
    return encode({"Session": run_id, "Data": Elements(elements.LIST).json(), **more})


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
