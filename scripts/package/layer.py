"""The Lambda layers: third-party wheels with all that they need, for Lambda's platform and for this machine's.

build/layer.zip                       what every function needs
build/redis-layer.zip                 what only a function with return values in Redis needs beside it
build/jobs/{job}/job-layer.zip        what a job's requirements.txt asks for, for functions with user code
build/local/layer.zip, .../local/...  the same for this machine's Python, on which the embedded AWS runs functions
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from scripts import children, paths
from scripts.files import write_if_changed
from scripts.package.completeness import for_platform, unmet
from scripts.package.platforms import Platform
from scripts.package.zips import files_under, zip_bytes

LAYERS = {"layer": "runtime.txt", "redis-layer": "redis.txt"}
"""Each layer's name, and the requirements file that lists its packages."""

JOB_LAYER = "job-layer"

LOCAL = "local"
"""The folder under build/ of the layers for this machine."""

_ROUNDS = 5
_UNREPRODUCIBLE = {"RECORD", "INSTALLER", "REQUESTED", "direct_url.json"}
_UNAVAILABLE = re.compile(r"(?:No matching distribution found for|satisfies the requirement) ([^\s(]+)")
_INCLUDE = re.compile(r"\s*(?:-r|--requirement|-c|--constraint)[\s=]+(\S+)")


class LayerError(Exception):
    """A layer could not be made; the message names the package, or holds pip's reason."""


def make_layer(name: str, platform: Platform, folder: Path, job: Path | None = None) -> bool:
    """Make `{name}.zip` in a folder unless it is there and made from the same pins; whether it did.

    `job` is the requirements file of a job, for whose layer the pins of the functions' own hold, too: both are put together.

    Raises:
        LayerError: a package has no wheel for the platform, or pip failed.
    """
    requirements = job or paths.REQUIREMENTS / LAYERS[name]
    pinned = [paths.REQUIREMENTS / LAYERS["layer"]] if job else []
    made_for = {"platform": platform.name, "pins": "".join(map(_digest, [requirements, *pinned]))}
    stamp = json.dumps(made_for).encode()
    layer, stamp_file = folder / f"{name}.zip", folder / f"{name}.stamp"
    if layer.exists() and stamp_file.exists() and stamp_file.read_bytes() == stamp:
        return False
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        target = Path(scratch) / "python"
        _install_whole(requirements, pinned, target, platform)
        files = {
            f"python/{path}": content
            for path, content in files_under(target, target).items()
            if path.rpartition("/")[2] not in _UNREPRODUCIBLE
        }
    write_if_changed(layer, zip_bytes(files))
    write_if_changed(stamp_file, stamp)
    return True


def remove_layer(name: str, folder: Path) -> None:
    """Remove a layer that an earlier packaging has made, where nothing asks for it any more."""
    for ending in ("zip", "stamp"):
        (folder / f"{name}.{ending}").unlink(missing_ok=True)


def _install_whole(requirements: Path, pinned: Sequence[Path], target: Path, platform: Platform) -> None:
    """Install what the requirements ask for and all that those packages need on that platform.

    Raises:
        LayerError: see `make_layer`.
    """
    added: list[str] = []
    for _ in range(_ROUNDS):
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir(parents=True)
        _install(requirements, pinned, added, target, platform)
        missing = unmet(target, platform)
        if not missing:
            return
        if not missing.keys() - added:
            break
        added += sorted(missing.keys() - added)
    listed = "; ".join(f"{package} needs {requirement}" for requirement, package in sorted(missing.items()))
    raise LayerError(f"{_shown(requirements)}: the packages do not fit together on {platform.name}: {listed}")


def _install(requirements: Path, pinned: Sequence[Path], added: list[str], target: Path, platform: Platform) -> None:
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-compile", "--disable-pip-version-check", "--no-input"]
    command += ["--only-binary=:all:", "--target", str(target), *platform.pip_options]
    with tempfile.TemporaryDirectory() as scratch:
        for number, file in enumerate(pinned):
            command += ["--constraint", str(_for_platform(file, platform, Path(scratch) / f"{number}-{file.name}"))]
        command += ["--requirement", str(_for_platform(requirements, platform, Path(scratch) / requirements.name)), *added]
        # Started beside the file: that is where a path in it, such as ./mine.whl, begins.
        done = subprocess.run(
            command, cwd=requirements.parent, env=children.for_pip(), capture_output=True, text=True, check=False
        )
    if done.returncode != 0:
        raise LayerError(_complaint(requirements, pinned, platform, done.stderr.strip()))


def _for_platform(requirements: Path, platform: Platform, copy: Path) -> Path:
    """A copy of a requirements file in which no marker is left, since pip would ask the Python that runs it."""
    lines = (for_platform(line, platform) for line in requirements.read_text(encoding="utf-8").splitlines())
    copy.write_text("".join(_absolute(line, requirements) + "\n" for line in lines if line is not None), encoding="utf-8")
    return copy


def _absolute(line: str, requirements: Path) -> str:
    """The line, with the path of an included file made absolute: pip reads a copy of the requirements that lies elsewhere."""
    include = _INCLUDE.match(line)
    return line.replace(include[1], str(requirements.parent / include[1]), 1) if include else line


def _complaint(requirements: Path, pinned: Sequence[Path], platform: Platform, said: str) -> str:
    if "ResolutionImpossible" in said:
        also = f", or with the versions in {', '.join(map(_shown, pinned))}, which every function has" if pinned else ""
        return f"{_shown(requirements)}: its packages don't go together{also}. Ask for other versions. pip said:\n{said[-2000:]}"
    unavailable = _UNAVAILABLE.search(said)
    if unavailable is None:
        return f"pip could not fetch the wheels for {platform.name}:\n{said[-2000:]}"
    errors = "\n".join(line for line in said.splitlines() if line.startswith("ERROR"))
    return (
        f"{_shown(requirements)}: there is no wheel of {unavailable[1]} for {platform.name}. Choose a version that has one, "
        f"or build for another Python: {platform.another}. If it is written in Python alone, make a wheel of it "
        f"(pip wheel --no-deps {unavailable[1]}), and write that file's path in the place of its name. pip said:\n"
        f"{errors[-2000:]}"
    )


def _digest(requirements: Path) -> str:
    """Of the file, of those that it includes, and of wheels that it names by their path."""
    text = requirements.read_text(encoding="utf-8")
    lines = [line.strip() for line in text.splitlines()]
    included = [requirements.parent / match[1] for line in lines if (match := _INCLUDE.match(line))]
    wheels = [requirements.parent / line for line in lines if line.endswith(".whl")]
    parts = [text, *(_digest(each) for each in included if each.is_file())]
    parts += [hashlib.sha256(each.read_bytes()).hexdigest() for each in wheels if each.is_file()]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def _shown(requirements: Path) -> str:
    return requirements.relative_to(paths.ROOT).as_posix() if requirements.is_relative_to(paths.ROOT) else str(requirements)
