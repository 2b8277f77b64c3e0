"""Payloads within the carriers' limits, and progress read from histories and listings."""

import json
import weakref
from collections.abc import Sequence
from datetime import UTC, datetime
from types import SimpleNamespace

import obstore
import pytest
from hypothesis import given
from hypothesis import strategies as st
from obstore.store import MemoryStore

from runtime.limits import LIMITS
from scripts.client.errors import UsageError
from scripts.client.orchestrations import Progress, Verdict, handing_over
from scripts.client.orchestrations.base import size
from scripts.client.orchestrations.sfn.client import Sfn
from scripts.client.report.console import describe
from tests.fakes.deployed import chain, wordcount
from tests.fakes.progress import mapped


def stored_in(store):
    """Every object's value, by its key."""
    keys = [item["path"] for page in obstore.list(store) for item in page]
    return {key: json.loads(bytes(obstore.get(store, key).bytes())) for key in keys}


TEXTS = st.lists(st.integers(0, 40).map(lambda n: "ab\x01日" * n), max_size=12)


@given(TEXTS, st.integers(400, 3000), st.booleans())
def test_claim_checks_make_everything_fit_and_lose_nothing(texts, limit, each):
    chunks = [{"text": text, "destination": "b"} for text in texts]
    limit = max(limit, 60 * len(chunks) + 20)

    returns = MemoryStore()
    data = handing_over.place(returns, "r1", "mapper", chunks, limit, each=each)

    bodies = stored_in(returns)
    restored = [d["Value"] if d["Source"] == "http" else bodies["r1/" + d["Value"]] for d in data]
    assert restored == chunks
    assert {"r1/" + d["Value"] for d in data if d["Source"] == "s3"} == set(bodies)
    if each:
        assert all(size(datum) <= limit for datum in data)
    else:
        assert size(data) <= limit


def test_what_fits_travels_in_the_list():
    returns = MemoryStore()

    data = handing_over.place(returns, "r1", "mapper", [{"text": "to be", "destination": "b"}] * 3, 1000)

    assert [datum["Source"] for datum in data] == ["http"] * 3
    assert stored_in(returns) == {}


def test_list_of_nothing_is_empty():
    assert handing_over.place(MemoryStore(), "r1", "mapper", [], 0) == []


class Waiting(Sequence):
    """Chunks that come from a file when they are asked for: notes which were, and how many are held at once."""

    def __init__(self, number):
        self.number, self.most, self.held = number, 0, weakref.WeakSet()

    def __len__(self):
        return self.number

    def __getitem__(self, i):
        if not 0 <= i < self.number:
            raise IndexError(i)
        chunk = Chunk(text="to be " * 100 + str(i), destination="b")
        self.held.add(chunk)
        self.most = max(self.most, len(self.held))
        return chunk


class Chunk(dict):
    """Like a dict, but known to a WeakSet."""

    __hash__ = object.__hash__
    __eq__ = object.__eq__


def test_chunks_are_never_held_all_together():
    chunks = Waiting(300)
    returns = MemoryStore()

    handing_over.place(returns, "r1", "mapper", chunks, 0)

    assert len(stored_in(returns)) == 300
    assert chunks.most <= 40


def test_size_counts_the_longest_form():
    assert size("é") == len('"\\u00e9"')
    assert size("a") == 3


class Machine:
    """Step Functions with a history that grows; pages are small and newest first, as the API gives them."""

    def __init__(self, arn):
        self.events, self.runs, self.asked = [], [], 0
        deployment = SimpleNamespace(state_machine_arn=arn, sfn_map_mode="INLINE", bucket=str, workflow=wordcount("sfn"))
        self.aws = SimpleNamespace(deployment=deployment, client=lambda service: self)

    def happen(self, kind, output=None):
        name = kind[0].lower() + kind[1:] + "EventDetails"
        self.events.append({"id": len(self.events) + 1, "type": kind, name: {"output": json.dumps(output)}})

    def get_paginator(self, name):
        return self

    def paginate(self, **request):
        assert request["reverseOrder"]
        newest_first = self.events[::-1]
        for i in range(0, len(newest_first), 3):
            self.asked += 1
            yield {"events": newest_first[i : i + 3]}

    def list_map_runs(self, executionArn):
        return {
            "mapRuns": [{"mapRunArn": i, "startDate": datetime(2026, 1, 1, 0, i, tzinfo=UTC)} for i in range(len(self.runs))][
                ::-1
            ]
        }

    def describe_map_run(self, mapRunArn):
        return {"itemCounts": {"succeeded": self.runs[mapRunArn]}}


@pytest.fixture
def machine():
    return Machine("arn:aws:states:eu-west-1:1:stateMachine:wordcount-sfn")


