"""What only dynamodb_triggers does: fan-ins by a set, items as events, and what is refused."""

from collections import Counter
from typing import Any

import pytest

from tests.fakes.cluster import Cluster, LambdaError
from tests.fakes.deployments import TriggeredByItems
from tests.fakes.events import load_event
from tests.fakes.limits import limit
from tests.fakes.log_lines import outcomes, parse_lines, workers
from tests.integration.dynamodb_triggers.runs import COUNTS, ONE_EACH, TEXTS, Capsys, created, image, names, put, run


def test_what_is_addressed_triggers_and_nothing_else(deployment: TriggeredByItems, capfd: Capsys) -> None:
    run(deployment, TEXTS)

    sent = Counter(function for function, _ in deployment.streams.sent)
    assert sent == {"mapper": 4, "partition": 1, "reducer": 3, "summary": 1}
    assert deployment.buckets.tables.keys("mapper-output") == [
        *(f"run1/{index}" for index in (1, 2, 3, 4)),
        "run1/fan-in",
        "run1/fan-in/attempts",
        "run1/finished/0",
    ]
    elements = [f"run1/{index}" for index in (1, 2, 3)]
    attempts = [f"{element}/attempts" for element in elements]
    assert deployment.buckets.tables.keys("reducer-input") == sorted([*elements, *attempts, "run1/fan-out"])
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
    put(deployment, "mapper-input", image(1, 2, deployment.buckets))
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
    put(deployment, "mapper-input", image(3, 6, deployment.buckets))
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
    put(deployment, "mapper-input", item)

    assert cluster.invoke("mapper", event) == {"batchItemFailures": []}

    assert deployment.buckets.tables.keys("mapper-output") == ["run1/3", "run1/finished/0"]


@pytest.mark.parametrize("event", [{}, {"Records": []}, [], None, {"Records": [{"s3": {}}]}])
def test_what_is_no_event_is_refused(event: Any, cluster: Cluster) -> None:
    with pytest.raises(LambdaError, match="EnvelopeError"):
        cluster.invoke("mapper", event)


@pytest.mark.parametrize("pointer", ["../other/1.json", "mapper.input/../1.json", "/mapper.input/1.json", "s3://b/1.json", ""])
def test_forged_pointers_are_refused(pointer: str, deployment: TriggeredByItems, cluster: Cluster, capfd: Capsys) -> None:
    deployment.buckets.put(deployment.buckets.returns, "other/1.json", {"text": "x", "destination": deployment.buckets.shuffle})
    item = image(1, 2, deployment.buckets, Pointer={"S": pointer})
    del item["Value"]
    put(deployment, "mapper-input", item)

    cluster.invoke("mapper", created(deployment, item))

    assert parse_lines(capfd.readouterr().out)[0]["error"] == "EnvelopeError"
    assert deployment.buckets.everything() == ["other/1.json", "run1/1", "run1/1/attempts"]


def test_record_of_a_run_that_was_removed_is_turned_back(deployment: TriggeredByItems, cluster: Cluster, capfd: Capsys) -> None:
    answer = cluster.invoke("mapper", created(deployment, image(1, 2, deployment.buckets)))

    (line,) = parse_lines(capfd.readouterr().out)
    assert (line["outcome"], line["reason"]) == ("turned back", "the run is no more")
    assert answer == {"batchItemFailures": []}
    assert deployment.buckets.everything() == []


@pytest.mark.parametrize("seen", [True, False])
def test_fan_out_that_was_stored_before_is_sent_again_as_it_was(
    seen: bool, deployment: TriggeredByItems, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored = f'[{{"bucket": "{deployment.buckets.shuffle}", "partition": "reducer0/"}}]'
    put(deployment, "reducer-input", {"Key": {"S": "run1/fan-out"}, "Run": {"S": "run1"}, "Value": {"S": stored}})
    if not seen:  # two at once: it is stored after the second has looked
        monkeypatch.setattr(deployment.cluster.components["partition"]._orchestration, "stored", lambda *_: None)

    run(deployment, TEXTS)

    assert deployment.buckets.tables.keys("reducer-input") == ["run1/1", "run1/1/attempts", "run1/fan-out"]


@pytest.mark.parametrize("value_bytes", [0, 40, 100])
def test_values_too_large_for_an_item_travel_as_claim_checks(
    value_bytes: int, deployment: TriggeredByItems, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit(item_bytes=value_bytes)

    run(deployment, TEXTS)

    assert deployment.buckets.result("run1") == COUNTS
    pointers = {
        item["Pointer"]["S"]
        for role in ("mapper-output", "reducer-input", "reducer-output")
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

    deployment.table("mapper-input", "run1").create_item(
        "1", {"Pointer": {"S": "mapper.input/1.json"}}, To="mapper", Index=1, Size=1
    )
    deployment.wait()

    assert deployment.buckets.result("run1") == {"to": 1, "be": 1}


@pytest.mark.parametrize("seed", range(3))
def test_fan_in_over_several_blocks_fires_once(
    seed: int, deployment: TriggeredByItems, monkeypatch: pytest.MonkeyPatch, capfd: Capsys
) -> None:
    limit(set_indexes=3)
    deployment.streams.schedule.shuffle(seed)
    deployment.streams.deliveries = 2

    run(deployment, [f"w{index}" for index in range(10)])

    assert len(deployment.buckets.result("run1")) == 10
    assert workers(parse_lines(capfd.readouterr().out)) == ONE_EACH
    tables = deployment.buckets.tables
    finished = [key for key in tables.keys("mapper-output") if "/finished" in key]
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
        assert "Attempts" not in tables.item("mapper-input", key)
        assert len(tables.item("mapper-input", f"{key}/attempts")["Attempts"]["SS"]) == 1


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
