"""What a newcomer does with a page: run its commands, in order, in a copy of the repository."""

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
COMMAND = re.compile(r" {4}((?:make|cd|scripts/)\b.*)")


def section(page: str, title: str) -> str:
    """The text under a heading."""
    return page.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def commands(text: str) -> list[str]:
    """The indented command lines of a text, without their comments."""
    return [match[1].partition(" # ")[0].rstrip() for line in text.splitlines() if (match := COMMAND.fullmatch(line))]


def environment(**more: str) -> dict[str, str]:
    """A newcomer's environment: nothing of the tests' own virtual environment."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("TOX_", "VIRTUAL_ENV", "PYTHON"))}
    here = str(Path(sys.executable).parent)
    path = os.pathsep.join(folder for folder in kept["PATH"].split(os.pathsep) if folder != here)
    return kept | {"PATH": path} | more


def shell(folder: Path, lines: list[str], timeout: float = 400, **more: str) -> str:
    """Run lines in one shell; what they print."""
    done = subprocess.run(
        ["bash", "-euc", "\n".join(lines)],
        cwd=folder,
        env=environment(**more),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=timeout,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout
