"""What is measured, from what was asked for."""

import argparse
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from scripts.client.cli import whole
from scripts.client.input.layout import PACKED

BOTH = ("sfn", "http_sync_s3")
"""Orchestrations under which the largest text is run, and `emit_all`."""

_SIZES = (0.12, 1.0, 5.0)
_QUICK_SIZES = (0.01, 0.12, 1.0)
_ALL_SIZES = (*_SIZES, 20.0, 100.0)
_QUICK_OBJECTS = 0.01
_BRANCHES = (2, 8, 32, 128, 512)
_QUICK_BRANCHES = (2, 8)
_LARGE = 20.0
"""From this size on `emit_all` is measured, too."""
_HUGE = 100.0
"""From this size on only two orchestrations are."""


@dataclass(frozen=True)
class Plan:
    """One bench.

    Attributes:
        sizes: of the texts, in MB.
        objects: the largest of them that is run in the layout `objects`.
        others: whether one word and distinct words are measured.
        emit_all: orchestrations under which a job with `emit_all` is deployed.
        variables: of Terraform, as `name=value name=value`.
    """

    sizes: tuple[float, ...]
    text: Path | None
    objects: float
    others: bool
    runs: int
    orchestrations: tuple[str, ...]
    emit_all: tuple[str, ...]
    branches: tuple[int, ...]
    rivals: bool
    quick: bool
    variables: str
    timeout: float
    seed: int
    keep_up: bool

    def orchestrations_for(self, megabytes: float) -> tuple[str, ...]:
        """Under which ones a text is run."""
        return tuple(name for name in self.orchestrations if megabytes < _HUGE or name in BOTH)

    def emit_all_for(self, megabytes: float) -> tuple[str, ...]:
        """Under which ones it is run with `emit_all`."""
        return self.emit_all if megabytes >= _LARGE else ()

    @property
    def notes(self) -> list[str]:
        """What is left out, and why."""
        told = [f"texts larger than {self.objects:g} MB are not run in the layout objects, which takes a request for each word"]
        if any(size >= _HUGE for size in self.sizes):
            told.append(f"from {_HUGE:g} MB on only {' and '.join(BOTH)} are measured")
        if self.quick:
            told.append("QUICK: one run each, and smaller texts than the table's targets are for")
        if not self.rivals:
            told.append("Lithops is not measured; RIVALS=1 does")
        return told

    def as_json(self) -> dict[str, Any]:
        """All fields."""
        return asdict(self) | {"text": str(self.text) if self.text else None}


def plan(options: argparse.Namespace) -> Plan:
    """The plan that the options ask for: they are its fields, and those left out depend on others."""
    sizes = options.sizes or (_ALL_SIZES if options.others else _QUICK_SIZES if options.quick else _SIZES)
    settled = {
        "sizes": sizes,
        "objects": min(options.objects, _QUICK_OBJECTS) if options.quick else options.objects,
        "runs": options.runs or (1 if options.quick else 3),
        "emit_all": tuple(name for name in options.orchestrations if name in BOTH) if max(sizes) >= _LARGE else (),
        "branches": options.branches or (_QUICK_BRANCHES if options.quick else _BRANCHES),
        "variables": f"shuffle={PACKED} {options.variables}".strip(),
    }
    return Plan(**{**vars(options), **settled})


def sizes(text: str) -> tuple[float, ...]:
    """As an option's type: megabytes, separated by commas or blanks."""
    return tuple(sorted({_size(word) for word in _words(text)}))


def branches(text: str) -> tuple[int, ...]:
    """As an option's type: numbers of branches, separated by commas or blanks."""
    return tuple(map(whole(1, 10_000), _words(text)))


def file(text: str) -> Path | None:
    """As an option's type: a file that is there."""
    if text and not Path(text).is_file():
        raise argparse.ArgumentTypeError(f"there is no file {text!r}")
    return Path(text) if text else None


def _words(text: str) -> list[str]:
    return text.replace(",", " ").split()


def _size(word: str) -> float:
    try:
        size = float(word)
    except ValueError:
        size = 0.0
    if not 0.001 <= size <= 1000:
        raise argparse.ArgumentTypeError(f"{word!r} is no size in MB from 0.001 to 1000")
    return size
