"""A virtual environment that has what a file of requirements asks for, made once and again whenever that changes."""

import shutil
import subprocess
import sys
from pathlib import Path

from scripts import children
from scripts.embedded.errors import EnvironmentSetupError

_SECONDS = 900
_PIP = ("-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input", "--requirement")


def prepare(folder: Path, requirements: Path, notice: str = "") -> Path:
    """Make the environment unless it is there, after telling the notice on stdout; its interpreter.

    A stamp, written last, names the interpreter and the requirements: an environment without it is half-made and is made anew.
    Raises EnvironmentSetupError with the cause; nothing half-made is left then.
    """
    stamp, python = folder / "requirements.stamp", folder / "bin" / "python"
    wanted = _stamp(requirements)
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == wanted and python.exists():
        return python
    if notice:
        print(notice, flush=True)
    shutil.rmtree(folder, ignore_errors=True)
    folder.parent.mkdir(parents=True, exist_ok=True)
    needed = "could not make a virtual environment; on Debian and Ubuntu the package python3-venv is needed"
    try:
        _run([sys.executable, "-m", "venv", str(folder)], needed)
        _run([str(python), *_PIP, str(requirements)], f"pip could not install {requirements.name}")
        stamp.write_text(wanted, encoding="utf-8")
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return python


def _stamp(requirements: Path) -> str:
    try:
        return f"python{sys.version_info.major}.{sys.version_info.minor}\n{requirements.read_text(encoding='utf-8')}"
    except OSError as error:
        raise EnvironmentSetupError(f"cannot read {requirements}: {error.strerror}") from error


def _run(command: list[str], complaint: str) -> None:
    try:
        done = subprocess.run(
            command, env=children.for_pip(), capture_output=True, text=True, timeout=_SECONDS, stdin=subprocess.DEVNULL
        )
    except subprocess.TimeoutExpired as error:
        raise EnvironmentSetupError(f"{complaint}: no end after {_SECONDS} s") from error
    if done.returncode != 0:
        lines = (done.stderr.strip() or done.stdout.strip() or f"exit code {done.returncode}").splitlines()
        raise EnvironmentSetupError(f"{complaint}:\n  " + "\n  ".join(lines[-6:]))
