"""Places in the workflow: wordcount's are what they should be, and any chain's fit together."""

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.orchestration.workflow.place import Place
from scripts import paths
from scripts.package.workflow.model import ENTRY, Workflow
from scripts.package.workflow.next_files import next_file, places_of
from scripts.package.workflow.reader import read_workflow
from tests.fakes.workflows import chains


def wordcount(*, entry: bool) -> list[Place]:
    return places_of(read_workflow(paths.DEFINITIONS / "wordcount.asl.json", paths.FUNCTIONS), entry=entry)


def test_places_of_wordcount() -> None:
    assert wordcount(entry=True) == [
        Place("unum_map", "single", "unum_map-input", "mapper", "Map", "mapper-input", fan_in="partition", entry=True),
        Place("mapper", "branch", "mapper-input", "partition", "Fan-in", "mapper-output", destination="destination"),
        Place("partition", "gather", "mapper-output", "reducer", "Map", "reducer-input", fan_in="summary", destination="bucket"),
        Place("reducer", "branch", "reducer-input", "summary", "Fan-in", "reducer-output", destination="bucket"),
        Place("summary", "gather", "reducer-output", None, None, None),
    ]


def test_nothing_stands_before_a_fan_out_that_triggers_begin() -> None:
    assert wordcount(entry=False) == wordcount(entry=True)[1:]


def test_next_file_holds_every_field(tmp_path: Any) -> None:
    (tmp_path / ".next").write_bytes(next_file(wordcount(entry=False)[0]))

    assert (tmp_path / ".next").read_text() == (
        '{"Name": "mapper", "Takes": "branch", "From": "mapper-input", "Next": "partition", "Edge": "Fan-in", '
        '"To": "mapper-output", "FanIn": null, "Entry": false, "Destination": "destination"}\n'
    )
    assert Place.load(tmp_path / ".next") == wordcount(entry=False)[0]


@given(workflow=chains(), entry=st.booleans())
def test_every_place_is_one_that_the_runtime_takes(workflow: Workflow, entry: bool) -> None:
    for place in places_of(workflow, entry=entry):
        assert Place.parse(place.json()) == place


@given(workflow=chains(), entry=st.booleans())
def test_each_function_takes_from_where_the_one_before_it_gives(workflow: Workflow, entry: bool) -> None:
    places = places_of(workflow, entry=entry)

    for before, place in pairwise(places):
        assert (before.next, before.to_stage) == (place.name, place.from_stage)
    assert (places[-1].next, places[-1].to_stage) == (None, None)


@given(workflow=chains(), entry=st.booleans())
def test_every_fan_out_names_who_gathers_its_branches(workflow: Workflow, entry: bool) -> None:
    places = places_of(workflow, entry=entry)

    for before, branch in pairwise(places):
        assert before.fan_in == (branch.next if branch.takes == "branch" else None)


@given(workflow=chains())
def test_a_run_that_one_invocation_starts_has_one_entry(workflow: Workflow) -> None:
    entries = [place.name for place in places_of(workflow, entry=True) if place.entry]

    assert entries == [ENTRY if workflow.begins_with_fan_out else workflow.steps[0].function]


@given(workflow=chains())
def test_only_a_first_function_that_runs_once_is_an_entry_elsewhere(workflow: Workflow) -> None:
    entries = [place.name for place in places_of(workflow, entry=False) if place.entry]

    assert entries == ([] if workflow.begins_with_fan_out else [workflow.steps[0].function])


@given(workflow=chains(), entry=st.booleans())
def test_no_two_functions_take_from_one_stage(workflow: Workflow, entry: bool) -> None:
    stages = [place.from_stage for place in places_of(workflow, entry=entry)]

    assert len(set(stages)) == len(stages)


@pytest.mark.parametrize("entry", [True, False])
def test_every_function_has_a_place(entry: bool) -> None:
    names = [place.name for place in wordcount(entry=entry)]

    assert names == [*([ENTRY] if entry else []), "mapper", "partition", "reducer", "summary"]
