"""Layers with real wheels: they hold all that their packages need, for the Python that will run them."""

import subprocess
import zipfile
from pathlib import Path

import pytest

from scripts import lambda_python, paths
from scripts.package.layer import LayerError, make_layer
from scripts.package.platforms import Platform, lambda_platform, this_machine


def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, requirements: str, platform: Platform) -> Path:
    """The unpacked folder of a layer with these requirements."""
    (tmp_path / "runtime.txt").write_text(requirements)
    monkeypatch.setattr(paths, "REQUIREMENTS", tmp_path)
    make_layer("layer", platform, tmp_path / "build")
    with zipfile.ZipFile(tmp_path / "build" / "layer.zip") as archive:
        archive.extractall(tmp_path / "layer")
    return tmp_path / "layer" / "python"


def runs(folder: Path, code: str) -> str:
    python = lambda_python.prepare(paths.BUILD)
    command = [str(python), "-c", f"import sys; sys.path.insert(0, {str(folder)!r}); {code}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_a_package_comes_with_what_it_needs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = made(tmp_path, monkeypatch, "requests==2.32.3\n", lambda_platform("x86_64", "3.13"))

    assert {"requests", "idna", "certifi", "urllib3"} <= {path.name for path in folder.iterdir()}


def test_a_compiled_package_runs_on_the_python_that_runs_functions_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = made(tmp_path, monkeypatch, "regex==2025.9.1\n", this_machine())

    assert runs(folder, r"import regex; print(regex.findall(r'\p{L}+', 'año 1'))") == "['año']"


def test_a_layer_for_lambda_is_for_lambdas_python_and_processor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = made(tmp_path, monkeypatch, "regex==2025.9.1\n", lambda_platform("arm64", "3.12"))

    assert [path.name for path in (folder / "regex").glob("*.so")] == ["_regex.cpython-312-aarch64-linux-gnu.so"]


def test_a_package_that_only_lambdas_python_needs_is_found_though_pip_left_it_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "wheels").mkdir()
    wheel = tmp_path / "wheels" / "asking-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("asking.py", "")
        needs = 'Requires-Dist: idna==3.10; python_version >= "3.13"\nRequires-Dist: six==1.17.0; python_version < "3"\n'
        archive.writestr("asking-1.0.dist-info/METADATA", f"Metadata-Version: 2.1\nName: asking\nVersion: 1.0\n{needs}")
        archive.writestr("asking-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr("asking-1.0.dist-info/RECORD", "")

    folder = made(tmp_path, monkeypatch, f"{wheel}\n", lambda_platform("x86_64", "3.13"))

    assert {path.name for path in folder.iterdir() if path.suffix != ".dist-info"} == {"asking.py", "idna"}


def test_a_requirement_of_another_python_is_not_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    requirements = 'six==1.17.0\nidna==3.10; python_version < "3.13"\n'

    folder = made(tmp_path, monkeypatch, requirements, lambda_platform("x86_64", "3.13"))

    assert not (folder / "idna").exists()


def test_a_package_without_a_wheel_is_named_with_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(LayerError) as told:
        made(tmp_path, monkeypatch, "six==1.17.0\ndocopt==0.6.2\n", lambda_platform("x86_64", "3.13"))

    assert "there is no wheel of docopt==0.6.2 for Lambda (x86_64, Python 3.13). Choose a version" in str(told.value)
    assert not (tmp_path / "build" / "layer.zip").exists()


def test_a_changed_included_file_makes_another_layer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "more.txt").write_text("six==1.16.0\n")
    made(tmp_path, monkeypatch, "-r more.txt\n", this_machine())
    (tmp_path / "more.txt").write_text("six==1.17.0\n")

    assert make_layer("layer", this_machine(), tmp_path / "build")
    assert not make_layer("layer", this_machine(), tmp_path / "build")


@pytest.mark.parametrize("variable", ["PIP_USER", "PIP_NO_DEPS", "PIP_TARGET", "PIP_REQUIRE_VIRTUALENV"])
def test_a_users_own_settings_of_pip_change_no_layer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    monkeypatch.setenv(variable, str(tmp_path / "elsewhere") if variable == "PIP_TARGET" else "1")

    folder = made(tmp_path, monkeypatch, "python-dateutil==2.9.0.post0\n", this_machine())

    assert {"dateutil", "six.py"} <= {path.name for path in folder.iterdir()}
