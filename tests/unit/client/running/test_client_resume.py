"""What a resumed run is set off with: what its own functions would send, for what is missing alone; and nothing is lost."""

import io
import json
import threading
from types import SimpleNamespace
from typing import Any

import obstore
import pytest

from runtime.limits import LIMITS
from scripts.client.aws import objects
from scripts.client.aws.items import Table
from scripts.client.errors import StartError, StorageError, UsageError
from scripts.client.orchestrations import entry
from scripts.client.orchestrations.dynamodb_triggers.client import DynamoDBTriggers
from scripts.client.orchestrations.http_only.client import HttpOnly
from scripts.client.orchestrations.http_sync_s3.client import HttpSyncS3
from scripts.client.orchestrations.http_sync_s3.return_stores import InTable
from scripts.client.orchestrations.s3_triggers.client import S3Triggers
from tests.fakes.client_memory import MemoryAws
from tests.fakes.deployed import wordcount

CHUNKS = [{"text": f"to be {i} 日本", "destination": "b"} for i in range(3)]
DATA = [
    {"Source": "http", "Value": CHUNKS[0]},
    {"Source": "s3", "Value": "mapper.input/2.json"},
    {"Source": "http", "Value": CHUNKS[2]},
]
LIST = {"Source": "s3", "Value": {"Elements": "unum_map.input/1.json"}}
PARTITIONS = [{"bucket": "b", "partition": f"reducer{n}/"} for n in (0, 2)]


class Interrupted(Exception):
    """The client dies here."""


def dying(*arguments: Any, **more: Any) -> None:
    raise Interrupted


class InvokingAws(MemoryAws):
    """With a Lambda client, which takes everything.

    Attributes:
        invoked: each invocation, `(type, function, event)`.
    """

    def __init__(self, return_store: str = "s3") -> None:
        super().__init__()
        self.invoked: list[tuple[str, str, Any]] = []
        self.deployment = SimpleNamespace(
            bucket=lambda role: role,
            table=lambda role: role,
            function=lambda name: name,
            timeout_of=lambda name: 60,
            return_store=return_store,
            redis_url=None,
            workflow=wordcount("http_sync_s3"),
        )

    def client(self, service: str) -> Any:
        return self if service == "lambda" else super().client(service)

    def long_client(self, service: str, answer_seconds: float) -> Any:
        return self

    def invoke(self, FunctionName: str, InvocationType: str, Payload: bytes) -> Any:
        self.invoked.append((InvocationType, FunctionName, json.loads(Payload)))
        return {"StatusCode": 202, "Payload": io.BytesIO(b"{}")}


@pytest.fixture
def aws() -> InvokingAws:
    return InvokingAws()


def etags(aws: MemoryAws, role: str) -> dict[str, str]:
    return {item["path"]: item["e_tag"] for page in obstore.list(aws.stores[role]) for item in page}


def branch(function: str, index: int, value: Any, size: int) -> tuple[str, str, Any]:
    """The invocation of a branch, as the egress before it sends it."""
    place = {"Index": index, "Size": size, "Directory": f"{function}/"}
    return "Event", function, {"Session": "r1", "Data": {"Source": "http", "Value": value}, "Fan-out": place}


