"""The keeper on the embedded AWS: a run that lost an event is recorded as failed, and is resumed to exact counts."""

import contextlib
import json
import uuid
from collections.abc import Iterator

import pytest

from tests.cloud import Cloud
from tests.embedded.emulator import until

TEXTS = ["to be or not to be", "that is the question", "be that as it may"]
COUNTS = {"to": 2, "be": 3, "or": 1, "not": 1, "that": 2, "is": 1, "the": 1, "question": 1, "as": 1, "it": 1, "may": 1}


def lose_events_of_partition(cloud: Cloud, orchestration: str, run: str) -> None:
    """Start a run whose mappers return while nobody is told of it."""
    s3, bucket = cloud.client("s3"), cloud.deployment(orchestration)["buckets"]["mapper-output"]
    held = s3.get_bucket_notification_configuration(Bucket=bucket)
    held.pop("ResponseMetadata")
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={})
    try:
        started = cloud.invoke(orchestration, "-", "--run-id", run, "--no-wait", stdin=json.dumps(TEXTS))
        assert started.status == 0, started.err
        returned = {f"{run}/{index}.json" for index in (1, 2, 3)}
        until(lambda: returned <= set(cloud.keys(orchestration, "mapper-output", f"{run}/")), 120)
    finally:
        s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration=held)


def be_overdue(cloud: Cloud, orchestration: str, run: str) -> None:
    """Let the run's deadline have passed."""
    s3, bucket = cloud.client("s3"), cloud.deployment(orchestration)["buckets"]["results"]
    (marker,) = cloud.keys(orchestration, "results", f".open/{run}/")
    s3.put_object(Bucket=bucket, Key=f".open/{run}/1000000000", Body=b"")
    s3.delete_object(Bucket=bucket, Key=marker)
    claim = json.loads(s3.get_object(Bucket=bucket, Key=f"{run}/run.json")["Body"].read())
    s3.put_object(Bucket=bucket, Key=f"{run}/run.json", Body=json.dumps(claim | {"deadline": 1000000000}).encode())


@contextlib.contextmanager
def sweeping_every_minute(cloud: Cloud, orchestration: str) -> Iterator[None]:
    """Let EventBridge's rule come due sooner: a minute is its shortest."""
    events, deployment = cloud.client("events"), cloud.deployment(orchestration)
    name = deployment["functions"]["recorder"].removesuffix("-recorder") + "-sweep"
    rule = {key: value for key, value in events.describe_rule(Name=name).items() if key in ("Name", "Description", "State")}
    events.put_rule(**rule, ScheduleExpression="rate(1 minute)")
    try:
        yield
    finally:
        events.put_rule(**rule, ScheduleExpression=f"rate({deployment['sweep_minutes']} minutes)")


@pytest.mark.timeout(600)
@pytest.mark.parametrize("orchestration", ["s3_triggers"], indirect=True)
def test_run_that_lost_an_event_is_recorded_by_the_sweep_and_can_be_resumed(cloud: Cloud, orchestration: str) -> None:
    run = f"overdue-{uuid.uuid4().hex[:8]}"
    lose_events_of_partition(cloud, orchestration, run)
    be_overdue(cloud, orchestration, run)
    before = json.loads(cloud.command("status", run, "--json").out)

    with sweeping_every_minute(cloud, orchestration):
        until(lambda: f"{run}/failed.json" in cloud.keys(orchestration, "results", f"{run}/"), 200)
    status = json.loads(cloud.command("status", run, "--json").out)
    resumed = cloud.command("resume", run, "--json")

    assert (before["state"], before["overdue_since"]) == ("running", "2001-09-09T01:46:40+00:00")
    assert (status["state"], status["failure"]["error"]) == ("failed", "RunOverdue")
    assert resumed.status == 0, resumed.err
    assert json.loads(resumed.out) == COUNTS
    assert cloud.keys(orchestration, "results", f".open/{run}/") == []
