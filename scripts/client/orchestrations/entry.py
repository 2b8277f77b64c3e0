"""Starting a run through its entry function, with one envelope.

Where the workflow begins with a fan-out, the entry gets its elements as a list of data, see `handing_over`; else its document::

    {"Session": run id, "Data": [{"Source": "http", "Value": element}, {"Source": "s3", "Value": "{branch}.input/2.json"}, ...]}
    {"Session": run id, "Data": {"Source": "s3", "Value": {"Elements": "{entry}.input/1.json"}}}     when the list is too large
    {"Session": run id, "Data": {"Source": "http", "Value": document}}
    {"Session": run id, "Data": {"Source": "s3", "Value": "{entry}.input/1.json"}}                   when the document is

List or document is stored under that name in either case, so that a run that fails can be resumed: it goes on from it.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from runtime.encoding import encode
from runtime.orchestration.values.returns import input_key
from runtime.orchestration.workflow.envelope import Elements, Envelope, Inline, Pointer
from scripts.client.aws import objects
from scripts.client.aws.clients import Aws
from scripts.client.errors import StartError, StorageError
from scripts.client.orchestrations import handing_over
from scripts.client.orchestrations.base import size, starting
from scripts.workflow import Workflow

MAX_EVENT_BYTES = 900_000
"""Of 1 MB that Lambda takes asynchronously; the rest is room for headers and for how the service counts."""

_FRAME_BYTES = len('{"Session":"","Data":}') + 64
"""Of the payload around the list."""


def input_of(workflow: Workflow) -> str:
    """Key, within a run, of the stored list of data or of the stored document."""
    return input_key(str(workflow.entry), 1)


def launch(aws: Aws, run_id: str, elements: Sequence[Any], send: Callable[[bytes], None]) -> None:
    """Store the elements that have no room in the payload, and send it; store what it holds meanwhile, or before if that is
    pointed to.

    Raises:
        StorageError: something could not be stored, and nothing was sent.
        StartError: what `send` raises; or the input could not be stored, and the run goes on.
    """
    returns, workflow = aws.store("returns"), aws.deployment.workflow
    key = f"{run_id}/{input_of(workflow)}"
    if workflow.begins_with_fan_out:
        data: Any = handing_over.place(returns, run_id, workflow.first.name, elements, MAX_EVENT_BYTES - _FRAME_BYTES)
        body = encode(data)
    else:
        (document,) = elements
        data, body = Inline(document).json(), encode(document)
    payload: dict[str, object] = {"Session": run_id, "Data": data}
    if size(payload) > MAX_EVENT_BYTES:
        objects.write(returns, key, body)
        send(relaunch(workflow, run_id))
        return
    with ThreadPoolExecutor(1) as pool:
        storing = pool.submit(objects.write, returns, key, body)
        send(encode(payload))
    try:
        storing.result()
    except StorageError as error:
        raise StartError(
            f"the input could not be stored, so that the run could not be resumed: {error}", certain=False
        ) from error


def relaunch(workflow: Workflow, run_id: str, **more: object) -> bytes:
    """The payload that starts a run from its stored input."""
    key = input_of(workflow)
    return encode(Envelope(run_id, Elements(key) if workflow.begins_with_fan_out else Pointer(key), more=more).json())


def send_off(aws: Aws, function: str, payload: bytes) -> None:
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
