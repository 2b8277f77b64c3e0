"""A Python as Lambda's runtime has it: the standard library, boto3 and what boto3 needs, and nothing else.

The embedded AWS runs functions on it, and packaging tries imports with it. So a package that only the tools or the emulator have
is missing there, as it is on AWS (https://docs.aws.amazon.com/lambda/latest/dg/lambda-python.html#python-sdk-included).
It is a bare virtual environment of the interpreter that runs this, with links to the tools' own boto3.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import venv
from importlib.metadata import Distribution, distribution
from pathlib import Path

from packaging.requirements import Requirement

_INCLUDED = "boto3"


def prepare(build: Path) -> Path:
    """Make `lambda-python/` in a build directory unless it is there; the path of its interpreter.

    Raises:
        OSError: it cannot be written.
    """
    folder = build / "lambda-python"
    packages = list(_with_dependencies(_INCLUDED).values())
    stamp = folder / "made-of"
    made_of = "\n".join([sys.version, sys.base_prefix, *(f"{each.locate_file('')} {each.version}" for each in packages)])
    if not (stamp.is_file() and stamp.read_text(encoding="utf-8") == made_of):
        _make(folder, packages, made_of)
    return folder / "bin" / "python"


def _make(folder: Path, packages: list[Distribution], made_of: str) -> None:
    """Make it beside its place and move it there, for others may make or use it at the same time."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".lambda-python.") as scratch:
        made = Path(scratch) / "made"
        venv.create(made, symlinks=True, with_pip=False)
        (site_packages,) = made.glob("lib/python*/site-packages")
        for package in packages:
            for name in _top_level(package):
                (site_packages / name).symlink_to(Path(str(package.locate_file(name))).resolve())
        (made / "made-of").write_text(made_of, encoding="utf-8")
        if folder.exists():
            os.rename(folder, Path(scratch) / "old")
        try:
            os.rename(made, folder)
        except OSError:
            if not folder.exists():
                raise
            shutil.rmtree(made)  # somebody else was faster


def _top_level(package: Distribution) -> set[str]:
    """The files and folders of a package in its site-packages directory, its metadata included; no scripts."""
    return {file.parts[0] for file in package.files or () if file.parts[0] not in ("..", "__pycache__")}


def _with_dependencies(name: str) -> dict[str, Distribution]:
    found: dict[str, Distribution] = {}
    waiting = [name]
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        found[name] = distribution(name)
        for requirement in map(Requirement, found[name].requires or ()):
            if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
                waiting.append(requirement.name)
    return found
