"""Runs that begin with writes: what is written for them, how far they are, and that nothing of them stays."""

import itertools
import json
import time
from types import SimpleNamespace

import obstore
import pytest

from scripts.client.aws import objects
from scripts.client.deployment import Deployment
from scripts.client.errors import ClientError, StorageError, UsageError
from scripts.client.orchestrations.dynamodb_triggers import client as dynamodb
from scripts.client.orchestrations.dynamodb_triggers.client import DynamoDBTriggers
from scripts.client.orchestrations.s3_triggers.client import S3Triggers
from tests.fakes.client_memory import MemoryAws
from tests.fakes.deployed import wordcount
from tests.fakes.progress import mapped

CHUNKS = [{"text": f"to be {i} 日本", "destination": "b"} for i in range(3)]


@pytest.fixture
def aws():
    return MemoryAws()


class TestS3Triggers:
    def test_chunks_are_objects_beside_the_size_of_their_fan_out(self, aws):
        S3Triggers(aws, "r1").start(CHUNKS, attended=True)

        assert aws.bodies("mapper-input") == {
            "r1/.unum_map": {"Size": 3, "Marked": True},
            "r1/1.json": CHUNKS[0],
            "r1/2.json": CHUNKS[1],
            "r1/3.json": CHUNKS[2],
        }

    def test_the_size_is_there_before_any_chunk(self, aws, monkeypatch):
        written = []
        real = objects.create
        monkeypatch.setattr(objects, "create", lambda store, key, body: written.append(key) or real(store, key, body))

        S3Triggers(aws, "r1").start(CHUNKS, attended=True)

        assert written[0] == "r1/.unum_map"

    def test_no_chunks_set_off_the_fan_in(self, aws):
        S3Triggers(aws, "r1").start([], attended=True)

        assert aws.keys() == {"mapper-output": ["r1/.sync", "r1/0.json"]}
        assert aws.bodies("mapper-output") == {"r1/.sync": {"Size": 0}, "r1/0.json": None}

    @pytest.mark.parametrize("chunks", [CHUNKS, []])
    def test_starting_again_changes_nothing(self, aws, chunks):
        S3Triggers(aws, "r1").start(chunks, attended=True)
        first = [obstore.list(aws.stores[role]).collect() for role in ("mapper-input", "mapper-output")]

        S3Triggers(aws, "r1").start(chunks, attended=True)

        assert [obstore.list(aws.stores[role]).collect() for role in ("mapper-input", "mapper-output")] == first

    def test_a_write_that_meets_its_own_first_try_is_no_conflict(self, aws, monkeypatch):
        real = objects.create
        monkeypatch.setattr(objects, "create", lambda *a: real(*a) and real(*a))

        S3Triggers(aws, "r1").start(CHUNKS, attended=True)

        assert len(aws.bodies("mapper-input")) == 4

    def test_a_write_that_met_a_conflict_and_left_nothing_is_repeated(self, aws, monkeypatch):
        real, tries = objects.create, itertools.count()
        monkeypatch.setattr(objects, "create", lambda *a: False if next(tries) % 3 < 2 else real(*a))

        S3Triggers(aws, "r1").start(CHUNKS, attended=True)

        assert len(aws.bodies("mapper-input")) == 4

    def test_what_another_run_left_is_told(self, aws):
        aws.put("mapper-input", "r1/2.json", "something else")

        with pytest.raises(StorageError, match=r"r1/2\.json failed: another object is there"):
            S3Triggers(aws, "r1").start(CHUNKS, attended=True)

    def test_progress_counts_values_and_nothing_else(self, aws):
        run = S3Triggers(aws, "r1")
        seen = [run.progress(2)]
        for role, key, value in [
            ("mapper-output", "r1/.sync", {"Size": 2}),
            ("mapper-output", "r10/1.json", {}),
            ("mapper-output", "r1/1.json", {}),
            ("mapper-output", "r1/2.json", {}),
            ("mapper-output", "r1/.lock", {}),
            ("reducer-input", "r1/.unum_map", {"Size": 3, "Values": [{}, {}, {}]}),
            ("reducer-output", "r1/.sync", {"Size": 3}),
            ("reducer-output", "r1/11.json", {}),
        ]:
            aws.put(role, key, value)
            seen.append(run.progress(2))

        assert seen == [mapped(*counts, of=2) for counts in [(0,)] * 3 + [(1,), (2,), (2,)] + [(2, 0, 3)] * 2 + [(2, 1, 3)]]

    def test_progress_of_no_chunks(self, aws):
        S3Triggers(aws, "r1").start([], attended=True)

        assert S3Triggers(aws, "r1").progress(0) == mapped(0, of=0)

    def test_all_of_the_run_goes_and_nothing_of_others(self, aws):
        for role in ("mapper-input", "mapper-output", "reducer-input", "reducer-output"):
            for key in ("r1/.unum_map", "r1/1.json", "r1/.lock", "r10/1.json"):
                aws.put(role, key, {})

        S3Triggers(aws, "r1").remove(2)

        roles = ("mapper-input", "mapper-output", "reducer-input", "reducer-output")
        assert aws.keys() == {role: ["r10/1.json"] for role in roles}


