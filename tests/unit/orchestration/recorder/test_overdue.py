"""overdue: a sweep records a run whose deadline has passed as failed, unless it has ended, was resumed or was removed."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.aws.errors import StorageError
from runtime.orchestration.ending import open_runs
from runtime.orchestration.recorder import overdue
from runtime.orchestration.workflow.envelope import RUN_ID
from runtime.ports import ports
from tests.fakes.context import FakeContext
from tests.fakes.events import load_event
from tests.fakes.log_lines import parse_lines
from tests.fakes.recorder import lambda_handler

NOW = 1_795_000_000
PAST, FUTURE = NOW - 60, NOW + 60


class Results:
    """The results bucket. `on_list` is called before each listing, with its prefix."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.listed: list[str] = []
        self.broken: set[str] = set()
        self.on_list: Any = lambda prefix: None

    def list_keys(self, bucket: str, prefix: str) -> Iterator[str]:
        assert bucket == "results-bucket"
        self.on_list(prefix)
        self.listed.append(prefix)
        if prefix in self.broken:
            raise StorageError("s3:ListBucket", bucket, prefix, "no")
        return iter(sorted(key for key in self.objects if key.startswith(prefix)))

    def create(self, bucket: str, key: str, body: bytes) -> bool:
        assert bucket == "results-bucket"
        return self.objects.setdefault(key, body) is body

    def delete(self, bucket: str, key: str) -> None:
        assert bucket == "results-bucket"
        self.objects.pop(key, None)

    def open(self, run: str, deadline: int) -> None:
        self.objects[open_runs.marker(run, deadline)] = b""

    @property
    def markers(self) -> list[str]:
        return sorted(key for key in self.objects if key.startswith(open_runs.PREFIX))

    def failure(self, run: str) -> Any:
        return json.loads(self.objects.get(f"{run}/failed.json", b"null"))


@pytest.fixture
def results(monkeypatch: pytest.MonkeyPatch) -> Results:
    made = Results()
    for name in ("list_keys", "create", "delete"):
        monkeypatch.setattr(ports().s3, name, getattr(made, name))
    monkeypatch.setattr("time.time", lambda: float(NOW))
    prefix = "wordcount-http_sync_s3-"
    own = {
        "ORCHESTRATION": "http_sync_s3",
        "FUNCTION": "recorder",
        "FUNCTION_PREFIX": prefix,
        "BUCKETS": '{"results": "results-bucket"}',
    }
    for name, value in own.items():
        monkeypatch.setenv(name, value)
    return made


def sweep() -> Any:
    return lambda_handler(load_event("scheduled"), FakeContext())


def test_sweep_logs_how_many_runs_are_open_and_how_many_it_recorded(results: Results, capfd: pytest.CaptureFixture[str]) -> None:
    results.open("run1", PAST)
    results.open("run2", FUTURE)

    sweep()

    lines = parse_lines(capfd.readouterr().out)
    assert {"log": "mapreduce", "outcome": "swept", "open": 2, "recorded": 1} in lines


def test_run_without_an_end_is_recorded_once_its_deadline_has_passed(results: Results) -> None:
    results.open("run1", PAST)

    answer = sweep()

    assert answer == {"recorded": 1}
    failure = results.failure("run1")
    assert (failure["run"], failure["error"], failure["function"]) == ("run1", "RunOverdue", None)
    assert "by 2026-11-18T11:05:40+00:00" in failure["message"]
    assert results.markers == []


def test_nothing_is_asked_about_runs_that_still_have_time(results: Results) -> None:
    for number in range(50):
        results.open(f"run{number}", FUTURE)

    answer = sweep()

    assert answer == {"recorded": 0}
    assert results.listed == [".open/"]
    assert len(results.markers) == 50


@pytest.mark.parametrize("end", ["result.json", "failed.json"])
def test_run_that_has_ended_is_forgotten(results: Results, end: str) -> None:
    results.open("run1", PAST)
    results.objects[f"run1/{end}"] = b"{}"

    answer = sweep()

    assert answer == {"recorded": 0}
    assert sorted(results.objects) == [f"run1/{end}"]


def test_latest_of_several_deadlines_counts(results: Results) -> None:
    results.open("run1", PAST)
    results.open("run1", FUTURE)

    assert sweep() == {"recorded": 0}
    assert results.failure("run1") is None


def test_run_that_is_resumed_during_the_sweep_is_spared(results: Results) -> None:
    results.open("run1", PAST)
    results.objects["run1/failed.json"] = b"{}"

    def resume(prefix: str) -> None:
        if prefix == "run1/":
            results.open("run1", FUTURE)
            del results.objects["run1/failed.json"]

    results.on_list = resume

    assert sweep() == {"recorded": 0}
    assert results.failure("run1") is None
    assert open_runs.marker("run1", FUTURE) in results.markers


def test_run_that_is_removed_during_the_sweep_gets_no_record(results: Results) -> None:
    results.open("run1", PAST)
    results.objects["run1/failed.json"] = b"{}"
    results.on_list = lambda prefix: results.objects.clear() if prefix == "run1/" else None

    assert sweep() == {"recorded": 0}
    assert results.objects == {}


def test_one_run_that_cannot_be_looked_at_keeps_no_other_from_being_recorded(results: Results) -> None:
    results.open("run1", PAST)
    results.open("run2", PAST)
    results.broken.add("run1/")

    with pytest.raises(StorageError):
        sweep()

    assert results.failure("run2")["error"] == "RunOverdue"
    assert results.markers == [open_runs.marker("run1", PAST)]


def test_what_is_no_marker_is_left_alone(results: Results) -> None:
    strangers = [".open/run1", ".open/run1/soon", ".open/run1/1/2", ".open/run1/-5", ".open//7"]
    results.objects |= dict.fromkeys(strangers, b"")

    assert sweep() == {"recorded": 0}
    assert sorted(results.objects) == sorted(strangers)


def test_second_sweep_finds_nothing_left_to_do(results: Results) -> None:
    results.open("run1", PAST)
    sweep()
    before = dict(results.objects)

    assert sweep() == {"recorded": 0}
    assert results.objects == before


def test_default_deadline_is_a_day_away_and_all_who_mark_within_an_hour_agree(results: Results) -> None:
    open_runs.mark_by_default("results-bucket", "run1")
    open_runs.mark_by_default("results-bucket", "run1")

    (marked,) = results.markers
    parsed = open_runs.parse_marker(marked)
    assert parsed is not None
    assert parsed[0] == "run1"
    assert 24 * 3600 < parsed[1] - NOW <= 25 * 3600


@given(run=st.from_regex(RUN_ID, fullmatch=True), deadline=st.integers(0, 10**12 - 1))
def test_marker_tells_run_and_deadline_and_lies_in_no_runs_folder(run: str, deadline: int) -> None:
    key = open_runs.marker(run, deadline)

    assert open_runs.parse_marker(key) == (run, deadline)
    assert not key.startswith(f"{run}/")
    assert overdue._deadlines([key]) == {run: {deadline}}
