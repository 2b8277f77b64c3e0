"""apply, plan and destroy: what Terraform is told, and what the user is."""

import io
import itertools
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from scripts import paths
from scripts.deploy import cli
from scripts.deploy.progress import Progress
from tests.unit.deploy.stand_in import DEPLOYMENT, StandIn, applied


class TestApply:
    def test_writes_the_record_that_the_client_reads(self, build: Path, embedded: str, program: StandIn) -> None:
        program.says(applied(3), code=0)

        assert cli.main(["apply"]) == 0

        assert json.loads((build / "embedded/deployments/wordcount-sfn-us-east-1.json").read_text()) == DEPLOYMENT

    def test_tells_terraform_where_the_embedded_aws_is_and_nothing_of_real_credentials(
        self, build: Path, embedded: str, program: StandIn, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("AWS_PROFILE", "production")
        monkeypatch.setenv("TF_CLI_ARGS_apply", "-destroy")
        program.says(applied(1), code=0)

        assert cli.main(["apply", "--var", "memory_mb=1024"]) == 0

        [told] = program.was_told("apply")
        assert f"-var=endpoint_url={embedded}" in told["argv"]
        assert "-var=orchestration=sfn" in told["argv"]
        assert told["argv"].index("-var=memory_mb=1024") > told["argv"].index("-var=expiry_days=0")
        assert f"-state={build}/embedded/terraform/wordcount-sfn-us-east-1/terraform.tfstate" in told["argv"]
        left = {name: value for name, value in told["env"].items() if name.startswith(("AWS_", "TF_CLI_ARGS"))}
        no_files = {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
        assert left == no_files | {"AWS_ENDPOINT_URL_IAM": embedded}

    def test_what_only_costs_waiting_there_is_off_unless_asked_for(self, embedded: str, program: StandIn) -> None:
        program.says(applied(1), code=0)

        assert cli.main(["apply", "--var", "expiry_days=7"]) == 0

        [told] = program.was_told("apply")
        assert "-var=expiry_days=7" in told["argv"]
        assert "-var=expiry_days=0" not in told["argv"]

    def test_terraform_trades_memory_for_time_unless_told_otherwise(
        self, embedded: str, program: StandIn, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        program.says(applied(1), code=0)
        monkeypatch.delenv("GOGC", raising=False)
        cli.main(["apply"])
        monkeypatch.setenv("GOGC", "50")

        cli.main(["apply"])

        assert [told["env"]["GOGC"] for told in program.was_told("apply")] == ["400", "50"]

    def test_says_which_resource_is_waited_for(
        self, embedded: str, program: StandIn, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        clock = itertools.count(0, 10)
        monkeypatch.setattr("scripts.deploy.progress.time.monotonic", lambda: next(clock))
        waited = {"resource": {"addr": "aws_s3_bucket.this"}, "action": "create", "elapsed_seconds": 20}
        plan, *done = applied(1)
        program.says([plan, {"type": "apply_progress", "hook": waited}, *done], code=0)

        assert cli.main(["apply"]) == 0

        assert "still creating aws_s3_bucket.this, for 20 s now" in capsys.readouterr().err

    def test_prints_terraforms_error_and_leaves_no_record(
        self, build: Path, embedded: str, program: StandIn, capsys: pytest.CaptureFixture[str]
    ) -> None:
        error = {"severity": "error", "summary": "Not allowed", "detail": "because of that", "address": "aws_iam_role.this"}
        program.says([{"type": "diagnostic", "diagnostic": error}], code=1)

        assert cli.main(["apply"]) == 1

        said = capsys.readouterr().err
        assert "Not allowed\naws_iam_role.this\nbecause of that" in said
        assert "apply.log" in said
        assert not (build / "embedded/deployments/wordcount-sfn-us-east-1.json").exists()

    def test_prints_the_last_lines_when_terraform_crashes(
        self, embedded: str, program: StandIn, capsys: pytest.CaptureFixture[str]
    ) -> None:
        (program.folder / "events").write_text("panic: out of luck\n")
        (program.folder / "code").write_text("2\n")

        assert cli.main(["destroy"]) == 0  # nothing was deployed
        assert cli.main(["plan"]) == 2  # a plan's 2 is an answer
        (program.folder / "code").write_text("11")
        assert cli.main(["plan"]) == 1

        assert "panic: out of luck" in capsys.readouterr().err


class TestUnlessCurrent:
    @pytest.fixture
    def deployed(self, build: Path, embedded: str, program: StandIn) -> StandIn:
        program.says(applied(1), code=0)
        assert cli.main(["apply", "--unless-current"]) == 0
        return program

    def test_what_is_deployed_as_it_would_be_is_not_applied_again(
        self, deployed: StandIn, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert cli.main(["apply", "--unless-current"]) == 0

        assert len(deployed.was_told("apply")) == 1
        assert "Nothing has changed since wordcount-sfn-us-east-1 was deployed." in capsys.readouterr().out

    def test_plain_apply_is_never_left_out(self, deployed: StandIn) -> None:
        assert cli.main(["apply"]) == 0

        assert len(deployed.was_told("apply")) == 2

    @pytest.mark.parametrize("changed", ["sfn/mapper.zip", "local/layer.zip", "manifest.json", "sfn/definition.INLINE.asl.json"])
    def test_changed_package_is_applied(self, build: Path, deployed: StandIn, changed: str) -> None:
        (build / changed).write_text("changed")

        assert cli.main(["apply", "--unless-current"]) == 0

        assert len(deployed.was_told("apply")) == 2

    def test_other_variable_is_applied(self, deployed: StandIn) -> None:
        assert cli.main(["apply", "--unless-current", "--var", "memory_mb=1024"]) == 0

        assert len(deployed.was_told("apply")) == 2

    def test_other_variable_of_the_environment_is_applied(self, deployed: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("TF_VAR_memory_mb", "1024")

        assert cli.main(["apply", "--unless-current"]) == 0

        assert len(deployed.was_told("apply")) == 2

    def test_variable_that_is_not_given_any_more_is_named(self, deployed: StandIn, capsys: pytest.CaptureFixture[str]) -> None:
        assert cli.main(["apply", "--var", "memory_mb=1024", "--var", "sfn.map_mode=DISTRIBUTED"]) == 0
        assert "not given any more" not in capsys.readouterr().err

        assert cli.main(["apply", "--var", "memory_mb=512"]) == 0

        assert "It was deployed with sfn, which is not given any more: the default holds again" in capsys.readouterr().err

    def test_failed_apply_is_tried_again(self, deployed: StandIn) -> None:
        deployed.says([], code=1)
        assert cli.main(["apply"]) == 1
        deployed.says(applied(1), code=0)

        assert cli.main(["apply", "--unless-current"]) == 0

        assert len(deployed.was_told("apply")) == 3


class TestPlanAndDestroy:
    @pytest.mark.parametrize("code", [0, 2])
    def test_plan_says_by_its_exit_code_whether_there_is_something_to_change(
        self, embedded: str, program: StandIn, code: int
    ) -> None:
        program.says([], code=code)

        assert cli.main(["plan"]) == code

    def test_destroy_removes_record_and_state(self, build: Path, embedded: str, program: StandIn) -> None:
        program.says(applied(1), code=0)
        cli.main(["apply"])
        (build / "embedded/terraform/wordcount-sfn-us-east-1/terraform.tfstate").touch()

        assert cli.main(["destroy"]) == 0

        assert len(program.was_told("destroy")) == 1
        assert not (build / "embedded/deployments/wordcount-sfn-us-east-1.json").exists()
        assert not (build / "embedded/terraform/wordcount-sfn-us-east-1/terraform.tfstate").exists()

    def test_destroy_of_what_went_with_the_embedded_aws_removes_the_record(self, build: Path, program: StandIn) -> None:
        record = build / "embedded/deployments/wordcount-sfn-us-east-1.json"
        record.parent.mkdir(parents=True)
        record.touch()

        assert cli.main(["destroy"]) == 0

        assert not record.exists()
        assert not program.was_told("destroy")


class TestSideBySide:
    @pytest.mark.parametrize(
        ("options", "environment", "name"),
        [
            ([], {}, "wordcount-sfn-us-east-1"),
            (["--prefix", "mine"], {}, "mine-sfn-us-east-1"),
            (["--region", "eu-west-1"], {}, "wordcount-sfn-eu-west-1"),
            (["--prefix", "", "--region", ""], {}, "wordcount-sfn-us-east-1"),
            ([], {"TF_VAR_prefix": "theirs", "TF_VAR_region": "eu-west-1"}, "theirs-sfn-eu-west-1"),
            (["--prefix", "mine"], {"TF_VAR_prefix": "theirs"}, "mine-sfn-us-east-1"),
        ],
    )
    def test_prefix_and_region_are_part_of_the_name_of_state_and_record(
        self,
        build: Path,
        embedded: str,
        program: StandIn,
        monkeypatch: pytest.MonkeyPatch,
        options: list[str],
        environment: dict[str, str],
        name: str,
    ) -> None:
        for variable, value in environment.items():
            monkeypatch.setenv(variable, value)
        program.says(applied(1), code=0)

        assert cli.main(["apply", *options]) == 0

        [told] = program.was_told("apply")
        prefix, _, region = name.partition("-sfn-")
        assert {f"-var=prefix={prefix}", f"-var=region={region}"} <= set(told["argv"])
        assert f"-state={build}/embedded/terraform/{name}/terraform.tfstate" in told["argv"]
        assert (build / "embedded" / "deployments" / f"{name}.json").is_file()

    @pytest.mark.parametrize("option", ["--prefix=../../x", "--prefix=a", "--prefix=Mine", "--region=.", "--prefix=a\n"])
    def test_a_name_that_aws_would_refuse_is_refused(self, embedded: str, program: StandIn, option: str) -> None:
        assert cli.main(["apply", option]) == 2
        assert not program.was_told("apply")

    @pytest.mark.parametrize(("file", "text"), [("terraform.tfvars", 'prefix = "x"'), ("a.auto.tfvars.json", '{"region": "x"}')])
    def test_a_file_of_variables_does_not_decide_where_the_deployment_lies(
        self, embedded: str, program: StandIn, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, file: str, text: str
    ) -> None:
        monkeypatch.setattr(paths, "TERRAFORM", tmp_path)
        (tmp_path / file).write_text(f"memory_mb = 128\n{text}\n" if file.endswith("tfvars") else text)

        assert cli.main(["apply"]) == 2

        assert not program.was_told("apply")


def test_an_interrupt_goes_on_to_terraform_and_is_waited_for(build: Path, embedded: str, program: StandIn) -> None:
    (program.folder / "wait").touch()
    process = subprocess.Popen(
        [sys.executable, "-m", "scripts.deploy", "apply"], cwd=paths.ROOT, stderr=subprocess.PIPE, text=True
    )
    try:
        deadline = time.monotonic() + 20
        while not (program.folder / "waiting").exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=10)
    finally:
        process.kill()
        process.wait()

    assert process.returncode == 130
    assert "Terraform has stopped" in said
    assert "Traceback" not in said


def test_progress_counts_what_is_done_and_shows_the_last() -> None:
    log, out = io.StringIO(), io.StringIO()
    progress = Progress(log, out=out)

    for event in applied(40):
        progress.line(json.dumps(event) + "\n")

    assert (progress.done, progress.planned) == (40, 40)
    assert out.getvalue().splitlines()[0] == "  plan: 40 to add"
    assert out.getvalue().splitlines()[-1].startswith("  created 40/40")
    assert len(out.getvalue().splitlines()) <= 4
