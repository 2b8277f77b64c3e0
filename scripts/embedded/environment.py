"""The emulator's own virtual environment, made once and again whenever its requirements change."""

import hashlib
import shutil
import subprocess
import sys

from scripts import children
from scripts.embedded.errors import EnvironmentSetupError
from scripts.paths import Embedded

_PIP_SECONDS = 900
_STAMP = "requirements.stamp"


def prepare(paths: Embedded) -> None:
    """Make `build/embedded/venv` unless it holds what requirements/embedded.txt asks for; say so on stdout.

    A stamp, written last, names the bytes of the requirements and the interpreter: a venv without it is half-made and
    is made anew. Raises EnvironmentSetupError with the cause; nothing half-made is left then.
    """
    wanted = _stamp(paths)
    stamp = paths.venv / _STAMP
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == wanted and paths.python.exists():
        return
    print("embedded AWS: installing the emulator (once; again only when requirements/embedded.txt changes)", flush=True)
    shutil.rmtree(paths.venv, ignore_errors=True)
    paths.home.mkdir(parents=True, exist_ok=True)
    try:
        _run(
            [sys.executable, "-m", "venv", str(paths.venv)],
            "could not make a virtual environment; on Debian and Ubuntu the package python3-venv is needed",
        )
        _run(
            [
                str(paths.python),
                "-m",
                "pip",
                "install",
                "--quiet",
                "--disable-pip-version-check",
                "--no-input",
                "--requirement",
                str(paths.requirements),
            ],
            f"pip could not install {paths.requirements.name}",
        )
        stamp.write_text(wanted, encoding="utf-8")
    except BaseException:
        shutil.rmtree(paths.venv, ignore_errors=True)
        raise


def _stamp(paths: Embedded) -> str:
    try:
        digest = hashlib.sha256(paths.requirements.read_bytes()).hexdigest()
    except OSError as error:
        raise EnvironmentSetupError(f"cannot read {paths.requirements}: {error.strerror}") from error
    return f"{digest} python{sys.version_info.major}.{sys.version_info.minor}\n"


def _run(command: list[str], complaint: str) -> None:
    try:
        done = subprocess.run(
            command, env=children.for_pip(), capture_output=True, text=True, timeout=_PIP_SECONDS, stdin=subprocess.DEVNULL
        )
    except subprocess.TimeoutExpired as error:
        raise EnvironmentSetupError(f"{complaint}: no end after {_PIP_SECONDS} s") from error
    if done.returncode != 0:
        lines = (done.stderr.strip() or done.stdout.strip() or f"exit code {done.returncode}").splitlines()
        raise EnvironmentSetupError(f"{complaint}:\n  " + "\n  ".join(lines[-6:]))