class TestStoredChunks:
    def test_list_is_stored_while_the_run_is_started(self, aws: InvokingAws, monkeypatch: pytest.MonkeyPatch) -> None:
        sent = threading.Event()
        write = objects.write
        monkeypatch.setattr(objects, "write", lambda *a: sent.wait(10) and write(*a))

        entry.launch(aws, "r1", CHUNKS, lambda payload: sent.set())

        assert aws.bodies("returns") == {"r1/unum_map.input/1.json": [{"Source": "http", "Value": chunk} for chunk in CHUNKS]}

    def test_chunks_that_travel_as_claim_checks_are_there_first(self, aws: InvokingAws, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(entry, "MAX_EVENT_BYTES", 300)
        there: list[Any] = []

        entry.launch(aws, "r1", CHUNKS, lambda payload: there.append((json.loads(payload)["Data"], aws.bodies("returns"))))

        ((data, bodies),) = there
        assert [datum["Source"] for datum in data] == ["http", "http", "s3"]
        assert bodies["r1/mapper.input/3.json"] == CHUNKS[2]

    def test_list_that_its_carrier_does_not_take_is_there_first(self, aws: InvokingAws, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(entry, "MAX_EVENT_BYTES", 50)
        there: list[Any] = []

        entry.launch(aws, "r1", CHUNKS, lambda payload: there.append((json.loads(payload)["Data"], aws.bodies("returns"))))

        ((data, bodies),) = there
        assert data == LIST
        assert bodies["r1/unum_map.input/1.json"] == [
            {"Source": "s3", "Value": f"mapper.input/{index}.json"} for index in (1, 2, 3)
        ]

    def test_run_whose_chunks_could_not_be_stored_may_have_started(
        self, aws: InvokingAws, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse(*_: Any) -> None:
            raise StorageError("s3:PutObject", "b", "k", "no")

        monkeypatch.setattr(objects, "write", refuse)
        sent: list[bytes] = []

        with pytest.raises(StartError, match="could not be stored") as told:
            entry.launch(aws, "r1", CHUNKS, sent.append)
        monkeypatch.setattr(entry, "MAX_EVENT_BYTES", 50)
        with pytest.raises(StorageError):
            entry.launch(aws, "r1", CHUNKS, sent.append)

        assert not told.value.certain
        assert len(sent) == 1

    @pytest.mark.parametrize("body", [b"", b"{}", b"null", json.dumps(DATA[:2]).encode()])
    def test_anything_but_the_runs_list_is_refused(self, body: bytes, aws: InvokingAws) -> None:
        obstore.put(aws.stores["returns"], "r1/unum_map.input/1.json", body)

        with pytest.raises(UsageError, match="must be an array of 3"):
            HttpSyncS3(aws, "r1").resume(3, attended=True)

        assert aws.invoked == []

    @pytest.mark.parametrize("datum", [CHUNKS[0], LIST, {"Source": "s3", "Value": "../other/1.json"}])
    def test_list_of_anything_but_chunks_and_claim_checks_is_refused(self, datum: Any, aws: InvokingAws) -> None:
        aws.put("returns", "r1/unum_map.input/1.json", [DATA[0], datum, DATA[2]])

        with pytest.raises(UsageError, match="branch 2 was to be given"):
            HttpSyncS3(aws, "r1").resume(3, attended=True)

        assert aws.invoked == []


class TestHttpSyncS3:
    def test_mappers_without_a_value_and_the_last_are_invoked_as_unum_map_would(self, aws: InvokingAws) -> None:
        aws.put("returns", "r1/unum_map.input/1.json", DATA)
        aws.put("returns", "r1/mapper/3.json", {})
        aws.put("returns", "r10/mapper/1.json", {})

        assert HttpSyncS3(aws, "r1").resume(3, attended=True) == ["mapper 1", "mapper 2"]

        first, second, last = sorted(aws.invoked, key=lambda invoked: invoked[2]["Fan-out"]["Index"])
        assert first == branch("mapper", 1, CHUNKS[0], 3)
        assert second[2]["Data"] == DATA[1]
        assert last == branch("mapper", 3, CHUNKS[2], 3)

    def test_reducers_are_invoked_with_what_partition_returned(self, aws: InvokingAws) -> None:
        aws.put("returns", "r1/partition/1.json", PARTITIONS)
        aws.put("returns", "r1/reducer/1.json", {})

        assert HttpSyncS3(aws, "r1").resume(3, attended=True) == ["reducer 2"]

        assert aws.invoked == [branch("reducer", 2, PARTITIONS[1], 2)]

    def test_gatherer_of_nothing_gets_a_directory_of_nothing(self) -> None:
        aws = InvokingAws("dynamodb")
        aws.item("returns", "r1/partition/1", Value={"S": "[]"})

        assert HttpSyncS3(aws, "r1").resume(3, attended=True) == ["summary"]

        datum = {"Source": "dynamodb", "Value": {"Directory": "reducer/", "Size": 0}}
        assert aws.invoked == [("Event", "summary", {"Session": "r1", "Data": datum})]

    def test_run_whose_values_no_client_can_see_begins_again_from_its_chunks(self) -> None:
        aws = InvokingAws("redis")
        aws.put("returns", "r1/unum_map.input/1.json", DATA)

        assert HttpSyncS3(aws, "r1").resume(3, attended=True) == ["unum_map"]

        assert aws.invoked == [("Event", "unum_map", {"Session": "r1", "Data": LIST})]

    @pytest.mark.parametrize("held", [{"Value": {"S": "{}"}}, {"Pointer": {"S": "../x"}}])
    def test_a_value_of_partition_that_is_no_array_or_gone_is_refused(self, held: Any) -> None:
        aws = InvokingAws("dynamodb")
        aws.item("returns", "r1/partition/1", **held)

        with pytest.raises(UsageError, match="partition's value"):
            HttpSyncS3(aws, "r1").resume(3, attended=True)


class TestHttpOnly:
    @pytest.mark.parametrize(("attended", "kind"), [(True, "RequestResponse"), (False, "Event")])
    def test_unum_map_is_told_that_it_is_resumed(self, attended: bool, kind: str, aws: InvokingAws) -> None:
        aws.put("returns", "r1/unum_map.input/1.json", DATA)
        aws.put("returns", "r1/mapper/2.json", {})

        assert HttpOnly(aws, "r1").resume(3, attended=attended) == ["mapper 1", "mapper 3"]

        assert aws.invoked == [(kind, "unum_map", {"Session": "r1", "Data": LIST, "Resumed": True})]


class TestS3Triggers:
    def test_only_what_is_missing_is_written_again_with_the_same_bytes(self, aws: MemoryAws) -> None:
        run = S3Triggers(aws, "r1")
        run.start(CHUNKS, attended=True)
        before, bodies = etags(aws, "mapper-input"), aws.bodies("mapper-input")
        for index in (1, 3):
            aws.put("mapper-output", f"r1/{index}.json", {})

        assert run.resume(3, attended=True) == ["mapper 2"]

        after = etags(aws, "mapper-input")
        assert {key for key in before if before[key] != after[key]} == {"r1/2.json"}
        assert aws.bodies("mapper-input") == bodies

    def test_partitions_that_were_never_created_are(self, aws: MemoryAws) -> None:
        aws.put("reducer-input", "r1/.unum_map", {"Size": 2, "Values": PARTITIONS})
        aws.put("reducer-input", "r1/1.json", PARTITIONS[0])
        aws.put("reducer-output", "r1/1.json", {})

        assert S3Triggers(aws, "r1").resume(3, attended=True) == ["reducer 2"]

        assert aws.bodies("reducer-input")["r1/2.json"] == PARTITIONS[1]

    def test_client_that_dies_between_lock_and_value_can_begin_again(
        self, aws: MemoryAws, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for name in ("1.json", "2.json", ".lock"):
            aws.put("mapper-output", f"r1/{name}", {})
        before = etags(aws, "mapper-output")
        with monkeypatch.context() as dies:
            dies.setattr(objects, "write", dying)
            with pytest.raises(Interrupted):
                S3Triggers(aws, "r1").resume(2, attended=True)

        assert S3Triggers(aws, "r1").resume(2, attended=True) == ["partition"]

        after = etags(aws, "mapper-output")
        assert "r1/.lock" not in after
        assert after["r1/2.json"] != before["r1/2.json"]

    def test_input_of_another_size_is_refused(self, aws: MemoryAws) -> None:
        S3Triggers(aws, "r1").start(CHUNKS, attended=True)

        with pytest.raises(UsageError, match="element 4"):
            S3Triggers(aws, "r1").resume(4, attended=True)
        with pytest.raises(StorageError, match="another object"):
            S3Triggers(aws, "r1").resume(2, attended=True)

    @pytest.mark.parametrize("held", [{"Size": 2, "Values": [{}]}, {"Size": 0}, [], None])
    def test_fan_out_that_is_none_is_refused(self, held: Any, aws: MemoryAws) -> None:
        aws.put("reducer-input", "r1/.unum_map", held)

        with pytest.raises(UsageError, match=r"\.unum_map"):
            S3Triggers(aws, "r1").resume(3, attended=True)


def finish(aws: MemoryAws, table: str, run: str, indexes: range, *, complete: range = range(0)) -> None:
    """What branches leave that have returned; `complete` blocks are known as such."""
    for index in indexes:
        aws.item(table, f"{run}/{index}", Value={"S": "{}"})
    for block in range((len(indexes) + LIMITS.set_indexes - 1) // LIMITS.set_indexes):
        numbers = [str(index) for index in indexes if (index - 1) // LIMITS.set_indexes == block]
        aws.item(table, f"{run}/finished/{block}", Finished={"NS": numbers})
    if complete:
        aws.item(table, f"{run}/finished", Finished={"NS": [str(block) for block in complete]})


class TestDynamoDBTriggers:
    def test_items_are_new_and_without_their_attempts(self, aws: MemoryAws) -> None:
        run = DynamoDBTriggers(aws, "r1")
        run.start(CHUNKS, attended=True)
        held = aws.tables.items["mapper-input"]
        first = dict(held["r1/2"])
        aws.item("mapper-input", "r1/2/attempts", Attempts={"SS": ["a", "b", "c"]})
        finish(aws, "mapper-output", "r1", range(1, 2))
        aws.item("results", "r1/failed")

        assert run.resume(3, attended=True) == ["mapper 2", "mapper 3"]

        assert {name: held["r1/2"].get(name) for name in first if name != "Expires"} == {
            name: value for name, value in first.items() if name != "Expires"
        }
        assert "r1/2/attempts" not in held
        assert aws.tables.items["results"] == {}

    def test_chunk_is_not_lost_when_the_client_dies_between_deleting_and_writing(
        self, aws: MemoryAws, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        DynamoDBTriggers(aws, "r1").start(CHUNKS, attended=True)
        with monkeypatch.context() as dies:
            dies.setattr(Table, "put", dying)
            with pytest.raises(Interrupted):
                DynamoDBTriggers(aws, "r1").resume(3, attended=True)
        assert aws.tables.items["mapper-input"] == {}

        DynamoDBTriggers(aws, "r1").resume(3, attended=True)

        pointers = [aws.tables.items["mapper-input"][f"r1/{index}"]["Pointer"]["S"] for index in (1, 2, 3)]
        assert [aws.bodies("returns")[f"r1/{pointer}"] for pointer in pointers] == CHUNKS

    def test_reducers_come_from_what_partition_fanned_out_over(self, aws: MemoryAws) -> None:
        aws.item("reducer-input", "r1/fan-out", Value={"S": json.dumps(PARTITIONS)})
        finish(aws, "reducer-output", "r1", range(1, 2))

        assert DynamoDBTriggers(aws, "r1").resume(3, attended=True) == ["reducer 2"]

        held = aws.tables.items["reducer-input"]["r1/2"]
        assert (held["To"], held["Index"], held["Size"]) == ({"S": "reducer"}, {"N": "2"}, {"N": "2"})
        assert json.loads(held["Value"]["S"]) == PARTITIONS[1]

    def test_complete_fan_in_is_addressed_anew(self, aws: MemoryAws) -> None:
        finish(aws, "mapper-output", "r1", range(1, 4))
        aws.item("mapper-output", "r1/fan-in")
        aws.item("mapper-output", "r1/fan-in/attempts", Attempts={"SS": ["a", "b", "c"]})

        assert DynamoDBTriggers(aws, "r1").resume(3, attended=True) == ["partition"]

        assert "r1/fan-in/attempts" not in aws.tables.items["mapper-output"]
        held = aws.tables.items["mapper-output"]["r1/fan-in"]
        assert held.pop("Expires")
        assert held == {"Key": {"S": "r1/fan-in"}, "To": {"S": "partition"}, "Run": {"S": "r1"}, "Size": {"N": "3"}}

    def test_branch_that_stored_its_value_and_never_joined_its_set_runs_again(self, aws: MemoryAws) -> None:
        DynamoDBTriggers(aws, "r1").start(CHUNKS, attended=True)
        finish(aws, "mapper-output", "r1", range(1, 3))
        aws.item("mapper-output", "r1/3", Value={"S": "{}"})

        assert DynamoDBTriggers(aws, "r1").resume(3, attended=True) == ["mapper 3"]


class TestSetsOfFinishedBranches:
    def unfinished(self, aws: MemoryAws, size: int) -> set[int] | None:
        return InTable(aws, "r1").unfinished("mapper", size)

    def test_a_block_that_is_complete_and_not_known_to_be_needs_one_of_its_branches(self, aws: MemoryAws) -> None:
        finish(aws, "returns", "r1/mapper", range(1, 1201), complete=range(1, 3))

        assert self.unfinished(aws, 1200) == {1}

    def test_complete_blocks_need_none(self, aws: MemoryAws) -> None:
        finish(aws, "returns", "r1/mapper", range(1, 1201), complete=range(3))

        assert self.unfinished(aws, 1200) == set()

    def test_a_block_that_is_not_complete_needs_who_is_missing(self, aws: MemoryAws) -> None:
        finish(aws, "returns", "r1/mapper", range(1, 1101), complete=range(2))

        assert self.unfinished(aws, 1200) == set(range(1101, 1201))

    def test_nothing_has_returned_yet(self, aws: MemoryAws) -> None:
        assert self.unfinished(aws, 3) == {1, 2, 3}

    def test_value_that_is_gone_is_told(self, aws: MemoryAws) -> None:
        finish(aws, "returns", "r1/mapper", range(1, 4))
        del aws.tables.items["returns"]["r1/mapper/2"]

        with pytest.raises(UsageError, match="branch 2"):
            self.unfinished(aws, 3)
