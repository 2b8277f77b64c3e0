"""sfn: an execution is stopped and redriven, and what the redrive runs again is read from its history and Map Runs."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from botocore.exceptions import ClientError

from scripts.client.errors import StartError, UsageError
from scripts.client.orchestrations import Verdict
from scripts.client.orchestrations.sfn import client as module
from scripts.client.orchestrations.sfn.client import Sfn
from scripts.client.stored import claim
from scripts.client.stored.claim import Claim
from tests.fakes.client_memory import Bucket
from tests.fakes.deployed import wordcount
from tests.fakes.progress import mapped

EXECUTION = "arn:aws:states:eu-west-1:1:execution:wordcount-sfn:r1"
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def refusal(code):
    return ClientError({"Error": {"Code": code, "Message": "no"}, "ResponseMetadata": {"HTTPStatusCode": 400}}, "Request")


class Machine:
    """Step Functions with one execution, in as much as is needed of boto3's client."""

    def __init__(self, status):
        self.execution = {"status": status, "stopDate": NOON, "error": "RunFailed", "cause": "why"}
        self.events, self.children, self.map_runs = [], [], []
        self.stopped, self.redriven, self.refused = 0, 0, None
        self.exceptions = SimpleNamespace(ClientError=ClientError, ExecutionDoesNotExist=type("Gone", (ClientError,), {}))
        deployment = SimpleNamespace(
            state_machine_arn=EXECUTION.replace(":execution:", ":stateMachine:").removesuffix(":r1"),
            sfn_map_mode="INLINE",
            workflow=wordcount("sfn"),
        )
        self.results = Bucket()
        aws = SimpleNamespace(deployment=deployment, client=lambda service: self, store=lambda role: self.results)
        self.run = Sfn(aws, "r1")

    def entered(self, state, **given):
        kind = {"map": "Map", "caught": "Pass"}.get(state.partition("-")[2], "Task")
        self.happened(f"{kind}StateEntered", "stateEnteredEventDetails", name=state, input=json.dumps(given))

    def iterated(self, state, *indexes):
        for index in indexes:
            self.happened("MapIterationSucceeded", "mapIterationSucceededEventDetails", name=state, index=index)

    def happened(self, kind, details, **told):
        self.events.append({"id": len(self.events) + 1, "type": kind, details: told})

    def distribute(self, *statuses):
        self.run.aws.deployment.sfn_map_mode = "DISTRIBUTED"
        self.children = [{"executionArn": str(index), "status": status} for index, status in enumerate(statuses, 1)]
        self.map_runs.append({"mapRunArn": "map run", "startDate": NOON + timedelta(hours=len(self.map_runs))})

    def stop_execution(self, executionArn, error, cause):
        assert executionArn == EXECUTION
        if self.refused:
            raise self.refused
        self.stopped += 1

    def redrive_execution(self, executionArn):
        assert executionArn == EXECUTION
        if self.refused:
            raise self.refused
        self.redriven += 1
        return {"redriveDate": NOON + timedelta(minutes=1)}

    def describe_execution(self, executionArn):
        if executionArn == EXECUTION:
            return self.execution
        return {"input": json.dumps({"Fan-out": {"Index": int(executionArn), "Size": 9}})}

    def list_map_runs(self, executionArn):
        return {"mapRuns": self.map_runs}

    def get_paginator(self, name):
        pages = {
            "get_execution_history": lambda reverseOrder, **_: [{"events": [event]} for event in self.events[::-1]],
            "list_executions": lambda mapRunArn, **_: [{"executions": [child]} for child in self.children],
        }
        return SimpleNamespace(paginate=pages[name])


@pytest.fixture
def failed():
    return Machine("FAILED")


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(module, "_END_SECONDS", 0.05)
    monkeypatch.setattr(module, "_END_INTERVAL_SECONDS", 0.01)


def test_execution_is_stopped():
    machine = Machine("RUNNING")

    machine.run.cancel()

    assert machine.stopped == 1


@pytest.mark.parametrize("status", ["FAILED", "SUCCEEDED", "ABORTED", "TIMED_OUT"])
def test_execution_that_has_ended_need_not_be_stopped(status):
    machine = Machine(status)
    machine.refused = refusal("ValidationException")

    machine.run.cancel()


def test_execution_that_is_not_there_need_not_be_stopped(failed):
    failed.refused = failed.exceptions.ExecutionDoesNotExist({"Error": {"Code": "ExecutionDoesNotExist"}}, "StopExecution")

    failed.run.cancel()


def test_execution_that_can_not_be_stopped_is_an_error():
    machine = Machine("RUNNING")
    machine.refused = refusal("AccessDeniedException")

    with pytest.raises(StartError, match=f"stopping {EXECUTION} was refused") as caught:
        machine.run.cancel()
    assert caught.value.certain


def claimed(machine):
    return Claim.parse(bytes(machine.results.get("r1/run.json").bytes()))


def test_redrive_is_noted_in_the_claim_before_it_begins(failed):
    owned = Claim("r1", "sfn", 2, None, "bucket")
    claim.take(failed.results, owned)
    failed.execution["redriveCount"] = 3
    failed.refused = refusal("ThrottlingException")

    with pytest.raises(StartError):
        failed.run.resume(2, attended=True)

    assert claimed(failed) == replace(owned, redrives=4)


def test_redrive_without_a_claim_leaves_none(failed):
    failed.run.resume(2, attended=True)

    assert failed.redriven == 1
    assert list(failed.results.list()) == []


@pytest.mark.parametrize("state", ["partition", "partition-caught", "partition-failed", "summary-failed"])
def test_function_outside_a_map_is_named(failed, state):
    failed.entered("mapper-map", data=[{}, {}])
    failed.entered("mapper")
    failed.iterated("mapper-map", 0, 1)
    failed.entered(state)

    assert failed.run.resume(2, attended=True) == [state.partition("-")[0]]
    assert failed.redriven == 1


def test_iterations_that_did_not_succeed_are_named(failed):
    failed.entered("mapper-map", data=[{}] * 4)
    failed.iterated("mapper-map", 2)
    failed.entered("mapper-failed")
    failed.iterated("mapper-map", 0)

    assert failed.run.resume(4, attended=True) == ["mapper 2", "mapper 4"]


def test_reducers_are_as_many_as_partition_found(failed):
    failed.iterated("mapper-map", 0, 1, 2)
    failed.entered("reducer-map", data=[{}, {}, {}])
    failed.entered("reducer-failed")
    failed.iterated("reducer-map", 1)

    assert failed.run.resume(9, attended=True) == ["reducer 1", "reducer 3"]


def test_map_whose_output_was_too_large_runs_anew(failed):
    failed.execution["error"] = "States.DataLimitExceeded"
    failed.entered("mapper-map", data=[{}, {}])
    failed.iterated("mapper-map", 0, 1)

    assert failed.run.resume(2, attended=True) == ["mapper 1", "mapper 2"]


def test_execution_that_was_stopped_before_it_began_runs_all(failed):
    assert failed.run.resume(2, attended=True) == ["mapper 1", "mapper 2"]


def test_children_that_did_not_succeed_are_named_and_the_others_counted(failed):
    failed.distribute("SUCCEEDED", "FAILED", "SUCCEEDED", "ABORTED")
    failed.entered("mapper-map", size=6)

    assert failed.run.resume(6, attended=True) == ["mapper 2", "mapper 4", "2 of mapper that had not begun"]


def test_map_run_that_never_began_runs_all(failed):
    failed.distribute()
    failed.map_runs.clear()
    failed.entered("mapper-map", size=2)

    assert failed.run.resume(2, attended=True) == ["mapper 1", "mapper 2"]


@pytest.mark.parametrize(
    ("status", "advice"), [("RUNNING", "still runs; wait for its end, or cancel the run"), ("SUCCEEDED", "start anew")]
)
def test_execution_that_has_not_failed_is_left_alone(status, advice):
    machine = Machine(status)

    with pytest.raises(UsageError, match=advice):
        machine.run.resume(2, attended=True)
    assert machine.redriven == 0


def test_execution_may_outlive_the_record_of_its_failure(failed):
    seen = iter(["RUNNING", "RUNNING", "FAILED"])
    failed.describe_execution = lambda executionArn: failed.execution | {"status": next(seen)}

    failed.run.resume(2, attended=True)

    assert failed.redriven == 1


def test_refused_redrive_is_an_error(failed):
    failed.refused = refusal("ExecutionNotRedrivable")

    with pytest.raises(StartError, match=r"redriving .* was refused: .*ExecutionNotRedrivable"):
        failed.run.resume(2, attended=True)


def test_execution_of_long_ago_is_no_more(failed):
    def gone(executionArn):
        raise failed.exceptions.ExecutionDoesNotExist({"Error": {"Code": "ExecutionDoesNotExist"}}, "DescribeExecution")

    failed.describe_execution = gone

    with pytest.raises(UsageError, match="start anew"):
        failed.run.resume(2, attended=True)


def test_earlier_failure_is_no_verdict_on_a_redriven_execution(failed):
    failed.run.resume(2, attended=True)
    stale = failed.run.verdict()
    failed.execution["stopDate"] += timedelta(minutes=2)

    assert stale is None
    assert failed.run.verdict() == Verdict("FAILED", "RunFailed", "why")


def test_recorder_that_lets_an_execution_go_on_counts_as_no_mapper(failed):
    outputs = [{"Source": "http", "Value": {}}, {"run": "r1", "log_group": "g"}, {"Source": "http", "Value": {}}]
    for output in outputs:
        failed.happened("LambdaFunctionSucceeded", "lambdaFunctionSucceededEventDetails", output=json.dumps(output))

    assert failed.run.progress(2) == mapped(2, of=2)
