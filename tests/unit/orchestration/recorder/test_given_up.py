"""given_up: what a stream's mapping left in its bucket becomes the run's failure record, unless the run has ended."""

import copy
import json
from typing import Any

import pytest

from runtime.aws.errors import StorageError
from runtime.orchestration.workflow.envelope import EnvelopeError
from runtime.ports import ports
from tests.fakes.context import FakeContext
from tests.fakes.events import load_event
from tests.fakes.log_lines import parse_lines
from tests.fakes.notifications import object_created
from tests.fakes.recorder import lambda_handler

PREFIX = "wordcount-dynamodb_triggers-"
BUCKET = "wordcount-dynamodb-triggers-given-up-123456789012"
KEY = "aws/lambda/5f0b5fa3-1c1d-4d4e-9b4e-2f2f6e0b7b8a/shardId-00000001795457051184-864758bb/2026/11/23/2026-11-23T18.05.11-9f86"
TABLES = ("mapper-input", "mapper-output", "reducer-input", "reducer-output", "results")

EXPIRES = json.loads(load_event("given_up")["payload"])["Records"][0]["dynamodb"]["NewImage"]["Expires"]
"""Of the item in the event."""

Capsys = pytest.CaptureFixture[str]


class Cloud:
    """Objects by bucket and key, and the keys of the items that there are by table."""

    def __init__(self) -> None:
        self.objects: dict[tuple[str, str], bytes] = {}
        self.items = {(f"{PREFIX}mapper-input", "run1/3")}
        self.expires: Any = EXPIRES

    def create(self, bucket: str, key: str, body: bytes) -> bool:
        if (bucket, key) in self.objects:
            return False
        self.objects[bucket, key] = body
        return True

    def call(self, operation: str, name: str, key: str, **arguments: Any) -> Any:
        assert operation == "GetItem"
        assert arguments["ConsistentRead"]
        return {"Item": {"Key": {"S": key}, "Expires": self.expires}} if (name, key) in self.items else {}

    def leave(self, record: Any, key: str = KEY) -> Any:
        """Leave a record in the bucket; the notification of it."""
        self.objects[BUCKET, key] = record if isinstance(record, bytes) else json.dumps(record).encode()
        return object_created(BUCKET, key)

    @property
    def left(self) -> list[str]:
        return [key for bucket, key in self.objects if bucket == BUCKET]

    @property
    def failure(self) -> Any:
        return json.loads(self.objects["results-bucket", "run1/failed.json"])

    @property
    def recorded(self) -> list[str]:
        return [key for bucket, key in self.objects if bucket == "results-bucket" and key.endswith("/failed.json")]


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch) -> Cloud:
    made = Cloud()
    monkeypatch.setattr(ports().s3, "create", made.create)
    monkeypatch.setattr(
        ports().s3,
        "list_keys",
        lambda bucket, prefix: [key for held, key in made.objects if held == bucket and key.startswith(prefix)],
    )
    monkeypatch.setattr(ports().s3, "get", lambda *where: made.objects.get(where))
    monkeypatch.setattr(ports().s3, "delete", lambda *where: made.objects.pop(where, None))
    monkeypatch.setattr(ports().dynamodb, "call", made.call)
    buckets = {"given_up": BUCKET, "results": "results-bucket", "returns": "returns-bucket"}
    tables = {role: PREFIX + role for role in TABLES}
    own = {"ORCHESTRATION": "dynamodb_triggers", "FUNCTION": "recorder", "FUNCTION_PREFIX": PREFIX}
    for name, value in (own | {"BUCKETS": json.dumps(buckets), "TABLES": json.dumps(tables)}).items():
        monkeypatch.setenv(name, value)
    return made


def given_up(function: str = "mapper", role: str = "mapper-input", **image: Any) -> Any:
    """The record of an item; None takes an attribute away."""
    record = load_event("given_up")
    event = json.loads(record["payload"])
    event["Records"][0]["eventSourceARN"] = f"arn:aws:dynamodb:us-east-1:123456789012:table/{PREFIX}{role}/stream/2026-11-23"
    fields = event["Records"][0]["dynamodb"]["NewImage"] | {"To": {"S": function}} | image
    event["Records"][0]["dynamodb"]["NewImage"] = {name: value for name, value in fields.items() if value is not None}
    record["requestContext"]["functionArn"] = f"arn:aws:lambda:us-east-1:123456789012:function:{PREFIX}{function}"
    return record | {"payload": json.dumps(event)}


