"""The client and the two layouts of the shuffle: what is chosen, what mappers are told, what the user is told."""

import json

import pytest

from scripts import paths
from scripts.client.app import main


def run(cloud, tmp_path, words, *options):
    (tmp_path / "in.txt").write_text("word\n" * words)
    assert main([str(tmp_path / "in.txt"), "--run-id", "r1", "--keep", *options]) == 0
    return cloud.started[-1][1], json.loads(
        cloud.s3.get_object(Bucket=cloud.record["buckets"]["results"], Key="r1/run.json")["Body"].read()
    )


@pytest.fixture
def sfn(deploy):
    return deploy("sfn")


def test_packed_chunks_are_large_and_have_one_reducer_where_there_is_little_text(sfn, tmp_path, capsys):
    chunks, claimed = run(sfn, tmp_path, 50_000, "--shuffle", "packed")

    assert [(chunk["shuffle"], chunk["numReducer"], len(chunk["text"])) for chunk in chunks] == [("packed", 1, 250_000)]
    assert (claimed["shuffle"], claimed["num_reducer"]) == ("packed", 1)
    assert "run r1: 1 chunk of at most 252 KiB, 1 reducer, packed, wordcount-sfn" in capsys.readouterr().err


def test_objects_have_chunks_of_64_kib_and_the_missions_messages_with_the_place_of_their_text(sfn, tmp_path, capsys):
    chunks, claimed = run(sfn, tmp_path, 50_000)

    assert len(chunks) == 4
    assert {frozenset(chunk) for chunk in chunks} == {frozenset({"text", "name", "offset", "destination"})}
    assert (claimed["shuffle"], claimed["num_reducer"]) == ("objects", None)
    assert "run r1: 4 chunks of at most 64 KiB, wordcount-sfn" in capsys.readouterr().err


def test_what_a_deployment_says_goes_for_a_run_that_says_nothing(sfn, tmp_path):
    sfn.change(shuffle="packed", memory_mb={"mapper": 128})

    chunks, claimed = run(sfn, tmp_path, 500_000)

    assert [chunk["shuffle"] for chunk in chunks] == ["packed"] * 3
    assert claimed["shuffle"] == "packed"


def test_what_a_user_says_goes_before_what_is_chosen(sfn, tmp_path, capsys):
    chunks, _ = run(sfn, tmp_path, 50_000, "--shuffle", "packed", "--chunks", "3", "--num-reducer", "7")

    assert [chunk["numReducer"] for chunk in chunks] == [7, 7, 7]
    assert "run r1: 3 chunks, 7 reducers, packed, " in capsys.readouterr().err


def test_objects_that_cost_much_are_told_with_what_costs_less(sfn, tmp_path, capsys):
    run(sfn, tmp_path, 20_000)

    told = capsys.readouterr().err
    assert "20,000 words" in told
    assert "costs 0.1 USD on AWS" in told
    assert "--shuffle packed" in told


def test_a_packed_run_is_neither_refused_nor_priced_by_its_words(sfn, tmp_path, capsys):
    sfn.change(timeout_seconds=1)

    run(sfn, tmp_path, 20_000, "--shuffle", "packed")

    assert "words, each an object" not in capsys.readouterr().err


@pytest.mark.parametrize(("layout", "said"), [("objects", True), ("packed", False)])
def test_a_combiner_that_is_left_out_is_told(sfn, tmp_path, capsys, monkeypatch, layout, said):
    monkeypatch.setattr(paths, "FUNCTIONS", tmp_path)
    (tmp_path / "mapper").mkdir()
    (tmp_path / "mapper" / "user_combine.py").touch()

    run(sfn, tmp_path, 5, "--shuffle", layout)

    assert ("user_combine.py is left out" in capsys.readouterr().err) is said


def test_a_job_without_a_combiner_hears_nothing_of_it(sfn, tmp_path, capsys):
    run(sfn, tmp_path, 5)

    assert "combine" not in capsys.readouterr().err
