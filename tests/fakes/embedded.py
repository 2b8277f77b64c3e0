"""A state.json that says that the embedded AWS runs, in this process or in another."""

import os
from pathlib import Path
from urllib.parse import urlsplit

from scripts.embedded.state import State

OF_ANY_PYTHON = "python"
"""Stands for the token in the server's command line: every process of the tests has it in its own."""


def note_running(folder: Path, endpoint_url: str = "http://127.0.0.1:4566", pid: int | None = None) -> None:
    """Write `state.json` into the folder; the process is this one unless a pid is given."""
    port = urlsplit(endpoint_url).port or 0
    state = State(os.getpid() if pid is None else pid, port, endpoint_url, 0.0, "log", "tmp", OF_ANY_PYTHON, auth=True)
    state.write(folder / "state.json")
