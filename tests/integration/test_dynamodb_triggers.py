"""What only dynamodb_triggers does: fan-ins by a set, attempts counted on the item, failed records reported one by one."""

import threading
from collections import Counter
from typing import Any

import pytest

from runtime.aws import dynamodb
from runtime.orchestration.dynamodb_triggers import orchestration as dynamodb_triggers
from runtime.orchestration.recorder import handler as failure
from runtime.orchestration.values import table
from tests.fakes.bucketful import Buckets
from tests.fakes.cluster import Cluster, Killed, LambdaError
from tests.fakes.deployments import TriggeredByItems
from tests.fakes.events import load_event
from tests.fakes.log_lines import outcomes, parse_lines, workers
from tests.fakes.streams import item_created
from tests.fakes.user_maps import Deadly, Flaky

TEXTS = ["to be or not to be", "that is", "to be or not to be", "the question"]
COUNTS = Counter(word for text in TEXTS for word in text.split())
ONE_EACH = {"partition": 1, "summary": 1}

Capsys = pytest.CaptureFixture[str]


@pytest.fixture
def deployment(dynamodb_triggers_deployment: TriggeredByItems) -> TriggeredByItems:
    return dynamodb_triggers_deployment


@pytest.fixture
def cluster(deployment: TriggeredByItems) -> Cluster:
    return deployment.cluster


def run(deployment: TriggeredByItems, texts: list[str], name: str = "run1") -> None:
    deployment.start(name, [{"text": text, "destination": deployment.buckets.shuffle} for text in texts])
    deployment.wait()


def names(buckets: Buckets, name: str) -> list[str]:
    """Where a run has stored something; a pair's last segment differs between runs."""
    keys = (key.removeprefix(f"{name}/") for key in buckets.everything() if key.startswith(f"{name}/"))
    return sorted(key.rpartition("/")[0] if key.startswith("reducer") else key for key in keys)


def image(index: int, size: int, buckets: Buckets, text: str = "to be", **more: Any) -> dict[str, Any]:
    """A chunk's item."""
    body = f'{{"text": "{text}", "destination": "{buckets.shuffle}"}}'
    fields = {"Key": {"S": f"run1/{index}"}, "To": {"S": "mapper"}, "Run": {"S": "run1"}, "Value": {"S": body}}
    return fields | {"Index": {"N": str(index)}, "Size": {"N": str(size)}} | more


def put(deployment: TriggeredByItems, role: str, item: Any) -> None:
    """Store an item without any stream's knowledge."""
    deployment.buckets.tables.client.put_item(TableName=deployment.buckets.tables.names[role], Item=item)


def created(deployment: TriggeredByItems, item: Any) -> Any:
    """The event of a chunk's item."""
    return item_created(deployment.buckets.tables.names["mapper_input"], item)


def test_what_is_addressed_triggers_and_nothing_else(deployment: TriggeredByItems, capfd: Capsys) -> None:
    run(deployment, TEXTS)

    sent = Counter(function for function, _ in deployment.streams.sent)
    assert sent == {"mapper": 4, "partition": 1, "reducer": 3, "summary": 1}
    assert deployment.buckets.tables.keys("mapper_output") == [
        *(f"run1/{index}" for index in (1, 2, 3, 4)),
        "run1/fan-in",
        "run1/fan-in/attempts",
        "run1/finished/0",
    ]
    elements = [f"run1/{index}" for index in (1, 2, 3)]
    attempts = [f"{element}/attempts" for element in elements]
    assert deployment.buckets.tables.keys("reducer_input") == sorted([*elements, *attempts, "run1/fan-out"])
    assert deployment.buckets.tables.item("results", "run1/result")["Status"] == {"S": "done"}
    assert workers(parse_lines(capfd.readouterr().out)) == ONE_EACH


@pytest.mark.parametrize("deliveries", [2, 3])
@pytest.mark.parametrize("seed", [None, *range(6)])
def test_one_invocation_does_each_fan_in_under_duplicates_delays_and_any_order(
    seed: int | None, deliveries: int, deployment: TriggeredByItems, capfd: Capsys
) -> None:
    run(deployment, TEXTS, "once")
    capfd.readouterr()

    deployment.streams.deliveries = deliveries
    if seed is not None:
        deployment.streams.schedule.shuffle(seed)
    run(deployment, TEXTS)

    lines = parse_lines(capfd.readouterr().out)
    assert deployment.buckets.result("run1") == COUNTS
    assert deployment.buckets.failure("run1") is None
    assert names(deployment.buckets, "run1") == names(deployment.buckets, "once")
    assert workers(lines) == ONE_EACH
    told = outcomes(lines, "partition")
    assert (told["ok"], told["duplicate"] + told["turned back"]) == (1, deliveries - 1)  # the run may have ended by then
    assert outcomes(lines, "summary") == {"ok": 1, "turned back": deliveries - 1}


