"""How a run ends: one object of the two, in the results bucket.

{run}/result.json   {word: value}; create-if-absent, so each run has exactly one result
{run}/failed.json   why it cannot finish; written by `failure`, and see there for its fields
"""

import json
from typing import Any

from runtime.mapreduce import storage
from runtime.orchestration.envelope import encode

_TRIES = 3


def store_result(bucket: str, run_id: str, value: Any) -> Any:
    """Store the result unless there is one; return what is stored.

    Raises:
        StorageError: a request finally failed.
    """
    return json.loads(storage.create_or_read(bucket, f"{run_id}/result.json", encode(value)))


def find_result(bucket: str, run_id: str) -> Any | None:
    """The result, None while there is none."""
    body = storage.get(bucket, f"{run_id}/result.json")
    return None if body is None else json.loads(body)


def has_failed(bucket: str, run_id: str) -> bool:
    """Whether the run's failure is recorded."""
    return storage.get(bucket, f"{run_id}/failed.json") is not None


def record_failure(bucket: str, run_id: str, failure: dict[str, Any]) -> None:
    """Record why a run failed; the first record stays, later ones mostly tell of its consequences.

    "Already exists" may be S3's 409, when nothing exists yet (see `storage.create_or_read`). Those who record failures have no
    right to read, so they look by trying again.

    Raises:
        StorageError: the put finally failed.
    """
    for _ in range(_TRIES):
        if storage.create(bucket, f"{run_id}/failed.json", encode(failure)):
            return
