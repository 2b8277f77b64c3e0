"""EventBridge on the emulator: what becomes of an execution is told to the function of a rule."""

import json
import uuid
from typing import Any

import pytest

from tests.embedded.emulator import INVOKE, Emulator, task, until

HANDLER = """
import json, os, uuid
import obstore
from obstore.store import S3Store

def handler(event, context):
    store = S3Store(os.environ["BUCKET"], client_options={"allow_http": True})
    key = event["detail"]["status"] + "/" + uuid.uuid4().hex
    obstore.put(store, key, json.dumps(event["detail"]).encode(), use_multipart=False)
    if event["detail"]["name"] == "refused":
        raise ValueError("refused")
"""


class Told:
    """A state machine that fails, and the bucket that has what a rule's function was told of its executions."""

    def __init__(self, emulator: Emulator) -> None:
        self.emulator, self.bucket = emulator, emulator.bucket()
        function = emulator.function(code=HANDLER, Environment={"Variables": {"BUCKET": self.bucket}})
        arn = emulator.functions.get_function(FunctionName=function)["Configuration"]["FunctionArn"]
        self.machine = emulator.states.create_state_machine(
            name=f"machine-{uuid.uuid4().hex[:12]}",
            definition=json.dumps(task(emulator.function())),
            roleArn=emulator.role(INVOKE),
        )["stateMachineArn"]
        rule, events = f"rule-{uuid.uuid4().hex[:12]}", emulator.client("events")
        pattern = {"source": ["aws.states"], "detail": {"stateMachineArn": [self.machine], "status": ["FAILED"]}}
        made = events.put_rule(Name=rule, EventPattern=json.dumps(pattern))["RuleArn"]
        emulator.functions.add_permission(
            FunctionName=function,
            StatementId="rule",
            Action="lambda:InvokeFunction",
            Principal="events.amazonaws.com",
            SourceArn=made,
        )
        events.put_targets(Rule=rule, Targets=[{"Id": "function", "Arn": arn}])

    def fail(self, name: str) -> str:
        """Let an execution fail; return its ARN."""
        given = {"stateMachineArn": self.machine, "name": name, "input": json.dumps({"do": "raise"})}
        return str(self.emulator.states.start_execution(**given)["executionArn"])

    def details(self) -> list[dict[str, Any]]:
        keys = self.emulator.keys(self.bucket, "FAILED/")
        return [json.loads(self.emulator.s3.get_object(Bucket=self.bucket, Key=key)["Body"].read()) for key in keys]


@pytest.fixture
def told(emulator: Emulator) -> Told:
    return Told(emulator)


def test_function_that_a_rule_starts_is_tried_again(told: Told) -> None:
    told.fail("refused")

    until(lambda: len(told.details()) == 3, 30)


def test_event_of_an_execution_says_how_often_it_was_redriven(told: Told) -> None:
    execution = told.fail("redriven")
    until(lambda: len(told.details()) == 1, 30)

    told.emulator.states.redrive_execution(executionArn=execution)

    until(lambda: len(told.details()) == 2, 30)
    assert sorted(detail["redriveCount"] for detail in told.details()) == [0, 1]
