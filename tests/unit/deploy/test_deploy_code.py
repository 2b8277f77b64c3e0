"""When the code of functions is updated without Terraform, and what is left behind when that fails."""

import json
from pathlib import Path
from typing import Any

import pytest

from scripts.deploy import cli, code
from scripts.deploy.errors import TerraformError
from scripts.deploy.held import Code, State
from tests.unit.deploy.stand_in import StandIn, applied

NAME = "wordcount-sfn-us-east-1"
MAPPER = Code("wordcount-sfn-mapper", "code", "wordcount-sfn-mapper.zip")


def state(**other: Any) -> dict[str, Any]:
    """A state of two functions, as Terraform writes it."""

    def resource(kind: str, **attributes: Any) -> dict[str, Any]:
        return {"mode": "managed", "type": kind, "name": "this", "instances": [{"attributes": attributes}]}

    names = [f"wordcount-sfn-{function}" for function in ("mapper", "reducer")]
    functions = {"mapper": names[0], "reducer": names[1]}
    return {
        "version": 4,
        "serial": 7,
        "lineage": "x",
        "outputs": {
            "deployment": {
                "value": {"functions": functions, "sources": "old", "region": "us-east-1", "endpoint_url": "http://127.0.0.1:1"},
                "type": "object",
            }
        },
        "resources": [
            resource("terraform_data", input="x"),
            *(
                resource(
                    "aws_lambda_function", function_name=name, s3_bucket="code", s3_key=f"{name}.zip", source_code_hash="old"
                )
                for name in names
            ),
            *(resource("aws_s3_object", bucket="code", key=f"{name}.zip", source_hash="old") for name in names),
        ],
    } | other


def hashes(text: str) -> dict[str, str]:
    """What a state says of the code of each function and of each object."""
    found = [instance["attributes"] for each in json.loads(text)["resources"] for instance in each["instances"]]
    return {each["function_name"]: each["source_code_hash"] for each in found if "function_name" in each} | {
        each["key"]: each["source_hash"] for each in found if "key" in each
    }


class TestState:
    def test_code_of_a_function_alone_is_changed_and_the_serial_counted_up(self) -> None:
        changed = State(json.dumps(state()))

        changed.note(changed.code(MAPPER.name), "new")

        text = changed.text()
        assert json.loads(text)["serial"] == 8
        assert hashes(text) == {
            "wordcount-sfn-mapper": "new",
            "wordcount-sfn-mapper.zip": "new",
            "wordcount-sfn-reducer": "old",
            "wordcount-sfn-reducer.zip": "old",
        }

    def test_a_marked_function_has_a_hash_that_no_zip_has(self) -> None:
        changed = State(json.dumps(state()))

        changed.note(MAPPER)

        assert hashes(changed.text())["wordcount-sfn-mapper"] == hashes(changed.text())["wordcount-sfn-mapper.zip"]
        assert hashes(changed.text())["wordcount-sfn-mapper"] not in ("", "old")

    @pytest.mark.parametrize("text", ["", "{}", json.dumps(state(version=5)), json.dumps(state(outputs={}))])
    def test_what_is_no_state_of_the_known_format_is_refused(self, text: str) -> None:
        with pytest.raises(TerraformError, match="the state can't be read"):
            State(text)

    def test_a_function_that_the_state_does_not_have_is_refused(self) -> None:
        with pytest.raises(TerraformError, match="has no function wordcount-sfn-summary"):
            State(json.dumps(state())).code("wordcount-sfn-summary")


class Lambda:
    """Stands for S3 and Lambda: what was put into force, and whether that fails."""

    def __init__(self) -> None:
        self.put: list[tuple[str, bytes]] = []
        self.failure: BaseException | None = None

    def __call__(self, zips: dict[Code, bytes], *_: object) -> dict[Code, str]:
        if self.failure:
            raise self.failure
        self.put += [(code.name, content) for code, content in zips.items()]
        return {code: f"hash of {content.decode()}" for code, content in zips.items()}


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch) -> Lambda:
    made = Lambda()
    monkeypatch.setattr(code, "_put", made)
    return made


@pytest.fixture
def held(build: Path, embedded: str, program: StandIn, cloud: Lambda) -> Path:
    """A deployment that Terraform has made; its state."""
    for name in ("mapper", "reducer"):
        (build / "sfn" / f"{name}.zip").write_text("first")
    (build / "sfn" / "sources.sha256").write_text("first")
    path = build / "embedded" / "terraform" / NAME / "terraform.tfstate"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(state()))
    program.says(applied(1), code=0)
    assert cli.main(["apply"]) == 0
    return path


def change(build: Path, *files: str) -> None:
    for file in (*files, "sfn/sources.sha256"):
        (build / file).write_text("second")


def test_changed_zips_alone_go_to_lambda_without_terraform(build: Path, held: Path, program: StandIn, cloud: Lambda) -> None:
    change(build, "sfn/mapper.zip")

    assert cli.main(["apply"]) == 0

    assert cloud.put == [("wordcount-sfn-mapper", b"second")]
    assert len(program.was_told("apply")) == 1


