"""scripts.deploy without Terraform: a small program stands in for it."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts import paths
from tests.fakes.embedded import note_running
from tests.unit.deploy.stand_in import StandIn


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
