"""What a run's functions have counted, see runtime.orchestration.values.counters. It stays with the result, and goes with it."""

import json
from collections import Counter
from functools import partial

from obstore.store import S3Store

from runtime.concurrency import at_once
from runtime.orchestration.values.counters import folder
from scripts.client.aws import objects
from scripts.client.aws.removal import remove_what_appears

_THREADS = 32
"""There may be an object for each mapper and each reducer."""


def read_counters(results: S3Store, run_id: str) -> dict[str, int]:
    """The sums of all that has ended so far, in the order of the names; empty if nothing was counted.

    Raises:
        StorageError: some could not be read.
    """
    keys = objects.names(results, folder(run_id))
    sums = Counter[str]()
    for body in at_once([partial(objects.read, results, key) for key in keys], _THREADS):
        sums.update(json.loads(body or b"{}"))
    return dict(sorted(sums.items()))


def remove_counters(results: S3Store, run_id: str) -> None:
    """Remove them. Raises StorageError: some could not be removed."""
    remove_what_appears(results, folder(run_id))


def shown(counters: dict[str, int]) -> str:
    """Lines for the user: a head, then names and numbers, the numbers below each other."""
    names = max((len(name) for name in counters), default=0)
    numbers = max((len(f"{number:,}") for number in counters.values()), default=0)
    return "\n".join(["counters:", *(f"  {name:<{names}}  {f'{number:,}':>{numbers}}" for name, number in counters.items())])