def test_record_that_no_attempt_could_note_fails_its_run_and_is_removed(cloud: Cloud, capfd: Capsys) -> None:
    notice = cloud.leave(load_event("given_up"))

    answer = lambda_handler(notice, FakeContext())

    failure = cloud.failure
    told = {
        "run": "run1",
        "function": "mapper",
        "index": 3,
        "error": "RetryAttemptsExhausted",
        "traceback": [],
        "attempts": 6,
        "request_id": "316aa6d0-8154-4d7a-9af7-85d5f4a6bc81",
        "log_group": f"/aws/lambda/{PREFIX}mapper",
    }
    assert {name: failure[name] for name in told} == told
    assert "the stream gave up after 6 invocations" in failure["message"]
    assert (answer, cloud.left) == ({"recorded": 1}, [])
    assert json.loads(capfd.readouterr().out).items() >= failure.items()


def test_payload_may_be_json_in_place_of_text(cloud: Cloud) -> None:
    record = load_event("given_up")

    lambda_handler(cloud.leave(record | {"payload": json.loads(record["payload"])}), FakeContext())

    assert (cloud.failure["index"], cloud.left) == (3, [])


def test_record_that_got_too_old_fails_its_run(cloud: Cloud) -> None:
    record = load_event("given_up")
    record["requestContext"] |= {"condition": "RecordAgeExceeded", "approximateInvokeCount": 0}

    lambda_handler(cloud.leave(record), FakeContext())

    assert [cloud.failure[name] for name in ("error", "attempts")] == ["RecordAgeExceeded", 0]


@pytest.mark.parametrize(("function", "role"), [("partition", "mapper-output"), ("summary", "reducer-output")])
def test_fan_in_that_was_given_up_has_no_index(function: str, role: str, cloud: Cloud) -> None:
    cloud.items.add((PREFIX + role, "run1/fan-in"))

    lambda_handler(cloud.leave(given_up(function, role, Key={"S": "run1/fan-in"}, Index=None)), FakeContext())

    assert [cloud.failure[name] for name in ("function", "index")] == [function, None]


def test_record_for_the_recorder_is_the_failure_itself(cloud: Cloud) -> None:
    told = {"run": "run1", "function": "reducer", "index": 2, "error": "ValueError", "message": "a bad word", "attempts": 3}
    cloud.items.add((f"{PREFIX}results", "run1/failed"))
    record = given_up("recorder", "results", Key={"S": "run1/failed"}, Failure={"S": json.dumps(told)}, Index=None)

    lambda_handler(cloud.leave(record), FakeContext())

    assert (cloud.failure | told, cloud.left) == (cloud.failure, [])


def test_all_records_of_a_batch_are_recorded(cloud: Cloud) -> None:
    first, second = given_up(), given_up(Key={"S": "run2/1"}, Run={"S": "run2"}, Index={"N": "1"})
    records = [json.loads(record["payload"])["Records"][0] for record in (first, second)]
    cloud.items.add((f"{PREFIX}mapper-input", "run2/1"))

    answer = lambda_handler(cloud.leave(first | {"payload": json.dumps({"Records": records})}), FakeContext())

    assert (answer, sorted(cloud.recorded)) == ({"recorded": 2}, ["run1/failed.json", "run2/failed.json"])


def test_first_failure_of_a_run_stays(cloud: Cloud) -> None:
    cloud.objects["results-bucket", "run1/failed.json"] = b'"the first"'

    lambda_handler(cloud.leave(load_event("given_up")), FakeContext())

    assert (cloud.failure, cloud.left) == ("the first", [])


def test_run_that_has_its_result_gets_no_failure(cloud: Cloud, capfd: Capsys) -> None:
    cloud.objects["results-bucket", "run1/result.json"] = b'{"to": 1}'

    answer = lambda_handler(cloud.leave(load_event("given_up")), FakeContext())

    assert (answer, cloud.recorded, cloud.left) == ({"recorded": 0}, [], [])
    (said,) = parse_lines(capfd.readouterr().out)
    assert said == {"log": "mapreduce", "outcome": "turned back", "reason": "the run has its result", "run": "run1"}


