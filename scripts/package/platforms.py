"""Who will run a layer: AWS Lambda, or this machine's Python, on which the embedded AWS runs its functions."""

from __future__ import annotations

import platform
import sys
from dataclasses import dataclass, field

from packaging.markers import default_environment

_WHEEL_TAGS = {
    "x86_64": ("manylinux2014_x86_64", "manylinux_2_17_x86_64", "manylinux_2_28_x86_64"),
    # obstore's wheel for arm64 asks for glibc 2.24; Lambda's Python 3.12 and later have 2.34.
    "arm64": ("manylinux2014_aarch64", "manylinux_2_17_aarch64", "manylinux_2_24_aarch64", "manylinux_2_28_aarch64"),
}
ARCHITECTURES = tuple(sorted(_WHEEL_TAGS))
PYTHON_VERSIONS = ("3.12", "3.13")
"""Lambda runtimes with a glibc new enough for the wheels, as far as the pinned Terraform provider knows them."""

_MACHINES = {"x86_64": "x86_64", "arm64": "aarch64"}


@dataclass(frozen=True)
class Platform:
    """One interpreter on one kind of machine.

    Attributes:
        name: for messages, "Lambda (x86_64, Python 3.13)".
        another: for messages, how to build for another one.
        pip_options: what makes pip choose wheels for it.
        markers: values of environment markers there (https://packaging.python.org/en/latest/specifications/dependency-specifiers/).
    """

    name: str
    another: str
    pip_options: tuple[str, ...] = ()
    markers: dict[str, str] = field(default_factory=dict)


def lambda_platform(architecture: str, python_version: str) -> Platform:
    """Lambda's runtime of that Python on that architecture."""
    tags = (word for tag in _WHEEL_TAGS[architecture] for word in ("--platform", tag))
    markers = {
        "implementation_name": "cpython",
        "implementation_version": f"{python_version}.0",
        "os_name": "posix",
        "platform_machine": _MACHINES[architecture],
        "platform_python_implementation": "CPython",
        "platform_release": "",
        "platform_system": "Linux",
        "platform_version": "",
        "python_full_version": f"{python_version}.0",
        "python_version": python_version,
        "sys_platform": "linux",
    }
    options = ("--implementation", "cp", "--python-version", python_version, *tags)
    another = "make package PYTHON_VERSION=3.12, or ARCH=arm64"
    return Platform(f"Lambda ({architecture}, Python {python_version})", another, options, markers)


def this_machine() -> Platform:
    """The interpreter that runs this, and with it the functions on the embedded AWS."""
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    name = f"this machine ({platform.system()} {platform.machine()}, Python {version})"
    another = "make clean, then PYTHON=python3.13 for each make"
    return Platform(name, another, markers={key: str(value) for key, value in default_environment().items()})
