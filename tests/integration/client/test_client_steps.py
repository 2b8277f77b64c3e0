"""A job of several steps as one run: each step is a run of its own, begun when the one before it is done. Functions are faked."""

import hashlib
import json
from collections import Counter

import pytest

from scripts.client import app
from scripts.client.app import main
from scripts.client.orchestrations import ORCHESTRATIONS

TOML = """
num_reducer = 4
[params]
least = 2
[[steps]]
map = "map_words"
reduce = "reduce_counts"
[[steps]]
map = "map_counts"
reduce = "reduce_words"
num_reducer = 1
params = { least = 3 }
"""


@pytest.fixture
def job(tmp_path):
    folder = tmp_path / "job"
    folder.mkdir()
    (folder / "job.toml").write_text(TOML)
    for name in ("map_words", "reduce_counts", "map_counts", "reduce_words"):
        (folder / f"{name}.py").write_text("")
    return folder


@pytest.fixture
def cloud(deploy, job):
    """A deployment of the job: a step counts words, or takes what another has counted and lists words by their counts."""
    cloud = deploy("http_sync_s3")
    cloud.change(job={"name": "job", "folder": str(job)})

    def body_of(piece):
        key = piece["url"].split("/", 3)[3]
        return cloud.s3.get_object(Bucket=cloud.record["buckets"]["shuffle"], Key=key)["Body"].read()

    def work(run, chunks):
        settings = chunks[0]["job"]
        if settings["modules"]["map"] == "map_words":
            counts = Counter(word for chunk in chunks for word in chunk["text"].split())
            body = "".join(f"{json.dumps([word, counts[word]])}\n" for word in sorted(counts)).encode()
            key = settings["output"].split("/", 3)[3] + "part-00000.jsonl"
            cloud.put("shuffle", key, body)
            told = {"words": len(counts), "bytes": len(body), "sha256": hashlib.sha256(body).hexdigest()}
            cloud.put("results", f"{run}/result.json", [{"part": f"{settings['output']}part-00000.jsonl", **told}])
        else:
            pairs = [json.loads(line) for chunk in chunks for piece in chunk["pieces"] for line in body_of(piece).splitlines()]
            found = {str(count): sorted(word for word, other in pairs if other == count) for _, count in pairs}
            cloud.put("results", f"{run}/result.json", found)

    def fail(run, chunks):
        if run.endswith("-1"):
            return work(run, chunks)
        return cloud.put("results", f"{run}/failed.json", {"run": run, "error": "ValueError", "message": "no"})

    cloud.behave, cloud.work, cloud.fail = work, work, fail
    return cloud


@pytest.fixture
def text(tmp_path):
    path = tmp_path / "in.txt"
    path.write_text("to be or not to be")
    return str(path)


EXPECTED = {"1": ["not", "or"], "2": ["be", "to"]}


def test_each_step_takes_what_the_one_before_it_has_made(cloud, text, capsys):
    assert main([text, "--run-id", "r1", "--json"]) == 0

    told = capsys.readouterr()
    assert json.loads(told.out) == EXPECTED
    assert [run for run, _ in cloud.started] == ["r1-1", "r1-2"]
    first, second = (chunks[0] for _, chunks in cloud.started)
    assert first["job"]["modules"] == {"map": "map_words", "reduce": "reduce_counts"}
    assert (first["numReducer"], first["job"]["params"]) == (4, {"least": 2})
    assert second["job"] == {"params": {"least": 3}, "modules": {"map": "map_counts", "reduce": "reduce_words"}}
    assert (second["numReducer"], second["pieces"][0]["format"]) == (1, "jsonl")
    assert "step 1 of 2 (map_words, reduce_counts):" in told.err
    assert "step 2 of 2 (map_counts, reduce_words):" in told.err
    assert "(run r1)" in told.err


