"""The main job, as a user has it: deployed by Terraform onto the embedded AWS with IAM enforced, run by the client."""

import contextlib
import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from scripts.client.report.output import to_bytes
from tests.cloud import ROOT, Cloud, Done
from tests.e2e.conftest import run_module

SAMPLE = ROOT / "samples" / "lighthouse.json"


WIDE = ("--shuffle", "packed", "--num-reducer", "40", "--param", f"padding={'p' * 8100}", "-")
"""Options with which what partition returns, 330 kB, fits into no state: each of its entries holds the parameters."""

WIDE_WORDS = {f"w{number}": 1 for number in range(400)}


def left_of(cloud: Cloud, orchestration: str, run: str) -> list[str]:
    """All keys that are left of a run."""
    return [key for role in cloud.deployment(orchestration)["buckets"] for key in cloud.keys(orchestration, role, run)]


def counter_of(path: Path) -> Counter[str]:
    return Counter(word for chunk in json.loads(path.read_text())["data"] for word in chunk["text"].split())


def tiny_chunks(number: int) -> tuple[str, Counter[str]]:
    """An input of many chunks, as JSON, and its counts."""
    texts = [f"all chunk{n % 7} only{n} 日本語" for n in range(number)]
    return json.dumps(texts), Counter(word for text in texts for word in text.split())


def test_sample_is_counted_and_its_output_file_has_the_same_bytes_in_every_orchestration(
    cloud: Cloud, orchestration: str, tmp_path: Path
) -> None:
    done = cloud.invoke(orchestration, "--json", "--output", str(tmp_path / "output.json"), str(SAMPLE))

    assert done.counts == counter_of(SAMPLE)
    assert (tmp_path / "output.json").read_bytes() == to_bytes(counter_of(SAMPLE))


def test_empty_input_counts_nothing(cloud: Cloud, orchestration: str) -> None:
    assert cloud.invoke(orchestration, "--json", "-", stdin="[]").counts == {}


def test_two_hundred_chunks_end_right(cloud: Cloud, orchestration: str) -> None:
    chunks, expected = tiny_chunks(200)

    assert cloud.invoke(orchestration, "--json", "-", stdin=chunks).counts == expected


def test_chunks_and_results_that_no_carrier_takes_come_through(cloud: Cloud, orchestration: str) -> None:
    """1.3 MB of one word, and 6 MB of different ones: as chunks, as reducers' values and as the result."""
    texts = ["word " * 260_000, " ".join(f"{n}-{'long' * 75}" for n in range(20_000)), "to be or not"]

    done = cloud.invoke(orchestration, "--json", "--shuffle", "packed", "--num-reducer", "2", "-", stdin=json.dumps(texts))

    assert done.counts == Counter(word for text in texts for word in text.split())


def test_large_parameters_reach_forty_reducers(cloud: Cloud, orchestration: str) -> None:
    run = f"wide-{orchestration}"

    assert cloud.invoke(orchestration, "--run-id", run, "--json", *WIDE, stdin=" ".join(WIDE_WORDS)).counts == WIDE_WORDS

    late = {f"{run}/.lock"}  # under s3_triggers, of an event that was delivered late; it expires
    assert set(left_of(cloud, orchestration, run)) - late == {f"{run}/result.json"}


def test_runs_started_at_the_same_moment_do_not_meet(cloud: Cloud, orchestration: str) -> None:
    def one(number: int) -> Done:
        return cloud.invoke(orchestration, "--json", "-", stdin=f"same words in run{number} " * 5)

    with ThreadPoolExecutor(3) as pool:
        runs = list(pool.map(one, range(3)))

    for number, done in enumerate(runs):
        assert done.counts == {"same": 5, "words": 5, "in": 5, f"run{number}": 5}


