"""By when a run must have ended, whatever is tried again on the way. What is still open then has lost an event.

A stage of n branches may last::

    hand-over + ⌈n / concurrency⌉ × limit + (attempts - 1) × limit + pauses

`limit` is the function's time limit. Every branch may use it up once, and the last one in each of its attempts. The platform
pauses between attempts. The hand-over covers the delivery of events, which takes seconds and at times minutes. A run's seconds
are the sum over its stages, and over the recorder of failures: a run that fails has to be recorded, too.

    Lambda's own queue (http_sync_s3, s3_triggers)   3 attempts, pauses of 60 s and 120 s
    a stream (dynamodb_triggers)                     6 attempts, pauses of at most 60 s (not documented, so a guess)
    a state machine (sfn)                            3 attempts, pauses of seconds
    http_only                                        one stage: the time limit of unum_map bounds all that it waits for

A branch of http_sync_s3 that waits for the others may itself have to be tried again once they are there: one more term.

Where nothing bounds a function's concurrency, and the account's isn't known, it is 10, as in a new account: too low a figure
makes the deadline late, too high a one would end runs that are under way.
"""

import time
from math import ceil

from runtime.mapreduce.keys import DEFAULT_NUM_REDUCER
from scripts.client.deployment import Deployment

HAND_OVER_SECONDS = 300

ASSUMED_CONCURRENCY = 10

_PAUSES = {"sfn": (10, 10), "dynamodb_triggers": (60, 60, 60, 60, 60)}
_QUEUE_PAUSES = (60, 120)
_ENTRY = "unum_map"
_RECORDER = "recorder"


def run_seconds(deployment: Deployment, chunks: int, reducers: int, account_concurrency: int | None = None) -> int:
    """How long a run may last, in seconds from its start.

    Args:
        deployment: what the run is started on.
        chunks: how many mappers it has.
        reducers: how many reducers it has at most.
        account_concurrency: how many functions the account runs at once, if that is known.
    """

    def stage(function: str, branches: int = 1) -> int:
        limit, pauses = deployment.timeout_of(function), _PAUSES.get(deployment.orchestration, _QUEUE_PAUSES)
        bounds = (deployment.concurrency.get(function), account_concurrency or ASSUMED_CONCURRENCY)
        at_once = min(bound for bound in bounds if bound)
        return HAND_OVER_SECONDS + ceil(branches / at_once) * limit + len(pauses) * limit + sum(pauses)

    recorder = stage(_RECORDER)
    if deployment.orchestration == "http_only":
        return stage(_ENTRY) + recorder
    entry = stage(_ENTRY) if _ENTRY in deployment.functions else 0
    waits = deployment.orchestration == "http_sync_s3" and deployment.return_store != "dynamodb"
    waiting = stage("mapper") + stage("reducer") if waits else 0
    branches = stage("mapper", chunks) + stage("reducer", reducers)
    return entry + branches + waiting + stage("partition") + stage("summary") + recorder


def run_deadline(deployment: Deployment, chunks: int, num_reducer: int | None) -> int:
    """By when a run that starts now must have ended, in seconds since the epoch."""
    return int(time.time()) + run_seconds(deployment, chunks, num_reducer or DEFAULT_NUM_REDUCER)


def patience_seconds(deployment: Deployment, chunks: int, reducers: int, account_concurrency: int | None = None) -> int:
    """How long a client waits by default: until the run is overdue and two sweeps have had the time to say so."""
    return run_seconds(deployment, chunks, reducers, account_concurrency) + 2 * 60 * deployment.sweep_minutes