@pytest.mark.parametrize("kind", ["TaskSucceeded", "LambdaFunctionSucceeded"])
@pytest.mark.parametrize("wrap", [lambda a: a, lambda a: {"Payload": a}, lambda a: {"Source": "http", "Value": a}])
def test_progress_of_an_inline_map(machine, kind, wrap):
    run = Sfn(machine.aws, "r1")
    seen = [run.progress(2)]
    for output in ({}, {}, wrap([{}, {}, {}]), {}, {}, {}, {}):
        machine.happen("TaskScheduled")
        machine.happen(kind, output)
        seen.append(run.progress(2))

    assert seen == [
        mapped(of=2),
        mapped(1, of=2),
        mapped(2, of=2),
        mapped(2, None, 3, of=2),
        *[mapped(2, reduced, 3, of=2) for reduced in (1, 2, 3)],
        Progress({"mapper": 2, "partition": 1, "reducer": 3, "summary": 1}, {"mapper": 2, "reducer": 3}),
    ]


def test_each_event_is_read_once(machine):
    run = Sfn(machine.aws, "r1")
    for _ in range(300):
        machine.happen("TaskSucceeded", {})
    run.progress(300)
    machine.asked = 0

    assert run.progress(300) == mapped(300, of=300)
    assert machine.asked == 1


def test_progress_of_a_distributed_map(machine):
    machine.aws.deployment.sfn_map_mode = "DISTRIBUTED"
    run = Sfn(machine.aws, "r1")

    assert run.progress(5) == mapped(of=5)
    machine.runs = [4]
    assert run.progress(5) == mapped(4, of=5)
    machine.happen("TaskSucceeded", [{}, {}])
    assert run.progress(5) == mapped(4, None, 2, of=5)
    machine.runs = [5, 1]
    assert run.progress(5) == mapped(5, 1, 2, of=5)


@pytest.mark.parametrize(("status", "verdict"), [("RUNNING", None), ("FAILED", Verdict("FAILED", "E", "why"))])
def test_verdict(machine, status, verdict):
    machine.describe_execution = lambda executionArn: {"status": status, "error": "E", "cause": "why", "arn": executionArn}

    assert Sfn(machine.aws, "r1").verdict() == verdict


def test_unknown_progress_shows_as_question_marks():
    assert describe(Progress(), wordcount("sfn")) == "mapper ?/?, reducer ?/?"
    assert describe(mapped(3, 0, 2, of=6), wordcount("sfn")) == "mapper 3/6, reducer 0/2"


def test_progress_of_a_workflow_without_a_fan_out_is_told_of_all_its_functions():
    assert describe(Progress({"a": 1}), chain("sfn", "a", "b")) == "a 1/1, b ?/1"


@pytest.mark.parametrize(("chunks", "reducers"), [(397, None), (300, 100), (1, 399)])
def test_an_inline_map_takes_what_its_history_holds(machine, chunks, reducers):
    Sfn(machine.aws, "r1").check(some(chunks, reducers))


@pytest.mark.parametrize(
    ("chunks", "reducers", "advice"),
    [
        (398, None, r"398 of mapper and 3 of reducer .* \(--chunks 397\), or deploy with sfn.map_mode=DISTRIBUTED"),
        (301, 100, r"301 of mapper and 100 of reducer .* \(--chunks 300\)"),
        (1, 400, r"events; deploy with sfn.map_mode=DISTRIBUTED"),
    ],
)
def test_an_inline_map_takes_no_more(machine, chunks, reducers, advice):
    with pytest.raises(UsageError, match=advice):
        Sfn(machine.aws, "r1").check(some(chunks, reducers))


def test_a_distributed_map_has_a_history_for_each_item(machine):
    machine.aws.deployment.sfn_map_mode = "DISTRIBUTED"

    Sfn(machine.aws, "r1").check(some(2400, 1000))


@pytest.mark.parametrize(("chunks", "reducers", "option"), [(9000, None, "--chunks"), (3, 9000, "--num-reducer")])
def test_a_distributed_map_has_no_more_branches_than_a_state_can_point_to(machine, chunks, reducers, option):
    machine.aws.deployment.sfn_map_mode = "DISTRIBUTED"

    with pytest.raises(UsageError, match=rf"more than the \d+ whose .* \({option} \d+\)$") as refused:
        Sfn(machine.aws, "r1").check(some(chunks, reducers))

    most = int(str(refused.value).rpartition(" ")[2].rstrip(")"))
    branch = "reducer" if reducers else "mapper"
    pointers = [{"Source": "s3", "Value": f"{branch}/{index}.json"} for index in range(1, most + 1)]
    assert 0.99 * LIMITS.state_bytes < len(json.dumps(pointers)) <= LIMITS.state_bytes
    Sfn(machine.aws, "r1").check(some(3, most) if reducers else some(most, None))


def some(chunks, reducers):
    chunk = {"text": "to be", "destination": "b"}
    return [chunk if reducers is None else {**chunk, "numReducer": reducers}] * chunks
