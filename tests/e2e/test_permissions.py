"""Each action of each policy taken away in turn, on the embedded AWS, which asks IAM: a small run then fails and says so.

Which ones a small run needs is found out by simulating it. The rest are used on other paths, which simulated schedules take, or
by AWS itself: tests/simulation/test_permissions.py accounts for each of them.
"""

import json

import pytest

from runtime.mapreduce.shuffle import LAYOUTS
from tests.cloud import Cloud
from tests.e2e.policies import Grant, grants, is_used, without
from tests.simulation.usage import PLAIN, plain

LEFT_OUT = {
    "MarkTheRunAsDoneOrFailed": "a failure, too, is told by an item in that table; the stream that gives up knows no cause"
}
"""Statements that a small run needs, but doesn't fail without, with the reason."""


def needed(cloud: Cloud, orchestration: str) -> dict[Grant, str]:
    """The actions that a small run fails without, each with a layout of the shuffle in which it does."""
    deployment = cloud.deployment(orchestration)
    found: dict[Grant, str] = {}
    for shuffle in LAYOUTS:
        # Of who reads an object that isn't there, S3 wants s3:ListBucket, to answer 404; the embedded AWS answers without asking.
        uses = {use for use in plain(orchestration, shuffle) if use.action != "s3:ListBucket" or use.resource.endswith("/")}
        for grant in grants(cloud, orchestration):
            if grant.sid not in LEFT_OUT and is_used(grant, uses, orchestration, deployment):
                found.setdefault(grant, shuffle)
    return found


def run_without(cloud: Cloud, orchestration: str, grant: Grant, shuffle: str) -> str:
    """ "refused" if the run fails and names function and action, else what the client said."""
    if grant.function == "recorder":
        return sweep_without(cloud, orchestration, grant)
    with without(cloud, orchestration, grant):
        options = ("--json", "--timeout", "90", "--chunks", "2", "--shuffle", shuffle)
        done = cloud.invoke(orchestration, *options, "-", stdin=" ".join(PLAIN.texts))
    named = grant.action in done.err and grant.function in done.err
    return "refused" if done.status == 1 and named else f"exit code {done.status}: {done.err}"


def sweep_without(cloud: Cloud, orchestration: str, grant: Grant) -> str:
    """ "refused" if the sweep for overdue runs fails at one of them and names the action, else what it answered."""
    deployment, s3 = cloud.deployment(orchestration), cloud.client("s3")
    marker = {"Bucket": deployment["buckets"]["results"], "Key": f".open/overdue-{grant.sid.lower()}/1"}
    s3.put_object(**marker)
    try:
        with without(cloud, orchestration, grant):
            swept = json.dumps({"source": "aws.events"}).encode()
            answer = cloud.client("lambda").invoke(FunctionName=deployment["functions"]["recorder"], Payload=swept)
    finally:
        s3.delete_object(**marker)
    told = answer["Payload"].read().decode()
    return "refused" if "FunctionError" in answer and f"{grant.action} on" in told and "denied" in told else told


@pytest.mark.timeout(1800)
def test_run_without_one_action_fails_and_names_it(cloud: Cloud, orchestration: str) -> None:
    wanted = needed(cloud, orchestration)

    outcomes = {grant: run_without(cloud, orchestration, grant, shuffle) for grant, shuffle in wanted.items()}

    assert {str(grant): told for grant, told in outcomes.items() if told != "refused"} == {}
    assert {grant.function for grant in outcomes} >= {"mapper", "partition", "reducer", "summary"}
