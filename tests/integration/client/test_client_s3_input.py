"""INPUT in S3: what the client lists, plans and refuses. The functions are faked, but for the reader of the mapper's pieces."""

import gzip
import json
from collections import Counter

import pytest
from obstore.store import S3Store

from runtime.aws.s3 import S3
from runtime.clock import Clock
from runtime.mapreduce import texts_of
from runtime.ports import Ports, using
from scripts.client.app import main

NAMES = ["a b.txt", "50%20#1?.txt", "été/漢&+=.log", "x/y/z.txt"]
"""Of objects; what `pieces` of such keys do in URLs is S3's and obstore's business, which is why they are read here."""


@pytest.fixture
def cloud(deploy):
    """A deployment that may read a bucket of the user's."""
    cloud = deploy("http_sync_s3")
    cloud.input = cloud.record["buckets"]["results"].replace("results", "logs")
    cloud.s3.create_bucket(Bucket=cloud.input)
    cloud.change(input_buckets=[cloud.input])
    cloud.url = f"s3://{cloud.input}"

    def opened(bucket, retries=0):
        options = {"endpoint": cloud.record["endpoint_url"], "region": "us-east-1", "client_options": {"allow_http": True}}
        return S3Store(bucket, access_key_id="test", secret_access_key="test", virtual_hosted_style_request=False, **options)

    def count(run, chunks):
        with using(Ports(s3=S3(Clock(), open=opened))):
            cloud.read = [[(source.name, text) for text, source in texts_of(chunk)] for chunk in chunks]
        words = Counter(word for texts in cloud.read for _, text in texts for word in text.split())
        cloud.put("results", f"{run}/result.json", words)

    cloud.behave = count
    return cloud


def put(cloud, key, body):
    cloud.s3.put_object(Bucket=cloud.input, Key=key, Body=body if isinstance(body, bytes) else body.encode())


def pieces(cloud):
    """What each chunk is to read: key, begin and end."""

    def shown(piece):
        return piece["url"].removeprefix(cloud.url + "/"), piece["start"], piece["end"]

    ((_, chunks),) = cloud.started
    return [list(map(shown, chunk["pieces"])) for chunk in chunks]


def test_objects_of_any_name_are_read_where_they_lie(cloud, capsys):
    for name in NAMES:
        put(cloud, f"in/{name}", f"to be {name.split('/')[-1]}\n")

    assert main([f"{cloud.url}/in/", "--json", "--shuffle", "packed"]) == 0

    assert {name.removeprefix(f"{cloud.url}/in/") for texts in cloud.read for name, _ in texts} == set(NAMES)
    assert f'"be": {len(NAMES)}' in capsys.readouterr().out


def test_large_objects_are_cut_and_small_ones_share_a_chunk(cloud):
    put(cloud, "in/1", "0123456\n" * 5)
    for name in "234":
        put(cloud, f"in/{name}", "to be or")

    assert main([f"{cloud.url}/in", "--chunk-bytes", "16", "--quiet"]) == 0

    assert pieces(cloud) == [
        [("in/1", 0, 16)],
        [("in/1", 16, 32)],
        [("in/1", 32, 40), ("in/2", 0, 8)],
        [("in/3", 0, 8), ("in/4", 0, 8)],
    ]
    assert [text for texts in cloud.read for _, text in texts] == [
        "0123456\n" * 2,
        "0123456\n" * 2,
        "0123456\n",
        *["to be or"] * 3,
    ]


def test_compressed_objects_are_planned_whole(cloud):
    for name in ("1.gz", "2.GZ"):
        put(cloud, f"in/{name}", gzip.compress(b"to be " * 9))

    assert main([f"{cloud.url}/in", "--chunk-bytes", "10", "--quiet"]) == 0

    assert [[piece[0] for piece in chunk] for chunk in pieces(cloud)] == [["in/1.gz"], ["in/2.GZ"]]
    assert [text for texts in cloud.read for _, text in texts] == ["to be " * 9] * 2


@pytest.mark.parametrize(
    ("name", "read"),
    [
        ("/logs", ["logs/1", "logs/2"]),
        ("/logs/", ["logs/1", "logs/2"]),
        ("/logs/1", ["logs/1"]),
        ("/lo*", ["logs-old/3", "logs/1", "logs/2"]),
        ("", ["logs-old/3", "logs/1", "logs/2", "x"]),
    ],
)
def test_name_stands_for_an_object_or_what_lies_below_it(cloud, name, read):
    for key in ("logs/1", "logs/2", "logs-old/3", "x"):
        put(cloud, key, "to be")

    assert main([cloud.url + name, "--quiet"]) == 0

    assert [piece[0] for chunk in pieces(cloud) for piece in chunk] == read


def test_what_is_left_out_is_told_once(cloud, capsys):
    for key, body in {"in/a": "to", "in/_SUCCESS": "x", "in/.tmp/b": "x", "in/c": "", "in/d": ""}.items():
        put(cloud, key, body)

    assert main([f"{cloud.url}/in"]) == 0

    told = capsys.readouterr().err
    assert f"note: 2 objects begin with a dot or an underscore and are left out, the first is {cloud.url}/in/.tmp/b\n" in told
    assert f"note: 2 objects are empty, the first is {cloud.url}/in/c\n" in told


def test_several_inputs_may_lie_here_and_there(cloud, tmp_path, capsys):
    put(cloud, "in/a", "to be")
    (tmp_path / "b").write_text("or not")

    assert main([f"{cloud.url}/in/a", str(tmp_path / "b"), "--json"]) == 0

    assert json.loads(capsys.readouterr().out) == {"be": 1, "not": 1, "or": 1, "to": 1}


def test_csv_is_told_to_mappers_and_not_cut_if_its_fields_may_have_line_ends(cloud):
    put(cloud, "in.csv", "a,b\n1,2\n3,4\n")

    assert main([f"{cloud.url}/in.csv", "--format", "csv", "--encoding", "latin-1", "--chunk-bytes", "4", "--quiet"]) == 0

    ((_, chunks),) = cloud.started
    (piece,) = [piece for chunk in chunks for piece in chunk["pieces"]]
    assert (piece["format"], piece["encoding"], piece["end"]) == ("csv", "latin-1", 12)
    assert cloud.read == [[(f"{cloud.url}/in.csv", "1,2\n3,4\n")]]


def test_bucket_that_is_not_granted_is_refused_with_the_command_that_grants_it(cloud, capsys):
    assert main(["s3://others/in"]) == 2

    told = capsys.readouterr().err
    assert f"may read {cloud.input}; let them read others, too: make local-deploy ORCHESTRATION=http_sync_s3" in told
    assert f'VARS=\'input_buckets=["{cloud.input}","others"]\'' in told
    assert (cloud.started, cloud.keys("results")) == ([], [])


@pytest.mark.parametrize("name", ["/nothing", "/in/b", "/z*"])
def test_name_without_an_object_is_refused(cloud, capsys, name):
    put(cloud, "in/a", "to be")

    assert main([cloud.url + name]) == 2
    assert f"error: {cloud.url}{name}: there is no such object, and none below it" in capsys.readouterr().err
    assert cloud.started == []


def test_bucket_that_is_not_there_is_refused(cloud, capsys):
    cloud.change(input_buckets=["not-there"])

    assert main(["s3://not-there/in"]) == 2
    assert "s3://not-there/in can't be listed: there is no such bucket" in capsys.readouterr().err
