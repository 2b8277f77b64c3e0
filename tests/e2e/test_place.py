"""A state keeps to the account that it was made for, with the real provider and terraform as people call it by hand.

A log group stands for the deployment: it takes seconds, and the provider is configured for it as for all the rest.
"""

import subprocess
from pathlib import Path

import pytest

from scripts.deploy import targets, terraform
from tests.cloud import Cloud

PREFIX = "placed"

OWN, OTHER = "000000000000", "111111111111"
ADDRESS = "module.sfn[0].module.recorder.module.function.aws_cloudwatch_log_group.this"


class Deployment:
    """One log group of a deployment, its state in a folder of its own."""

    def __init__(self, cloud: Cloud, folder: Path) -> None:
        self._logs = cloud.client("logs")
        self._target = targets.checks()
        self._program = terraform.prepare(self._target)
        self.state = folder / "terraform.tfstate"
        self._options = [
            f"-state={self.state}",
            f"-var=endpoint_url={cloud.endpoint_url}",
            f"-var=prefix={PREFIX}",
            "-input=false",
            "-no-color",
        ]

    def run(self, command: str, *options: str) -> "subprocess.CompletedProcess[str]":
        words = [command, *self._options, "-var=orchestration=sfn", *options]
        return subprocess.run(
            self._program.command(*words), env=self._target.environment, capture_output=True, text=True, timeout=240, check=False
        )

    def exists(self) -> bool:
        return bool(self._logs.describe_log_groups(logGroupNamePrefix=f"/aws/lambda/{PREFIX}-sfn-recorder")["logGroups"])

    def says(self, account: str) -> None:
        """Make the state one of another account: what the credentials meet, if it is they that are another account's."""
        self.state.write_text(self.state.read_text().replace(f'"account_id": "{OWN}"', f'"account_id": "{account}"'))


@pytest.fixture
def deployment(cloud: Cloud, tmp_path: Path) -> Deployment:
    made = Deployment(cloud, tmp_path)
    done = made.run("apply", "-auto-approve", f"-target={ADDRESS}")
    assert done.returncode == 0, done.stdout + done.stderr
    assert made.exists()
    return made


def test_another_account_is_neither_planned_nor_destroyed_and_the_own_one_is(deployment: Deployment) -> None:
    kept = deployment.state.read_text()
    deployment.says(OTHER)

    planned = deployment.run("plan")
    destroyed = deployment.run("destroy", "-auto-approve")

    assert (planned.returncode, destroyed.returncode) == (1, 1)
    told = " ".join(planned.stderr.replace("│", " ").split())
    assert f"This state holds {PREFIX}-sfn in us-east-1 of account {OTHER}, but variables and credentials name" in told
    assert f"account ID not allowed: {OWN}" in destroyed.stderr
    assert deployment.exists()

    deployment.state.write_text(kept)
    destroyed = deployment.run("destroy", "-auto-approve")

    assert destroyed.returncode == 0, destroyed.stderr
    assert not deployment.exists()
    # What guards the state goes last of all.
    assert destroyed.stdout.index(f"{ADDRESS}: Destruction complete") < destroyed.stdout.index("terraform_data.place: Destroying")
