"""Requests are refused or cut, and events come twice: the counts are exact all the same."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.cloud import Cloud
from tests.faults.conftest import Site
from tests.faults.proxy import Rule
from tests.faults.runs import COUNTS, Outcome, ends_of, in_all, own_page, started

SECONDS = 240.0
"""A disturbed run's time limit: detection is no question here, since nothing fails for good."""

DISTURBANCES: dict[str, Rule] = {
    "503 SlowDown for a tenth": {"error": {"code": "SlowDown", "status": 503}},
    "connection reset for a tenth": {"reset": True},
}


def counted(cloud: Cloud, orchestration: str, run: str, build: Path | None = None) -> float:
    """A run that ends with the exact counts and one result; its seconds."""
    with started(build or cloud.build, orchestration, "--run-id", run, "--json", "-") as client:
        done = client.end(SECONDS)
    assert done.counts == COUNTS, orchestration
    assert ends_of(cloud, orchestration, run) == [f"{run}/result.json"]
    return client.seconds


@pytest.mark.parametrize("name", DISTURBANCES)
def test_refused_and_cut_requests_to_s3_change_no_count(site: Site, note: Callable[[list[Outcome]], None], name: str) -> None:
    def run(orchestration: str) -> Outcome:
        prefix = site.cloud.deployment(orchestration)["buckets"]["shuffle"].partition("shuffle")[0]
        rule = {"service": "s3", "resource": prefix, "probability": 0.1, **DISTURBANCES[name]}
        with site.proxy.disturbed(rule) as (made,):
            took = counted(site.cloud, orchestration, f"{name.split()[0]}-{orchestration}", site.around)
            injected = site.proxy.fired(made)
        assert injected, "no request was disturbed"
        return Outcome(orchestration, f"{name} of S3's requests", injected, "exact counts", took)

    note(in_all(run))


@pytest.fixture
def twice(site: Site) -> Iterator[None]:
    """Every event that is delivered, twice."""

    def deliver(times: int) -> None:
        assert own_page(site.cloud, f"deliveries/{times}", "POST")["deliveries"] == times

    deliver(2)
    try:
        yield
    finally:
        deliver(1)


@pytest.mark.usefixtures("twice")
def test_events_that_come_twice_change_no_count(site: Site, note: Callable[[list[Outcome]], None]) -> None:
    def run(orchestration: str) -> Outcome:
        took = counted(site.cloud, orchestration, f"twice-{orchestration}")
        return Outcome(orchestration, "each event delivered twice", 0, "exact counts", took)

    note(in_all(run, ("http_sync_s3", "s3_triggers", "dynamodb_triggers")))
