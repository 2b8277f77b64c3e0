"""How a run ends: one object of the two, in the results bucket.

{run}/result.json   {word: value}; create-if-absent, so each run has exactly one result
{run}/failed.json   why it cannot finish; written by `recorder`, and see there for its fields
{run}/run.json      the client's claim on the run's id, from before its start until it is tidied up

An event may be delivered long after its run has ended, and after all that lay between the functions was removed. One listing
tells whoever wakes up that there is nothing left to do.
"""

import re
from typing import TYPE_CHECKING, Any

from runtime.encoding import encode
from runtime.ports import ports

if TYPE_CHECKING:
    from runtime.orchestration.ending.record import FailureRecord

DONE = "the run has its result"
FAILED = "the run has ended as failed"
"""A run that was cancelled has ended so, too."""

REMOVED = "the run was removed"

MADE_BY_CLIENT = re.compile(r"[0-9]{8}T[0-9]{9}-[0-9a-f]{10}(-[0-9]+)?")
"""Run ids that the client makes, and those of their steps. Such a run has its claim before its first function begins, so one
without was removed. A run that was given its id, or that no client started, may never have had one."""

_TRIES = 3


def how_ended(bucket: str, run_id: str) -> str | None:
    """Return DONE, FAILED or REMOVED if nothing is left to do in a run, or None while something is. Raises StorageError."""
    names = {key.rpartition("/")[2] for key in ports().s3.list_keys(bucket, f"{run_id}/")}
    if "result.json" in names:
        return DONE
    if "failed.json" in names:
        return FAILED
    return REMOVED if "run.json" not in names and MADE_BY_CLIENT.fullmatch(run_id) else None


def store_result(bucket: str, run_id: str, value: Any) -> None:
    """Store the result unless there is one. Raises StorageError."""
    ports().s3.create_or_read(bucket, f"{run_id}/result.json", encode(value))


def record_failure(bucket: str, failure: "FailureRecord") -> str | None:
    """Record why a run failed. The first record stays, because later failures mostly follow from it.

    "Already exists" may be S3's 409, when nothing exists yet (see `s3.create_or_read`). Those who record failures have no
    right to read, so they look by trying again.

    Returns:
        DONE or REMOVED, if that is how the run ended before: then nothing is recorded.

    Raises:
        StorageError: a request finally failed.
    """
    end = how_ended(bucket, failure.run)
    if end in (DONE, REMOVED):
        return end
    for _ in range(_TRIES):
        if ports().s3.create(bucket, f"{failure.run}/failed.json", encode(failure.json())):
            break
    return None
