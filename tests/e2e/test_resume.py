"""Runs that fail on the embedded AWS and are resumed once the cause is mended: only what is missing runs again."""

import json
import re
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from scripts.orchestrations import ORCHESTRATIONS
from tests.cloud import Cloud
from tests.e2e.bugs import COUNTS, TEXTS, broken_mapper, mappers_run

ORCHESTRATIONS_BUT_SFN = [name for name in ORCHESTRATIONS if name != "sfn"]
"""For that one see `test_sfn_modes`."""

TEXT = "to be or not to be that is the question"


@pytest.mark.parametrize("orchestration", ORCHESTRATIONS_BUT_SFN, scope="session")
def test_resume_after_the_bug_is_mended_runs_one_mapper_of_sixteen(cloud: Cloud, orchestration: str) -> None:
    run = f"resumed-{orchestration}"
    with broken_mapper(cloud, orchestration):
        failed = cloud.invoke(orchestration, "--run-id", run, "--json", "-", stdin=json.dumps(TEXTS))
    resumed = time.time()

    done = cloud.command("resume", run, "--json")

    assert failed.status == 1, failed.out + failed.err
    assert "mapper, index 5" in failed.err
    assert "a word that this version can't stand" in failed.err
    assert done.counts == COUNTS
    (told,) = re.findall(rf"run {run} goes on with (.*)", done.err)
    named = {int(index) for index in re.findall(r"mapper (\d+)", told)}
    ran = mappers_run(cloud, orchestration, run, since=resumed)
    # A stream invokes a few at a time: those that had not begun when the failure was recorded run now, and the client names them.
    assert {5} <= ran <= (named if orchestration == "dynamodb_triggers" else {5})


@pytest.mark.parametrize("orchestration", ORCHESTRATIONS_BUT_SFN, scope="session")
def test_of_two_clients_that_resume_at_once_one_does_and_the_other_is_told(cloud: Cloud, orchestration: str) -> None:
    run = f"resumed-twice-{orchestration}"
    with broken_mapper(cloud, orchestration):
        failed = cloud.invoke(orchestration, "--run-id", run, "--keep", "--json", "-", stdin=json.dumps(TEXTS))
    assert failed.status == 1, failed.out + failed.err

    with ThreadPoolExecutor(2) as pool:
        one, other = sorted(pool.map(lambda _: cloud.command("resume", run, "--json"), range(2)), key=lambda done: done.status)

    assert one.counts == COUNTS
    assert other.status == 2, other.out + other.err
    assert "--attach" in other.err
    assert sorted(cloud.keys(orchestration, "results", run)) == [f"{run}/result.json", f"{run}/run.json"]


@pytest.mark.parametrize(
    ("orchestration", "function", "statement"),
    [
        ("http_sync_s3", "partition", "ListPairsBelowAPrefixOnly"),
        ("http_only", "summary", "StoreTheResult"),
        ("s3_triggers", "summary", "StoreTheResult"),
        ("dynamodb_triggers", "partition", "ListPairsBelowAPrefixOnly"),
    ],
)
def test_run_goes_on_with_the_fan_in_once_that_may_do_what_it_lacked(
    cloud: Cloud, orchestration: str, function: str, statement: str
) -> None:
    run = f"mended-{function}-{orchestration}"
    with cloud.without_statement(orchestration, function, statement):
        failed = cloud.invoke(orchestration, "--run-id", run, "--chunks", "4", "--timeout", "90", "--json", "-", stdin=TEXT)
    assert failed.status == 1, failed.out + failed.err

    resumed = cloud.command("resume", run, "--timeout", "90", "--json")

    assert resumed.counts == Counter(TEXT.split())
    assert f"goes on with {function}" in resumed.err
    assert "mapper" not in resumed.err.partition("goes on with")[2].splitlines()[0]


@pytest.mark.parametrize("orchestration", ORCHESTRATIONS_BUT_SFN, scope="session")
def test_failed_run_can_be_looked_at_and_cleaned_up_to_nothing(cloud: Cloud, orchestration: str) -> None:
    run = f"cleaned-{orchestration}"
    with broken_mapper(cloud, orchestration):
        cloud.invoke(orchestration, "--run-id", run, "--json", "-", stdin="a poison b")

    told = [cloud.command(name, run) for name in ("cancel", "status", "clean")]

    assert [done.status for done in told] == [0, 0, 0], [done.err for done in told]
    assert "failed already" in told[0].err
    assert told[1].out.startswith(f"run {run}: failed")
    left = [key for role in cloud.deployment(orchestration)["buckets"] for key in cloud.keys(orchestration, role, run)]
    assert left == []
    assert cloud.items(orchestration, run) == []
