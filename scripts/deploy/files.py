"""Files that others may be reading."""

import os
from pathlib import Path


def write_whole(path: Path, text: str) -> None:
    """Write the file whole or not at all: a client, or another deployment at the same moment, may be reading it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    partial.write_text(text, encoding="utf-8")
    partial.replace(path)
