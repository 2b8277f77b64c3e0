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
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from scripts import lambda_python, paths
from scripts.package.functions import JOB

_SECONDS = 60

_TRY = """
import json, sys, traceback

folders, names = map(json.loads, sys.argv[1:])
sys.path[:0] = folders
told = None
try:
    for name in names:
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


@dataclass(frozen=True)
class Tried:
    """A function whose import is tried.

    Attributes:
        content: its zip.
        layers: for this machine, all that it has.
        requirements: the file for packages that are missing, for messages.
        modules: what else is imported there than its handler's module: a job's own modules.
    """

    content: bytes
    layers: Sequence[Path]
    requirements: str
    modules: Sequence[str] = ()


class ImportFailedError(Exception):
    """A function cannot be imported; the message says where, why, and what to do."""


def check_imports(functions: Mapping[str, Tried]) -> list[str]:
    """Import each function with what is in its zip and its layers alone; return what should be told.

    What depends on the deployed environment (a variable that only Terraform sets) may fail here and work there: it is told.

    Raises:
        ImportFailedError: a module is missing or is no Python.
    """
    python = lambda_python.prepare(paths.BUILD)
    with tempfile.TemporaryDirectory() as scratch:
        layers = {layer for tried in functions.values() for layer in tried.layers}
        unpacked = {layer: _unpacked(layer, Path(scratch) / layer.stem) / "python" for layer in layers}
        attempts = [
            partial(
                _attempt,
                python,
                [_unpacked(io.BytesIO(tried.content), Path(scratch) / function), *(unpacked[layer] for layer in tried.layers)],
                function,
                tried,
            )
            for function, tried in functions.items()
        ]
        with ThreadPoolExecutor(2) as pool:
            return [note for note in pool.map(lambda attempt: attempt(), attempts) if note is not None]


def _unpacked(archive: Path | io.BytesIO, folder: Path) -> Path:
    with zipfile.ZipFile(archive) as opened:
        opened.extractall(folder)
    return folder


def _attempt(python: Path, folders: list[Path], function: str, tried: Tried) -> str | None:
    code = folders[0]
    names = [f"functions.{function}.{function}", *tried.modules]
    searched = [code, *([code / JOB] if tried.modules else []), *folders[1:]]
    command = [str(python), "-I", "-B", "-c", _TRY, json.dumps([*map(str, searched)]), json.dumps(names)]
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
    raise ImportFailedError(f"functions/{function} cannot be imported, {said}{_advice(told['missing'], tried.requirements)}")


def _advice(missing: str | None, requirements: str) -> str:
    if missing is None:
        return ""
    name = missing.partition(".")[0]
    if name in ("functions", "runtime"):
        return ". A function's zip holds its own folder and runtime/, no other function's folder"
    return f". Write the package that brings {name} into {requirements}"
