"""`python -m scripts.package`: what it writes, what it leaves alone, and how it fails. The wheels are not fetched here."""

import json
import sys
import zipfile
from pathlib import Path

import pytest

from scripts import paths
from scripts.orchestrations import ORCHESTRATIONS
from scripts.package import cli as command
from scripts.package import layer
from scripts.package.cli import main
from scripts.package.functions import functions_of
from scripts.package.platforms import Platform

Installed = list[tuple[str, str]]


@pytest.fixture
def build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(paths, "BUILD", tmp_path / "build")
    return tmp_path / "build"


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> Installed:
    """Stands for pip: notes for what it was asked, and installs one package."""
    asked: Installed = []

    def install(requirements: Path, pinned: object, added: list[str], target: Path, platform: Platform) -> None:
        asked.append((requirements.name, platform.name))
        for name in ("obstore/__init__.py", "wheel-1.dist-info/RECORD", "wheel-1.dist-info/METADATA", "wheel/__pycache__/x.pyc"):
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            (target / name).write_text(f"Name: wheel\nVersion: 1\nPlatform: {platform.name}\n" if "METADATA" in name else "")

    monkeypatch.setattr(layer, "_install", install)
    monkeypatch.setattr(command, "check_imports", lambda functions: [])
    return asked


def files(build: Path) -> dict[str, bytes]:
    return {
        path.relative_to(build).as_posix(): path.read_bytes()
        for path in build.rglob("*")
        if path.is_file() and path.suffix != ".lock"
    }


def test_everything_is_made(build: Path, installed: Installed) -> None:
    assert main([]) == 0

    zips = {f"{orchestration}/{function}.zip" for orchestration in ORCHESTRATIONS for function in functions_of(orchestration)}
    machines = {f"sfn/definition.{mode}.asl.json" for mode in ("INLINE", "DISTRIBUTED")}
    layers = {f"{layer}.{kind}" for layer in ("layer", "redis-layer") for kind in ("zip", "stamp")}
    local = {f"local/{file}" for file in layers}
    told = {f"{orchestration}/{name}" for orchestration in ORCHESTRATIONS for name in ("sources.sha256", "workflow.json")}
    assert files(build).keys() == zips | machines | layers | local | told | {"manifest.json"}


def test_what_was_made_is_told_in_one_line(build: Path, installed: Installed, capsys: pytest.CaptureFixture[str]) -> None:
    main([])

    last = capsys.readouterr().out.splitlines()[-1]
    assert last.startswith("package: made ")
    assert all(name in last for name in ("layer.zip", *ORCHESTRATIONS))
    assert ".zip," not in last.replace("layer.zip,", "")


def test_one_orchestration_alone_is_made(build: Path, installed: Installed) -> None:
    main(["--orchestration", "http_sync_s3"])

    assert (build / "http_sync_s3").is_dir()
    assert not (build / "sfn").exists()


def test_redis_has_a_layer_of_its_own_that_only_http_sync_s3_needs(build: Path, installed: Installed) -> None:
    main(["--orchestration", "s3_triggers"])
    assert not (build / "redis-layer.zip").exists()

    main(["--orchestration", "http_sync_s3"])
    assert (build / "redis-layer.zip").exists()


def test_second_time_nothing_changes(build: Path, installed: Installed, capsys: pytest.CaptureFixture[str]) -> None:
    main([])
    before = files(build)
    capsys.readouterr()

    assert main([]) == 0

    assert files(build) == before
    assert capsys.readouterr().out.splitlines()[-1] == "package: nothing changed"
    assert len(installed) == 4


def test_manifest_says_what_the_layer_is_for(build: Path, installed: Installed) -> None:
    main(["--arch", "arm64", "--python-version", "3.12"])

    assert json.loads((build / "manifest.json").read_text()) == {"architecture": "arm64", "python_version": "3.12"}
    assert installed[:2] == [("runtime.txt", "Lambda (arm64, Python 3.12)"), ("redis.txt", "Lambda (arm64, Python 3.12)")]