def test_of_a_run_that_is_done_the_last_result_stays(cloud, text, capsys):
    assert main([text, "--run-id", "r1", "--quiet"]) == 0

    assert cloud.keys("results") == ["r1-2/result.json", "r1/steps.json"]
    assert cloud.keys("shuffle") == cloud.keys("returns") == []
    capsys.readouterr()
    assert main(["--attach", "r1", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == EXPECTED
    assert main(["status", "r1", "--json"]) == 0
    status = json.loads(capsys.readouterr().out)
    assert (status["state"], status["steps"][0], status["steps"][1]["state"]) == ("done", None, "done")


def test_a_step_that_fails_ends_the_run_which_can_be_told_of_and_removed(cloud, text, capsys):
    cloud.behave = cloud.fail
    assert main([text, "--run-id", "r1"]) == 1

    told = capsys.readouterr().err
    assert "error: step 2 of 2 (map_counts, reduce_words): " in told
    assert "scripts/invoke.sh resume r1 " in told
    assert main(["status", "r1"]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith("run r1: failed, ")
    assert "run r1-1: done, " in shown
    assert "run r1-2: failed, " in shown
    assert main(["clean", "r1"]) == 0
    assert [cloud.keys(role) for role in ("results", "returns", "shuffle")] == [[], [], []]


def test_a_step_that_is_done_is_not_run_again(cloud, text, capsys):
    cloud.behave = cloud.fail
    assert main([text, "--run-id", "r1"]) == 1
    assert main(["clean", "r1-2"]) == 0
    cloud.behave, before = cloud.work, len(cloud.started)
    capsys.readouterr()

    assert main(["resume", "r1", "--json"]) == 0

    assert json.loads(capsys.readouterr().out) == EXPECTED
    assert [run for run, _ in cloud.started[before:]] == ["r1-2"]
    assert cloud.keys("results") == ["r1-2/result.json", "r1/steps.json"]


def test_a_step_that_failed_is_resumed(cloud, text, capsys, monkeypatch):
    cloud.behave = cloud.fail
    assert main([text, "--run-id", "r1"]) == 1
    capsys.readouterr()

    def resume(self, size, *, attended):
        cloud.work(self.run_id, cloud.started[-1][1])
        return ["mapper 1"]

    monkeypatch.setattr(ORCHESTRATIONS["http_sync_s3"], "resume", resume)

    assert main(["resume", "r1", "--json"]) == 0

    told = capsys.readouterr()
    assert json.loads(told.out) == EXPECTED
    assert "run r1-2 goes on with mapper 1" in told.err
    assert len(cloud.started) == 2


def test_no_step_begins_after_a_run_is_cancelled_until_it_is_resumed(cloud, text, capsys):
    def work_when_cancelled(run, chunks):
        cloud.put("results", "r1/cancelled", b"")
        cloud.work(run, chunks)

    cloud.behave = work_when_cancelled
    assert main([text, "--run-id", "r1"]) == 1
    assert len(cloud.started) == 1
    assert "step 2 of 2 (map_counts, reduce_words): it is not started, for the run is cancelled" in capsys.readouterr().err
    assert main(["status", "r1"]) == 0
    assert capsys.readouterr().out.startswith("run r1: cancelled, ")

    cloud.behave = cloud.work

    assert main(["resume", "r1", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == EXPECTED


def test_cancel_stops_the_step_that_runs_and_those_after_it(cloud, text, capsys):
    cloud.behave = lambda run, chunks: None
    assert main([text, "--run-id", "r1", "--timeout", "0.2"]) == 3
    assert "step 1 of 2 (map_words, reduce_counts): run r1-1 has not ended" in capsys.readouterr().err

    assert main(["cancel", "r1"]) == 0

    assert {"r1-1/failed.json", "r1/cancelled"} <= set(cloud.keys("results"))
    assert main(["--attach", "r1"]) == 1
    assert main(["clean", "r1"]) == 0
    assert cloud.keys("results") == []


def test_an_interrupted_run_says_in_which_step_and_how_to_go_on(cloud, text, capsys, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(app, "_wait", interrupted)
        assert main([text, "--run-id", "r1"]) == 130
    told = capsys.readouterr().err
    assert "interrupted in step 1 of 2 (map_words, reduce_counts); what runs of it goes on" in told
    assert "scripts/invoke.sh resume r1 " in told

    assert main(["resume", "r1", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == EXPECTED
    assert [run for run, _ in cloud.started] == ["r1-1", "r1-2"]


def test_a_run_that_cannot_begin_leaves_nothing(cloud, tmp_path):
    assert main([str(tmp_path / "missing"), "--run-id", "r1"]) == 2
    assert main([str(tmp_path / "missing"), "--run-id", "r1"]) == 2

    assert cloud.keys("results") == []


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--no-wait"], "the job job has steps, and the client starts one after the other"),
        (["--run-id", "r" * 63], "its steps' ids would be longer than 64 characters"),
        (["--output", "s3://others/a/"], "may write results to no bucket but its own"),
    ],
)
def test_what_cannot_be_is_refused_before_the_first_step(cloud, text, capsys, options, told):
    assert main([text, *options]) == 2
    assert told in capsys.readouterr().err
    assert cloud.started == []
    assert cloud.keys("results") == []


def test_a_run_id_is_not_used_twice(cloud, text, capsys):
    assert main([text, "--run-id", "r1", "--quiet"]) == 0

    assert main([text, "--run-id", "r1"]) == 2
    assert "run id r1 was used before" in capsys.readouterr().err


@pytest.mark.parametrize("other", ["r1-1", "r1-2"])
def test_another_run_whose_id_is_that_of_a_step_is_not_taken_for_the_step(cloud, text, capsys, other):
    cloud.put("results", f"{other}/result.json", {"of": "another run"})

    assert main([text, "--run-id", "r1"]) == 2

    assert f"run id {other} was used before" in capsys.readouterr().err
    assert cloud.keys("results") == [f"{other}/result.json"]
    assert cloud.started == []
