"""Waiting for a run's end: its result or its failure appears in the results bucket."""

import time
from collections.abc import Callable

from scripts.client.aws import objects
from scripts.client.aws.clients import Aws
from scripts.client.errors import GoneError, RunFailedError, StorageError, TimedOutError
from scripts.client.orchestrations import Verdict
from scripts.client.stored.claim import FAILED, RESULT, RUN

_SHORTEST_SECONDS = 0.02
_LONGEST_SECONDS = 1.0
_SHARE = 20
_GRACE_SECONDS = 5.0
"""For the last object of a run to appear once the platform says that it has ended."""
_UNREACHABLE_SECONDS = 60.0
_GONE_SECONDS = 2.0
"""For how long the embedded AWS refuses connections before it is taken to be gone."""

_CLAIM_INTERVAL_SECONDS = 5.0
"""How often it is made sure that the run is still there."""


def wait_for_result(
    aws: Aws, run_id: str, timeout: float, verdict: Callable[[], Verdict | None], tick: Callable[[], None]
) -> bytes:
    """Poll until the run has ended, and return the body of its result.json.

    The interval is a twentieth of the time waited so far, between 20 ms and 1 s. `tick` is called after each poll.

    Raises:
        RunFailedError: the run ended as failed.
        TimedOutError: it did not end within `timeout` seconds.
        GoneError: the embedded AWS was stopped, or the run was removed, bucket and all.
        StorageError: the results bucket could not be reached for a minute, or refused.
    """
    results = aws.store("results", patient=False)
    began = time.monotonic()
    look_at, is_there = began + _CLAIM_INTERVAL_SECONDS, False
    unreachable_since: float | None = None
    ended_since: float | None = None
    while True:
        try:
            if objects.exists(results, f"{run_id}/{RESULT}"):
                return objects.read(aws.store("results"), f"{run_id}/{RESULT}") or b""
            if objects.exists(results, f"{run_id}/{FAILED}"):
                from scripts.client.report.failure import describe_failure

                raise RunFailedError(describe_failure(aws.deployment, run_id, objects.read(results, f"{run_id}/{FAILED}")))
            unreachable_since = None
            if time.monotonic() >= look_at:
                key = f"{run_id}/{RUN}"
                # Of a bucket that is gone only a GET tells: the answer to a HEAD has no body.
                was_there, is_there = is_there, objects.exists(results, key) or objects.read(results, key) is not None
                if was_there and not is_there and not objects.names(results, f"{run_id}/"):
                    raise GoneError(f"run {run_id} was removed while it was waited for")
                look_at = time.monotonic() + _CLAIM_INTERVAL_SECONDS
        except StorageError as error:
            from scripts.client.aws.gone import is_gone

            now = time.monotonic()
            unreachable_since = unreachable_since or now
            endpoint = aws.deployment.endpoint_url
            if endpoint and now - unreachable_since > _GONE_SECONDS and is_gone(endpoint):
                raise GoneError(
                    f"the embedded AWS at {endpoint} is gone, and run {run_id} with it: it was stopped, or has died;"
                    " start it again with `make local-up local-deploy`, and the run anew"
                ) from error
            if error.cause == objects.NO_BUCKET:
                raise GoneError(f"run {run_id} is gone: {error}; its deployment was removed") from error
            if now - unreachable_since > _UNREACHABLE_SECONDS:
                raise
        now = time.monotonic()
        if (ended := verdict()) is not None and unreachable_since is None:
            ended_since = ended_since or now
            if now - ended_since > _GRACE_SECONDS:
                from scripts.client.report.failure import describe_verdict

                raise RunFailedError(describe_verdict(aws.deployment, run_id, ended))
        tick()
        left = began + timeout - time.monotonic()
        if left <= 0:
            raise TimedOutError(f"run {run_id} has not ended after {timeout:g} s")
        time.sleep(min(left, max(_SHORTEST_SECONDS, min(_LONGEST_SECONDS, (now - began) / _SHARE))))
