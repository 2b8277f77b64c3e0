"""A user's AWS settings: nothing of them reaches the embedded AWS, and those that can't be used are told in a sentence."""

import os
import subprocess
import sys

import pytest

from scripts import paths

BROKEN = "[default\nregion = \x00"


def run(*arguments: str, **more: str) -> "subprocess.CompletedProcess[str]":
    plain = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return subprocess.run(
        [sys.executable, "-m", "scripts.client", *arguments],
        cwd=paths.ROOT,
        env=plain | more,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.fixture
def broken(tmp_path):
    path = tmp_path / "broken"
    path.write_text(BROKEN)
    return str(path)


@pytest.mark.parametrize(
    "setting",
    [
        "AWS_ENDPOINT_URL_S3=http://127.0.0.1:1",
        "AWS_ENDPOINT_URL=http://127.0.0.1:1",
        "AWS_CA_BUNDLE=",
        "AWS_CONFIG_FILE=BROKEN",
        "AWS_SHARED_CREDENTIALS_FILE=BROKEN",
        "AWS_PROFILE=nobody",
        "AWS_DEFAULTS_MODE=bogus",
        "AWS_CHECKSUM_ALGORITHM=bogus",
        "AWS_SKIP_SIGNATURE=bogus",
    ],
)
def test_embedded_aws_is_reached_whatever_is_set(deploy, broken, setting):
    cloud = deploy("sfn")
    cloud.put("results", "r1/result.json", {"a": 1})
    name, _, value = setting.partition("=")

    done = run("--attach", "r1", "--json", **{name: value.replace("BROKEN", broken)})
    looked = run("status", "r1", **{name: value.replace("BROKEN", broken)})

    assert (done.returncode, done.stdout) == (0, '{\n  "a": 1\n}\n'), done.stderr
    assert looked.stdout.startswith("run r1: done"), looked.stderr


@pytest.mark.parametrize("setting", ["AWS_CONFIG_FILE=BROKEN", "AWS_SHARED_CREDENTIALS_FILE=BROKEN", "AWS_PROFILE=nobody"])
def test_settings_for_an_account_that_cannot_be_used_are_told_in_a_sentence(broken, setting, tmp_path):
    name, _, value = setting.partition("=")
    code = (
        "from scripts.client.aws.clients import Aws\nfrom scripts.client.deployment import Deployment\n"
        "from scripts.client.errors import ClientError\nfrom tests.unit.client.test_client_deployment import record\n"
        "try:\n    Aws.open(Deployment.parse(record('sfn', None), 'test')).store('results')\n"
        "except ClientError as error:\n    print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=paths.ROOT,
        env={**os.environ, name: value.replace("BROKEN", broken)},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )

    assert done.stdout.startswith("the AWS settings of this machine can't be used: ")
    assert len(done.stdout.splitlines()) == 1
