"""The sample job of two steps, with the true components in this process, on moto's S3: parts, ranges, records and results."""

import json

import pytest

from functions.mapper.mapper import lambda_handler as mapper
from functions.partition.partition import lambda_handler as partition
from functions.reducer.reducer import lambda_handler as reducer
from functions.summary.summary import lambda_handler as summary
from runtime.mapreduce import user_code
from runtime.ports import Ports, using
from runtime.run import Run, within
from scripts.client.app import main
from tests.samples import EXPECTED, JOBS, input_of, plain

JOB = JOBS / "words_by_count"


@pytest.fixture
def cloud(deploy, endpoint, monkeypatch):
    own = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_REGION": "us-east-1"}
    cloud = deploy("http_sync_s3")
    cloud.change(job={"name": JOB.name, "folder": str(JOB)})

    def run(run_id, chunks):
        # Each time: the client removes from its environment what is not for it.
        for name, value in {**own, "AWS_ENDPOINT_URL_S3": endpoint}.items():
            monkeypatch.setenv(name, value)
        with using(Ports()), user_code.in_folder(str(JOB)):
            mapped = []
            for index, chunk in enumerate(chunks, 1):
                with within(Run(run_id, index, len(chunks))):
                    mapped.append(mapper(chunk, None))
            with within(Run(run_id)):
                result = summary([reducer(part, None) for part in partition(mapped, None)], None)
        cloud.put("results", f"{run_id}/result.json", result)

    cloud.behave = run
    return cloud


@pytest.mark.parametrize("shuffle", ["objects", "packed"])
def test_two_steps_give_what_the_sample_says(cloud, shuffle, capsys):
    options = ["--shuffle", shuffle, "--chunks", "3", "--run-id", "r1", "--json", "--timeout", "30"]

    assert main([str(input_of(JOB.name)), *options]) == 0

    told = capsys.readouterr()
    assert plain(JOB.name, json.loads(told.out)) == EXPECTED[JOB.name], told.err
    assert cloud.keys("shuffle") == []
