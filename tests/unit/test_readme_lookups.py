"""The README's table of what lies where: what it names is there, and does what the table says."""

import json
import re

import pytest

from runtime.mapreduce.keys import pair_key
from runtime.orchestration.s3_triggers.orchestration import S3Triggers
from scripts import paths
from scripts.package.workflow.state_machine import _retriers

TABLE = (paths.ROOT / "README.md").read_text("utf-8").partition("| you look for | it is in |\n")[2].partition("\n\n")[0]
ROWS = dict(re.findall(r"^\| (.+?) \| (.+) \|$", TABLE, re.MULTILINE))
QUESTIONS = (
    "where a mapper's key is built",
    "what decides that a fan-in is complete",
    "which policy lets the reducer read",
    "what retries a throttled function under `sfn`",
)


@pytest.mark.parametrize("question", QUESTIONS)
def test_file_holds_what_the_table_says(question: str) -> None:
    named = re.findall(r"`([\w./]+\.\w+)`: `(\w+)`", ROWS[question])

    assert len(named) == 1
    for file, name in named:
        assert name in (paths.ROOT / file).read_text("utf-8")


@pytest.mark.parametrize("row", ROWS)
def test_each_file_and_folder_of_the_table_exists(row: str) -> None:
    for place in re.findall(r"`([\w<>./]+/[\w<>./]*)`", ROWS[row]):
        assert list(paths.ROOT.glob(place.replace("<orchestration>", "*"))), place


def test_key_of_a_pair_is_built_by_what_the_table_names() -> None:
    assert pair_key("run1/", 2, "be", "uuid") == "run1/reducer2/be/uuid"


def test_fan_in_is_decided_by_what_the_table_names() -> None:
    assert "admit" in vars(S3Triggers)


def test_grant_of_the_reducer_reads_pairs() -> None:
    needs = json.loads((paths.ROOT / "functions" / "reducer" / "needs.json").read_text("utf-8"))
    grant = next(grant for grant in needs["grants"] if grant["sid"] == "ReadPairsOfAPartition")

    assert grant["actions"] == ["s3:GetObject"]
    assert grant["keys"] == ["*/reducer*/*"]


def test_throttled_function_is_tried_again_under_sfn() -> None:
    (first, *_) = _retriers(throttled=20)

    assert first["ErrorEquals"] == ["Lambda.TooManyRequestsException"]
    assert first["MaxAttempts"] == 20
