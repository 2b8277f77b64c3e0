"""Emulators for tests, in build directories of their own."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.cloud import emulator_environment
from tests.embedded.emulator import Emulator, Shell
from tests.embedded.stream import Stream


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let test processes share these tests (`--dist loadgroup`) by files, each of which has an emulator of its own."""
    for item in items:
        if item.path.parent == Path(__file__).parent:
            item.add_marker(pytest.mark.xdist_group(f"embedded {item.path.stem}"))


@pytest.fixture(scope="session")
def venv() -> Path:
    """The repository's own environment of the embedded AWS."""
    return emulator_environment()


@pytest.fixture
def shells(tmp_path: Path, venv: Path) -> Iterator[Callable[[], Shell]]:
    made: list[Shell] = []

    def make() -> Shell:
        shell = Shell(tmp_path / f"build{len(made)}")
        shell.home.mkdir(parents=True)
        (shell.home / "venv").symlink_to(venv)
        made.append(shell)
        return shell

    yield make
    for shell in made:
        shell.run("down")


@pytest.fixture
def shell(shells: Callable[[], Shell]) -> Shell:
    return shells()


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory, venv: Path) -> Iterator[Emulator]:
    shell = Shell(tmp_path_factory.mktemp("emulator"))
    shell.home.mkdir()
    (shell.home / "venv").symlink_to(venv)
    done = shell.run("up")
    assert done.returncode == 0, done.stderr
    yield Emulator(shell)
    shell.run("down")


@pytest.fixture
def stream(emulator: Emulator) -> Stream:
    return Stream(emulator)
