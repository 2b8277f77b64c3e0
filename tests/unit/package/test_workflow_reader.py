"""The reader of workflows: it takes every chain of Tasks and Maps, and refuses all else with file, state and what to write."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts import paths
from scripts.package.workflow.model import Step, Workflow, WorkflowError
from scripts.package.workflow.reader import parse_workflow, read_workflow
from tests.fakes.workflows import branches, chains, machine, make_functions, task, text

FILE = "jobs/mine.asl.json"

STEPS = (Step("a"), Step("b2", branch=True), Step("count"))
"""a -> b2 for each element -> count."""


@pytest.fixture(scope="module")
def functions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_functions(tmp_path_factory.mktemp("repository") / "functions")


@pytest.fixture
def refusal(functions: Path) -> Callable[[Any], str]:
    def refuse(written: Any) -> str:
        with pytest.raises(WorkflowError) as caught:
            parse_workflow(written if isinstance(written, str) else json.dumps(written), "mine", functions, FILE)
        return str(caught.value)

    return refuse


def changed(name: str, change: dict[str, Any]) -> dict[str, Any]:
    """The workflow of `STEPS`, with fields of one of its states changed; None leaves a field out."""
    written = machine(STEPS)
    states = written["States"]
    found = states if name in states else states["b2-map"]["ItemProcessor"]["States"]
    found[name] = {key: value for key, value in (found[name] | change).items() if value is not None}
    return written


@given(workflow=chains())
def test_any_chain_of_tasks_and_maps_is_taken(workflow: Workflow, functions: Path) -> None:
    assert parse_workflow(text(workflow), "drawn", functions, FILE) == workflow


def test_wordcount_is_read() -> None:
    workflow = read_workflow(paths.DEFINITIONS / "wordcount.asl.json", paths.FUNCTIONS)

    assert workflow.name == "wordcount"
    assert [(step.function, step.branch) for step in workflow.steps] == [
        ("mapper", True),
        ("partition", False),
        ("reducer", True),
        ("summary", False),
    ]


def test_states_may_be_named_as_one_likes_and_commented(functions: Path) -> None:
    written = {"Comment": "x", "StartAt": "Zähle ${a}", "States": {"Zähle ${a}": task("a", Comment="y", End=True)}}

    assert parse_workflow(json.dumps(written), "mine", functions, FILE).steps == (Step("a"),)


OTHER_TYPES = {
    "Choice": "decide in a function's code",
    "Parallel": 'write a "Map"',
    "Wait": "a function that must wait does so itself",
    "Pass": "let the function before it return what the next one takes",
    "Succeed": 'write "End": true in the state before it',
    "Fail": "a function that raises an exception ends the run as failed",
    "task": 'write "Task" or "Map"',
}


@pytest.mark.parametrize(("kind", "instead"), OTHER_TYPES.items())
@pytest.mark.parametrize("state", ["a", "b2"])
def test_other_type_of_state_is_refused(refusal: Callable[[Any], str], state: str, kind: str, instead: str) -> None:
    said = refusal(changed(state, {"Type": kind}))

    assert said.startswith(f'{FILE}: state "{state}": "Type" is {kind!r}, which can\'t be compiled; ')
    assert instead in said


@pytest.mark.parametrize(
    ("field", "instead"),
    [
        ("Retry", "packaging adds retriers"),
        ("Catch", "packaging adds retriers"),
        ("TimeoutSeconds", "packaging adds retriers, catchers and time limits"),
        ("ResultPath", "each function gets, as it is, what the one before it returned"),
        ("Parameters", "each function gets, as it is, what the one before it returned"),
        ("Anything", "known fields are Comment, End, Next, Resource, Type"),
    ],
)
def test_other_field_of_a_task_is_refused(refusal: Callable[[Any], str], field: str, instead: str) -> None:
    said = refusal(changed("a", {field: 1}))

    assert said.startswith(f'{FILE}: state "a": the field "{field}" can\'t be compiled; ')
    assert instead in said


@pytest.mark.parametrize(
    ("field", "instead"),
    [
        ("Iterator", 'write "ItemProcessor"'),
        ("MaxConcurrency", "map_concurrency"),
        ("ItemReader", 'write "ItemsPath"'),
        ("Resource", "known fields are Comment, End, ItemProcessor, ItemsPath, Next, Type"),
    ],
)
def test_other_field_of_a_map_is_refused(refusal: Callable[[Any], str], field: str, instead: str) -> None:
    said = refusal(changed("b2-map", {field: 1}))

    assert said.startswith(f'{FILE}: state "b2-map": the field "{field}" can\'t be compiled; ')
    assert instead in said


def test_mode_of_a_map_is_the_deployments(refusal: Callable[[Any], str]) -> None:
    written = machine(STEPS)
    written["States"]["b2-map"]["ItemProcessor"]["ProcessorConfig"] = {"Mode": "INLINE"}

    said = refusal(written)

    assert said.startswith(f'{FILE}: state "b2-map": "ItemProcessor": the field "ProcessorConfig"')
    assert "sfn.map_mode" in said


def test_other_field_of_the_file_is_refused(refusal: Callable[[Any], str]) -> None:
    assert refusal(machine(STEPS) | {"TimeoutSeconds": 3}) == (
        f'{FILE}: the field "TimeoutSeconds" can\'t be compiled; leave it out: packaging adds retriers, catchers and time limits '
        "itself"
    )


TOLD = {
    "function without a folder": (
        changed("a", {"Resource": "nobody"}),
        'state "a": "Resource" is \'nobody\', and there is no functions/nobody/nobody.py; known functions: a, b2, count, ',
    ),
    "Resource missing": (
        changed("a", {"Resource": None}),
        'state "a": "Resource" is missing; write the name of the function\'s folder',
    ),
    "an ARN": (
        changed("b2", {"Resource": "arn:aws:lambda:us-east-1:1:function:a"}),
        'state "b2": "Resource" is \'arn:aws:lambda:us-east-1:1:function:a\'; write the name of a function\'s folder: 1 to 20 ',
    ),
    "the entry": (changed("a", {"Resource": "unum_map"}), 'state "a": "Resource" is \'unum_map\', which packaging adds itself; '),
    "the recorder": (
        changed("a", {"Resource": "recorder"}),
        'state "a": "Resource" is \'recorder\', which packaging adds itself; ',
    ),
    "a function twice": (
        changed("count", {"Resource": "b2"}),
        'state "count": "Resource" is \'b2\', as in state "b2"; a function occurs once in a workflow: copy its folder',
    ),
    "a Map at the end": (
        {"StartAt": "a", "States": {"a": task("a", Next="b2-map"), "b2-map": branches("b2", End=True)}},
        'state "b2-map": a Map at the end; write "Next" with the name of a Task, which gathers',
    ),
    "ItemsPath missing": (
        machine([Step("a", branch=True), Step("count")])
        | {"States": {"a-map": branches("a", Next="count"), "count": task("count", End=True)}},
        'state "a-map": "ItemsPath" is missing; the first state fans out over "$.data": write that',
    ),
    "ItemsPath wrong": (
        {"StartAt": "m", "States": {"m": branches("a", ItemsPath="$", Next="count"), "count": task("count", End=True)}},
        'state "m": "ItemsPath" is \'$\'; the first state fans out over "$.data": write that',
    ),
    "ItemsPath elsewhere": (
        changed("b2-map", {"ItemsPath": "$.data"}),
        'state "b2-map": "ItemsPath" is \'$.data\'; leave it out: the Map fans out over what "a" returns',
    ),
    "ItemProcessor missing": (
        changed("b2-map", {"ItemProcessor": None}),
        'state "b2-map": "ItemProcessor": must be an object, and is missing',
    ),
    "a loop": (
        changed("count", {"Next": "a", "End": None}),
        'state "count": "Next" leads back to \'a\'; a workflow has no loop: write "End": true in its last state',
    ),
    "an unreachable state": (
        changed("a", {"Next": "count"}),
        'state "b2-map": no state leads here; name it in the "Next" of another one, or leave it out',
    ),
    "a Next that is not there": (
        changed("a", {"Next": "cuont"}),
        'state "a": "Next" is \'cuont\', and no state here has that name; known are a, b2-map, count',
    ),
    "a Next that is no name": (changed("a", {"Next": 1}), 'state "a": "Next" is 1, and no state here has that name'),
    "neither Next nor End": (
        changed("a", {"Next": None}),
        'state "a": needs either "Next" with the name of a state, or "End": true',
    ),
    "both Next and End": (changed("a", {"End": True}), 'state "a": needs either "Next" with the name of a state, or "End": true'),
    "End false": (changed("a", {"End": False}), 'state "a": "End" is False; write true, or leave it out'),
    "a type that is no text": (
        changed("a", {"Type": ["Task"]}),
        'state "a": "Type" is [\'Task\'], which can\'t be compiled; write "Task"',
    ),
    "a type missing": (
        changed("a", {"Type": None}),
        'state "a": "Type" is missing, which can\'t be compiled; write "Task" or "Map"',
    ),
    "a state that is no object": (machine(STEPS) | {"States": {"a": 1}}, 'state "a": must be an object, and is 1'),
    "StartAt missing": ({"States": {"a": task("a", End=True)}}, '"StartAt" is missing; write the name of the first state: a'),
    "StartAt wrong": (machine(STEPS) | {"StartAt": "b2"}, "\"StartAt\" is 'b2', and no state here has that name; known are a, "),
    "no states": ({"StartAt": "a"}, '"States": must be an object, and is missing'),
    "states of another kind": ({"StartAt": "a", "States": []}, '"States": must be an object, and is []'),
    "no object": ([], "must be an object, and is []"),
}


@pytest.mark.parametrize("fault", TOLD)
def test_fault_is_told_with_its_place_and_what_to_write(refusal: Callable[[Any], str], fault: str) -> None:
    written, told = TOLD[fault]

    said = refusal(written)

    assert said.startswith(f"{FILE}: {told}"), said


def test_two_states_in_a_map_are_refused(refusal: Callable[[Any], str]) -> None:
    inner = {"StartAt": "a", "States": {"a": task("a", Next="b2"), "b2": task("b2", End=True)}}

    said = refusal(
        {
            "StartAt": "m",
            "States": {"m": branches("a", ItemProcessor=inner, ItemsPath="$.data", Next="c"), "c": task("count", End=True)},
        }
    )

    assert said == (
        f'{FILE}: state "m": "ItemProcessor" holds 2 states; write one Task, and let its function do what the others do, or give '
        "them a Map of their own"
    )


def test_map_within_a_map_is_refused(refusal: Callable[[Any], str]) -> None:
    inner = {"StartAt": "deep", "States": {"deep": branches("a", End=True)}}

    said = refusal(
        {
            "StartAt": "m",
            "States": {"m": branches("a", ItemProcessor=inner, ItemsPath="$.data", Next="c"), "c": task("count", End=True)},
        }
    )

    assert said.startswith(f'{FILE}: state "deep": a Map within a Map can\'t be compiled; write a Task here')


def test_map_after_a_map_is_refused(refusal: Callable[[Any], str]) -> None:
    assert refusal(machine([Step("a", branch=True), Step("b2", branch=True), Step("count")])) == (
        f'{FILE}: state "b2-map": a Map right after the Map "a-map"; write a Task between them, which gathers'
    )


def test_state_has_a_name_of_its_own_also_within_a_map(refusal: Callable[[Any], str]) -> None:
    inner = {"StartAt": "a", "States": {"a": task("b2", End=True)}}

    said = refusal(changed("b2-map", {"ItemProcessor": inner}))

    assert said == f'{FILE}: state "a": another state has the same name; give each state a name of its own'


@pytest.mark.parametrize("written", ["", "{", "nonsense", '{"StartAt": }', "[" * 100_000])
def test_text_that_is_no_json_is_refused(refusal: Callable[[Any], str], written: str) -> None:
    assert refusal(written).startswith(f"{FILE}: no JSON: ")


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ('{"StartAt": "a", "StartAt": "a", "States": {}}', "'StartAt' stands twice; write it once"),
        ('{"StartAt": "a", "States": {"a": 1, "a": 2}}', "\"States\": 'a' stands twice; write it once"),
        (
            '{"StartAt": "a", "States": {"a": {"Type": "Task", "Resource": "a", "Resource": "b2", "End": true}}}',
            "state \"a\": 'Resource' stands twice; write it once",
        ),
    ],
)
def test_key_that_stands_twice_is_refused(refusal: Callable[[Any], str], written: str, told: str) -> None:
    assert refusal(written) == f"{FILE}: {told}"


@given(
    name=st.text(min_size=1, max_size=30)
    .filter(lambda name: not (name.isascii() and name.replace("_", "a").isalnum() and name[0].isalpha() and name == name.lower()))
    .filter(lambda name: name.isprintable())
)
def test_name_that_is_no_functions_is_refused(functions: Path, name: str) -> None:
    written = json.dumps({"StartAt": "s", "States": {"s": task(name, End=True)}})

    with pytest.raises(WorkflowError, match=r'state "s": "Resource" is .*; write the name of a function\'s folder'):
        parse_workflow(written, "mine", functions, FILE)


@pytest.mark.parametrize("name", ["class", "f" * 21, "../a", "A", "1a", "", 7])
def test_name_that_could_be_no_folder_or_lambda_is_refused(refusal: Callable[[Any], str], name: Any) -> None:
    said = refusal({"StartAt": "s", "States": {"s": task(name, End=True)}})

    assert said.startswith(
        f'{FILE}: state "s": "Resource" is {name!r}; write the name of a function\'s folder: 1 to 20 lower-case'
    )


def test_file_that_is_not_there_is_named(tmp_path: Path, functions: Path) -> None:
    with pytest.raises(WorkflowError, match=r"^mine\.asl\.json: can't be read: No such file"):
        read_workflow(tmp_path / "mine.asl.json", functions, "mine.asl.json")


@given(workflow=chains(), data=st.data())
def test_chain_with_one_state_more_that_nobody_names_is_refused(workflow: Workflow, functions: Path, data: st.DataObject) -> None:
    written = machine(workflow.steps)
    spare = data.draw(st.text(min_size=1).filter(lambda name: name not in written["States"] and name.isprintable()))
    written["States"][spare] = task("a", End=True)

    with pytest.raises(WorkflowError) as caught:
        parse_workflow(json.dumps(written), "mine", functions, FILE)

    assert str(caught.value).startswith(f'{FILE}: state "{spare}": no state leads here')
