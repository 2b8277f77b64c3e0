"""Results that go to a prefix in S3: whose it is, what is refused, and what the user is told. The functions are faked."""

import hashlib
import json
from collections import Counter

import pytest
from botocore.exceptions import EndpointConnectionError

from scripts.client.app import main
from scripts.client.stored import output


@pytest.fixture
def cloud(deploy):
    """A deployment that may write to a bucket of the user's; its functions count, and write one part there."""
    cloud = deploy("http_sync_s3")
    cloud.output = cloud.record["buckets"]["results"].replace("results", "mine")
    cloud.s3.create_bucket(Bucket=cloud.output)
    cloud.change(output_buckets=[cloud.output])
    cloud.url = f"s3://{cloud.output}/counts/"

    def write(name, body):
        cloud.s3.put_object(Bucket=cloud.output, Key=f"counts/{name}", Body=body)

    def count(run, chunks):
        assert {chunk["job"]["output"] for chunk in chunks} == {cloud.url}
        counts = Counter(word for chunk in chunks for word in chunk["text"].split())
        body = "".join(f"{json.dumps([word, counts[word]])}\n" for word in sorted(counts)).encode()
        name, told = "part-00000.jsonl", {"words": len(counts), "bytes": len(body), "sha256": hashlib.sha256(body).hexdigest()}
        write(name, body)
        write("manifest.json", json.dumps({"run": run, "parts": [{"part": name, **told}]}).encode())
        write("_SUCCESS", b"")
        cloud.put("results", f"{run}/result.json", [{"part": cloud.url + name, **told}])

    def fail(run, chunks):
        write("part-00000.jsonl", b"")
        cloud.put("results", f"{run}/failed.json", {"run": run, "error": "ValueError", "message": "no"})

    cloud.behave, cloud.fail, cloud.write = count, fail, write
    return cloud


@pytest.fixture
def text(tmp_path):
    path = tmp_path / "in.txt"
    path.write_text("to be or not to be")
    return str(path)


def written(cloud):
    listed = cloud.s3.list_objects_v2(Bucket=cloud.output).get("Contents", [])
    return sorted(item["Key"] for item in listed)


WHOLE = ["counts/_SUCCESS", "counts/manifest.json", "counts/part-00000.jsonl"]


def test_the_result_stays_where_it_was_asked_for_and_a_small_one_is_shown(cloud, text, capsys):
    assert main([text, "--output", cloud.url.rstrip("/"), "--top", "1", "--run-id", "r1"]) == 0

    told = capsys.readouterr()
    assert [line.split()[1:4:2] for line in told.out.splitlines() if line.startswith("│")] == [["be", "2"]]
    assert f"4 distinct words in 1 part, 41 bytes: {cloud.url}" in told.err
    assert written(cloud) == WHOLE
    assert cloud.keys("results") == ["r1/result.json"]


def test_a_large_result_is_told_and_not_read(cloud, text, capsys, monkeypatch):
    monkeypatch.setattr(output, "_SMALL_BYTES", 10)

    assert main([text, "--output", cloud.url]) == 0

    told = capsys.readouterr()
    assert told.out == ""
    assert f"the result is too large for a table; read its parts: {cloud.url}" in told.err


def test_a_run_that_is_done_and_tidied_up_can_be_asked_again(cloud, text, capsys):
    assert main([text, "--output", cloud.url, "--run-id", "r1"]) == 0
    capsys.readouterr()

    assert main(["--attach", "r1"]) == 0
    assert "│ be   │     2 │" in capsys.readouterr().out
    assert main(["--attach", "r1", "--json"]) == 0
    assert [record["words"] for record in json.loads(capsys.readouterr().out)] == [4]


def test_a_file_is_refused_for_a_result_that_is_in_s3_already(cloud, text, capsys, tmp_path):
    main([text, "--output", cloud.url, "--run-id", "r1"])

    assert main(["--attach", "r1", "--output", str(tmp_path / "out.csv")]) == 1
    assert f"the run has written its result to {cloud.url} already" in capsys.readouterr().err


