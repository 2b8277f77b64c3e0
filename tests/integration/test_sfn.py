"""What only sfn does: the states' retries and catches, the history, claim checks where a state's payload is bounded."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.fakes.deployments import StateMachine
from tests.fakes.limits import limit
from tests.fakes.machine import InstantRetries
from tests.fakes.user_maps import Flaky

MODES = ("INLINE", "DISTRIBUTED")

Make = Callable[[str], StateMachine]


def error_of_lambda(name: str) -> Exception:
    """An exception whose type has the name that Lambda gives an error of its own."""
    return type(name, (Exception,), {})("from Lambda itself")


@pytest.mark.parametrize("mode", MODES)
def test_execution_succeeds_and_names_the_result(mode: str, make_state_machine: Make) -> None:
    deployment = make_state_machine(mode)
    chunk = {"text": "to be", "destination": deployment.buckets.shuffle}

    execution = deployment.machine.wait(deployment.machine.start("run1", [chunk]))

    assert execution["status"] == "SUCCEEDED"
    assert json.loads(execution["output"]) == {"Session": "run1", "Result": "run1/result.json"}


def test_failing_mapper_fails_the_execution(make_state_machine: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    # INLINE alone: moto tolerates failed items of a Distributed Map, where Step Functions by default tolerates none.
    deployment = make_state_machine("INLINE")
    monkeypatch.setattr("functions.mapper.user_map.user_map", Flaky(99, ValueError("never")))
    chunk = {"text": "to be", "destination": deployment.buckets.shuffle}

    execution = deployment.machine.wait(deployment.machine.start("run1", [chunk]))

    assert (execution["status"], execution["error"]) == ("FAILED", "RunFailed")
    assert json.loads(execution["cause"])["errorMessage"] == "mapper 1: ValueError: never"


@pytest.mark.parametrize("function", ["partition", "reducer", "summary"])
@pytest.mark.parametrize("mode", MODES)
def test_failure_of_any_function_is_recorded(
    mode: str, function: str, make_state_machine: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    deployment = make_state_machine(mode)
    chunk = {"text": "to", "destination": deployment.buckets.shuffle}

    def broken(event: Any, context: Any) -> Any:
        raise LookupError("broken on purpose")

    monkeypatch.setattr(deployment.cluster.components[function], "_component", broken)
    execution = deployment.machine.wait(deployment.machine.start("run1", [chunk]))

    failed = deployment.buckets.failure("run1")
    assert execution["status"] == "FAILED"
    assert (failed["function"], failed["error"], failed["message"]) == (function, "LookupError", "broken on purpose")
    assert failed["index"] == (1 if function == "reducer" else None)


def test_errors_of_a_function_are_retried_twice(
    make_state_machine: Make, retries: InstantRetries, monkeypatch: pytest.MonkeyPatch
) -> None:
    deployment = make_state_machine("INLINE")
    flaky = Flaky(99, ValueError("never"))
    monkeypatch.setattr("functions.mapper.user_map.user_map", flaky)
    chunk = {"text": "to be", "destination": deployment.buckets.shuffle}

    deployment.machine.wait(deployment.machine.start("run1", [chunk]))

    assert flaky.calls == 3
    assert [0 <= pause <= 2**number for number, pause in enumerate(retries.pauses)] == [True, True]


@pytest.mark.parametrize(
    ("error", "times", "longest"), [("Lambda.TooManyRequestsException", 60, 60), ("Lambda.ServiceException", 8, 30)]
)
def test_errors_of_lambda_itself_are_retried_longer(
    error: str, times: int, longest: int, make_state_machine: Make, retries: InstantRetries, monkeypatch: pytest.MonkeyPatch
) -> None:
    deployment = make_state_machine("INLINE")
    monkeypatch.setattr("functions.mapper.user_map.user_map", Flaky(times, error_of_lambda(error)))
    chunk = {"text": "to be", "destination": deployment.buckets.shuffle}

    deployment.machine.wait(deployment.machine.start("run1", [chunk]))

    assert deployment.buckets.result("run1") == {"to": 1, "be": 1}
    assert len(retries.pauses) == times
    assert max(retries.pauses) <= longest


def test_function_that_lambda_ends_without_a_name_for_it_is_retried_twice(
    make_state_machine: Make, retries: InstantRetries, monkeypatch: pytest.MonkeyPatch
) -> None:
    deployment = make_state_machine("INLINE")
    out_of_memory = Flaky(99, error_of_lambda("Lambda.Unknown"))
    monkeypatch.setattr("functions.mapper.user_map.user_map", out_of_memory)
    chunk = {"text": "to be", "destination": deployment.buckets.shuffle}

    deployment.machine.wait(deployment.machine.start("run1", [chunk]))

    assert out_of_memory.calls == 3
    assert [deployment.buckets.failure("run1")[field] for field in ("error", "attempts")] == ["Lambda.Unknown", 3]


def test_killed_function_is_recorded_by_lambdas_name_of_the_error(
    make_state_machine: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    deployment = make_state_machine("INLINE")
    monkeypatch.setattr("functions.mapper.user_map.user_map", Flaky(99, error_of_lambda("Sandbox.Timedout")))
    chunk = {"text": "to be", "destination": deployment.buckets.shuffle}

    deployment.machine.wait(deployment.machine.start("run1", [chunk]))

    assert deployment.buckets.failure("run1")["error"] == "Sandbox.Timedout"


@pytest.mark.parametrize("mode", MODES)
def test_return_values_too_large_for_the_state_travel_as_claim_checks(
    mode: str, make_state_machine: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    deployment = make_state_machine(mode)
    limit(state_bytes=400)
    words = [f"word{n}" for n in range(60)]
    chunk = {"text": " ".join(words), "destination": deployment.buckets.shuffle, "numReducer": 2}

    deployment.machine.wait(deployment.machine.start("run1", [chunk]))

    assert deployment.buckets.result("run1") == dict.fromkeys(words, 1)
    assert deployment.buckets.keys(deployment.buckets.returns, "run1/reducer") == [
        "run1/reducer/1.json",
        "run1/reducer/2.json",
    ]


@pytest.mark.parametrize("mode", MODES)
def test_chunks_may_come_as_claim_checks(mode: str, make_state_machine: Make) -> None:
    deployment = make_state_machine(mode)
    chunk = {"text": "to be", "destination": deployment.buckets.shuffle}
    deployment.buckets.put(deployment.buckets.returns, "run1/mapper.input/2.json", chunk)
    items = [{"Source": "http", "Value": chunk}, {"Source": "s3", "Value": "mapper.input/2.json"}]

    deployment.machine.wait(deployment.machine.start("run1", items))

    assert deployment.buckets.result("run1") == {"to": 2, "be": 2}


@pytest.mark.parametrize("mode", MODES)
def test_fan_out_too_large_for_the_state_travels_as_claim_checks(mode: str, make_state_machine: Make) -> None:
    deployment = make_state_machine(mode)
    limit(state_bytes=450)
    words = [f"word{n}" for n in range(60)]
    job = {"params": {"padding": "p" * 300}}
    chunk = {"text": " ".join(words), "destination": deployment.buckets.shuffle, "numReducer": 12, "job": job}

    deployment.machine.wait(deployment.machine.start("run1", [chunk]))

    assert deployment.buckets.result("run1") == dict.fromkeys(words, 1)
    claims = deployment.buckets.keys(deployment.buckets.returns, "run1/reducer.input/")
    assert claims == sorted(f"run1/reducer.input/{index}.json" for index in range(1, 13))


@pytest.mark.parametrize("mode", MODES)
def test_run_that_fits_stores_nothing_between_its_functions(mode: str, make_state_machine: Make) -> None:
    deployment = make_state_machine(mode)
    chunk = {"text": "to be", "destination": deployment.buckets.shuffle}

    deployment.machine.wait(deployment.machine.start("run1", [chunk]))

    given = ["run1/mapper-input.json"] if mode == "DISTRIBUTED" else []  # which the client stores
    assert deployment.buckets.keys(deployment.buckets.returns, "run1/") == given


def test_partitions_too_many_for_the_state_end_the_run_with_advice(make_state_machine: Make) -> None:
    deployment = make_state_machine("INLINE")
    limit(state_bytes=90)
    chunk = {"text": "to be or not", "destination": deployment.buckets.shuffle, "numReducer": 100}

    deployment.machine.wait(deployment.machine.start("run1", [chunk]))

    failed = deployment.buckets.failure("run1")
    assert (failed["function"], failed["error"]) == ("partition", "EnvelopeError")
    assert "use fewer elements" in failed["message"]


def test_forged_pointer_in_the_input_is_refused(make_state_machine: Make) -> None:
    deployment = make_state_machine("INLINE")

    deployment.machine.wait(deployment.machine.start("run1", [{"Source": "s3", "Value": "../other/1.json"}]))

    assert deployment.buckets.failure("run1")["error"] == "EnvelopeError"
