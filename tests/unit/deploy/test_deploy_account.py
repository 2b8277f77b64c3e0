"""An account of AWS: whose it is, and that a state of another one is left alone."""

import os
from pathlib import Path

import pytest

from scripts.deploy import account, cli
from tests.unit.deploy.stand_in import StandIn


class TestAws:
    def test_works_in_the_deployments_own_workspace(
        self, build: Path, program: StandIn, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.setenv("TF_DATA_DIR", str(tmp_path / "data"))

        assert cli.main(["apply", "--target", "aws", "--yes"]) == 0

        assert program.was_told("select")[0]["argv"][1:] == ["workspace", "select", "-or-create", "wordcount-sfn-us-east-1"]
        [told] = program.was_told("apply")
        assert "-auto-approve" in told["argv"]
        assert not [argument for argument in told["argv"] if "endpoint_url" in argument or argument.startswith("-state")]


@pytest.fixture
def account_of_credentials(monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(account, "of_credentials", lambda region, environment: "222222222222")
    return "222222222222"


def state_of(account_id: str) -> dict[str, object]:
    """What `terraform state pull` prints, shortened to what is read of it."""
    place = {"account_id": account_id, "orchestration": "sfn", "prefix": "wordcount", "region": "us-east-1"}
    instance = {"attributes": {"input": {"value": place, "type": ["object", {}]}}}
    return {
        "version": 4,
        "resources": [
            {"mode": "data", "type": "aws_partition", "name": "this", "instances": [{"attributes": {}}]},
            {"mode": "managed", "type": "terraform_data", "name": "place", "instances": [instance]},
        ],
    }


@pytest.mark.usefixtures("build", "account_of_credentials")
class TestWrongAccount:
    @pytest.fixture(autouse=True)
    def _own_data(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.setenv("TF_DATA_DIR", str(tmp_path / "data"))

    @pytest.mark.parametrize("command", ["apply", "destroy", "plan"])
    def test_nothing_is_done_with_credentials_of_another_account(
        self, program: StandIn, command: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        program.has_workspaces("default", "wordcount-sfn-us-east-1")
        program.has_state(state_of("111111111111"))

        assert cli.main([command, "--target", "aws", "--yes"]) == (1 if command == "plan" else 2)

        said = capsys.readouterr().err
        assert "says account 111111111111, and your credentials are for account 222222222222" in said
        assert not program.was_told(command)

    @pytest.mark.parametrize("command", ["apply", "destroy"])
    def test_the_own_account_may_be_changed(self, program: StandIn, command: str) -> None:
        program.has_workspaces("default", "wordcount-sfn-us-east-1")
        program.has_state(state_of("222222222222"))

        assert cli.main([command, "--target", "aws", "--yes"]) == 0

        assert len(program.was_told(command)) == 1

    def test_a_first_apply_has_nothing_to_compare(self, program: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(account, "of_credentials", lambda region, environment: pytest.fail("nobody needs to know"))
        (program.folder / "state").write_text("")

        assert cli.main(["apply", "--target", "aws", "--yes"]) == 0

    def test_what_was_never_deployed_is_not_said_to_be_destroyed(
        self, program: StandIn, capsys: pytest.CaptureFixture[str]
    ) -> None:
        program.has_workspaces("default", "wordcount-sfn-us-east-1")

        assert cli.main(["destroy", "--target", "aws", "--yes", "--prefix", "mine"]) == 2

        said = capsys.readouterr().err
        assert (
            "There is no deployment mine-sfn-us-east-1 to destroy. Workspaces with deployments: wordcount-sfn-us-east-1." in said
        )
        assert not program.was_told("select")

    def test_a_deployment_of_an_earlier_version_is_in_the_way(self, program: StandIn, capsys: pytest.CaptureFixture[str]) -> None:
        program.has_workspaces("default", "sfn")
        program.has_state(state_of("222222222222"))

        assert cli.main(["apply", "--target", "aws", "--yes"]) == 2

        assert "Workspace sfn holds a deployment of an earlier version" in capsys.readouterr().err
        assert not program.was_told("apply")

    def test_a_state_that_cannot_be_read_is_not_taken_for_an_empty_one(self, program: StandIn) -> None:
        program.has_state({"resources": [{"mode": "managed"}]})

        assert cli.main(["apply", "--target", "aws", "--yes"]) == 1

        assert not program.was_told("apply")


@pytest.mark.usefixtures("build")
def test_credentials_that_are_missing_are_told_in_one_sentence(
    program: StandIn, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("TF_DATA_DIR", str(tmp_path / "data"))
    program.has_state(state_of("111111111111"))

    assert cli.main(["apply", "--target", "aws", "--yes"]) == 2

    assert capsys.readouterr().err.endswith("error: Your credentials don't tell their account: Unable to locate credentials\n")
    assert not program.was_told("apply")
