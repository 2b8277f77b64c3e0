"""The client's own clients for the embedded AWS answer as boto3's do: both are asked the same of moto."""

import json

import boto3
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from scripts.client.aws.local import LocalClient

REGION = "us-east-1"
ROLE = "arn:aws:iam::123456789012:role/states"
DEFINITION = json.dumps({"StartAt": "a", "States": {"a": {"Type": "Pass", "End": True}}})


@pytest.fixture
def both(moto_endpoint):
    def make(service):
        account = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": REGION}
        return LocalClient(service, moto_endpoint, REGION, 20), boto3.client(service, endpoint_url=moto_endpoint, **account)

    return make


def test_executions_are_started_and_described_alike(both):
    ours, theirs = both("stepfunctions")
    machine = theirs.create_state_machine(name="m", definition=DEFINITION, roleArn=ROLE)["stateMachineArn"]

    execution = ours.start_execution(stateMachineArn=machine, name="r1", input='{"é": 1}')["executionArn"]

    # The execution goes on between the two answers, so how far it has come is left out.
    described, expected = (client.describe_execution(executionArn=execution) for client in (ours, theirs))
    same = expected.keys() - {"ResponseMetadata", "status", "stopDate", "output", "outputDetails"}
    assert {"executionArn", "name", "startDate", "input"} <= same
    assert {name: described.get(name) for name in same} == {name: expected[name] for name in same}
    assert theirs.describe_execution(executionArn=execution)["input"] == '{"é": 1}'


def test_pages_are_the_same(both):
    ours, theirs = both("stepfunctions")
    machine = theirs.create_state_machine(name="pages", definition=DEFINITION, roleArn=ROLE)["stateMachineArn"]
    for number in range(5):
        theirs.start_execution(stateMachineArn=machine, name=f"r{number}")

    pages, expected = (
        list(client.get_paginator("list_executions").paginate(stateMachineArn=machine, PaginationConfig={"PageSize": 2}))
        for client in (ours, theirs)
    )

    assert len(pages) == 3
    named, wanted = (
        [[(each["executionArn"], each["startDate"]) for each in page["executions"]] for page in found]
        for found in (pages, expected)
    )
    assert named == wanted


def test_errors_are_known_by_the_names_of_boto3(both):
    ours, _ = both("stepfunctions")
    missing = f"arn:aws:states:{REGION}:123456789012:execution:no:no"

    with pytest.raises(ours.exceptions.ExecutionDoesNotExist) as refused:
        ours.describe_execution(executionArn=missing)

    assert isinstance(refused.value, ClientError)
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert refused.value.response["Error"]["Code"] == "ExecutionDoesNotExist"


def test_items_are_written_and_read_alike(both):
    ours, theirs = both("dynamodb")
    theirs.create_table(
        TableName="t",
        KeySchema=[{"AttributeName": "Key", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "Key", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    item = {"Key": {"S": "r1/é"}, "Index": {"N": "3"}, "Members": {"NS": ["1", "2"]}}

    ours.batch_write_item(RequestItems={"t": [{"PutRequest": {"Item": item}}]})

    asked = {"RequestItems": {"t": {"Keys": [{"Key": {"S": "r1/é"}}], "ConsistentRead": True}}}
    assert ours.batch_get_item(**asked)["Responses"] == theirs.batch_get_item(**asked)["Responses"] == {"t": [item]}


def test_a_table_that_is_not_there_is_refused_by_its_code(both):
    ours, _ = both("dynamodb")

    with pytest.raises(ClientError) as refused:
        ours.get_item(TableName="no", Key={"Key": {"S": "x"}})

    assert refused.value.response["Error"]["Code"] == "ResourceNotFoundException"


def test_an_endpoint_where_nobody_listens_takes_nothing(unused_port):
    client = LocalClient("lambda", f"http://127.0.0.1:{unused_port}", REGION, 1, once=True)

    with pytest.raises(EndpointConnectionError):
        client.invoke(FunctionName="f", InvocationType="Event", Payload=b"{}")


@pytest.fixture
def unused_port():
    import socket

    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        return bound.getsockname()[1]


def test_what_is_no_operation_is_no_attribute(both):
    ours, _ = both("lambda")

    assert not hasattr(ours, "get_account_settings")
    assert not hasattr(ours, "__wrapped__")
