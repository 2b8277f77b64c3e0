"""Where the embedded AWS keeps its things: all of it under the repository's build directory."""

import os
from dataclasses import dataclass
from pathlib import Path

BUILD_DIR_VARIABLE = "MAPREDUCE_BUILD_DIR"

LAMBDA_PYTHON = "MAPREDUCE_LAMBDA_PYTHON"
"""The variable that tells the server on which interpreter functions run."""


@dataclass(frozen=True)
class Paths:
    """`root`: the repository; `build`: its build directory. Everything else follows from the two."""

    root: Path
    build: Path

    @classmethod
    def default(cls) -> "Paths":
        """This repository's paths; the environment variable MAPREDUCE_BUILD_DIR names another build directory."""
        root = Path(__file__).resolve().parents[2]
        named = os.environ.get(BUILD_DIR_VARIABLE)
        return cls(root=root, build=Path(named).resolve() if named else root / "build")

    @property
    def home(self) -> Path:
        return self.build / "embedded"

    @property
    def venv(self) -> Path:
        return self.home / "venv"

    @property
    def python(self) -> Path:
        return self.venv / "bin" / "python"

    @property
    def requirements(self) -> Path:
        return self.root / "requirements" / "embedded.txt"

    @property
    def state(self) -> Path:
        return self.home / "state.json"

    @property
    def log(self) -> Path:
        return self.home / "log.txt"

    @property
    def lock(self) -> Path:
        return self.home / "lock"

    @property
    def tmp(self) -> Path:
        return self.home / "tmp"

    @property
    def deployments(self) -> Path:
        return self.home / "deployments"

    @property
    def terraform(self) -> Path:
        return self.home / "terraform"