def repeated_event(orchestration: str, deployment: dict[str, Any], run: str, chunk: dict[str, str]) -> dict[str, Any]:
    """The event that mapper 1 of a run got, as each orchestration delivers it."""
    if orchestration == "s3_triggers":
        bucket = deployment["buckets"]["mapper-input"]
        return {"Records": [{"s3": {"bucket": {"name": bucket}, "object": {"key": f"{run}/1.json"}}}]}
    if orchestration == "dynamodb_triggers":
        image = {"Key": {"S": f"{run}/1"}, "To": {"S": "mapper"}, "Run": {"S": run}, "Index": {"N": "1"}, "Size": {"N": "1"}}
        image["Value"] = {"S": json.dumps(chunk)}
        source = f"arn:aws:dynamodb:us-east-1:000000000000:table/{deployment['tables']['mapper-input']}/stream/1"
        told = {"SequenceNumber": "1", "NewImage": image}
        return {"Records": [{"eventName": "INSERT", "eventSourceARN": source, "dynamodb": told}]}
    place = {"Index": 1, "Size": 2, "Directory": "mapper/"}
    return {"Session": run, "Data": {"Source": "http", "Value": chunk}, "Fan-out": place}


def test_kept_run_has_one_object_per_occurrence_and_a_mapper_that_comes_late_adds_none(cloud: Cloud, orchestration: str) -> None:
    run = f"kept-{orchestration}"
    chunk = {"text": "to be or not to be"}
    assert cloud.invoke(orchestration, "--keep", "--run-id", run, "--json", "-", stdin=json.dumps([chunk])).status == 0
    once = cloud.keys(orchestration, "shuffle", run)
    deployment = cloud.deployment(orchestration)
    event = repeated_event(orchestration, deployment, run, chunk | {"destination": deployment["buckets"]["shuffle"]})

    answer = cloud.client("lambda").invoke(FunctionName=deployment["functions"]["mapper"], Payload=json.dumps(event).encode())

    # A state machine would take any answer for the mapper's value, so under sfn it is told by an error that the run has ended.
    late = json.loads(answer["Payload"].read()).get("errorType") if "FunctionError" in answer else None
    assert late == ("RunEnded" if orchestration == "sfn" else None)
    pairs = [key for key in once if key.startswith(f"{run}/reducer")]
    assert Counter(key.split("/")[2] for key in pairs) == {"to": 2, "be": 2, "or": 1, "not": 1}
    assert sorted(set(once) - set(pairs)) == [f"{run}/emitted/1", f"{run}/emitted/sum"]
    assert cloud.keys(orchestration, "shuffle", run) == once


def test_nothing_but_the_result_is_left_of_a_run(cloud: Cloud, orchestration: str) -> None:
    run = f"clean-{orchestration}"

    assert cloud.invoke(orchestration, "--run-id", run, "--json", "-", stdin="a b c").status == 0

    left = left_of(cloud, orchestration, run)
    assert left == [f"{run}/result.json"]
    assert cloud.items(orchestration, run) == []


def test_run_id_is_used_once(cloud: Cloud, orchestration: str) -> None:
    run = f"once-{orchestration}"
    assert cloud.invoke(orchestration, "--run-id", run, "--json", "-", stdin="a").status == 0

    again = cloud.invoke(orchestration, "--run-id", run, "--json", "-", stdin="b")

    assert again.status == 2
    assert run in again.err


def test_time_out_says_how_to_attach_and_the_run_goes_on(cloud: Cloud, orchestration: str) -> None:
    # As many as take longer than the client's first look.
    run, (chunks, expected) = f"late-{orchestration}", tiny_chunks(40)
    # Elsewhere the start returns before all can have run; here it returns with the run's end, if that comes soon.
    held = cloud.held(orchestration, "mapper") if orchestration == "http_only" else contextlib.nullcontext()

    with held:
        late = cloud.invoke(orchestration, "--run-id", run, "--timeout", "0.001", "--json", "-", stdin=chunks)

    assert late.status == 3, late.out + late.err
    assert "--attach" in late.err
    assert cloud.invoke(orchestration, "--attach", run, "--json").counts == expected


def test_second_apply_plans_no_change(cloud: Cloud, orchestration: str) -> None:
    cloud.deployment(orchestration)

    done = run_module("scripts.deploy", "plan", "--target", "embedded", "--orchestration", orchestration)

    assert done.status == 0, done.out + done.err
