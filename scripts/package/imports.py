"""Whether each component function can be imported with what its zip and the layers hold, before it is deployed.

It is tried in a process of its own on `lambda_python`, so that nothing which only the tools have hides a missing package.
"""

from __future__ import annotations

import io
import json
import subprocess
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from scripts import lambda_python, paths

_SECONDS = 60

_TRY = """
import json, sys, traceback

*folders, name = sys.argv[1:]
sys.path[:0] = folders
told = None
try:
    __import__(name)
except BaseException as error:
    # The last frame outside the import machinery is the line that asked for what is missing.
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if not frame.filename.startswith("<frozen")]
    if isinstance(error, SyntaxError) and error.filename:
        where = f"{error.filename}:{error.lineno}"
    else:
        where = f"{frames[-1].filename}:{frames[-1].lineno}" if len(frames) > 1 else name
    told = {
        "where": where,
        "error": type(error).__name__,
        "message": error.msg if isinstance(error, SyntaxError) else str(error),
        "missing": error.name if isinstance(error, ModuleNotFoundError) else None,
        "certain": isinstance(error, (ImportError, SyntaxError)),
    }
print("\\n" + json.dumps(told) + "\\0", end="")
"""


class ImportFailedError(Exception):
    """A function cannot be imported; the message says where, why, and what to do."""


def check_imports(zips: Mapping[str, bytes], layers: Sequence[Path]) -> list[str]:
    """Import each function, given `{function: its zip}`, with layers for this machine; return what should be told.

    What depends on the deployed environment (a variable that only Terraform sets) may fail here and work there: it is told.

    Raises:
        ImportFailedError: a module is missing or is no Python.
    """
    python = lambda_python.prepare(paths.BUILD)
    with tempfile.TemporaryDirectory() as scratch:
        folders = [_unpacked(layer, Path(scratch) / layer.stem) / "python" for layer in layers]
        attempts = [
            partial(_attempt, python, [_unpacked(io.BytesIO(content), Path(scratch) / function), *folders], function)
            for function, content in zips.items()
        ]
        with ThreadPoolExecutor(2) as pool:
            return [note for note in pool.map(lambda attempt: attempt(), attempts) if note is not None]


def _unpacked(archive: Path | io.BytesIO, folder: Path) -> Path:
    with zipfile.ZipFile(archive) as opened:
        opened.extractall(folder)
    return folder


def _attempt(python: Path, folders: list[Path], function: str) -> str | None:
    code = folders[0]
    command = [str(python), "-I", "-B", "-c", _TRY, *map(str, folders), f"functions.{function}.{function}"]
    try:
        done = subprocess.run(
            command, cwd=code, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", timeout=_SECONDS
        )
    except subprocess.TimeoutExpired:
        return f"the import of functions/{function} did not end within {_SECONDS} s; what it does there costs each cold start"
    # Modules may print, and may end the process: the last line is ours if they do not.
    last = done.stdout.rpartition("\n")[2] if done.returncode == 0 else ""
    if not last.endswith("\0"):
        return f"the import of functions/{function} ended its process, exit code {done.returncode}: {done.stderr.strip()[-300:]}"
    told = json.loads(last[:-1])
    if told is None:
        return None
    where = str(told["where"]).removeprefix(f"{code}/")
    said = f"{where}: {told['error']}: {told['message']}"
    if not told["certain"]:
        return f"the import of functions/{function} raises here, {said}"
    raise ImportFailedError(f"functions/{function} cannot be imported, {said}{_advice(told['missing'])}")


def _advice(missing: str | None) -> str:
    if missing is None:
        return ""
    name = missing.partition(".")[0]
    if name in ("functions", "runtime"):
        return ". A function's zip holds its own folder and runtime/, no other function's folder"
    return f". Write the package that brings {name} into requirements/runtime.txt"
