"""Where things lie, from the repository's root; all that the project makes goes under `build/`."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BUILD = Path(os.environ.get("MAPREDUCE_BUILD_DIR") or ROOT / "build").resolve()
FUNCTIONS = ROOT / "functions"
DEFINITIONS = ROOT / "definitions"
TERRAFORM = ROOT / "terraform"
REQUIREMENTS = ROOT / "requirements"
