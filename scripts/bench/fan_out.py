"""What a fan-out with its fan-in takes, where the branches have nothing to do: mappers with an empty text.

Beside it, a bare concurrent invoke: the same mapper, invoked as often, synchronously and many at once, by a thread pool. There
nothing is fanned in, no value is kept, and nobody takes over if something dies.
"""

import json
import time
from concurrent.futures import ThreadPoolExecutor

from runtime.orchestration.workflow.envelope import Envelope, FanOut, Inline
from scripts.client.aws.clients import Aws
from scripts.client.aws.removal import remove_below
from scripts.client.deployment import Deployment
from scripts.client.input.chunks import Element
from scripts.client.running.run_id import new_run_id
from scripts.client.stored import claim
from scripts.client.stored.claim import Claim
from scripts.compare import telemetry
from scripts.compare.measuring import Bench

BARE = "bare invoke"

_AT_ONCE = 64


def run(deployment: Deployment, branches: int, architecture: str, timeout_seconds: float) -> float:
    """Seconds of a run with so many mappers that emit nothing, from its start to its result.

    Raises:
        ClientError: it could not be started, failed, or did not end in time.
    """
    return Bench(deployment, [Element("")] * branches, architecture, timeout_seconds, shuffle="packed", lasting=False).clock()


def invoke(deployment: Deployment, branches: int, timeout_seconds: float) -> float:
    """Seconds until so many synchronous invocations of the mapper have all been answered; `deployment` is one of `sfn`.

    Raises:
        ClientError: the run id could not be claimed or released.
        RuntimeError: a function failed.
    """
    aws, run_id = Aws.open(deployment), new_run_id()
    results = aws.store("results")
    claim.take(results, Claim(run_id, deployment.orchestration, branches, 1, deployment.bucket("shuffle")))
    settings = {"max_pool_connections": _AT_ONCE, "read_timeout": timeout_seconds, "retries": {"total_max_attempts": 1}}
    client = telemetry.client(deployment, "lambda", **settings)
    name = deployment.function(deployment.workflow.first.name)
    chunk = {"text": "", "destination": deployment.bucket("shuffle"), "numReducer": 1, "shuffle": "packed"}

    def one(index: int) -> None:
        envelope = Envelope(run_id, Inline(chunk), FanOut(index, branches)).json()
        answer = client.invoke(FunctionName=name, Payload=json.dumps(envelope).encode())
        body = answer["Payload"].read()
        if "FunctionError" in answer:
            raise RuntimeError(f"{name} failed: {body[:300]!r}")

    with ThreadPoolExecutor(min(branches, _AT_ONCE)) as pool:
        began = time.monotonic()
        for _ in pool.map(one, range(1, branches + 1)):
            pass
        seconds = time.monotonic() - began
    for store in (aws.store("shuffle"), results):
        remove_below(store, f"{run_id}/")
    return seconds
