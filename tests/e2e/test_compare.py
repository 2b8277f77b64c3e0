"""`make compare` on real runs of every orchestration and layout; and the formulas of docs/costs.md against what they counted."""

import json
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from scripts.client.orchestrations.shape import Pairs, Range, Shape
from scripts.compare import formulas
from scripts.orchestrations import ORCHESTRATIONS
from scripts.workflow import Workflow
from tests.cloud import Cloud, Done
from tests.e2e.conftest import run_module

CHUNKS = [f"all of {n} tiny chunks: chunk{n} only{n}" for n in range(7)] + ["x" * 3000 + " " + "é" * 700 + " " + "x" * 3000]
"""Eight mappers, two distinct words that are too long for a key."""

REDUCERS = 4


@pytest.fixture(scope="session")
def comparisons(cloud: Cloud, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Done]:
    """One comparison of all five for each layout, on the embedded AWS that runs already."""
    path = tmp_path_factory.mktemp("compare") / "input.json"
    path.write_text(json.dumps([{"text": text, "numReducer": REDUCERS} for text in CHUNKS]))

    @cache
    def compare(shuffle: str) -> Done:
        options = ("--input", str(path), "--runs", "1", "--shuffle", shuffle, "--json")
        return run_module("scripts.compare", *options, timeout=900)

    return compare


@pytest.fixture
def compared(comparisons: Callable[[str], Done], shuffle: str) -> Done:
    """The comparison of a layout."""
    return comparisons(shuffle)


@pytest.fixture
def run(compared: Done, orchestration: str) -> dict[str, Any]:
    """All numbers of an orchestration's run."""
    assert compared.status == 0, compared.out + compared.err
    (found,) = [run for run in json.loads(compared.out)["runs"] if run["orchestration"] == orchestration]
    assert found["notes"] == []
    return dict(found)


@pytest.fixture
def shape(run: dict[str, Any], cloud: Cloud, orchestration: str, shuffle: str) -> Shape:
    """What the formulas need to know of a run."""

    def waited(function: str) -> float:
        return max(
            [each["egress"] for each in run["each_invocation"] if each["function"] == function and each["polls"]], default=0
        )

    workflow = Workflow.parse(cloud.deployment(orchestration)["workflow"])
    return Shape(
        workflow,
        run["branches"],
        Pairs(sum(len(text.split()) for text in CHUNKS), shuffle, long_words=2),
        waits=[waited(branch) for branch in workflow.branches],
        seconds=run["times"]["end_to_end"],
    )


def outside(counted: dict[str, int], ranges: dict[str, Range]) -> dict[str, Any]:
    """What was counted and lies in no range, with the range; a request without a formula lies in none."""
    names = counted.keys() | ranges.keys()
    checked = {name: (counted.get(name, 0), ranges.get(name, (0, 0))) for name in names}
    return {name: pair for name, pair in checked.items() if not pair[1][0] <= pair[0] <= pair[1][1]}


@pytest.mark.timeout(900)
def test_functions_make_the_requests_of_the_formulas(run: dict[str, Any], orchestration: str, shape: Shape) -> None:
    counted = {**run["by_functions"], "invocations": run["lambda"]["invocations"], "transitions": run["transitions"]}

    assert outside(counted, formulas.by_functions(orchestration, shape)) == {}


def test_the_client_makes_the_requests_of_the_formulas(run: dict[str, Any], orchestration: str, shape: Shape) -> None:
    assert outside(run["by_client"], formulas.by_client(orchestration, shape)) == {}


def test_nothing_ran_twice_and_only_triggers_turn_back(run: dict[str, Any], orchestration: str) -> None:
    turned_back = sum(run["branches"]) - 2 if orchestration == "s3_triggers" else 0

    assert run["lambda"]["turned_back"] == turned_back
    assert run["lambda"]["errors"] == run["lambda"]["duplicates"] == 0


def test_times_add_up(run: dict[str, Any]) -> None:
    times = run["times"]

    parts = times["start"] + times["hand_over"] + sum(times["stages"].values()) + times["finish"]
    assert parts == pytest.approx(times["end_to_end"], abs=0.01)
    assert [each["edge"] for each in times["hand_overs"]] == ["mapper-partition", "partition-reducer", "reducer-summary"]
    assert all(0 < each["first"] <= each["last"] for each in times["hand_overs"])


def test_only_what_was_used_costs(run: dict[str, Any], orchestration: str) -> None:
    costs = {item for item, usd in run["usd"].items() if usd > 0}

    always = {"Lambda invocations", "Lambda GB-s", "S3 PUT, LIST", "S3 GET, HEAD"}
    more = {"sfn": {"Step Functions"}, "dynamodb_triggers": {"DynamoDB writes", "DynamoDB reads"}}
    assert costs == always | more.get(orchestration, set())


def test_nothing_is_left_of_the_runs_and_the_embedded_aws_goes_on(
    compared: Done, run: dict[str, Any], cloud: Cloud, orchestration: str
) -> None:
    buckets = cloud.deployment(orchestration)["buckets"]

    assert [key for role in buckets for key in cloud.keys(orchestration, role, run["run"])] == []
    assert "will go on running" in compared.err


def test_progress_is_told_all_along(compared: Done) -> None:
    said = [line for line in compared.err.splitlines() if line.startswith("compare:")]

    for name in ORCHESTRATIONS:
        assert any(f"{name}: warmed up" in line and "not counted" in line for line in said)
        assert any(line.startswith(f"compare: run 1/1 of {name}") for line in said)
    assert any("results are the same" in line for line in said)


def test_table_of_one_orchestration(cloud: Cloud, tmp_path: Path) -> None:
    (tmp_path / "words.txt").write_text("to be or not to be")

    done = run_module("scripts.compare", "--input", str(tmp_path / "words.txt"), "--runs", "1", "--orchestration", "http_only")

    assert done.status == 0, done.err
    rows = dict(re.findall(r"^ *(\S.*?) {2,}(\S+)$", done.out, re.MULTILINE))
    assert [rows[label] for label in ("invocations", "of them words", "Step Functions transitions")] == ["7", "6", "0"]  # R is 3
    assert "Times are this machine's" in done.out