def test_run_that_was_resumed_since_gets_no_failure(cloud: Cloud, capfd: Capsys) -> None:
    cloud.expires = {"N": str(int(EXPIRES["N"]) + 60)}  # a resume puts the items of what it sets off anew

    lambda_handler(cloud.leave(load_event("given_up")), FakeContext())

    assert (cloud.recorded, cloud.left) == ([], [])
    said = json.loads(capfd.readouterr().out)
    assert (said["run"], said["reason"]) == ("run1", "the run was resumed since")


def test_run_that_was_removed_gets_no_failure(cloud: Cloud, capfd: Capsys) -> None:
    cloud.items.clear()

    lambda_handler(cloud.leave(load_event("given_up")), FakeContext())

    assert (cloud.recorded, cloud.left) == ([], [])
    said = json.loads(capfd.readouterr().out)
    assert (said["run"], said["reason"]) == ("run1", "the run is no more")


def test_object_that_another_invocation_has_removed_is_no_error(cloud: Cloud, capfd: Capsys) -> None:
    assert lambda_handler(object_created(BUCKET, KEY), FakeContext()) == {"recorded": 0}

    assert json.loads(capfd.readouterr().out)["object"] == KEY


def test_key_is_read_as_the_notification_encodes_it(cloud: Cloud) -> None:
    lambda_handler(cloud.leave(load_event("given_up"), "aws/lambda/a mapping+1/é"), FakeContext())

    assert (cloud.recorded, cloud.left) == (["run1/failed.json"], [])


def test_object_stays_while_its_failure_cannot_be_stored(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(bucket: str, key: str, body: bytes) -> bool:
        raise StorageError("s3:PutObject", bucket, key, "503 SlowDown")

    monkeypatch.setattr(ports().s3, "create", refuse)

    with pytest.raises(StorageError):
        lambda_handler(cloud.leave(load_event("given_up")), FakeContext())

    assert cloud.left == [KEY]


@pytest.mark.parametrize(
    "record",
    [
        b"",
        b"\xff\xfe",
        b"not json",
        b"[" * 100_000,
        b"null",
        [],
        {},
        {"payload": "{}"},
        load_event("given_up") | {"payload": "no json"},
        load_event("given_up") | {"payload": None},
        load_event("given_up") | {"payload": '{"Records": [null]}'},
        load_event("given_up") | {"requestContext": None},
        load_event("given_up") | {"requestContext": {"condition": "RetryAttemptsExhausted"}},
        given_up(Run={"S": "../run2"}, Key={"S": "../run2/3"}),
        given_up(Run={"S": "run2"}),
        given_up(Run={"S": "run"}),
        given_up(Run=None),
        given_up(Key=None),
        given_up(Index={"N": "9" * 5000}),
        given_up("partition") | {"requestContext": load_event("given_up")["requestContext"]},
        given_up(role="strange"),
    ],
    ids=lambda record: repr(record)[:30],
)
def test_what_is_no_record_of_this_deployment_is_named_and_stays(record: Any, cloud: Cloud) -> None:
    notice = cloud.leave(record)

    with pytest.raises(EnvelopeError, match=KEY.partition("/shard")[0]):
        lambda_handler(notice, FakeContext())

    assert (cloud.recorded, cloud.left) == ([], [KEY])


def test_function_of_another_deployment_fails_no_run_of_this_one(cloud: Cloud) -> None:
    record = load_event("given_up")
    record["requestContext"]["functionArn"] = record["requestContext"]["functionArn"].replace(PREFIX, "other-dynamodb_triggers-")

    with pytest.raises(EnvelopeError, match="no item that a stream of this deployment brings to a function"):
        lambda_handler(cloud.leave(record), FakeContext())

    assert cloud.recorded == []


def test_notice_of_another_bucket_is_refused(cloud: Cloud) -> None:
    notice = copy.deepcopy(cloud.leave(load_event("given_up")))
    notice["Records"][0]["s3"]["bucket"]["name"] = "foreign"

    with pytest.raises(EnvelopeError, match=f"no object of {BUCKET}"):
        lambda_handler(notice, FakeContext())

    assert (cloud.recorded, cloud.left) == ([], [KEY])
