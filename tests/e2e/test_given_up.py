"""A function that can't even start, on the embedded AWS: the run ends as failed all the same, and goes on once that is mended."""

import pytest

from tests.cloud import Cloud
from tests.deployed_code import changed
from tests.fakes.waiting import wait_until

_DIES_AT_IMPORT = """
import os

os._exit(1)
"""


def test_run_whose_mapper_cannot_start_fails_and_goes_on_when_it_can(cloud: Cloud, orchestration: str) -> None:
    run = f"stillborn-{orchestration}"
    with changed(cloud, orchestration, "mapper", "runtime/orchestration/entry.py", _DIES_AT_IMPORT):
        failed = cloud.invoke(orchestration, "--run-id", run, "--json", "--timeout", "90", "-", stdin="to be")

    resumed = cloud.command("resume", run, "--json", "--timeout", "90")

    assert failed.status == 1, failed.out + failed.err
    assert "mapper, index 1" in failed.err
    assert resumed.counts == {"to": 1, "be": 1}


@pytest.mark.parametrize("orchestration", ["dynamodb_triggers"], indirect=True)
def test_record_that_the_stream_gave_up_is_told_and_removed(cloud: Cloud, orchestration: str) -> None:
    run = "given-up"
    with changed(cloud, orchestration, "partition", "runtime/orchestration/entry.py", _DIES_AT_IMPORT):
        failed = cloud.invoke(orchestration, "--run-id", run, "--json", "--timeout", "90", "-", stdin="to be")

    assert failed.status == 1, failed.out + failed.err
    assert "the stream gave up after 6 invocations" in failed.err
    wait_until(lambda: cloud.keys(orchestration, "given_up") == [], "the recorder to remove what it recorded")
    assert cloud.command("clean", run).status == 0
    buckets = cloud.deployment(orchestration)["buckets"]
    assert [key for role in buckets for key in cloud.keys(orchestration, role, run)] == []