def test_state_and_record_say_what_runs_then(build: Path, held: Path, cloud: Lambda) -> None:
    change(build, "sfn/mapper.zip")

    cli.main(["apply"])

    text = held.read_text()
    assert hashes(text)["wordcount-sfn-mapper"] == "hash of second"
    assert hashes(text)["wordcount-sfn-reducer"] == "old"
    assert json.loads(text)["outputs"]["deployment"]["value"]["sources"] == "second"
    assert json.loads((build / "embedded" / "deployments" / f"{NAME}.json").read_text())["sources"] == "second"


def test_after_that_nothing_has_changed(build: Path, held: Path, program: StandIn, capsys: pytest.CaptureFixture[str]) -> None:
    change(build, "sfn/mapper.zip", "sfn/reducer.zip")
    cli.main(["apply"])

    assert cli.main(["apply", "--unless-current"]) == 0

    said = capsys.readouterr().out
    assert "Updated the code of mapper, reducer of wordcount-sfn-us-east-1 in " in said
    assert "Nothing has changed since" in said


@pytest.mark.parametrize("also", ["manifest.json", "local/layer.zip", "sfn/workflow.json"])
def test_whatever_else_changes_goes_through_terraform(
    build: Path, held: Path, program: StandIn, cloud: Lambda, also: str
) -> None:
    change(build, "sfn/mapper.zip", also)

    assert cli.main(["apply"]) == 0

    assert cloud.put == []
    assert len(program.was_told("apply")) == 2


def test_so_do_another_variable_a_wish_and_a_state_that_somebody_else_has_changed(
    build: Path, held: Path, program: StandIn, cloud: Lambda
) -> None:
    for number, options in enumerate((["--var", "memory_mb=1024"], ["--whole"], []), 2):
        change(build, "sfn/mapper.zip")
        (build / "sfn" / "mapper.zip").write_text(f"of apply {number}")
        held.write_text(json.dumps(state(serial=number)) if not options else held.read_text())

        assert cli.main(["apply", *options]) == 0

        assert (cloud.put, len(program.was_told("apply"))) == ([], number)


def test_a_failed_update_is_told_and_terraform_deploys_in_its_place(
    build: Path, held: Path, program: StandIn, cloud: Lambda, capsys: pytest.CaptureFixture[str]
) -> None:
    change(build, "sfn/mapper.zip")
    cloud.failure = code.UpdateError("AccessDenied")

    assert cli.main(["apply"]) == 0

    assert "the code alone could not be updated, so Terraform deploys all: AccessDenied" in capsys.readouterr().err
    assert len(program.was_told("apply")) == 2


def test_an_interrupted_update_is_repaired_by_the_next_apply_also_of_the_old_code(
    build: Path, held: Path, program: StandIn, cloud: Lambda
) -> None:
    change(build, "sfn/mapper.zip")
    cloud.failure = KeyboardInterrupt()
    assert cli.main(["apply"]) == 130
    (build / "sfn" / "mapper.zip").write_text("first")
    (build / "sfn" / "sources.sha256").write_text("first")
    marked = hashes(held.read_text())

    assert cli.main(["apply", "--unless-current"]) == 0

    assert marked["wordcount-sfn-mapper"] not in ("old", "hash of second")
    assert len(program.was_told("apply")) == 2


@pytest.fixture
def account(build: Path, program: StandIn, cloud: Lambda, monkeypatch: pytest.MonkeyPatch) -> StandIn:
    """A deployment on an account, made with one apply."""
    monkeypatch.setenv("TF_DATA_DIR", str(build / "terraform-data"))
    for name in ("mapper.zip", "sources.sha256"):
        (build / "sfn" / name).write_text("first")
    program.has_workspaces("default", NAME)
    program.has_state(state())
    assert cli.main(["apply", "--target", "aws", "--yes"]) == 0
    return program


def test_on_an_account_the_state_goes_through_terraform_before_and_after(build: Path, account: StandIn, cloud: Lambda) -> None:
    change(build, "sfn/mapper.zip")

    assert cli.main(["apply", "--target", "aws", "--yes"]) == 0

    assert cloud.put == [("wordcount-sfn-mapper", b"second")]
    assert [told["argv"][2:] for told in account.was_told("push")] == [["push", "-"]] * 2
    assert len(account.was_told("apply")) == 1


@pytest.mark.parametrize(("answer", "put"), [("yes", ["wordcount-sfn-mapper"]), ("no", [])])
def test_on_an_account_it_is_asked_for(
    build: Path, account: StandIn, cloud: Lambda, monkeypatch: pytest.MonkeyPatch, answer: str, put: list[str]
) -> None:
    change(build, "sfn/mapper.zip")
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", lambda question: answer)

    assert cli.main(["apply", "--target", "aws"]) == (0 if put else 1)

    assert [name for name, _ in cloud.put] == put
    assert len(account.was_told("apply")) == 1
