"""A function's place: what a `.next` file must hold, and what the names of stages tell."""

import json
from pathlib import Path
from typing import Any

import pytest

from runtime.orchestration.workflow.place import DefinitionError, Place, holds_branches
from tests.fakes.places import STAGES, WORDCOUNT

FIELDS = WORDCOUNT["mapper"].json()


@pytest.mark.parametrize("function", WORDCOUNT)
def test_place_is_read_as_it_was_written(function: str, tmp_path: Path) -> None:
    path = tmp_path / ".next"
    path.write_text(json.dumps(WORDCOUNT[function].json()))

    assert Place.load(path) == WORDCOUNT[function]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"More": 1}, "needs the fields Name, Takes, From, Next, Edge, To, FanIn, Entry, Destination and no others"),
        ({"Takes": "all"}, '"Takes" is \'all\'; it must be one of: "single", "branch", "gather"'),
        ({"Edge": "fan-in"}, '"Edge" is \'fan-in\'; it must be one of: "Map", "Fan-in", "Scalar", null'),
        ({"Entry": 1}, '"Entry" is 1; it must be one of: true, false'),
        ({"Name": None}, '"Name" is None; it must be a name'),
        ({"Next": ["partition"]}, "\"Next\" is ['partition']; it must be a name"),
        ({"Next": None}, '"Next", "Edge" and "To" are null together'),
        ({"FanIn": "summary"}, '"FanIn" goes with "Edge": "Map" and with nothing else'),
        ({"Takes": "single"}, '"Edge": "Fan-in" goes with "Takes": "branch" and with nothing else'),
    ],
)
def test_place_that_contradicts_itself_is_refused_by_field(changes: dict[str, Any], told: str) -> None:
    with pytest.raises(DefinitionError) as raised:
        Place.parse(FIELDS | changes, "mapper.next")

    assert str(raised.value).startswith(f"mapper.next: {told}")


def test_place_without_one_of_its_fields_is_refused() -> None:
    with pytest.raises(DefinitionError, match="needs the fields"):
        Place.parse({name: value for name, value in FIELDS.items() if name != "Entry"}, "mapper.next")


@pytest.mark.parametrize(("content", "told"), [(b"{", "no JSON"), (b"\xff", "no JSON"), (None, "can't be read")])
def test_file_that_holds_no_place_is_named(content: bytes | None, told: str, tmp_path: Path) -> None:
    path = tmp_path / "mapper.next"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(DefinitionError, match=rf"mapper\.next: {told}"):
        Place.load(path)


@pytest.mark.parametrize("stage", [*STAGES, "describe-input", "results"])
def test_only_the_input_of_a_function_that_fans_in_holds_branches(stage: str) -> None:
    names = {role: f"p-{role}" for role in (*STAGES, "describe-input", "results")}

    assert holds_branches(f"p-{stage}", names) is (stage in ("mapper-input", "reducer-input"))
