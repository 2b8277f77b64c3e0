"""A worker process is killed with kill -9 in the middle of its work: Lambda's retry, or the caller's, repairs the run."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from scripts.orchestrations import ORCHESTRATIONS
from tests.faults import workers
from tests.faults.conftest import Site
from tests.faults.runs import COUNTS, TEXTS, Outcome, ends_of, in_all, started

_HOLD_SECONDS = 60.0


@dataclass(frozen=True)
class Phase:
    """A place in a function where a request to S3 can be held: operation, role of the bucket, and how many to let go before."""

    function: str
    operation: str
    role: str
    after: int = 0


PHASES = {
    "mid-map": Phase("mapper", "PutObject", "shuffle"),
    "mid-fan-in of partition": Phase("partition", "ListObjectsV2", "shuffle"),
    "mid-reduce": Phase("reducer", "ListObjectsV2", "shuffle", after=1),  # the first is partition's
    "mid-fan-in of summary": Phase("summary", "PutObject", "results"),
}
PACKED = {
    "mid-put of packed pairs": Phase("mapper", "PutObject", "shuffle"),
    "mid-read of packed pairs": Phase("partition", "GetObject", "shuffle"),
    "mid-put of the merged index": Phase("partition", "PutObject", "shuffle", after=len(TEXTS)),  # the first are mappers'
    "mid-read of the merged index": Phase("reducer", "GetObject", "shuffle", after=len(TEXTS)),  # the first are partition's
}
WAITING = Phase("mapper", "ListObjectsV2", "returns")  # nobody but a poller lists return values


def killed_once(site: Site, orchestration: str, name: str, phase: Phase, shuffle: str = "objects") -> Outcome:
    deployment, run = site.cloud.deployment(orchestration), f"{name.replace(' ', '-')}-{orchestration}"
    requests = {"service": "s3", "operation": phase.operation, "resource": deployment["buckets"][phase.role]}
    with (
        site.proxy.held(requests, seconds=_HOLD_SECONDS, after=phase.after) as hold,
        started(site.cloud.build, orchestration, "--run-id", run, "--shuffle", shuffle, "--json", "-") as client,
    ):
        hold.wait()
        hold.lift()
        killed = workers.kill(site.cloud.build, deployment["functions"][phase.function])
        at = time.monotonic()
        done = client.end()
    took = time.monotonic() - at

    assert killed
    assert done.counts == COUNTS, orchestration
    assert ends_of(site.cloud, orchestration, run) == [f"{run}/result.json"]
    assert took < site.limit(orchestration), orchestration
    return Outcome(orchestration, f"kill -9 {name}", killed, "exact counts", took)


@pytest.mark.parametrize("name", PHASES)
def test_killed_function_is_done_again_and_the_counts_are_exact(
    site: Site, note: Callable[[list[Outcome]], None], name: str
) -> None:
    note(in_all(lambda orchestration: killed_once(site, orchestration, name, PHASES[name]), ORCHESTRATIONS))


@pytest.mark.parametrize("name", PACKED)
def test_function_that_is_killed_over_packed_pairs_is_done_again(
    site: Site, note: Callable[[list[Outcome]], None], name: str
) -> None:
    note(in_all(lambda orchestration: killed_once(site, orchestration, name, PACKED[name], "packed"), ORCHESTRATIONS))


def test_killed_poller_is_replaced_by_its_retry(site: Site, note: Callable[[list[Outcome]], None]) -> None:
    note([killed_once(site, "http_sync_s3", "mid-wait", WAITING)])
