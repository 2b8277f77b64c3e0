"""A result that the functions write to S3, in every orchestration and layout, with the policies that Terraform made."""

import hashlib
import json
from collections import Counter
from typing import Any

from tests.cloud import OUTPUT, Cloud
from tests.fakes.books import book

WORDS = ["/", "%", "&", "a%2Fb", '"', "\\", "é", "日本", "😀", "x" * 600]


def objects(cloud: Cloud, prefix: str) -> dict[str, bytes]:
    s3 = cloud.client("s3")
    listed = s3.list_objects_v2(Bucket=OUTPUT, Prefix=prefix).get("Contents", [])
    keys = [item["Key"] for item in listed]
    return {key.removeprefix(prefix): s3.get_object(Bucket=OUTPUT, Key=key)["Body"].read() for key in keys}


def test_sorted_parts_a_manifest_and_the_sign_that_all_is_there(cloud: Cloud, orchestration: str, shuffle: str) -> None:
    cloud.client("s3").create_bucket(Bucket=OUTPUT)
    text, prefix = " ".join([book(300), *WORDS]), f"{orchestration}/{shuffle}/"
    options = ("--shuffle", shuffle, "--output", f"s3://{OUTPUT}/{prefix}", "--num-reducer", "3", "--chunks", "2", "--top", "1")

    done = cloud.invoke(orchestration, *options, "-", stdin=text)

    assert done.status == 0, done.out + done.err
    assert "distinct words in 3 parts" in done.err
    found = objects(cloud, prefix)
    assert found.pop("_SUCCESS") == b""
    manifest: dict[str, Any] = json.loads(found.pop("manifest.json"))
    parts = {name: [json.loads(line) for line in body.decode().split("\n")[:-1]] for name, body in found.items()}
    assert all(part == sorted(part) for part in parts.values())
    assert {word: value for part in parts.values() for word, value in part} == Counter(text.split())
    assert {each["part"]: each["sha256"] for each in manifest["parts"]} == {
        name: hashlib.sha256(body).hexdigest() for name, body in found.items()
    }


def test_the_next_run_reads_the_parts(cloud: Cloud, orchestration: str) -> None:
    cloud.client("s3").create_bucket(Bucket=OUTPUT)
    text, prefix, run = " ".join([book(300), *WORDS]), f"{orchestration}/next/", f"next-{orchestration}"
    done = cloud.invoke(orchestration, "--output", f"s3://{OUTPUT}/{prefix}", "--run-id", run, "--quiet", "-", stdin=text)
    assert done.status == 0, done.out + done.err

    counts = cloud.invoke(orchestration, "--json", "--shuffle", "packed", "--chunk-bytes", "500", f"run:{run}").counts

    parts = [body.decode() for name, body in objects(cloud, prefix).items() if name.startswith("part-")]
    assert counts == Counter("".join(parts).split())
    assert len(counts) == len(set(text.split()))


def test_an_empty_result_is_whole_too(cloud: Cloud, orchestration: str) -> None:
    cloud.client("s3").create_bucket(Bucket=OUTPUT)
    prefix = f"{orchestration}/empty/"

    done = cloud.invoke(orchestration, "--output", f"s3://{OUTPUT}/{prefix}", "--quiet", "-", stdin="")

    assert (done.status, done.out, done.err) == (0, "", "")
    assert sorted(objects(cloud, prefix)) == ["_SUCCESS", "manifest.json", "part-00000.jsonl"]


def test_a_bucket_that_is_not_granted_is_refused(cloud: Cloud) -> None:
    done = cloud.invoke("sfn", "--output", "s3://somebody-elses/counts/", "-", stdin="to be")

    assert done.status == 2
    assert f"may write results to {OUTPUT}; let it write to somebody-elses, too: make local-deploy" in done.err
