"""A virtual environment with Lithops, build/bench/lithops, made once and again whenever requirements/bench.txt changes."""

import shutil
import subprocess
import sys
from pathlib import Path

from scripts import children, paths

_SECONDS = 900


class NoLithopsError(Exception):
    """It could not be installed."""


def prepare() -> Path:
    """Make it unless it is there; its interpreter.

    Raises:
        NoLithopsError: pip or venv failed; says why.
    """
    folder = paths.BUILD / "bench" / "lithops"
    wanted = (paths.REQUIREMENTS / "bench.txt").read_text(encoding="utf-8")
    stamp, python = folder / "made-of", folder / "bin" / "python"
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == wanted and python.exists():
        return python
    shutil.rmtree(folder, ignore_errors=True)
    try:
        _run([sys.executable, "-m", "venv", str(folder)])
        options = ["--quiet", "--disable-pip-version-check", "--no-input"]
        _run([str(python), "-m", "pip", "install", *options, "--requirement", str(paths.REQUIREMENTS / "bench.txt")])
        stamp.write_text(wanted, encoding="utf-8")
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return python


def _run(command: list[str]) -> None:
    try:
        done = subprocess.run(
            command,
            env=children.for_pip(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise NoLithopsError(f"no end of {' '.join(command[1:4])} after {_SECONDS} s") from None
    if done.returncode != 0:
        raise NoLithopsError("\n".join((done.stderr.strip() or done.stdout.strip()).splitlines()[-6:]))
