"""The emulator's own Python environment."""

from pathlib import Path

import pytest

from scripts.embedded import environment
from scripts.embedded.errors import EnvironmentSetupError
from scripts.paths import Embedded


def test_pip_failure_is_reported_with_its_cause(tmp_path: Path) -> None:
    (tmp_path / "requirements").mkdir()
    (tmp_path / "requirements" / "embedded.txt").write_text("./no-such-wheel-1.0-py3-none-any.whl\n")
    paths = Embedded(root=tmp_path, build=tmp_path / "build")
    with pytest.raises(EnvironmentSetupError, match="no-such-wheel"):
        environment.prepare(paths.venv, paths.requirements)
    assert not paths.venv.exists()


def test_the_environment_is_remade_when_the_requirements_change(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "requirements").mkdir()
    file = tmp_path / "requirements" / "embedded.txt"
    paths = Embedded(root=tmp_path, build=tmp_path / "build")
    commands: list[list[str]] = []

    def pretend(command: list[str], _complaint: str) -> None:
        commands.append(command)
        paths.python.parent.mkdir(parents=True, exist_ok=True)
        paths.python.touch()

    monkeypatch.setattr(environment, "_run", pretend)
    for text, expected in (("a==1\n", 2), ("a==1\n", 2), ("a==2\n", 4)):
        file.write_text(text)
        environment.prepare(paths.venv, paths.requirements)
        assert len(commands) == expected
