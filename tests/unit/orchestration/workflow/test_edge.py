"""The `.next` file: every kind of edge, and a clear word for each fault."""

import json
from pathlib import Path
from typing import Any

import pytest

from runtime.orchestration.workflow.edge import DefinitionError, Edge


def parse(**fields: Any) -> Edge:
    return Edge.parse(json.dumps(fields), "mapper.next")


@pytest.mark.parametrize(
    ("fields", "edge"),
    [
        (
            {"Name": "unum_map", "Next": "mapper", "Edge": "Map", "FanIn": "partition"},
            Edge("unum_map", "mapper", "Map", "partition"),
        ),
        ({"Name": "mapper", "Next": "partition", "Edge": "Fan-in"}, Edge("mapper", "partition", "Fan-in")),
        ({"Name": "mapper", "Next": "summary", "Edge": "Scalar"}, Edge("mapper", "summary", "Scalar")),
        ({"Name": "summary", "Next": None, "Edge": None}, Edge("summary", None, None)),
    ],
)
def test_edge(fields: dict[str, Any], edge: Edge) -> None:
    assert parse(**fields) == edge


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"Name": "maper", "Next": "partition", "Edge": "Fan-in"}, "\"Name\" is 'maper'; known functions: unum_map, mapper"),
        ({"Name": None, "Next": "partition", "Edge": "Fan-in"}, '"Name" is None'),
        ({"Name": "mapper", "Next": "partiton", "Edge": "Fan-in"}, "\"Next\" is 'partiton'; known functions"),
        ({"Name": "mapper", "Next": ["partition"], "Edge": "Fan-in"}, '"Next" is'),
        ({"Name": "unum_map", "Next": "mapper", "Edge": "Map", "FanIn": "x"}, "\"FanIn\" is 'x'"),
        ({"Name": "mapper", "Next": "partition", "Edge": "fan-in"}, "\"Edge\" is 'fan-in'; known kinds: Map, Fan-in, Scalar"),
        ({"Name": "mapper", "Next": "partition", "Edge": None}, "null together"),
        ({"Name": "mapper", "Next": None, "Edge": "Fan-in"}, "null together"),
        ({"Name": "unum_map", "Next": "mapper", "Edge": "Map"}, '"FanIn" goes with "Edge": "Map"'),
        ({"Name": "mapper", "Next": "partition", "Edge": "Fan-in", "FanIn": "summary"}, '"FanIn" goes with "Edge": "Map"'),
        ({"Name": "mapper", "Next": "partition"}, 'needs "Name", "Next", "Edge"'),
        ({"Name": "mapper", "Next": "partition", "Edge": "Fan-in", "More": 1}, "nothing else"),
    ],
)
def test_faulty_edge_says_file_and_fault(fields: dict[str, Any], said: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        parse(**fields)

    assert str(caught.value).startswith("mapper.next: ")
    assert said in str(caught.value)


@pytest.mark.parametrize("text", ["", "{", "null", "[]", '"mapper"'])
def test_text_that_is_no_json_object_is_refused(text: str) -> None:
    with pytest.raises(DefinitionError, match=r"mapper\.next: (no JSON|needs)"):
        Edge.parse(text, "mapper.next")


def test_edge_is_loaded_from_a_file(tmp_path: Path) -> None:
    (tmp_path / ".next").write_text('{"Name": "summary", "Next": null, "Edge": null}')

    assert Edge.load(tmp_path / ".next") == Edge("summary", None, None)


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DefinitionError, match=r"mapper\.next: can't be read: No such file"):
        Edge.load(tmp_path / "mapper.next")