def test_duplicates_at_the_same_time_change_nothing(deployment: TriggeredByItems) -> None:
    run(deployment, TEXTS, "once")

    deployment.streams.deliveries, deployment.streams.at_once = 3, True
    run(deployment, TEXTS)

    assert deployment.buckets.result("run1") == COUNTS
    assert deployment.buckets.failure("run1") is None
    assert names(deployment.buckets, "run1") == names(deployment.buckets, "once")
    assert (
        Counter(event["Records"][0]["dynamodb"]["Keys"]["Key"]["S"] for _, event in deployment.streams.sent)["run1/fan-in"] == 2
    )


def test_records_that_are_lost_at_first_do_no_harm(deployment: TriggeredByItems, capfd: Capsys) -> None:
    deployment.streams.schedule.lost = 6

    run(deployment, TEXTS)

    assert deployment.streams.schedule.lost == 0
    assert deployment.buckets.result("run1") == COUNTS
    assert workers(parse_lines(capfd.readouterr().out)) == ONE_EACH


def test_duplicates_after_the_end_change_nothing_however_many(deployment: TriggeredByItems, capfd: Capsys) -> None:
    run(deployment, TEXTS)
    before = deployment.buckets.everything()
    capfd.readouterr()

    deployment.streams.deliveries = 5
    for function, event in list(deployment.streams.sent):
        deployment.streams.deliver(function, event)
    deployment.wait()

    lines = parse_lines(capfd.readouterr().out)
    assert deployment.buckets.result("run1") == COUNTS
    assert deployment.buckets.everything() == before  # no failed.json above all: these are no failed attempts
    assert {function: dict(outcomes(lines, function)) for function in ("mapper", "partition", "reducer", "summary")} == {
        "mapper": {"turned back": 20},
        "partition": {"turned back": 5},
        "reducer": {"turned back": 15},
        "summary": {"turned back": 5},
    }


def test_fan_out_of_nothing_goes_straight_to_partition_and_summary(deployment: TriggeredByItems) -> None:
    run(deployment, [])

    assert [function for function, _ in deployment.streams.sent] == ["partition", "summary"]
    assert deployment.buckets.result("run1") == {}


def test_partitions_of_nothing_go_straight_to_summary(deployment: TriggeredByItems) -> None:
    run(deployment, ["", ""])

    assert Counter(function for function, _ in deployment.streams.sent) == {"mapper": 2, "partition": 1, "summary": 1}
    assert deployment.buckets.result("run1") == {}


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("step", ["PutItem value", "UpdateItem finished", "PutItem fan-in", "PutItem fan-out", "PutItem element"])
def test_function_that_dies_at_a_step_is_repaired_by_its_retry(
    step: str, moment: str, deployment: TriggeredByItems, monkeypatch: pytest.MonkeyPatch
) -> None:
    call, lock, died = dynamodb.call, threading.Lock(), []

    def die(operation: str, name: str, key: str, **arguments: Any) -> Any:
        role = name.partition("-")[2]
        with lock:
            due = not died and step == f"{operation} {kind_of(role, key)}"
            if due:
                died.append(key)
        if due and moment == "before":
            raise Killed
        answer = call(operation, name, key, **arguments)
        if due:
            raise Killed
        return answer

    monkeypatch.setattr(dynamodb, "call", die)

    run(deployment, TEXTS)

    assert len(died) == 1
    assert deployment.buckets.result("run1") == COUNTS
    assert deployment.buckets.failure("run1") is None


def kind_of(role: str, key: str) -> str | None:
    """What a request of a function is about; None for the client's."""
    name = key.partition("/")[2].partition("/")[0]
    if name.isdigit():
        return {"mapper_output": "value", "reducer_output": "value", "reducer_input": "element"}.get(role)
    return name


