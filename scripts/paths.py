"""Where things lie, from the repository's root. All that the project makes goes under `build/`."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BUILD = Path(os.environ.get("MAPREDUCE_BUILD_DIR") or ROOT / "build").resolve()
FUNCTIONS = ROOT / "functions"
DEFINITIONS = ROOT / "definitions"
TERRAFORM = ROOT / "terraform"
REQUIREMENTS = ROOT / "requirements"

LAMBDA_PYTHON = "MAPREDUCE_LAMBDA_PYTHON"
"""The variable that tells the embedded AWS on which interpreter functions run."""


class Embedded:
    """Where the embedded AWS of one build directory keeps its things."""

    def __init__(self, root: Path = ROOT, build: Path | None = None) -> None:
        self.root, self.build = root, build or BUILD
        self.requirements = root / "requirements" / "embedded.txt"
        self.home = self.build / "embedded"
        self.venv = self.home / "venv"
        self.python = self.venv / "bin" / "python"
        self.state = self.home / "state.json"
        self.log = self.home / "log.txt"
        self.lock = self.home / "lock"
        self.tmp = self.home / "tmp"
        self.deployments = self.home / "deployments"
        self.terraform = self.home / "terraform"