class TestDynamoDBTriggers:
    def test_chunks_are_items_addressed_to_the_mapper(self, aws):
        before = int(time.time())

        DynamoDBTriggers(aws, "r1").start(CHUNKS, attended=True)

        held = aws.tables.items["mapper-input"]
        assert aws.keys() == {"table mapper-input": ["r1/1", "r1/2", "r1/3"]}
        expires = int(held["r1/2"].pop("Expires")["N"])
        assert 0 <= expires - before - 7 * 24 * 3600 <= 60
        assert json.loads(held["r1/2"].pop("Value")["S"]) == CHUNKS[1]
        assert held["r1/2"] == {
            "Key": {"S": "r1/2"},
            "To": {"S": "mapper"},
            "Run": {"S": "r1"},
            "Index": {"N": "2"},
            "Size": {"N": "3"},
        }

    def test_a_chunk_too_large_for_an_item_is_a_claim_check_that_is_there_first(self, aws, monkeypatch):
        there = []
        real = aws.tables.batch_write_item
        aws.tables.batch_write_item = lambda **request: there.append(list(aws.bodies("returns"))) or real(**request)
        large = {"text": "日" * 120_000, "destination": "b"}

        DynamoDBTriggers(aws, "r1").start([CHUNKS[0], large], attended=True)

        held = aws.tables.items["mapper-input"]
        assert "Value" in held["r1/1"]
        assert held["r1/2"]["Pointer"] == {"S": "mapper.input/2.json"}
        assert "Value" not in held["r1/2"]
        assert aws.bodies("returns") == {"r1/mapper.input/2.json": large}
        assert there == [["r1/mapper.input/2.json"]]

    @pytest.mark.parametrize(("over", "attribute"), [(0, "Value"), (1, "Pointer")])
    def test_the_largest_value_of_an_item(self, aws, over, attribute):
        empty = len('{"text":"","destination":"b"}')
        text = "x" * (350_000 - empty + over)

        DynamoDBTriggers(aws, "r1").start([{"text": text, "destination": "b"}], attended=True)

        assert attribute in aws.tables.items["mapper-input"]["r1/1"]

    def test_no_chunks_set_off_the_fan_in(self, aws):
        DynamoDBTriggers(aws, "r1").start([], attended=True)

        held = aws.tables.items["mapper-output"]["r1/fan-in"]
        assert aws.keys() == {"table mapper-output": ["r1/fan-in"]}
        assert {name: held[name] for name in ("To", "Run", "Size")} == {
            "To": {"S": "partition"},
            "Run": {"S": "r1"},
            "Size": {"N": "0"},
        }

    def test_a_fan_out_has_its_limit(self, aws, monkeypatch):
        monkeypatch.setattr(dynamodb, "MAX_BRANCHES", 2)

        DynamoDBTriggers(aws, "r1").check(CHUNKS[:2])
        with pytest.raises(UsageError, match="3 elements are more than the 2"):
            DynamoDBTriggers(aws, "r1").check(CHUNKS)

        assert aws.keys() == {}

    def test_the_limit_is_a_hundred_thousand(self):
        assert dynamodb.MAX_BRANCHES == 100_000

    def test_progress_counts_finished_indexes_of_all_blocks(self, aws):
        run = DynamoDBTriggers(aws, "r1")
        seen = [run.progress(1100)]
        for key, numbers in [("0", range(1, 501)), ("2", range(1001, 1101)), ("1", range(501, 1001))]:
            aws.item("mapper-output", f"r1/finished/{key}", Finished={"NS": [str(n) for n in numbers]})
            seen.append(run.progress(1100))
        aws.item("mapper-output", "r1/finished", Finished={"NS": ["0", "1", "2"]})
        aws.item("reducer-input", "r1/fan-out", Value={"S": "[{},{},{}]"})
        seen.append(run.progress(1100))
        aws.item("reducer-output", "r1/finished/0", Finished={"NS": ["3"]})
        seen.append(run.progress(1100))

        assert seen == [
            mapped(0, of=1100),
            mapped(500, of=1100),
            mapped(600, of=1100),
            mapped(1100, of=1100),
            mapped(1100, 0, 3, of=1100),
            mapped(1100, 1, 3, of=1100),
        ]

    def test_a_fan_out_may_be_a_claim_check(self, aws):
        aws.item("mapper-output", "r1/finished/0", Finished={"NS": ["1"]})
        aws.item("reducer-input", "r1/fan-out", Pointer={"S": "partition/1.json"})
        aws.put("returns", "r1/partition/1.json", [{}, {}])

        assert DynamoDBTriggers(aws, "r1").progress(1) == mapped(1, 0, 2, of=1)

    def test_progress_of_an_unknown_number_is_unknown(self, aws):
        assert DynamoDBTriggers(aws, "r1").progress(None) == mapped()

    def finish_a_run(self, aws, run, mappers, reducers):
        for i in range(1, mappers + 1):
            aws.item("mapper-input", f"{run}/{i}")
            aws.item("mapper-output", f"{run}/{i}")
        for table, size in (("mapper-output", mappers), ("reducer-output", reducers)):
            for block in range((size + 499) // 500):
                aws.item(table, f"{run}/finished/{block}", Finished={"NS": ["1"]})
            aws.item(table, f"{run}/finished", Finished={"NS": ["0"]})
            aws.item(table, f"{run}/fan-in", Size={"N": str(size)})
        for i in range(1, reducers + 1):
            aws.item("reducer-input", f"{run}/{i}")
            aws.item("reducer-output", f"{run}/{i}")
        aws.item("reducer-input", f"{run}/fan-out", Value={"S": json.dumps([{}] * reducers)})
        aws.item("results", f"{run}/result")
        aws.put("returns", f"{run}/mapper.input/1.json", {})

    @pytest.mark.parametrize("known", [True, False])
    @pytest.mark.parametrize(("mappers", "reducers"), [(1100, 30), (2, 600), (3, 0), (0, 0)])
    def test_all_of_the_run_goes_and_nothing_of_others(self, aws, mappers, reducers, known):
        self.finish_a_run(aws, "r10", 1, 1)
        others = aws.keys()
        self.finish_a_run(aws, "r1", mappers, reducers)

        DynamoDBTriggers(aws, "r1").remove(mappers if known else None)

        assert aws.keys() == others

    def test_without_a_fan_out_the_fan_in_tells_the_number_of_reducers(self, aws):
        self.finish_a_run(aws, "r1", 2, 5)
        del aws.tables.items["reducer-input"]["r1/fan-out"]

        DynamoDBTriggers(aws, "r1").remove(2)

        assert aws.keys() == {}

    def test_clean_up_waits_for_the_last_item_of_a_run_that_is_done(self, aws, monkeypatch):
        self.finish_a_run(aws, "r1", 2, 2)
        del aws.tables.items["results"]["r1/result"]
        pauses = []

        def write_result(seconds):
            pauses.append(seconds)
            aws.item("results", "r1/result")

        monkeypatch.setattr(dynamodb, "time", SimpleNamespace(monotonic=time.monotonic, sleep=write_result))

        DynamoDBTriggers(aws, "r1").remove(2)

        assert len(pauses) == 1
        assert aws.keys() == {}

    def test_clean_up_of_a_run_that_never_began_waits_for_nothing(self, aws, monkeypatch):
        run = DynamoDBTriggers(aws, "r1")
        run.start(CHUNKS, attended=True)
        monkeypatch.setattr(dynamodb, "time", SimpleNamespace(monotonic=time.monotonic, sleep=None))

        run.remove(3)

        assert aws.keys() == {}


@pytest.mark.parametrize("kind", [S3Triggers, DynamoDBTriggers])
def test_a_deployment_that_lacks_a_part_is_found_out_before_anything_is_written(kind):
    buckets = {"shuffle": "s", "results": "x", "returns": "r"}
    deployment = Deployment("x", "p", "us-east-1", "0", None, {}, buckets, None, None, {}, 300, wordcount("s3_triggers"))

    with pytest.raises(ClientError, match=r"the deployment record has no (bucket|table) mapper-input; deploy again"):
        kind(SimpleNamespace(deployment=deployment), "r1").check(CHUNKS)