@pytest.mark.parametrize("function", ["mapper", "partition", "reducer", "summary"])
def test_answer_that_is_lost_does_no_harm(
    function: str, deployment: TriggeredByItems, monkeypatch: pytest.MonkeyPatch, capfd: Capsys
) -> None:
    """A request whose answer is lost is sent again: it then meets its own item."""
    call, target = dynamodb.call, {"mapper": "mapper_output", "partition": "reducer_input"}.get(function, "reducer_output")

    def lose(operation: str, name: str, key: str, **arguments: Any) -> Any:
        answer = call(operation, name, key, **arguments)
        return None if operation == "PutItem" and name.endswith(target) else answer

    monkeypatch.setattr(dynamodb, "call", lose)

    run(deployment, TEXTS)

    assert deployment.buckets.result("run1") == COUNTS
    assert workers(parse_lines(capfd.readouterr().out)) == ONE_EACH


FORGED: dict[str, dict[str, Any]] = {
    "addressed to another function": {"To": {"S": "partition"}},
    "addressed to nobody": {"To": {"S": ""}},
    "a run id that leaves its prefix": {"Run": {"S": "../run1"}},
    "a run id that is no text": {"Run": {"N": "1"}},
    "an index of 0": {"Index": {"N": "0"}},
    "an index beyond the size": {"Index": {"N": "3"}},
    "an index that is no number": {"Index": {"S": "../1"}},
    "an index that is not whole": {"Index": {"N": "1.5"}},
    "a size below 0": {"Size": {"N": "-1"}},
    "a size that is no number": {"Size": {"S": "2"}},
}


@pytest.mark.parametrize("wrong", FORGED.values(), ids=FORGED)
def test_forged_items_are_refused(wrong: dict[str, Any], deployment: TriggeredByItems, cluster: Cluster, capfd: Capsys) -> None:
    put(deployment, "mapper_input", image(1, 2, deployment.buckets))
    event = created(deployment, image(1, 2, deployment.buckets, **wrong))

    answer = cluster.invoke("mapper", event)

    (line,) = parse_lines(capfd.readouterr().out)
    assert line["error"] == "EnvelopeError"
    assert len(answer["batchItemFailures"]) == 1
    assert deployment.buckets.everything() == ["run1/1"]


def test_branch_without_an_index_is_refused(deployment: TriggeredByItems, cluster: Cluster, capfd: Capsys) -> None:
    item = image(1, 2, deployment.buckets)
    del item["Index"]

    cluster.invoke("mapper", created(deployment, item))

    assert '"Index" is no number' in parse_lines(capfd.readouterr().out)[0]["message"]


@pytest.mark.parametrize("name", ["dynamodb_modify", "dynamodb_remove", "dynamodb_expired"])
def test_record_that_tells_of_no_new_item_is_refused(
    name: str, deployment: TriggeredByItems, cluster: Cluster, capfd: Capsys
) -> None:
    """The filter keeps them away. If it did not, noting an attempt would be an event, and that event an attempt, for ever."""
    put(deployment, "mapper_input", image(3, 6, deployment.buckets))
    event = load_event(name)

    answer = cluster.invoke("mapper", event)

    (line,) = parse_lines(capfd.readouterr().out)
    assert "not a new item addressed to mapper" in line["message"]
    number = event["Records"][0]["dynamodb"]["SequenceNumber"]
    assert answer == {"batchItemFailures": [{"itemIdentifier": number}]}
    assert deployment.buckets.everything() == ["run1/3"]


def test_recorded_event_of_a_new_item_is_understood(deployment: TriggeredByItems, cluster: Cluster) -> None:
    event = load_event("dynamodb_insert")
    item = event["Records"][0]["dynamodb"]["NewImage"]
    event["Records"][0]["eventSourceARN"] = created(deployment, item)["Records"][0]["eventSourceARN"]
    item["Value"] = image(3, 6, deployment.buckets)["Value"]
    put(deployment, "mapper_input", item)

    assert cluster.invoke("mapper", event) == {"batchItemFailures": []}

    assert deployment.buckets.tables.keys("mapper_output") == ["run1/3", "run1/finished/0"]


@pytest.mark.parametrize("event", [{}, {"Records": []}, [], None, {"Records": [{"s3": {}}]}])
def test_what_is_no_event_is_refused(event: Any, cluster: Cluster) -> None:
    with pytest.raises(LambdaError, match="EnvelopeError"):
        cluster.invoke("mapper", event)


