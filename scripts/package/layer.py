"""The Lambda layers: third-party wheels for Lambda's platform, whatever machine this runs on.

build/layer.zip         what every function needs
build/redis-layer.zip   what only a function with return values in Redis needs beside it
"""

import hashlib
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from scripts import paths
from scripts.package.zips import files_under, write_if_changed, zip_bytes

ARCHITECTURES = {
    "x86_64": ("manylinux2014_x86_64", "manylinux_2_17_x86_64", "manylinux_2_28_x86_64"),
    # obstore's wheel for arm64 asks for glibc 2.24; Lambda's Python 3.12 and later have 2.34.
    "arm64": ("manylinux2014_aarch64", "manylinux_2_17_aarch64", "manylinux_2_24_aarch64", "manylinux_2_28_aarch64"),
}
PYTHON_VERSIONS = ("3.12", "3.13")
"""Lambda runtimes with a glibc new enough for the wheels, as far as the pinned Terraform provider knows them."""

DEFAULT_ARCHITECTURE = "x86_64"
DEFAULT_PYTHON_VERSION = "3.13"

_UNREPRODUCIBLE = {"RECORD", "INSTALLER", "REQUESTED", "direct_url.json"}


class LayerError(Exception):
    """The wheels could not be fetched; the message holds pip's reason."""


def make_layer(architecture: str, python_version: str) -> bool:
    """Make build/layer.zip and build/manifest.json, unless they are there and made from the same pins; whether it did.

    Raises:
        LayerError: pip failed.
    """
    manifest = {"architecture": architecture, "python_version": python_version}
    write_if_changed(paths.BUILD / "manifest.json", (json.dumps(manifest) + "\n").encode())
    return _make("layer", "runtime.txt", architecture, python_version)


def make_redis_layer(architecture: str, python_version: str) -> bool:
    """Make build/redis-layer.zip in the same way; whether it did.

    Raises:
        LayerError: pip failed.
    """
    return _make("redis-layer", "redis.txt", architecture, python_version)


def _make(name: str, pins: str, architecture: str, python_version: str) -> bool:
    requirements = paths.REQUIREMENTS / pins
    made_for = {"architecture": architecture, "python_version": python_version}
    stamp = json.dumps(made_for | {"pins": hashlib.sha256(requirements.read_bytes()).hexdigest()}).encode()
    layer, stamp_file = paths.BUILD / f"{name}.zip", paths.BUILD / f"{name}.stamp"
    if layer.exists() and stamp_file.exists() and stamp_file.read_bytes() == stamp:
        return False
    with tempfile.TemporaryDirectory(dir=paths.BUILD) as scratch:
        _install(requirements, Path(scratch), architecture, python_version)
        files = {
            f"python/{path}": content
            for path, content in files_under(Path(scratch), Path(scratch)).items()
            if path.rpartition("/")[2] not in _UNREPRODUCIBLE
        }
    write_if_changed(layer, zip_bytes(files))
    write_if_changed(stamp_file, stamp)
    return True


def _install(requirements: Path, target: Path, architecture: str, python_version: str) -> None:
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-compile", "--only-binary=:all:", "--no-deps"]
    command += ["--implementation", "cp", "--python-version", python_version, "--target", str(target)]
    for platform in ARCHITECTURES[architecture]:
        command += ["--platform", platform]
    done = subprocess.run([*command, "--requirement", str(requirements)], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise LayerError(f"pip could not fetch the layer's wheels:\n{done.stderr.strip()[-2000:]}")
