"""Where things lie, from the repository's root. All that the project makes goes under `build/`."""

import os
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BUILD = Path(os.environ.get("MAPREDUCE_BUILD_DIR") or ROOT / "build").resolve()
FUNCTIONS = ROOT / "functions"
DEFINITIONS = ROOT / "definitions"
TERRAFORM = ROOT / "terraform"
REQUIREMENTS = ROOT / "requirements"

LAMBDA_PYTHON = "MAPREDUCE_LAMBDA_PYTHON"
"""The variable that tells the embedded AWS on which interpreter functions run."""


@dataclass(frozen=True)
class Embedded:
    """Where the embedded AWS of one build directory keeps its things."""

    root: Path = ROOT
    build: Path = field(default_factory=lambda: BUILD)

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
