"""INPUT that another run has made: parts in S3 as ranges, a result that was returned as text. The functions are faked."""

import json

import pytest

from scripts.client.app import main

PARTS = {"part-00000.jsonl": b'["be",2]\n["not",1]\n', "part-00002.jsonl": b"", "part-00003.jsonl": b'["to",2]\n'}


@pytest.fixture
def cloud(deploy):
    return deploy("http_sync_s3")


@pytest.fixture
def url(cloud):
    """A run r1 whose result is in S3."""
    bucket = cloud.record["buckets"]["shuffle"]
    url = f"s3://{bucket}/r1/parts/"
    for name, body in PARTS.items():
        cloud.put("shuffle", f"r1/parts/{name}", body)
    told = [{"part": url + name, "words": body.count(b"\n"), "bytes": len(body), "sha256": ""} for name, body in PARTS.items()]
    cloud.put("results", "r1/result.json", told)
    cloud.behave = lambda run, chunks: cloud.put("results", f"{run}/result.json", {})
    return url


def given(cloud):
    (_, chunks) = cloud.started[-1]
    return [chunk.get("pieces") or chunk for chunk in chunks]


def read(cloud, piece):
    key = piece["url"].split("/", 3)[3]
    found = cloud.s3.get_object(Bucket=cloud.record["buckets"]["shuffle"], Key=key)
    assert piece["etag"] == found["ETag"]
    body = found["Body"].read()
    assert piece["size"] == len(body)
    return body[piece["start"] : piece["end"]]


def test_parts_are_ranges_that_mappers_read_themselves(cloud, url):
    assert main(["run:r1", "--chunk-bytes", "12", "--quiet"]) == 0

    chunks = given(cloud)
    assert b"".join(read(cloud, piece) for chunk in chunks for piece in chunk) == b"".join(PARTS.values())
    assert {piece["format"] for chunk in chunks for piece in chunk} == {"jsonl"}
    assert all(sum(piece["end"] - piece["start"] for piece in chunk) <= 12 for chunk in chunks)
    assert len(chunks) == 3


def test_small_parts_share_a_chunk(cloud, url):
    assert main(["run:r1", "--quiet"]) == 0

    assert [[piece["url"] for piece in chunk] for chunk in given(cloud)] == [
        [f"{url}part-00000.jsonl", f"{url}part-00003.jsonl"],
    ]


def test_a_result_that_was_returned_travels_as_records(cloud):
    cloud.put("results", "r1/result.json", {"to": 2, "b\n": [1], "é": None})
    cloud.behave = lambda run, chunks: cloud.put("results", f"{run}/result.json", {})

    assert main(["run:r1", "--chunk-bytes", "12", "--quiet"]) == 0

    chunks = given(cloud)
    assert {chunk["format"] for chunk in chunks} == {"jsonl"}
    lines = "".join(chunk["text"] for chunk in chunks).splitlines(keepends=True)
    assert [json.loads(line) for line in lines] == [["b\n", [1]], ["to", 2], ["é", None]]
    assert all(chunk["text"].endswith("\n") for chunk in chunks)


@pytest.mark.parametrize(
    ("prepare", "arguments", "told"),
    [
        (lambda cloud: None, ["run:r1", "in.txt"], "run:RUN can't be given beside files"),
        (lambda cloud: None, ["run:nobody"], "there is no run nobody"),
        (lambda cloud: cloud.put("results", "r2/run.json", {}), ["run:r2"], "run:r2: the run has no result; see where it stands"),
        (lambda cloud: cloud.put("results", "r2/result.json", {}), ["run:r1", "run:r2"], "give each kind to a run of its own"),
        (
            lambda cloud: cloud.put("shuffle", "r1/parts/part-00000.jsonl", b""),
            ["run:r1"],
            "is not there as the run has written it",
        ),
        (
            lambda cloud: cloud.put("results", "r1/result.json", [{"part": "s3://others/a/part-00000.jsonl", "bytes": 1}]),
            ["run:r1"],
            "its result is in s3://others/a/, which wordcount-http_sync_s3 on",
        ),
    ],
)
def test_what_cannot_be_read_is_refused(cloud, url, capsys, prepare, arguments, told):
    prepare(cloud)

    assert main(arguments) == 2

    assert told in capsys.readouterr().err
    assert cloud.started == []
