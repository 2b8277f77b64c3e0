"""scripts.deploy without Terraform: a small program stands in for it, which says what it was told and what a test wants it to."""

import io
import itertools
import json
import os
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts import paths
from scripts.deploy import account, cli, mirror, targets, terraform
from scripts.deploy.choice import choose
from scripts.deploy.errors import PrerequisiteError
from scripts.deploy.progress import Progress
from tests.fakes.embedded import note_running

PROVIDER = mirror.Provider("example.org/hashicorp/aws", "5.100.0")

# Answers `version` and `init`, and prints the file that EVENTS names for anything else; ARGUMENTS gets each command line.
STAND_IN = """#!{python}
import json, os, pathlib, signal, sys, time
here = pathlib.Path(__file__).parent
with open(here / "arguments", "a") as file:
    file.write(json.dumps({{"argv": sys.argv[1:], "env": dict(os.environ)}}) + "\\n")
if "version" in sys.argv:
    print(json.dumps({{"terraform_version": (here / "version").read_text(), "platform": "linux_amd64"}}))
elif "init" in sys.argv:
    folder = pathlib.Path(os.environ["TF_DATA_DIR"], "providers/example.org/hashicorp/aws/5.100.0/linux_amd64")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "terraform-provider-aws_v5.100.0").touch()
elif sys.argv[2:4] == ["workspace", "list"]:
    print((here / "workspaces").read_text())
elif sys.argv[2:4] == ["state", "pull"]:
    print((here / "state").read_text())
elif (here / "wait").exists():
    signal.signal(signal.SIGINT, lambda *_: sys.exit(1))
    print("{{}}", flush=True)
    (here / "waiting").touch()
    time.sleep(30)
else:
    print((here / "events").read_text(), end="")
    sys.exit(int((here / "code").read_text()))
"""

DEPLOYMENT = {"orchestration": "sfn", "functions": {"mapper": "wordcount-sfn-mapper"}}


class StandIn:
    """The program in `folder`, and what it was told."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.says([], code=0)
        self.is_version("1.11.4")
        self.has_workspaces("default")
        self.has_state({})
        program = folder / "terraform"
        program.write_text(STAND_IN.format(python=sys.executable))
        program.chmod(program.stat().st_mode | stat.S_IXUSR)

    def is_version(self, version: str) -> None:
        (self.folder / "version").write_text(version)

    def has_workspaces(self, *names: str) -> None:
        """The first one is the current one."""
        (self.folder / "workspaces").write_text("\n".join(["* " + names[0], *("  " + name for name in names[1:])]))

    def has_state(self, state: dict[str, object]) -> None:
        (self.folder / "state").write_text(json.dumps(state))

    def says(self, events: list[dict[str, object]], *, code: int) -> None:
        (self.folder / "events").write_text("".join(json.dumps(event) + "\n" for event in events))
        (self.folder / "code").write_text(str(code))

    def was_told(self, command: str) -> list[dict]:
        lines = (self.folder / "arguments").read_text().splitlines() if (self.folder / "arguments").exists() else []
        return [told for told in map(json.loads, lines) if command in told["argv"]]


@pytest.fixture
def build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A build folder with packages of sfn and no embedded AWS."""
    folder = tmp_path / "build"
    for part in ("sfn", "local"):
        (folder / part).mkdir(parents=True)
    for name in ("manifest.json", "layer.zip", "local/layer.zip", "sfn/mapper.zip"):
        (folder / name).touch()
    monkeypatch.setattr(paths, "BUILD", folder)
    monkeypatch.setenv("MAPREDUCE_BUILD_DIR", str(folder))
    return folder


@pytest.fixture
def embedded(build: Path) -> Iterator[str]:
    """An embedded AWS that is running, as far as the deploy script looks; gives its address."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        note_running(build / "embedded", f"http://127.0.0.1:{port}")
        yield f"http://127.0.0.1:{port}"


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StandIn:
    """Puts the stand-in first on the search path."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    return StandIn(folder)


def applied(planned: int) -> list[dict[str, object]]:
    """What Terraform says of an apply that makes `planned` things."""
    created = {"resource": {"addr": "aws_s3_bucket.this"}, "action": "create"}
    return [
        {"type": "change_summary", "changes": {"add": planned, "change": 0, "remove": 0, "operation": "plan"}},
        *[{"type": "apply_complete", "hook": created} for _ in range(planned)],
        {"type": "outputs", "outputs": {"deployment": {"value": DEPLOYMENT}}},
    ]


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
        assert left == {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}

    def test_what_only_costs_waiting_there_is_off_unless_asked_for(self, embedded: str, program: StandIn) -> None:
        program.says(applied(1), code=0)

        assert cli.main(["apply", "--var", "expiry_days=7"]) == 0

        [told] = program.was_told("apply")
        assert told["argv"].index("-var=expiry_days=7") > told["argv"].index("-var=expiry_days=0")

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
        "variable", ["memory_mb", "=1", "-destroy", "orchestration=sfn", "endpoint_url=http://x", "prefix=p", "region=r"]
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


class TestVars:
    def test_several_variables_come_in_one_text_and_quotes_keep_a_value_together(self, embedded: str, program: StandIn) -> None:
        program.says(applied(1), code=0)

        assert cli.main(["apply", "--vars", "memory_mb=1024 function_overrides='{mapper = {memory_mb = 1769}}'"]) == 0

        [told] = program.was_told("apply")
        assert {"-var=memory_mb=1024", "-var=function_overrides={mapper = {memory_mb = 1769}}"} <= set(told["argv"])

    def test_a_value_is_never_evaluated(self, embedded: str, program: StandIn) -> None:
        program.says(applied(1), code=0)

        assert cli.main(["apply", "--vars", "redis_url=redis://:$(id)`id`$HOME;@h"]) == 0

        [told] = program.was_told("apply")
        assert "-var=redis_url=redis://:$(id)`id`$HOME;@h" in told["argv"]

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


def test_progress_counts_what_is_done_and_shows_the_last() -> None:
    log, out = io.StringIO(), io.StringIO()
    progress = Progress(log, out=out)

    for event in applied(40):
        progress.line(json.dumps(event) + "\n")

    assert (progress.done, progress.planned) == (40, 40)
    assert out.getvalue().splitlines()[0] == "  plan: 40 to add"
    assert out.getvalue().splitlines()[-1].startswith("  created 40/40")
    assert len(out.getvalue().splitlines()) <= 4


def test_a_state_that_cannot_be_read_is_none(build: Path) -> None:
    (build / "embedded").mkdir()
    (build / "embedded" / "state.json").write_text("{")

    with pytest.raises(PrerequisiteError, match="isn't running"):
        targets.embedded(choose("sfn"), [])


def test_the_missing_configuration_is_only_dropped_when_missing(tmp_path: Path) -> None:
    environment = {"TF_CLI_CONFIG_FILE": ""}

    terraform.drop_missing_cli_config(environment)

    assert environment == {}
