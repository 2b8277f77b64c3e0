"""The client is killed with kill -9: its run goes on without it, and another client finds it."""

import time
from collections.abc import Callable

from tests.faults.conftest import Site
from tests.faults.proxy import Rule
from tests.faults.runs import COUNTS, INPUT, Outcome, in_all, started

_PAUSE_SECONDS = 4.0
"""How long summary's last write waits, so that the client has not seen the end yet when it is killed."""

STARTS: dict[str, tuple[str, str]] = {
    "sfn": ("stepfunctions", "StartExecution"),
    "http_sync_s3": ("lambda", "Invoke"),
    "http_only": ("lambda", "Invoke"),
    "s3_triggers": ("s3", "PutObject"),
    "dynamodb_triggers": ("dynamodb", "BatchWriteItem"),
}
"""Service and operation of the first request with which a client starts its run, after the claim."""


def test_run_whose_client_was_killed_is_attached_to(site: Site, note: Callable[[list[Outcome]], None]) -> None:
    def run(orchestration: str) -> Outcome:
        cloud, run = site.cloud, f"orphan-{orchestration}"
        results = cloud.deployment(orchestration)["buckets"]["results"]
        requests = {"service": "s3", "operation": "PutObject", "resource": results}
        with (
            site.proxy.held(requests, seconds=_PAUSE_SECONDS) as hold,
            started(cloud.build, orchestration, "--run-id", run, "--json", "-") as client,
        ):
            client.wait_until_it_waits()
            hold.wait()
            client.kill()
            hold.lift()
        at = time.monotonic()
        done = cloud.invoke(orchestration, "--attach", run, "--json")
        took = time.monotonic() - at

        assert done.counts == COUNTS, orchestration
        assert took < site.limit(orchestration) + _PAUSE_SECONDS, orchestration
        return Outcome(orchestration, "client killed while it waits", 1, "exact counts, attached", took)

    note(in_all(run))


def test_run_that_was_claimed_and_not_started_says_so(site: Site, note: Callable[[list[Outcome]], None]) -> None:
    def run(orchestration: str) -> Outcome:
        cloud, run = site.cloud, f"claimed-{orchestration}"
        with (
            site.proxy.held(_first_request(site, orchestration), seconds=60) as hold,
            started(site.around, orchestration, "--run-id", run, "--json", "-") as client,
        ):
            hold.wait()
            client.kill()
        at = time.monotonic()
        attached = cloud.invoke(orchestration, "--attach", run, "--json", "--timeout", "2")
        took = time.monotonic() - at
        again = cloud.invoke(orchestration, "--run-id", run, "--json", "-", stdin=INPUT)

        assert attached.status == 3, attached.out + attached.err
        assert f"run {run} has not ended" in attached.err
        assert again.status == 2, again.out + again.err
        assert f"{run}/run.json" in cloud.keys(orchestration, "results", run)
        return Outcome(orchestration, "client killed before the start", 1, "not ended; its run id stays taken", took)

    # One after the other: the proxy can't tell one's first request from the other's.
    for alone in ("http_sync_s3", "http_only"):
        note([run(alone)])
    note(in_all(run, ("sfn", "s3_triggers", "dynamodb_triggers")))


def _first_request(site: Site, orchestration: str) -> Rule:
    service, operation = STARTS[orchestration]
    rule = {"service": service, "operation": operation}
    return {**rule, "resource": site.cloud.deployment(orchestration)["buckets"]["mapper-input"]} if service == "s3" else rule
