"""A function's place in the workflow: every kind of it, and a clear word for each fault."""

import json
from pathlib import Path
from typing import Any

import pytest

from runtime.orchestration.workflow.place import DefinitionError, Place, holds_branches
from tests.fakes.places import STAGES

SPLIT = Place("split", "single", "split-input", "square", "Map", "square-input", fan_in="total", entry=True)
SQUARE = Place("square", "branch", "square-input", "total", "Fan-in", "square-output", destination="bucket")
TOTAL = Place("total", "gather", "square-output", "describe", "Scalar", "describe-input")
DESCRIBE = Place("describe", "single", "describe-input", None, None, None)

NEXT_FILES = {
    SPLIT: {
        "Name": "split",
        "Takes": "single",
        "From": "split-input",
        "Next": "square",
        "Edge": "Map",
        "To": "square-input",
        "FanIn": "total",
        "Entry": True,
        "Destination": None,
    },
    SQUARE: {
        "Name": "square",
        "Takes": "branch",
        "From": "square-input",
        "Next": "total",
        "Edge": "Fan-in",
        "To": "square-output",
        "FanIn": None,
        "Entry": False,
        "Destination": "bucket",
    },
    TOTAL: {
        "Name": "total",
        "Takes": "gather",
        "From": "square-output",
        "Next": "describe",
        "Edge": "Scalar",
        "To": "describe-input",
        "FanIn": None,
        "Entry": False,
        "Destination": None,
    },
    DESCRIBE: {
        "Name": "describe",
        "Takes": "single",
        "From": "describe-input",
        "Next": None,
        "Edge": None,
        "To": None,
        "FanIn": None,
        "Entry": False,
        "Destination": None,
    },
}


@pytest.mark.parametrize("place", NEXT_FILES)
def test_place_is_read_and_written(place: Place) -> None:
    assert Place.parse(NEXT_FILES[place]) == place
    assert place.json() == NEXT_FILES[place]


@pytest.mark.parametrize(
    ("place", "fields", "said"),
    [
        (SQUARE, {"Name": "Square"}, "\"Name\" is 'Square'; write the name of a function"),
        (SQUARE, {"Name": None}, '"Name" is None; write the name of a function'),
        (SQUARE, {"Next": ["total"]}, "\"Next\" is ['total']; write the name of a function, or null at the end"),
        (SQUARE, {"Takes": "all"}, "\"Takes\" is 'all'; write single, branch, gather"),
        (SQUARE, {"Takes": ["single"]}, '"Takes" is ['),
        (SQUARE, {"Edge": "fan-in"}, "\"Edge\" is 'fan-in'; write Map, Fan-in, Scalar, or null at the end"),
        (SQUARE, {"From": "square"}, "\"From\" is 'square'; write"),
        (SQUARE, {"From": "../square-input"}, "\"From\" is '../square-input'; write"),
        (SQUARE, {"To": "square_output"}, "\"To\" is 'square_output'; write"),
        (SQUARE, {"Entry": 1}, '"Entry" is 1; write true or false'),
        (SQUARE, {"Destination": 1}, '"Destination" is 1; write the name of a field, or null'),
        (SQUARE, {"Edge": None}, '"Next" and "Edge" are null together'),
        (DESCRIBE, {"Edge": "Scalar"}, '"Next" and "Edge" are null together'),
        (SPLIT, {"FanIn": None}, '"FanIn" goes with "Edge": "Map"'),
        (SQUARE, {"FanIn": "describe"}, '"FanIn" goes with "Edge": "Map"'),
        (SQUARE, {"Takes": "single"}, '"Takes": "branch" goes with "Edge": "Fan-in"'),
        (TOTAL, {"Takes": "branch"}, '"Takes": "branch" goes with "Edge": "Fan-in"'),
        (SQUARE, {"Entry": True}, '"Entry": true goes with "Takes": "single"'),
        (TOTAL, {"From": "total-input"}, "\"From\" is 'total-input'; write the output of the branches"),
        (SQUARE, {"From": "split-input"}, "\"From\" is 'split-input'; write 'square-input'"),
        (SQUARE, {"To": "total-input"}, "\"To\" is 'total-input'; write 'square-output'"),
        (TOTAL, {"To": "total-output"}, "\"To\" is 'total-output'; write 'describe-input'"),
        (SQUARE, {"To": None}, "\"To\" is None; write 'square-output'"),
        (DESCRIBE, {"To": "x-input"}, "\"To\" is 'x-input'; write None"),
        (SQUARE, {"More": 1}, "needs 'Name', 'Takes', 'From', 'Next', 'Edge', 'To', 'FanIn', 'Entry', 'Destination'; no more"),
    ],
)
def test_faulty_place_says_file_and_fault(place: Place, fields: dict[str, Any], said: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        Place.parse(place.json() | fields, "square.next")

    assert str(caught.value).startswith(f"square.next: {said}")


@pytest.mark.parametrize("field", NEXT_FILES[SQUARE])
def test_every_field_is_needed(field: str) -> None:
    fields = {name: value for name, value in SQUARE.json().items() if name != field}

    with pytest.raises(DefinitionError, match=r"^\.next: needs 'Name'"):
        Place.parse(fields)


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000])
def test_text_that_is_no_json_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / ".next").write_text(text)

    with pytest.raises(DefinitionError, match=r"^\.next: no JSON"):
        Place.load(tmp_path / ".next")


@pytest.mark.parametrize("text", ["null", "[]", '"mapper"'])
def test_json_that_is_no_object_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / ".next").write_text(text)

    with pytest.raises(DefinitionError, match=r"^\.next: needs 'Name'"):
        Place.load(tmp_path / ".next")


def test_place_is_loaded_from_a_file(tmp_path: Path) -> None:
    (tmp_path / ".next").write_text(json.dumps(DESCRIBE.json()))

    assert Place.load(tmp_path / ".next") == DESCRIBE


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DefinitionError, match=r"^mapper\.next: can't be read: No such file"):
        Place.load(tmp_path / "mapper.next")


@pytest.mark.parametrize("stage", [*STAGES, "describe-input", "results"])
def test_only_the_input_of_a_function_that_fans_in_holds_branches(stage: str) -> None:
    names = {role: f"p-{role}" for role in (*STAGES, "describe-input", "results")}

    assert holds_branches(f"p-{stage}", names) is (stage in ("mapper-input", "reducer-input"))
