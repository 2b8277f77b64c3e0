"""Terraform itself: its version, its variables, its providers and where they come from."""

import io
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from scripts import paths
from scripts.deploy import cli, mirror, targets, terraform
from scripts.deploy.choice import choose
from scripts.deploy.errors import PrerequisiteError
from tests.fakes.embedded import note_running
from tests.unit.deploy.stand_in import PROVIDER, StandIn, applied


class TestPrerequisites:
    def test_no_embedded_aws(self, build: Path, program: StandIn, capsys: pytest.CaptureFixture[str]) -> None:
        assert cli.main(["apply"]) == 2
        assert capsys.readouterr().err == "error: The embedded AWS isn't running. Run `make local-up` first.\n"

    def test_an_embedded_aws_that_has_died(
        self, build: Path, embedded: str, program: StandIn, capsys: pytest.CaptureFixture[str]
    ) -> None:
        gone = subprocess.Popen([sys.executable, "-c", ""])
        gone.wait()
        note_running(build / "embedded", embedded, gone.pid)

        assert cli.main(["apply"]) == 2
        assert "isn't running any more" in capsys.readouterr().err

    def test_no_terraform(
        self, embedded: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setenv("PATH", str(tmp_path))

        assert cli.main(["apply"]) == 2
        assert "Terraform isn't installed" in capsys.readouterr().err
        assert cli.main(["plan"]) == 1  # a plan's 2 would say that there is something to change

    @pytest.mark.parametrize(("version", "code"), [("1.8.5", 2), ("0.15.0", 2), ("1.9.0", 0), ("1.15.0-beta1", 0), ("2.0.0", 0)])
    def test_terraform_has_to_be_1_9_or_newer(self, embedded: str, program: StandIn, version: str, code: int) -> None:
        program.is_version(version)
        program.says(applied(1), code=0)

        assert cli.main(["apply"]) == code

    @pytest.mark.parametrize("missing", ["manifest.json", "local/layer.zip", "sfn/mapper.zip"])
    def test_packages_have_to_be_built(
        self, build: Path, embedded: str, program: StandIn, missing: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        (build / missing).unlink()

        assert cli.main(["apply"]) == 2
        assert "make package" in capsys.readouterr().err
        assert not program.was_told("apply")

    @pytest.mark.parametrize(
        "variable", ["memory_mb", "=1", ".a=1", "-destroy", "orchestration=sfn", "endpoint_url=http://x", "prefix=p", "region=r"]
    )
    def test_a_variable_has_to_be_one_that_may_be_set(self, embedded: str, program: StandIn, variable: str) -> None:
        assert cli.main(["apply", f"--var={variable}"]) == 2
        assert not program.was_told("apply")

    def test_an_account_is_never_changed_unasked(
        self, build: Path, program: StandIn, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setattr(sys, "stdin", io.StringIO())

        assert cli.main(["apply", "--target", "aws"]) == 2
        assert "--yes" in capsys.readouterr().err
        assert not program.was_told("apply")


class TestVars:
    def test_several_variables_come_in_one_text_and_quotes_keep_a_value_together(self, embedded: str, program: StandIn) -> None:
        program.says(applied(1), code=0)

        assert cli.main(["apply", "--vars", "memory_mb=1024 function_overrides='{mapper = {memory_mb = 1769}}'"]) == 0

        [told] = program.was_told("apply")
        assert {"-var=memory_mb=1024", "-var=function_overrides={mapper = {memory_mb = 1769}}"} <= set(told["argv"])

    def test_quotes_in_a_list_are_terraforms(self, embedded: str, program: StandIn) -> None:
        program.says(applied(1), code=0)

        assert cli.main(["apply", "--vars", 'memory_mb=1024 output_buckets=["a", "b"] input_buckets=["c"]']) == 0

        [told] = program.was_told("apply")
        assert {'-var=output_buckets=["a", "b"]', '-var=input_buckets=["c"]', "-var=memory_mb=1024"} <= set(told["argv"])

    def test_a_value_is_never_evaluated(self, embedded: str, program: StandIn) -> None:
        program.says(applied(1), code=0)

        assert cli.main(["apply", "--vars", "http_sync_s3.redis_url=redis://:$(id)`id`${HOME}%{if}$HOME;@h"]) == 0

        [told] = program.was_told("apply")
        assert '-var=http_sync_s3={"redis_url": "redis://:$(id)`id`$${HOME}%%{if}$HOME;@h"}' in told["argv"]

    def test_settings_of_an_orchestration_become_one_variable_and_the_last_wins(self, embedded: str, program: StandIn) -> None:
        program.says(applied(1), code=0)

        assert cli.main(["apply", "--vars", "sfn={} sfn.map_mode=INLINE sfn.map_concurrency=40 sfn.map_mode=DISTRIBUTED"]) == 0

        [told] = program.was_told("apply")
        assert [one for one in told["argv"] if one.startswith("-var=sfn=")] == [
            '-var=sfn={"map_mode": "DISTRIBUTED", "map_concurrency": "40"}'
        ]

    def test_an_object_replaces_what_was_set_of_it_before(self, embedded: str, program: StandIn) -> None:
        program.says(applied(1), code=0)

        assert cli.main(["apply", "--vars", "http_only={fan_out_concurrency=2}"]) == 0

        [told] = program.was_told("apply")
        assert [one for one in told["argv"] if "http_only" in one] == ["-var=http_only={fan_out_concurrency=2}"]

    @pytest.mark.parametrize("text", ["memory_mb='1024", "memory_mb", "prefix=mine", "-destroy"])
    def test_what_is_no_list_of_variables_is_refused(self, embedded: str, program: StandIn, text: str) -> None:
        assert cli.main(["apply", f"--vars={text}"]) == 2
        assert not program.was_told("apply")


class TestInitialise:
    def test_is_done_once(self, embedded: str, program: StandIn) -> None:
        program.says(applied(1), code=0)

        cli.main(["apply"])
        cli.main(["apply"])

        assert len(program.was_told("init")) == 1
        assert "-lockfile=readonly" in program.was_told("init")[0]["argv"]

    def test_is_done_once_for_all_deployments_and_outlives_the_embedded_aws(
        self, build: Path, embedded: str, program: StandIn
    ) -> None:
        program.says(applied(1), code=0)

        cli.main(["apply"])
        shutil.rmtree(build / "embedded" / "terraform")
        cli.main(["apply", "--prefix", "mine"])

        assert len(program.was_told("init")) == 1

    def test_is_done_again_when_the_provider_is_gone(self, build: Path, embedded: str, program: StandIn) -> None:
        program.says(applied(1), code=0)
        cli.main(["apply"])
        next(build.rglob("terraform-provider-aws_v5.100.0")).unlink()

        cli.main(["apply"])

        assert len(program.was_told("init")) == 2

    @pytest.mark.parametrize("file", ["main.tf", "modules/outer/main.tf"])
    def test_is_done_again_when_other_modules_may_be_called(
        self, embedded: str, program: StandIn, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, file: str
    ) -> None:
        folder = tmp_path / "terraform"
        for name in ("versions.tf", "main.tf", "modules/outer/main.tf"):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).touch()
        monkeypatch.setattr(paths, "TERRAFORM", folder)
        program.says(applied(1), code=0)
        cli.main(["apply"])
        (folder / file).write_text('module "inner" {\n  source = "../inner"\n}\n')

        cli.main(["apply"])

        assert len(program.was_told("init")) == 2

    def test_a_cli_configuration_that_is_missing_is_left_out(
        self, embedded: str, program: StandIn, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.setenv("TF_CLI_CONFIG_FILE", str(tmp_path / "missing.rc"))
        cli.main(["plan"])
        (tmp_path / "missing.rc").touch()
        cli.main(["plan"])

        first, second = program.was_told("plan")
        assert "TF_CLI_CONFIG_FILE" not in first["env"]
        assert "TF_CLI_CONFIG_FILE" in second["env"]


class TestMirror:
    def test_the_locked_provider_is_the_one_that_is_looked_for(self) -> None:
        provider = mirror.locked_provider(paths.TERRAFORM / ".terraform.lock.hcl")

        assert provider.version == "5.100.0"
        assert provider.address.endswith("/hashicorp/aws")

    @pytest.mark.parametrize(
        "file",
        [
            "example.org/hashicorp/aws/5.100.0/linux_amd64/terraform-provider-aws_v5.100.0_x5",
            "example.org/hashicorp/aws/terraform-provider-aws_5.100.0_linux_amd64.zip",
        ],
    )
    def test_is_found_in_either_layout(self, tmp_path: Path, file: str) -> None:
        path = tmp_path / "somewhere" / "deep" / file
        path.parent.mkdir(parents=True)
        path.touch()

        assert mirror.find(PROVIDER, "linux_amd64", top=tmp_path) == tmp_path / "somewhere" / "deep"

    @pytest.mark.parametrize(
        "file",
        [
            "example.org/hashicorp/aws/5.99.0/linux_amd64/terraform-provider-aws_v5.99.0_x5",
            "example.org/hashicorp/aws/5.100.0/darwin_arm64/terraform-provider-aws_v5.100.0_x5",
            "elsewhere.org/hashicorp/aws/5.100.0/linux_amd64/terraform-provider-aws_v5.100.0_x5",
        ],
    )
    def test_another_version_platform_or_host_is_not_taken(self, tmp_path: Path, file: str) -> None:
        path = tmp_path / file
        path.parent.mkdir(parents=True)
        path.touch()

        assert mirror.find(PROVIDER, "linux_amd64", top=tmp_path) is None

    def test_the_search_ends_at_its_deadline(self, tmp_path: Path) -> None:
        path = tmp_path / "example.org/hashicorp/aws/terraform-provider-aws_5.100.0_linux_amd64.zip"
        path.parent.mkdir(parents=True)
        path.touch()

        assert mirror.find(PROVIDER, "linux_amd64", top=tmp_path, seconds=0) is None

    def test_a_path_is_quoted_as_terraform_reads_it(self, tmp_path: Path) -> None:
        mirror.write_cli_config(tmp_path / "rc", Path('/a "b" ${c}'))

        assert r'path = "/a \"b\" $${c}"' in (tmp_path / "rc").read_text()


def test_a_state_that_cannot_be_read_is_none(build: Path) -> None:
    (build / "embedded").mkdir()
    (build / "embedded" / "state.json").write_text("{")

    with pytest.raises(PrerequisiteError, match="isn't running"):
        targets.embedded(choose("sfn"), [])


def test_the_missing_configuration_is_only_dropped_when_missing(tmp_path: Path) -> None:
    environment = {"TF_CLI_CONFIG_FILE": ""}

    terraform.drop_missing_cli_config(environment)

    assert environment == {}
