"""The settings of a run that travel with its messages, and what the programmer's functions get of them."""

import contextvars
import json
import threading
from typing import Any

import pytest

from runtime.mapreduce.job import MAX_BYTES, Job, ParamError, param, serving

FIELD = {
    "params": {"threshold": 3, "stop words": ["a", "the"]},
    "modules": {"map": "split_words", "reduce": "total"},
    "output": "s3://bucket/prefix/",
}


def test_job_stands_in_a_message_as_it_was_read() -> None:
    assert Job.of({"job": FIELD}).json() == FIELD


@pytest.mark.parametrize("message", [{}, {"job": {}}, {"job": {"params": {}, "modules": {}}}])
def test_job_without_settings_is_nothing_in_a_message(message: dict[str, Any]) -> None:
    assert Job.of(message) == Job()
    assert Job().json() == {}


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (None, '"job" must be an object; got None'),
        ("name", '"job" must be an object'),
        ({"parms": {}}, "\"job\" has 'parms'; it may have params, modules, output"),
        ({"params": [1]}, '"params" of "job" must be an object'),
        ({"params": {"a": {1}}}, "the parameter 'a' can't travel with a run: JSON has no set"),
        ({"params": {3: "a"}}, "the parameter 3 can't travel with a run: the key 3"),
        ({"params": {"a": 2**60}}, "the parameter 'a' can't travel with a run: many readers"),
        ({"modules": {"mapper": "a"}}, '"modules" of "job" must name a module for any of map, reduce, combine'),
        ({"modules": {"map": "../a"}}, '"modules" of "job" must name a module'),
        ({"output": "bucket/prefix"}, '"output" of "job" must be like "s3://bucket/prefix/"'),
        ({"params": {"a": "é" * (MAX_BYTES // 2)}}, f'"job" has 8211 bytes as JSON; it may have {MAX_BYTES}'),
    ],
)
def test_malformed_job_is_refused_by_name(given: Any, told: str) -> None:
    with pytest.raises(ValueError, match=f"^{told}"):
        Job.of({"job": given})


def test_job_of_exactly_the_most_bytes_is_taken() -> None:
    frame = len(json.dumps({"params": {"a": ""}}, separators=(",", ":")))

    assert Job.of({"job": {"params": {"a": "x" * (MAX_BYTES - frame)}}}).params["a"]


def test_param_is_the_run_s_or_the_default() -> None:
    with Job(params={"threshold": 3, "nothing": None}).in_force():
        assert (param("threshold"), param("nothing", 1), param("other", 7)) == (3, None, 7)


def test_param_that_the_run_does_not_have_is_told_with_those_that_it_has() -> None:
    with Job(params={"threshold": 3, "limit": 1}).in_force(), pytest.raises(ParamError) as raised:
        param("treshold")

    assert isinstance(raised.value, KeyError)
    assert str(raised.value).startswith("the run has no parameter 'treshold'; it has: limit, threshold. Give it with --param")


@pytest.mark.parametrize("default", [(), (1,)])
def test_param_outside_of_a_function_is_refused_even_with_a_default(default: tuple[int, ...]) -> None:
    with pytest.raises(RuntimeError, match="call it inside the function"):
        param("threshold", *default)


def test_param_is_refused_while_a_module_is_imported_for_the_runs_to_come() -> None:
    with Job(params={"threshold": 3}).in_force(), serving(None), pytest.raises(RuntimeError, match="call it inside the function"):
        param("threshold", 1)


def asked_in_a_thread(run: Any = lambda call: call()) -> list[Any]:
    """What a plain thread gets for the parameter `threshold`."""
    got: list[Any] = []

    def ask() -> None:
        try:
            got.append(param("threshold"))
        except RuntimeError as error:
            got.append(str(error))

    thread = threading.Thread(target=run, args=(ask,))
    thread.start()
    thread.join()
    return got


def test_plain_thread_gets_the_parameters_of_the_only_function_at_work() -> None:
    with Job(params={"threshold": 3}).in_force():
        assert asked_in_a_thread() == [3]
    assert "works only while" in asked_in_a_thread()[0]


def test_plain_thread_needs_the_context_where_several_functions_are_at_work() -> None:
    with Job(params={"threshold": 3}).in_force(), Job({"threshold": 4}).in_force():
        assert "start it with contextvars.copy_context().run" in asked_in_a_thread()[0]
        assert asked_in_a_thread(contextvars.copy_context().run) == [4]
