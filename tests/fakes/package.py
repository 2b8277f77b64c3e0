"""What a function's zip holds, in a folder: for programs that start as a function does."""

import json
import shutil
from pathlib import Path

from scripts import paths
from tests.fakes.places import WORDCOUNT


def unpacked(function: str, folder: Path) -> Path:
    """Put a function's package there, and return the folder."""
    for name in ("runtime", "functions"):
        shutil.copytree(paths.ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / ".next").write_text(json.dumps(WORDCOUNT[function].json()))
    return folder
