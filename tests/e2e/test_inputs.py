"""Input that mappers read in S3 by themselves, in every orchestration: compressed and plain, in ranges, with awkward keys."""

import bz2
import gzip
from collections import Counter

import pytest

from tests.cloud import INPUT, Cloud
from tests.fakes.books import book

TEXTS = {
    "a b.txt": book(3000),
    "50%20#1.log": book(400, seed=2).replace("\n", "\r\n"),
    "été/漢&+.gz": book(2000, seed=3),
    "x.bz2": book(90, seed=4),
}
IN_S3 = Counter(word for text in TEXTS.values() for word in text.split())
PACKERS = {"gz": gzip.compress, "bz2": bz2.compress}


def counted_in_s3(cloud: Cloud, orchestration: str) -> dict[str, int]:
    """What a run makes of the texts."""
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket=INPUT)
    for key, text in TEXTS.items():
        s3.put_object(Bucket=INPUT, Key=f"in/{key}", Body=PACKERS.get(key.rpartition(".")[2], bytes)(text.encode()))
    return cloud.invoke(orchestration, f"s3://{INPUT}/in", "--shuffle", "packed", "--chunk-bytes", "3000", "--json").counts


def test_every_word_is_counted_once(cloud: Cloud, orchestration: str) -> None:
    assert counted_in_s3(cloud, orchestration) == IN_S3


@pytest.mark.parametrize("orchestration", ["http_only"], indirect=True)
def test_damaged_object_fails_the_run_with_its_name_and_the_cause(cloud: Cloud, orchestration: str) -> None:
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket=INPUT)
    s3.put_object(Bucket=INPUT, Key="damaged/a.gz", Body=gzip.compress(book(50).encode())[:-9])

    done = cloud.invoke(orchestration, f"s3://{INPUT}/damaged", "--shuffle", "packed")

    assert done.status == 1
    assert f"s3://{INPUT}/damaged/a.gz can't be read: its gzip data end too early" in done.err


def test_bucket_that_is_not_granted_is_refused(cloud: Cloud) -> None:
    done = cloud.invoke("sfn", "s3://somebody-elses/logs/")

    assert done.status == 2
    assert f"may read {INPUT}; let them read somebody-elses, too: make local-deploy" in done.err
