"""The wrapper: ingress, stored, read, component, egress, in this order, in a run, with one log line."""

import json
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import functions
from runtime.mapreduce.objects.sender import OutOfTimeError
from runtime.orchestration.contract import Delivery, Invocation
from runtime.orchestration.ending.record import describe
from runtime.orchestration.safe_text import presentable
from runtime.orchestration.settings import Settings
from runtime.orchestration.sfn.orchestration import RunEnded, StepFunctions
from runtime.orchestration.values.json_objects import Found
from runtime.orchestration.wrapper import Wrapper, build, load_component
from runtime.ports import Ports, ports, using
from runtime.record import replace
from runtime.run import Run, current_run
from tests.fakes import answers
from tests.fakes.context import FakeContext
from tests.fakes.hostile import Hostile, errors
from tests.fakes.log_lines import parse_lines
from tests.fakes.places import WORDCOUNT
from tests.fakes.recorded import EVENT, SETTINGS, Recorded, Results, wrap


@pytest.fixture(autouse=True)
def failed_runs(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The ids of the runs whose failure is recorded."""
    runs: set[str] = set()
    monkeypatch.setattr(ports(), "s3", Results(runs), raising=False)
    return runs


def line_of(capfd: pytest.CaptureFixture[str]) -> dict[str, Any]:
    (line,) = parse_lines(capfd.readouterr().out)
    return line


def test_steps_follow_each_other_inside_the_run() -> None:
    orchestration = Recorded()

    answer = wrap(orchestration)(EVENT, FakeContext())

    inside = ("run1", 3)
    assert answer == "answer"
    assert orchestration.calls == [
        ("ingress", None, (None, 1)),
        ("stored", None, inside),
        ("read", None, inside),
        ("component", "read", inside),
        ("egress", "computed", inside),
    ]


def test_function_outside_a_fan_out_has_index_1() -> None:
    orchestration = Recorded()

    wrap(orchestration)({name: EVENT[name] for name in ("Session", "Data")}, FakeContext())

    assert orchestration.calls[-1][2] == ("run1", 1)


@pytest.mark.parametrize("value", ["stored", None, [], {}])
def test_duplicate_skips_the_component_and_still_continues(value: Any) -> None:
    orchestration = Recorded(Found(value))

    answer = wrap(orchestration)(EVENT, FakeContext())

    assert answer == "answer"
    assert [(name, given) for name, given, _ in orchestration.calls] == [("ingress", None), ("stored", None), ("egress", value)]


@pytest.mark.parametrize("found", [None, Found("stored")])
def test_function_of_a_run_that_has_failed_does_nothing_and_says_so(
    found: Found | None, failed_runs: set[str], capfd: pytest.CaptureFixture[str]
) -> None:
    orchestration = Recorded(found)
    failed_runs.add("run1")

    answer = wrap(orchestration)(EVENT, FakeContext())

    assert answer is None
    assert [name for name, _, _ in orchestration.calls] == ["ingress", "stored"]
    line = line_of(capfd)
    assert (line["outcome"], line["reason"]) == ("turned back", "the run has ended as failed")


def test_state_machine_gets_no_value_of_a_function_of_a_run_that_has_failed(failed_runs: set[str]) -> None:
    failed_runs.add("run1")
    turned_back = Wrapper(
        SETTINGS, StepFunctions(SETTINGS, lambda *_: None), lambda event, context: pytest.fail("the component ran")
    )

    with pytest.raises(RunEnded, match="run1: the run has ended as failed"):
        turned_back(EVENT, FakeContext())


def test_no_run_is_left_in_force() -> None:
    wrap(Recorded())(EVENT, FakeContext())

    assert current_run().run_id is None


def test_log_line_has_every_documented_field(capfd: pytest.CaptureFixture[str]) -> None:
    wrap(Recorded())(EVENT, FakeContext(request_id="request1"))

    line = line_of(capfd)
    told = {name: line[name] for name in ("run", "function", "index", "size", "orchestration", "outcome", "cold", "request_id")}
    assert told == {
        "run": "run1",
        "function": "mapper",
        "index": 3,
        "size": 6,
        "orchestration": "recorded",
        "outcome": "ok",
        "cold": True,
        "request_id": "request1",
    }
    assert line["requests"] == {"s3.PutObject": 4}
    assert line["polls"] == 7
    assert all(line[f"{phase}_ms"] >= 0 for phase in ("ingress", "component", "egress"))
    assert isinstance(line["started"], float)


def test_second_invocation_is_warm(capfd: pytest.CaptureFixture[str]) -> None:
    wrapper = wrap(Recorded())

    for _ in range(2):
        wrapper(EVENT, FakeContext())

    assert [line["cold"] for line in parse_lines(capfd.readouterr().out)] == [True, False]


def test_duplicate_is_marked_in_the_log(capfd: pytest.CaptureFixture[str]) -> None:
    wrap(Recorded(Found(1)))(EVENT, FakeContext())

    line = line_of(capfd)
    assert line["duplicate"] is True
    assert "component_ms" not in line


@pytest.mark.parametrize("step", ["ingress", "stored", "read", "component", "egress"])
def test_error_of_any_step_is_logged_and_raised(step: str, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(LookupError, match=f"{step} broken"):
        wrap(Recorded(breaks=step))(EVENT, FakeContext())

    line = line_of(capfd)
    assert (line["outcome"], line["error"], line["message"]) == ("error", "LookupError", f"{step} broken")
    assert line["run"] == (None if step == "ingress" else "run1")


@pytest.mark.parametrize("function", ["unum_map", "mapper", "partition", "reducer", "summary"])
def test_component_is_found_by_its_name(function: str) -> None:
    assert load_component(function).__module__ == f"functions.{function}.{function}"


def test_handler_is_built_from_settings() -> None:
    settings = Settings("sfn", "unum_map", "prefix-", "returns", "results", place=WORDCOUNT["unum_map"])
    wrapper = build(settings, lambda function, event: None)

    assert wrapper({"Session": "run1", "Data": {"Source": "http", "Value": [1]}}, FakeContext()) == {
        "Source": "http",
        "Value": [1],
    }


class Several(Recorded):
    """An orchestration whose events hold several deliveries, one of them broken; `ends` says whether that is final."""

    def __init__(self, broken: int, ends: bool = False, turns_back: bool = False) -> None:
        super().__init__()
        self._broken, self._ends, self._turns_back = broken, ends, turns_back
        self.failures: list[str] = []

    def deliveries(self, event: Any) -> list[Delivery]:
        return [Delivery(each) for each in event]

    def admit(self, invocation: Invocation) -> Invocation | str:
        return "not now" if self._turns_back else invocation

    def egress(self, invocation: Invocation, value: Any) -> Any:
        if invocation.index == self._broken:
            raise LookupError("broken")
        return invocation.index

    def failed(self, invocation: Invocation, error: Exception) -> bool:
        self.failures.append(str(error))
        return self._ends


def event_of(*indexes: int) -> list[Any]:
    return [EVENT | {"Fan-out": {"Index": index, "Size": 6}} for index in indexes]


def lines_of(capfd: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return parse_lines(capfd.readouterr().out)


def test_one_delivery_takes_no_other_with_it(capfd: pytest.CaptureFixture[str]) -> None:
    orchestration = Several(broken=2)

    with pytest.raises(LookupError, match="broken"):
        wrap(orchestration)(event_of(1, 2, 3), FakeContext())

    assert [(line["index"], line["outcome"]) for line in lines_of(capfd)] == [(1, "ok"), (2, "error"), (3, "ok")]


def test_delivery_that_failed_for_good_is_not_raised(capfd: pytest.CaptureFixture[str]) -> None:
    orchestration = Several(broken=2, ends=True)

    wrap(orchestration)(event_of(1, 2), FakeContext())

    (_, line) = lines_of(capfd)
    assert (line["outcome"], line["error"], line["final"]) == ("error", "LookupError", True)
    assert orchestration.failures == ["broken"]


def test_delivery_that_is_turned_back_says_why_and_computes_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    orchestration = Several(broken=0, turns_back=True)

    assert wrap(orchestration)(event_of(1), FakeContext()) is None

    (line,) = lines_of(capfd)
    assert (line["outcome"], line["reason"]) == ("turned back", "not now")
    assert [name for name, _, _ in orchestration.calls] == ["ingress"]


@pytest.fixture
def unimportable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of a component whose code has a syntax error."""
    folder = tmp_path / "functions" / "broken"
    folder.mkdir(parents=True)
    (folder / "broken.py").write_text("def lambda_handler(event, context)\n    return 1\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(functions, "__path__", [*functions.__path__, str(tmp_path / "functions")])
    return "broken"


def test_component_that_cannot_be_imported_fails_within_its_run(unimportable: str, capfd: pytest.CaptureFixture[str]) -> None:
    orchestration = Recorded()
    broken = Wrapper(SETTINGS, orchestration, load_component(unimportable))

    with pytest.raises(SyntaxError, match="expected ':'"):
        broken(EVENT, FakeContext())

    line = line_of(capfd)
    assert (line["run"], line["index"], line["outcome"], line["error"]) == ("run1", 3, "error", "SyntaxError")


def test_traceback_of_a_failed_import_does_not_grow(unimportable: str) -> None:
    broken = Wrapper(SETTINGS, Recorded(), load_component(unimportable))
    lengths = []

    for _ in range(3):
        with pytest.raises(SyntaxError) as raised:
            broken(EVENT, FakeContext())
        lengths.append(len(raised.traceback))

    assert lengths[0] == lengths[1] == lengths[2]


class Placed(Recorded):
    """Learns only in `admit` how large the fan-out is, and takes down the run that the component is in."""

    def __init__(self) -> None:
        super().__init__()
        self.runs: list[Run] = []

    def admit(self, invocation: Invocation) -> Invocation:
        return replace(invocation, index=3, size=40)

    def component(self, value: Any, context: Any) -> Any:
        self.runs.append(current_run())
        current_run().retries["s3:PutObject"] += 2
        return value


def test_component_is_told_how_large_its_fan_out_is_and_when_its_time_is_up() -> None:
    orchestration, began = Placed(), time.monotonic()

    wrap(orchestration)(EVENT, FakeContext(timeout_seconds=100))

    (run,) = orchestration.runs
    assert (run.index, run.size) == (3, 40)
    assert run.deadline is not None
    assert 60 < run.deadline - began < 100


def test_line_tells_what_was_tried_again(capfd: pytest.CaptureFixture[str]) -> None:
    wrap(Placed())(EVENT, FakeContext())

    assert line_of(capfd)["retries"] == {"s3:PutObject": 2}


def test_line_of_an_invocation_without_retries_says_nothing_of_them(capfd: pytest.CaptureFixture[str]) -> None:
    wrap(Recorded())(EVENT, FakeContext())

    assert "retries" not in line_of(capfd)


def test_mapper_that_runs_out_of_time_fails_under_that_name() -> None:
    error = OutOfTimeError(10, 7, 3, 895.0)

    assert presentable(error) is error


@given(hostile=errors(), step=st.sampled_from(["ingress", "stored", "read", "component", "egress"]))
def test_any_error_of_any_step_is_logged_and_raised_as_lambda_can_tell_it(hostile: Hostile, step: str) -> None:
    lines: list[dict[str, Any]] = []
    log = SimpleNamespace(write=lambda fields: lines.append(json.loads(json.dumps(fields))))
    with using(Ports(log=log, s3=Results(set()))):
        told = answer_of(wrap(Recorded(breaks=step, error=hostile.error)))

    assert told["errorType"] == describe(hostile.error)["error"]
    assert [(line["error"], line["outcome"]) for line in lines] == [(told["errorType"], "error")]
    assert "in step" in told["stackTrace"][-1]


def answer_of(handler: Wrapper) -> dict[str, Any]:
    """What Lambda answers for an invocation that fails. (No such error may reach pytest, which could not report it.)"""
    try:
        handler(EVENT, FakeContext())
    except BaseException as error:
        return answers.raised(error, "r")
    return {}


def test_code_that_ends_the_process_when_it_is_imported_fails_within_its_run(
    unimportable: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "functions" / "broken" / "broken.py").write_text("import sys\nsys.exit('no licence')\n")
    sys.modules.pop("functions.broken.broken", None)

    with pytest.raises(Exception, match="the code called"):
        Wrapper(SETTINGS, Recorded(), load_component(unimportable))(EVENT, FakeContext())

    assert line_of(capfd)["error"] == "SystemExit"
