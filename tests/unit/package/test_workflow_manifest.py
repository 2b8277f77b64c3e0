"""The manifest, the picture and what functions need: wordcount's, and what is refused."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts import paths
from scripts.package.workflow.manifest import manifest
from scripts.package.workflow.model import Step, Workflow, WorkflowError
from scripts.package.workflow.needs import read_needs
from scripts.package.workflow.next_files import places_of
from scripts.package.workflow.picture import picture
from scripts.package.workflow.reader import read_workflow
from tests.fakes.workflows import chains


def test_manifest_has_the_places_in_order_and_what_each_function_needs() -> None:
    workflow = read_workflow(paths.DEFINITIONS / "wordcount.asl.json", paths.FUNCTIONS)
    places = places_of(workflow, entry=True)

    made = json.loads(manifest(workflow, places))

    assert (made["name"], made["input"]) == ("wordcount", "chunks")
    assert [{key: function[key] for key in function if key != "Needs"} for function in made["functions"]] == [
        place.json() for place in places
    ]
    needs = {function["Name"]: function["Needs"] for function in made["functions"]}
    assert needs["unum_map"] == {}
    assert needs["mapper"]["emits"] is True
    assert needs["summary"]["memory_mb"] == {"default": 1024}


def test_workflow_whose_first_function_takes_no_chunks_takes_a_document() -> None:
    workflow = Workflow("mine", (Step("a"), Step("b", needs={"input": "chunks"})))

    assert json.loads(manifest(workflow, places_of(workflow, entry=False)))["input"] == "document"


def test_picture_of_wordcount() -> None:
    workflow = read_workflow(paths.DEFINITIONS / "wordcount.asl.json", paths.FUNCTIONS)

    assert picture(workflow).splitlines() == [
        "data --> mapper xN --> partition --> reducer xN --> summary --> result",
        "         fan-out       fan-in        fan-out        fan-in",
    ]


@given(workflow=chains(), width=st.integers(40, 120))
def test_picture_names_every_function_in_order_and_keeps_its_width(workflow: Workflow, width: int) -> None:
    lines = picture(workflow, width).splitlines()

    words = [word for line in lines for word in line.split() if word not in ("-->", "xN", "fan-out", "fan-in")]
    assert words == ["data", *(step.function for step in workflow.steps), "result"]
    assert all(len(line) <= width for line in lines)


@pytest.fixture
def function(tmp_path: Path) -> Path:
    (tmp_path / "mine").mkdir()
    return tmp_path / "mine"


def test_function_without_the_file_needs_nothing(function: Path) -> None:
    assert read_needs(function) == {}


@pytest.mark.parametrize("name", ["mapper", "partition", "reducer", "summary"])
def test_what_the_repositorys_functions_need_is_right(name: str) -> None:
    assert read_needs(paths.FUNCTIONS / name)


GRANT = {"sid": "A", "actions": ["s3:GetObject"], "bucket": "shuffle", "keys": ["*"]}


@pytest.mark.parametrize(
    ("needs", "told"),
    [
        ({"inptu": "chunks"}, '"inptu" is unknown; known are input, destination, counts, emits, memory_mb, grants'),
        ({"input": "document"}, '"input" is \'document\'; write "chunks", or leave it out'),
        ({"emits": 1}, '"emits" is 1; write true or false'),
        ({"destination": ""}, "\"destination\" is ''; write the name of a field"),
        ({"memory_mb": 512}, '"memory_mb" is 512; write an object with "default"'),
        ({"memory_mb": {"packed": 512}}, "\"memory_mb\" is {'packed': 512}; write an object"),
        ({"memory_mb": {"default": 64}}, "\"memory_mb\" is {'default': 64}; write an object"),
        ({"grants": {}}, '"grants" is {}; write a list of objects'),
        ({"grants": [GRANT | {"prefixes": ["*"]}]}, '"grants" is ['),
        ({"grants": [GRANT | {"actions": "s3:GetObject"}]}, '"grants" is ['),
        ({"grants": [GRANT | {"actions": []}]}, '"grants" is ['),
        ({"grants": [{"sid": "A", "actions": ["s3:GetObject"], "bucket": "shuffle"}]}, '"grants" is ['),
        ([], "must be an object"),
    ],
)
def test_needs_that_nobody_reads_are_refused(function: Path, needs: Any, told: str) -> None:
    (function / "needs.json").write_text(json.dumps(needs))

    with pytest.raises(WorkflowError) as caught:
        read_needs(function)

    assert str(caught.value).startswith(f"functions/mine/needs.json: {told}")


def test_needs_that_are_no_json_are_refused(function: Path) -> None:
    (function / "needs.json").write_text("{")

    with pytest.raises(WorkflowError, match=r"^functions/mine/needs\.json: no JSON: "):
        read_needs(function)
