"""By when a run must have ended: never before what the platform may still do, and the client waits longer than that."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.client.deployment import Deployment
from scripts.client.running.deadline import (
    HAND_OVER_SECONDS,
    patience_seconds,
    run_seconds,
)
from scripts.orchestrations import ORCHESTRATIONS
from tests.fakes.deployed import wordcount

FUNCTIONS = ("unum_map", "mapper", "partition", "reducer", "summary", "recorder")


def deployed(orchestration: str, **told) -> Deployment:
    has_entry = orchestration.startswith("http")
    functions = {function: function for function in FUNCTIONS if function != "unum_map" or has_entry}
    timeouts = {"mapper": 900, "partition": 300, "reducer": 300, "summary": 300, "recorder": 30}
    timeouts |= {"unum_map": 300} if has_entry else {}
    place = ("wordcount", "us-east-1", "1", None)
    workflow = wordcount(orchestration)
    return Deployment(orchestration, *place, functions, {}, None, None, {}, 300, workflow, timeouts=timeouts, **told)


def of(chunks: int, reducers: int) -> dict[str, int]:
    return {"mapper": chunks, "reducer": reducers}


def test_each_stage_has_its_attempts_its_pauses_and_a_hand_over():
    seconds = run_seconds(deployed("s3_triggers"), of(25, 3))

    mapper = HAND_OVER_SECONDS + 3 * 900 + 2 * 900 + 60 + 120
    others = 3 * (HAND_OVER_SECONDS + 300 + 2 * 300 + 60 + 120)
    recorder = HAND_OVER_SECONDS + 3 * 30 + 60 + 120
    assert seconds == mapper + others + recorder


def test_everything_that_http_only_does_happens_within_the_entry():
    deployment = replace(deployed("http_only"), timeouts={"unum_map": 900, "recorder": 30})

    assert run_seconds(deployment, of(1, 1)) == run_seconds(deployment, of(500, 64)) == 2 * (300 + 180) + 3 * 900 + 3 * 30


def test_branch_that_waits_for_the_others_is_given_the_time_to_be_tried_again():
    waiting, counting = (deployed("http_sync_s3", return_store=store) for store in ("s3", "dynamodb"))

    longer = run_seconds(waiting, of(1, 1)) - run_seconds(counting, of(1, 1))

    assert longer == (300 + 3 * 900 + 180) + (300 + 3 * 300 + 180)


@pytest.mark.parametrize("orchestration", ORCHESTRATIONS)
def test_endless_loop_is_reported_before_the_client_gives_up(orchestration):
    deployment = deployed(orchestration)

    assert patience_seconds(deployment, of(1, 3)) >= run_seconds(deployment, of(1, 3)) + 600
    assert run_seconds(deployment, of(1, 3)) > 3 * deployment.timeout_of("unum_map" if orchestration == "http_only" else "mapper")


@given(
    orchestration=st.sampled_from(ORCHESTRATIONS),
    chunks=st.integers(0, 100_000),
    reducers=st.integers(1, 1000),
    bound=st.integers(1, 5000),
)
def test_more_work_or_less_concurrency_never_makes_the_deadline_earlier(orchestration, chunks, reducers, bound):
    deployment = deployed(orchestration)
    bounded = replace(deployment, concurrency={"mapper": bound})

    seconds = run_seconds(deployment, of(chunks, reducers))

    assert run_seconds(deployment, of(chunks + 1, reducers)) >= seconds
    assert run_seconds(deployment, of(chunks, reducers + 1)) >= seconds
    assert run_seconds(bounded, of(chunks, reducers)) >= seconds
