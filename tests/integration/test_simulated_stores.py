"""The simulation's S3 and DynamoDB keep the rules of the real ones: the same assertions on them and on moto's server."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import boto3
import obstore
import pytest
from obstore.exceptions import AlreadyExistsError, GenericError, PreconditionError
from obstore.store import S3Store

from runtime.aws.dynamodb import dynamodb_client
from runtime.aws.errors import RefusedError
from tests.fakes.bucketful import Buckets
from tests.simulation import objects, tables

BOTH = pytest.mark.parametrize("kind", ["simulated", "moto"])
CREATE = {"ConditionExpression": "attribute_not_exists(#k)", "ExpressionAttributeNames": {"#k": "Key"}}


class Immediately:
    """Makes a simulated request without scheduler and faults."""

    process = SimpleNamespace(lineage=None)

    def make(self, name: str, effect: Callable[[], Any], kinds: Any, *answers: Any) -> Any:
        return effect()


@dataclass
class S3:
    """obstore, true or simulated, with one bucket."""

    face: Any
    store: Any

    def put(self, key: str, body: bytes = b"", mode: Any = "overwrite") -> None:
        self.face.put(self.store, key, body, mode=mode, use_multipart=False)

    def get(self, key: str) -> bytes:
        return bytes(self.face.get(self.store, key).bytes())

    def part(self, key: str, wanted: Any) -> tuple[bytes, tuple[int, int], int]:
        found = self.face.get(self.store, key, options={"range": wanted})
        return bytes(found.bytes()), tuple(found.range), found.meta["size"]

    def pages(self, prefix: str | None, size: int = 1000) -> list[list[str]]:
        return [[item["path"] for item in page] for page in self.face.list(self.store, prefix, chunk_size=size)]


@dataclass
class Table:
    """The functions' client, true or simulated, with one table; `records` are its stream's."""

    client: Any
    name: str
    records: Callable[[], list[tuple[str, Any]]]

    def put(self, key: str, **attributes: Any) -> None:
        self.request("PutItem", Item={"Key": {"S": key}, **attributes}, **CREATE)

    def get(self, key: str) -> Any:
        return self.request("GetItem", Key={"Key": {"S": key}}, ConsistentRead=True).get("Item")

    def update(self, key: str, expression: str, shown: str, **arguments: Any) -> Any:
        made = {"UpdateExpression": expression, "ReturnValues": shown, **arguments}
        return self.request("UpdateItem", Key={"Key": {"S": key}}, **made)["Attributes"]

    def request(self, operation: str, **arguments: Any) -> Any:
        return self.client.request(operation, {"TableName": self.name, **arguments})


@pytest.fixture
def s3(kind: str, request: pytest.FixtureRequest) -> S3:
    if kind == "simulated":
        return S3(objects.Obstore(objects.Buckets(), Immediately()), "bucket")  # type: ignore[arg-type]
    buckets: Buckets = request.getfixturevalue("buckets")
    endpoint = request.getfixturevalue("moto_endpoint")
    return S3(obstore, S3Store(buckets.shuffle, endpoint=endpoint, client_options={"allow_http": True}))


@pytest.fixture
def table(kind: str, request: pytest.FixtureRequest) -> Iterator[Table]:
    if kind == "simulated":
        held, told = tables.Tables(), []
        held.watchers.append(lambda change: told.append(("MODIFY" if change.before else "INSERT", change.after)))
        client = tables.Client(held, Immediately(), SimpleNamespace())  # type: ignore[arg-type]
        yield Table(client, "table", lambda: told)
        return
    client = request.getfixturevalue("clients")["dynamodb"]
    request.getfixturevalue("aws_environment")
    created = client.create_table(
        TableName="contract",
        KeySchema=[{"AttributeName": "Key", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "Key", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
    )
    streams = boto3.client("dynamodbstreams", endpoint_url=request.getfixturevalue("moto_endpoint"))
    yield Table(dynamodb_client(), "contract", lambda: _records(streams, created["TableDescription"]["LatestStreamArn"]))
    client.delete_table(TableName="contract")


def _records(streams: Any, arn: str) -> list[tuple[str, Any]]:
    (shard,) = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]
    start = {"StreamArn": arn, "ShardId": shard["ShardId"], "ShardIteratorType": "TRIM_HORIZON"}
    found = streams.get_records(ShardIterator=streams.get_shard_iterator(**start)["ShardIterator"])["Records"]
    return [(record["eventName"], record["dynamodb"]["NewImage"]) for record in found]


@BOTH
def test_write_is_read(s3: S3) -> None:
    s3.put("run/a", b"1")
    s3.put("run/a", b"2")

    assert s3.get("run/a") == b"2"
    assert s3.pages("run/") == [["run/a"]]


@BOTH
def test_missing_object_is_not_found(s3: S3) -> None:
    with pytest.raises(FileNotFoundError):
        s3.get("run/a")


@BOTH
def test_first_creation_stays(s3: S3) -> None:
    s3.put("run/a", b"first", mode="create")

    with pytest.raises(AlreadyExistsError):
        s3.put("run/a", b"second", mode="create")

    assert s3.get("run/a") == b"first"


@BOTH
def test_version_is_replaced_once(s3: S3) -> None:
    s3.put("run/a", b"first")
    e_tag = s3.face.get(s3.store, "run/a").meta["e_tag"]
    s3.put("run/a", b"second", mode={"e_tag": e_tag})

    with pytest.raises(PreconditionError):
        s3.put("run/a", b"third", mode={"e_tag": e_tag})

    assert s3.get("run/a") == b"second"


@BOTH
def test_replacing_what_is_not_there_is_refused(s3: S3) -> None:
    with pytest.raises((FileNotFoundError, PreconditionError)):
        s3.put("run/a", b"", mode={"e_tag": '"0"'})


@BOTH
@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ((2, 5), (b"234", (2, 5), 10)),
        ((8, 50), (b"89", (8, 10), 10)),
        ({"offset": 7}, (b"789", (7, 10), 10)),
        ({"suffix": 4}, (b"6789", (6, 10), 10)),
        ({"suffix": 40}, (b"0123456789", (0, 10), 10)),
    ],
)
def test_part_of_an_object_is_read(s3: S3, wanted: Any, expected: Any) -> None:
    s3.put("run/a", b"0123456789")

    assert s3.part("run/a", wanted) == expected
    if isinstance(wanted, tuple):
        assert bytes(s3.face.get_range(s3.store, "run/a", start=wanted[0], end=wanted[1])) == expected[0]


@BOTH
@pytest.mark.parametrize(("body", "wanted"), [(b"0123456789", (10, 12)), (b"0123456789", {"offset": 10}), (b"", {"suffix": 4})])
def test_part_that_is_not_there_is_refused(s3: S3, body: bytes, wanted: Any) -> None:
    s3.put("run/a", body)

    with pytest.raises(GenericError):
        s3.part("run/a", wanted)


@BOTH
def test_part_is_read_of_one_version_alone(s3: S3) -> None:
    s3.put("run/a", b"0123")
    options = {"range": (1, 3), "if_match": s3.face.get(s3.store, "run/a").meta["e_tag"]}
    assert bytes(s3.face.get(s3.store, "run/a", options=options).bytes()) == b"12"

    s3.put("run/a", b"4567")
    with pytest.raises(PreconditionError):
        s3.face.get(s3.store, "run/a", options=options)


@BOTH
def test_upload_in_parts_is_one_object_that_replaces_the_one_before(s3: S3) -> None:
    body = bytes(range(256)) * 44 * 1024
    s3.put("run/a", b"before")

    pieces = iter([body[:10], body[10:]])
    s3.face.put(s3.store, "run/a", pieces, use_multipart=True, chunk_size=5 * 1024 * 1024, max_concurrency=4)

    assert s3.get("run/a") == body
    assert s3.part("run/a", {"suffix": 3}) == (body[-3:], (len(body) - 3, len(body)), len(body))


@BOTH
def test_listing_says_sizes(s3: S3) -> None:
    s3.put("run/a", b"")
    s3.put("run/b", b"12")

    (page,) = s3.face.list(s3.store, "run/", chunk_size=10)

    assert [(item["path"], item["size"]) for item in page] == [("run/a", 0), ("run/b", 2)]


@BOTH
def test_deleted_object_is_gone_and_may_be_deleted_again(s3: S3) -> None:
    s3.put("run/a")
    s3.put("run/b")

    for _ in range(2):
        s3.face.delete(s3.store, "run/a")

    assert s3.pages("run/") == [["run/b"]]


@BOTH
def test_listing_is_in_the_order_of_bytes(s3: S3) -> None:
    names = ["a", "a-", "a0", "Z", "z", "é", "名", "\U0001f600", "\uff5e"]
    for name in names:
        s3.put(f"run/{name}")

    (page,) = s3.pages("run/")

    assert page == [f"run/{name}" for name in sorted(names, key=str.encode)]


@BOTH
def test_page_holds_a_thousand_keys(s3: S3) -> None:
    for number in range(1001):
        s3.put(f"run/{number}")

    pages = s3.pages("run/")

    assert [len(page) for page in pages] == [1000, 1]
    assert len({key for page in pages for key in page}) == 1001


@BOTH
def test_prefix_is_one_of_whole_segments(s3: S3) -> None:
    for key in ("run/reducer1/a", "run/reducer10/a", "run1/reducer1/a"):
        s3.put(key)

    assert s3.pages("run/reducer1/") == [["run/reducer1/a"]]
    assert [page for page in s3.pages("nothing/") if page] == []


@BOTH
def test_directories_are_listed_once(s3: S3) -> None:
    for key in ("run/reducer1/a/1", "run/reducer1/b/1", "run/reducer0/a/1", "run/alone"):
        s3.put(key)

    found = s3.face.list_with_delimiter(s3.store, "run/")

    assert sorted(found["common_prefixes"]) == ["run/reducer0", "run/reducer1"]
    assert [item["path"] for item in found["objects"]] == ["run/alone"]


@BOTH
def test_first_item_stays(table: Table) -> None:
    table.put("a", Value={"S": "first"})

    with pytest.raises(RefusedError) as caught:
        table.put("a", Value={"S": "second"})

    assert caught.value.code == "ConditionalCheckFailedException"
    assert table.get("a") == {"Key": {"S": "a"}, "Value": {"S": "first"}}
    assert table.get("b") is None


@BOTH
def test_adding_to_a_set_twice_changes_nothing(table: Table) -> None:
    expression = "ADD Finished :number SET Expires = if_not_exists(Expires, :expires)"

    def add(number: str, expires: str) -> Any:
        values = {":number": {"NS": [number]}, ":expires": {"N": expires}}
        return table.update("set", expression, "ALL_NEW", ExpressionAttributeValues=values)

    add("10", "1")
    add("9", "2")
    shown = add("9", "3")

    assert sorted(shown["Finished"]["NS"]) == ["10", "9"]
    assert shown["Expires"] == {"N": "1"}
    assert shown["Key"] == {"S": "set"}


@BOTH
def test_update_of_what_must_exist(table: Table) -> None:
    def note(request_id: str) -> Any:
        condition = {"ConditionExpression": "attribute_exists(#k)", "ExpressionAttributeNames": {"#k": "Key"}}
        values = {":id": {"SS": [request_id]}}
        return table.update("a", "ADD Attempts :id", "UPDATED_NEW", ExpressionAttributeValues=values, **condition)

    with pytest.raises(RefusedError) as caught:
        note("r1")
    table.put("a")
    note("r1")
    shown = note("r2")

    assert caught.value.code == "ConditionalCheckFailedException"
    assert shown.keys() == {"Attempts"}
    assert sorted(shown["Attempts"]["SS"]) == ["r1", "r2"]


@BOTH
def test_adding_to_a_number_twice_counts_twice(table: Table) -> None:
    values = {":one": {"N": "1"}}
    table.update("a", "ADD Many :one", "UPDATED_NEW", ExpressionAttributeValues=values)
    shown = table.update("a", "ADD Many :one", "UPDATED_NEW", ExpressionAttributeValues=values)

    assert shown == {"Many": {"N": "2"}}


@BOTH
def test_batch_gets_what_is_there(table: Table) -> None:
    for key in ("a", "b"):
        table.put(key)
    wanted = {table.name: {"Keys": [{"Key": {"S": key}} for key in ("b", "a", "c")], "ConsistentRead": True}}

    answer = table.client.request("BatchGetItem", {"RequestItems": wanted})

    assert sorted(item["Key"]["S"] for item in answer["Responses"][table.name]) == ["a", "b"]
    assert answer["UnprocessedKeys"] == {}


@BOTH
@pytest.mark.parametrize("keys", [["a", "a"], [str(number) for number in range(101)]])
def test_batch_out_of_bounds_is_refused(keys: list[str], table: Table) -> None:
    wanted = {table.name: {"Keys": [{"Key": {"S": key}} for key in keys], "ConsistentRead": True}}

    with pytest.raises(RefusedError):
        table.client.request("BatchGetItem", {"RequestItems": wanted})


@BOTH
def test_stream_tells_of_each_change_in_order(table: Table) -> None:
    table.put("a", Value={"S": "1"})
    with pytest.raises(RefusedError):
        table.put("a", Value={"S": "2"})
    table.update("a", "ADD Finished :n", "ALL_NEW", ExpressionAttributeValues={":n": {"NS": ["1"]}})

    names, images = zip(*table.records(), strict=True)

    assert names == ("INSERT", "MODIFY")
    assert images[0] == {"Key": {"S": "a"}, "Value": {"S": "1"}}
    assert images[1] == {"Key": {"S": "a"}, "Value": {"S": "1"}, "Finished": {"NS": ["1"]}}
