"""Destination and number of reducers: what is filled in, what wins, what disagrees."""

from pathlib import Path

import pytest

from scripts.client.errors import InputError
from scripts.client.input.chunks import Element
from scripts.client.input.reading import read_input
from scripts.client.input.settling import settle

BUCKETS = {"shuffle": "the-shuffle", "returns": "the-returns", "results": "the-results"}


@pytest.mark.parametrize(
    ("said", "option", "settled"),
    [
        ([None], None, "the-shuffle"),
        (["the-shuffle"], None, "the-shuffle"),
        (["s3://the-shuffle/a/b/"], None, "the-shuffle/a/b"),
        (["arn:aws:s3:::the-shuffle"], None, "the-shuffle"),
        (["the-shuffle/a", None, "the-shuffle/a/"], None, "the-shuffle/a"),
        (["foreign/a"], None, "the-shuffle"),
        (["foreign", "other", None], None, "the-shuffle"),
        (["the-shuffle/a", "the-shuffle/b"], "the-shuffle/c", "the-shuffle/c"),
        ([], None, "the-shuffle"),
    ],
)
def test_destination(said, option, settled):
    chunks, destination, _, _ = settle([Element("t", d) for d in said], BUCKETS, option, None)

    assert destination == settled
    assert [chunk["destination"] for chunk in chunks] == [settled] * len(said)


def test_the_shipped_sample_runs_without_a_notice():
    given = read_input(str(Path(__file__).parents[4] / "samples" / "lighthouse.json"))

    assert given.notices + settle(given.elements, BUCKETS, None, None)[3] == []


def test_foreign_destinations_are_told_in_one_line():
    notices = settle([Element("t", "foreign"), Element("t", "foreign"), Element("t", "other/x")], BUCKETS, None, None)[3]

    assert notices == ["destination 'foreign', 'other/x' is no bucket of this deployment; using the-shuffle"]


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (["the-shuffle/a", "the-shuffle/b"], "element 1 says 'the-shuffle/a', element 2 'the-shuffle/b'"),
        (["foreign", "the-shuffle/b"], "disagree on destination"),
        ([None, "the-returns"], "element 2: destination 'the-returns' is a bucket that mappers may not write to"),
        (["the-shuffle/../x"], "element 1:"),
    ],
)
def test_destinations_that_cannot_be(said, told):
    with pytest.raises(InputError) as refused:
        settle([Element("t", d) for d in said], BUCKETS, None, None)

    assert told in str(refused.value)


@pytest.mark.parametrize(
    ("said", "option", "settled"),
    [([None], None, None), ([4, None], None, 4), ([4, 5], 7, 7), ([None], 1, 1), ([], 2, 2)],
)
def test_num_reducer(said, option, settled):
    chunks, _, number, _ = settle([Element("t", None, n) for n in said], BUCKETS, None, option)

    assert number == settled
    assert [chunk.get("numReducer") for chunk in chunks] == [settled] * len(said)


def test_numbers_of_reducers_that_disagree():
    with pytest.raises(InputError, match="numReducer: element 2 says 4, element 3 5"):
        settle([Element("t"), Element("t", None, 4), Element("t", None, 5)], BUCKETS, None, None)


def test_chunks_say_which_layout_the_mappers_use():
    chunks, *_ = settle([Element("t"), Element("u")], BUCKETS, None, None, {"shuffle": "packed"})

    assert chunks == [{"text": text, "destination": "the-shuffle", "shuffle": "packed"} for text in ("t", "u")]


def test_chunks_of_the_mission_say_nothing_of_a_layout():
    chunks, *_ = settle([Element("t")], BUCKETS, None, 3, None)

    assert chunks == [{"text": "t", "destination": "the-shuffle", "numReducer": 3}]
