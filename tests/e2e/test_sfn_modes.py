"""sfn on the embedded AWS, in both Map modes: a run that failed or was cancelled goes on by a redrive, and only what is missing
runs again. A large run in the mode that is not the default is here, too, since changing the mode takes an apply.
"""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.cloud import Cloud
from tests.e2e.bugs import COUNTS, TEXTS, broken_mapper, invoked
from tests.e2e.conftest import deploy
from tests.e2e.test_inputs import IN_S3, counted_in_s3
from tests.e2e.test_wordcount import WIDE, WIDE_WORDS, tiny_chunks


@pytest.fixture(params=["INLINE", "DISTRIBUTED"], scope="module")
def mode(request: pytest.FixtureRequest, cloud: Cloud) -> Iterator[str]:
    """The deployment in each Map mode in turn."""
    if request.param == "DISTRIBUTED":
        deploy("sfn", "sfn.map_mode=DISTRIBUTED")
    assert cloud.deployment("sfn")["sfn_map_mode"] == request.param
    yield request.param
    if request.param == "DISTRIBUTED":
        deploy("sfn")


def execution(cloud: Cloud, run: str) -> dict[str, Any]:
    arn = cloud.deployment("sfn")["state_machine_arn"].replace(":stateMachine:", ":execution:")
    described: dict[str, Any] = cloud.client("stepfunctions").describe_execution(executionArn=f"{arn}:{run}")
    return described


def test_resume_after_the_bug_is_mended_runs_one_mapper_of_sixteen(cloud: Cloud, mode: str) -> None:
    run = f"resumed-{mode.lower()}"
    with broken_mapper(cloud, "sfn"):
        failed = cloud.invoke("sfn", "--run-id", run, "--json", "-", stdin=json.dumps(TEXTS))
    before = invoked(cloud, "sfn")

    done = cloud.command("resume", run, "--json")

    assert failed.status == 1, failed.out + failed.err
    assert "mapper, index 5" in failed.err, failed.err
    assert "a word that this version can't stand" in failed.err
    assert done.counts == COUNTS
    assert f"run {run} goes on with mapper 5\n" in done.err
    again = invoked(cloud, "sfn") - before
    # The recorder lets the execution go on; EventBridge's event of its end, too, may come as late as this.
    assert again == {"recorder": again["recorder"], "mapper": 1, "partition": 1, "reducer": again["reducer"], "summary": 1}
    assert (execution(cloud, run)["status"], execution(cloud, run)["redriveCount"]) == ("SUCCEEDED", 1)


@pytest.mark.parametrize("mode", ["DISTRIBUTED"], indirect=True)
def test_distributed_map_runs_two_hundred_chunks(cloud: Cloud, mode: str) -> None:
    chunks, expected = tiny_chunks(200)

    assert cloud.invoke("sfn", "--json", "-", stdin=chunks).counts == expected
    assert cloud.invoke("sfn", "--json", "-", stdin="[]").counts == {}
    assert cloud.invoke("sfn", "--json", *WIDE, stdin=" ".join(WIDE_WORDS)).counts == WIDE_WORDS
    assert counted_in_s3(cloud, "sfn") == IN_S3


def test_resume_before_the_bug_is_mended_fails_again_and_says_so(cloud: Cloud) -> None:
    with broken_mapper(cloud, "sfn"):
        cloud.invoke("sfn", "--run-id", "unmended", "--json", "-", stdin=json.dumps(TEXTS))
        before = invoked(cloud, "sfn")
        again = cloud.command("resume", "unmended", "--json")

    assert again.status == 1, again.out + again.err
    assert "mapper, index 5" in again.err
    ran = invoked(cloud, "sfn") - before
    # Beside the two within the execution, EventBridge's event of each of its ends comes when it comes.
    assert 2 <= ran.pop("recorder") <= 4
    assert ran == {"mapper": 3}
    assert cloud.command("resume", "unmended", "--json").counts == COUNTS


def test_cancelled_run_does_nothing_until_it_is_resumed(cloud: Cloud, mode: str) -> None:
    run = f"cancelled-{mode.lower()}"
    with cloud.held("sfn", "mapper"):
        cloud.invoke("sfn", "--run-id", run, "--no-wait", "-", stdin=json.dumps(TEXTS))
        cancelled = [cloud.command("cancel", run) for _ in range(2)]
    stopped = execution(cloud, run)
    before = invoked(cloud, "sfn")

    done = cloud.command("resume", run, "--json")

    assert [command.status for command in cancelled] == [0, 0], cancelled[0].err + cancelled[1].err
    assert (stopped["status"], stopped["error"]) == ("ABORTED", "Cancelled")
    assert done.counts == COUNTS
    assert (invoked(cloud, "sfn") - before)["mapper"] == 16
