"""Whether a function fits into Lambda with its layers, before Lambda says so at the end of a deployment.

https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html: the function and its layers, unzipped, have 250 MB.
"""

import zipfile
from collections.abc import Sequence
from pathlib import Path

from scripts.package.layer import JOB_LAYER
from scripts.package.source import Source, shown
from scripts.package.workflow.model import RECORDER

MOST_BYTES = 250 * 1024 * 1024

_MB = 1024 * 1024


class TooLargeError(Exception):
    """A function with its layers is more than Lambda takes; the message says what has how much."""


def check_sizes(source: Source, orchestrations: Sequence[str]) -> None:
    """Check the largest that a function of each orchestration can become: with all the layers that are there.

    Raises:
        TooLargeError: Lambda would refuse one.
    """
    layers = {path.name: unzipped(path) for path in sorted(source.build.glob("*layer.zip"))}
    own = layers.pop(f"{JOB_LAYER}.zip", 0)
    for orchestration in orchestrations:
        for path in sorted((source.build / orchestration).glob("*.zip")):
            parts = {path.name: unzipped(path)} | layers
            if own and path.stem != RECORDER and source.has_user_code(path.stem):
                parts[f"{JOB_LAYER}.zip"] = own
            if sum(parts.values()) > MOST_BYTES:
                raise TooLargeError(_said(path.stem, parts, source))


def _said(function: str, parts: dict[str, int], source: Source) -> str:
    advice = "ask for less in requirements/runtime.txt"
    if source.job:
        advice = f"ask for less in {shown(source.job / 'requirements.txt')}, or name in job.toml what the job can leave_out"
    listed = ", ".join(f"{name} {size / _MB:.0f} MB" for name, size in parts.items())
    whole = sum(parts.values()) / _MB
    return f"{function} has {whole:.0f} MB unzipped, and Lambda takes {MOST_BYTES // _MB} MB: {listed}; {advice}"


def unzipped(path: Path) -> int:
    """Bytes of what a zip holds."""
    with zipfile.ZipFile(path) as archive:
        return sum(each.file_size for each in archive.infolist())