@pytest.mark.parametrize("pointer", ["../other/1.json", "mapper.input/../1.json", "/mapper.input/1.json", "s3://b/1.json", ""])
def test_forged_pointers_are_refused(pointer: str, deployment: TriggeredByItems, cluster: Cluster, capfd: Capsys) -> None:
    deployment.buckets.put(deployment.buckets.returns, "other/1.json", {"text": "x", "destination": deployment.buckets.shuffle})
    item = image(1, 2, deployment.buckets, Pointer={"S": pointer})
    del item["Value"]
    put(deployment, "mapper_input", item)

    cluster.invoke("mapper", created(deployment, item))

    assert parse_lines(capfd.readouterr().out)[0]["error"] == "EnvelopeError"
    assert deployment.buckets.everything() == ["other/1.json", "run1/1", "run1/1/attempts"]


def test_record_of_a_run_that_was_removed_is_turned_back(deployment: TriggeredByItems, cluster: Cluster, capfd: Capsys) -> None:
    answer = cluster.invoke("mapper", created(deployment, image(1, 2, deployment.buckets)))

    (line,) = parse_lines(capfd.readouterr().out)
    assert (line["outcome"], line["reason"]) == ("turned back", "the run is no more")
    assert answer == {"batchItemFailures": []}
    assert deployment.buckets.everything() == []