def test_a_part_that_was_changed_is_no_result(cloud, text, capsys):
    main([text, "--output", cloud.url, "--run-id", "r1"])
    cloud.write("part-00000.jsonl", b'["be",3]\n')

    assert main(["--attach", "r1"]) == 1
    assert "its checksum is another" in capsys.readouterr().err


def test_an_empty_input_has_a_mapper_that_tells_the_others_where_the_result_goes(cloud, tmp_path, capsys):
    (tmp_path / "in.txt").write_text("")

    assert main([str(tmp_path / "in.txt"), "--output", cloud.url]) == 0
    assert "0 distinct words in 1 part" in capsys.readouterr().err


def test_a_bucket_that_is_not_granted_is_refused_with_the_command_that_grants_it(cloud, text, capsys):
    assert main([text, "--output", "s3://others/counts/"]) == 2

    told = capsys.readouterr().err
    assert f"may write results to {cloud.output}; let it write to others, too: make local-deploy" in told
    assert f'VARS=\'output_buckets=["{cloud.output}","others"]\'' in told
    assert cloud.started == []
    assert cloud.keys("results") == []


def test_a_prefix_that_holds_something_is_refused_and_left_as_it_was(cloud, text, capsys):
    assert main([text, "--output", cloud.url, "--run-id", "r1"]) == 0

    assert main([text, "--output", cloud.url, "--run-id", "r2"]) == 2

    assert "something lies there already, of run r1; give each run a prefix of its own" in capsys.readouterr().err
    assert written(cloud) == WHOLE
    assert cloud.keys("results") == ["r1/result.json"]


def test_a_prefix_of_a_run_that_has_written_nothing_yet_is_refused(cloud, text, capsys):
    cloud.behave = lambda run, chunks: None
    assert main([text, "--output", cloud.url, "--run-id", "r1", "--no-wait"]) == 0

    assert main([text, "--output", cloud.url]) == 2

    assert "of run r1" in capsys.readouterr().err
    assert written(cloud) == ["counts/_RUN"]


def test_a_run_that_cannot_be_started_leaves_the_prefix_free(cloud, text):
    cloud.refuse = EndpointConnectionError(endpoint_url="x")

    assert main([text, "--output", cloud.url]) == 1

    assert written(cloud) == []


def test_what_a_failed_run_has_written_is_removed_with_it(cloud, text):
    cloud.behave = cloud.fail
    assert main([text, "--output", cloud.url, "--run-id", "r1"]) == 1
    assert written(cloud) == ["counts/_RUN", "counts/part-00000.jsonl"]

    assert main(["clean", "r1"]) == 0

    assert written(cloud) == []


def test_a_result_that_is_whole_stays_when_its_run_is_removed(cloud, text, capsys):
    assert main([text, "--output", cloud.url, "--run-id", "r1", "--keep"]) == 0

    assert main(["clean", "r1"]) == 0

    assert f"run r1 is removed; what it has written to {cloud.url} is whole, and stays" in capsys.readouterr().err
    assert written(cloud) == WHOLE
    assert cloud.keys("results") == []


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--output", "s3://mine"], "name a prefix that nothing lies below, such as s3://mine/counts/"),
        (["--output", "s3://M/a"], "write s3://bucket/prefix/"),
        (["--output", "s3://mine/a//b"], "write s3://bucket/prefix/"),
        (["--output", "s3://mine/a", "--sort", "key"], "--filter and --sort can't be used with an output in S3"),
        (["--output", "s3://mine/a", "--filter", "x"], "--filter and --sort can't be used with an output in S3"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_starts(cloud, text, capsys, options, told):
    assert main([text, *options]) == 2
    assert told in capsys.readouterr().err
    assert cloud.started == []


def test_settings_that_are_too_much_together_with_the_output_are_refused(cloud, text, capsys):
    assert main([text, "--output", cloud.url, "--param", f"x={'y' * 8160}"]) == 2
    assert "it may have 8192" in capsys.readouterr().err
    assert cloud.started == []


@pytest.mark.parametrize("arguments", [["--attach", "r1"], ["resume", "r1"]])
def test_a_run_that_has_begun_takes_no_other_output(cloud, arguments, capsys):
    assert main([*arguments, "--output", cloud.url]) == 2
    assert "a run is told of an output in S3 when it starts" in capsys.readouterr().err