def test_the_embedded_aws_has_layers_for_the_python_of_this_machine(build: Path, installed: Installed) -> None:
    main([])

    version = f"Python {sys.version_info.major}.{sys.version_info.minor})"
    local = [name for name, platform in installed if platform.startswith("this machine (") and platform.endswith(version)]
    assert local == ["runtime.txt", "redis.txt"]


def test_another_architecture_makes_another_layer(build: Path, installed: Installed) -> None:
    main(["--arch", "x86_64"])
    before = (build / "layer.zip").read_bytes()

    main(["--arch", "arm64"])

    assert (build / "layer.zip").read_bytes() != before


def test_layer_holds_nothing_that_differs_from_time_to_time(build: Path, installed: Installed) -> None:
    main([])

    with zipfile.ZipFile(build / "layer.zip") as archive:
        assert archive.namelist() == ["python/obstore/__init__.py", "python/wheel-1.dist-info/METADATA"]


def test_wrong_definition_is_told_and_nothing_is_made(
    build: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(paths, "DEFINITIONS", tmp_path / "nothing")

    assert main([]) == 1

    assert capsys.readouterr().err.startswith(
        "package: " + str(tmp_path / "nothing" / "wordcount.asl.json") + ": can't be read: "
    )
    assert not build.exists()


def test_failure_of_pip_is_told(build: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def fail(*_: object) -> None:
        raise layer.LayerError("pip could not fetch the layer's wheels:\nno such version")

    monkeypatch.setattr(layer, "_install", fail)

    assert main([]) == 1

    assert capsys.readouterr().err == "package: pip could not fetch the layer's wheels:\nno such version\n"
    assert not (build / "layer.zip").exists()


def test_unknown_orchestration_is_refused_with_the_known_ones(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--orchestration", "sfm"])

    assert ended.value.code == 2
    assert "sfn" in capsys.readouterr().err.partition("choose from")[2]


CHAIN = paths.ROOT / "tests" / "workflows" / "chain"


def test_workflow_is_drawn(build: Path, installed: Installed, capsys: pytest.CaptureFixture[str]) -> None:
    main(["--orchestration", "sfn"])

    assert capsys.readouterr().out.startswith(
        "package: definitions/wordcount.asl.json\n"
        "\n"
        "    data --> mapper xN --> partition --> reducer xN --> summary --> result\n"
        "             fan-out       fan-in        fan-out        fan-in\n"
        "\n"
    )


def test_another_workflow_is_packaged_with_its_own_functions(build: Path, installed: Installed) -> None:
    assert main(["--workflow", str(CHAIN / "chain.asl.json"), "--functions", str(CHAIN / "functions")]) == 0

    for name in ORCHESTRATIONS:
        assert {path.stem for path in (build / name).glob("*.zip")} == {"split", "square", "total", "describe", "recorder"}
        assert json.loads((build / name / "workflow.json").read_text())["name"] == "chain"


def test_zips_of_the_workflow_before_are_removed(build: Path, installed: Installed) -> None:
    main(["--orchestration", "sfn"])

    main(["--orchestration", "sfn", "--workflow", str(CHAIN / "chain.asl.json"), "--functions", str(CHAIN / "functions")])

    assert not (build / "sfn" / "mapper.zip").exists()


def test_job_for_a_workflow_without_the_programmers_functions_is_refused(
    build: Path, installed: Installed, capsys: pytest.CaptureFixture[str]
) -> None:
    job = paths.ROOT / "samples" / "jobs" / "temperatures"

    assert main(["--workflow", str(CHAIN / "chain.asl.json"), "--functions", str(CHAIN / "functions"), "--job", str(job)]) == 1

    assert "no function of tests/workflows/chain/chain.asl.json has user code" in capsys.readouterr().err
    assert not build.exists()