def test_records_of_a_batch_are_worked_through_each_for_itself(
    deployment: TriggeredByItems, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("functions.mapper.mapper.user_map", refuse_bad)
    records = []
    for index, text in enumerate(["to", "bad", "be"], 1):
        put(deployment, "mapper_input", image(index, 3, deployment.buckets, text))
        records += created(deployment, image(index, 3, deployment.buckets, text))["Records"]

    answer = cluster.invoke("mapper", {"Records": records})

    assert answer == {"batchItemFailures": [{"itemIdentifier": records[1]["dynamodb"]["SequenceNumber"]}]}
    assert deployment.buckets.tables.keys("mapper_output") == ["run1/1", "run1/3", "run1/finished/0"]


def test_mapper_that_always_raises_ends_the_run(
    deployment: TriggeredByItems, monkeypatch: pytest.MonkeyPatch, capfd: Capsys
) -> None:
    monkeypatch.setattr("functions.mapper.mapper.user_map", refuse_bad)

    run(deployment, ["to", "bad", "be"])

    failed = deployment.buckets.failure("run1")
    told = [failed[field] for field in ("function", "index", "error", "message", "attempts", "log_group")]
    log_group = f"/aws/lambda/{deployment.cluster.prefix}mapper"
    assert told == ["mapper", 2, "ValueError", "a bad text", 3, log_group]
    assert "refuse_bad" in failed["traceback"][-1]
    assert deployment.buckets.tables.keys("reducer_input") == []
    assert Counter(function for function, _ in deployment.streams.sent) == {"mapper": 3, "recorder": 1}
    assert deployment.streams.given_up == []
    lines = [line for line in parse_lines(capfd.readouterr().out) if line["index"] == 2 and "cold" in line]
    assert [line.get("final", False) for line in lines] == [False, False, True]


def test_mapper_that_is_killed_each_time_ends_the_run(deployment: TriggeredByItems, monkeypatch: pytest.MonkeyPatch) -> None:
    deadly = Deadly(99)
    monkeypatch.setattr("functions.mapper.mapper.user_map", deadly)

    run(deployment, ["to be"])

    failed = deployment.buckets.failure("run1")
    assert deadly.calls == 3
    assert [failed[field] for field in ("function", "index", "error", "attempts")] == ["mapper", 1, "FunctionKilled", 3]
    assert "3 attempts ended without a word" in failed["message"]
    assert Counter(function for function, _ in deployment.streams.sent) == {"mapper": 1, "recorder": 1}
    assert deployment.streams.given_up == []


@pytest.mark.parametrize(("function", "index"), [("mapper", 1), ("partition", None), ("reducer", 1), ("summary", None)])
def test_function_that_dies_each_time_before_it_notes_the_attempt_ends_the_run(
    function: str, index: int | None, deployment: TriggeredByItems, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(cluster.components, function, die_at_once)

    run(deployment, ["to"])

    failed = deployment.buckets.failure("run1")
    told = [failed[field] for field in ("function", "index", "error", "attempts")]
    assert told == [function, index, "RetryAttemptsExhausted", 6]
    assert failed["log_group"] == f"/aws/lambda/{cluster.prefix}{function}"
    assert deployment.buckets.result("run1") is None
    assert [given_up for given_up, _ in deployment.streams.given_up] == [function]
    assert deployment.buckets.keys(deployment.buckets.given_up) == []


def test_failure_whose_recorder_dies_at_each_delivery_is_recorded_all_the_same(
    deployment: TriggeredByItems, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("functions.mapper.mapper.user_map", refuse_bad)
    deaths = Deaths(6)
    monkeypatch.setattr(failure, "lambda_handler", deaths)

    run(deployment, ["bad"])

    failed = deployment.buckets.failure("run1")
    assert [failed[field] for field in ("function", "index", "error", "message")] == ["mapper", 1, "ValueError", "a bad text"]
    assert [function for function, _ in deployment.streams.given_up] == ["recorder"]
    assert deployment.buckets.keys(deployment.buckets.given_up) == []


@pytest.mark.parametrize("deliveries", [1, 3])
def test_duplicate_that_is_given_up_after_the_run_has_its_result_fails_nothing(
    deliveries: int, deployment: TriggeredByItems, cluster: Cluster
) -> None:
    run(deployment, TEXTS)
    cluster.deliveries = deliveries

    for function, event in list(deployment.streams.sent):
        deployment.streams.give_up(function, event)
    deployment.wait()

    assert deployment.buckets.result("run1") == COUNTS
    assert deployment.buckets.failure("run1") is None
    assert deployment.buckets.keys(deployment.buckets.given_up) == []


def test_duplicate_that_is_given_up_after_the_run_was_removed_leaves_nothing(deployment: TriggeredByItems) -> None:
    event = created(deployment, image(1, 2, deployment.buckets))

    deployment.streams.give_up("mapper", event)
    deployment.wait()

    assert deployment.buckets.everything() == []


@pytest.mark.parametrize(("function", "index"), [("partition", None), ("reducer", 1), ("summary", None)])
@pytest.mark.parametrize(("error", "told"), [(LookupError("broken on purpose"), "LookupError"), (Killed(), "FunctionKilled")])
def test_failure_of_any_function_is_recorded(
    error: BaseException,
    told: str,
    function: str,
    index: int | None,
    deployment: TriggeredByItems,
    cluster: Cluster,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(event: Any, context: Any) -> Any:
        raise error

    monkeypatch.setattr(cluster.components[function], "_component", broken)

    run(deployment, ["to"])

    failed = deployment.buckets.failure("run1")
    assert [failed[field] for field in ("function", "index", "error", "attempts")] == [function, index, told, 3]


def test_partition_that_returns_no_array_is_refused(
    deployment: TriggeredByItems, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster.components["partition"], "_component", lambda event, context: {"a": 1})

    run(deployment, ["to"])

    assert deployment.buckets.failure("run1")["message"] == "partition must return an array to fan out over; got dict"
    assert deployment.buckets.tables.keys("reducer_input") == []


def test_error_that_passes_twice_is_survived(deployment: TriggeredByItems, monkeypatch: pytest.MonkeyPatch) -> None:
    flaky = Flaky(2, ConnectionError("try again"))
    monkeypatch.setattr("functions.mapper.mapper.user_map", flaky)

    run(deployment, ["to be"])

    assert flaky.calls == 3
    assert deployment.buckets.result("run1") == {"to": 1, "be": 1}


@pytest.mark.parametrize("seen", [True, False])
def test_fan_out_that_was_stored_before_is_sent_again_as_it_was(
    seen: bool, deployment: TriggeredByItems, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored = f'[{{"bucket": "{deployment.buckets.shuffle}", "partition": "reducer0/"}}]'
    put(deployment, "reducer_input", {"Key": {"S": "run1/fan-out"}, "Run": {"S": "run1"}, "Value": {"S": stored}})
    if not seen:  # two at once: it is stored after the second has looked
        monkeypatch.setattr(dynamodb_triggers.DynamoDBTriggers, "stored", lambda *_: None)

    run(deployment, TEXTS)

    assert deployment.buckets.tables.keys("reducer_input") == ["run1/1", "run1/1/attempts", "run1/fan-out"]


@pytest.mark.parametrize("value_bytes", [0, 40, 100])
def test_values_too_large_for_an_item_travel_as_claim_checks(
    value_bytes: int, deployment: TriggeredByItems, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(table, "VALUE_BYTES", value_bytes)

    run(deployment, TEXTS)

    assert deployment.buckets.result("run1") == COUNTS
    pointers = {
        item["Pointer"]["S"]
        for role in ("mapper_output", "reducer_input", "reducer_output")
        for key in deployment.buckets.tables.keys(role)
        if "Pointer" in (item := deployment.buckets.tables.item(role, key))
    }
    stored = {key.removeprefix("run1/") for key in deployment.buckets.keys(deployment.buckets.returns)}
    assert stored == pointers
    assert "partition/1.json" in pointers
    if value_bytes == 0:
        assert {key.partition("/")[0] for key in pointers} == {"mapper", "partition", "reducer.input", "reducer"}


def test_chunk_may_be_a_claim_check(deployment: TriggeredByItems) -> None:
    chunk = {"text": "to be", "destination": deployment.buckets.shuffle}
    deployment.buckets.put(deployment.buckets.returns, "run1/mapper.input/1.json", chunk)

    deployment.table("mapper_input", "run1").put("1", {"Pointer": {"S": "mapper.input/1.json"}}, To="mapper", Index=1, Size=1)
    deployment.wait()

    assert deployment.buckets.result("run1") == {"to": 1, "be": 1}


@pytest.mark.parametrize("seed", range(3))
def test_fan_in_over_several_blocks_fires_once(
    seed: int, deployment: TriggeredByItems, monkeypatch: pytest.MonkeyPatch, capfd: Capsys
) -> None:
    monkeypatch.setattr(table, "BLOCK", 3)
    deployment.streams.schedule.shuffle(seed)
    deployment.streams.deliveries = 2

    run(deployment, [f"w{index}" for index in range(10)])

    assert len(deployment.buckets.result("run1")) == 10
    assert workers(parse_lines(capfd.readouterr().out)) == ONE_EACH
    tables = deployment.buckets.tables
    finished = [key for key in tables.keys("mapper_output") if "/finished" in key]
    assert finished == ["run1/finished", *(f"run1/finished/{block}" for block in range(4))]


def test_items_expire(deployment: TriggeredByItems) -> None:
    run(deployment, TEXTS)

    tables = deployment.buckets.tables
    items = [tables.item(role, key) for role in tables.names for key in tables.keys(role)]
    assert len(items) == (4 + 4) + (6 + 1) + (4 + 3) + (5 + 1) + 1
    assert all("Expires" in item for item in items)


def test_attempt_costs_no_write_of_the_chunk(deployment: TriggeredByItems) -> None:
    """DynamoDB charges an update for the whole item."""
    run(deployment, TEXTS)

    tables = deployment.buckets.tables
    for key in (f"run1/{index}" for index in (1, 2, 3, 4)):
        assert "Attempts" not in tables.item("mapper_input", key)
        assert len(tables.item("mapper_input", f"{key}/attempts")["Attempts"]["SS"]) == 1


def test_log_line_counts_requests_of_all_services(deployment: TriggeredByItems, capfd: Capsys) -> None:
    run(deployment, ["to be"])

    (line,) = (line for line in parse_lines(capfd.readouterr().out) if line["function"] == "mapper")
    assert line["requests"] == {
        "dynamodb.UpdateItem": 2,  # the attempt, and the index
        "dynamodb.GetItem": 2,  # is the item still there, and has it been done before?
        "dynamodb.PutItem": 2,  # the value, and the fan-in
        "s3.PutObject": 2 + 1,  # the pairs, and their number
        "s3.ListObjectsV2": 1,  # has the run ended?
    }


class Deaths:
    """The recorder of failures, which dies before its first line, the first `times` times."""

    def __init__(self, times: int) -> None:
        self._left, self._lock, self._handler = times, threading.Lock(), failure.lambda_handler

    def __call__(self, event: Any, context: Any) -> Any:
        with self._lock:
            self._left -= 1
            if self._left >= 0:
                raise Killed
        return self._handler(event, context)


def die_at_once(event: Any, context: Any) -> Any:
    raise Killed


def refuse_bad(text: str) -> None:
    if text == "bad":
        raise ValueError("a bad text")
