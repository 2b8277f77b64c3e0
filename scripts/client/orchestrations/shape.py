"""What a run's requests depend on, and the units in which formulas count."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from scripts.workflow import Workflow

Range = tuple[int, int]

PAGE = 1000
"""Keys of a listing's page."""


@dataclass(frozen=True)
class Pairs:
    """What is emitted.

    Attributes:
        words: W, emitted by all mappers together.
        layout: of the shuffle; packed makes the same requests for any number of words.
        long_words: L, distinct words too long for a key; with objects, the reducer reads one object of each.
        values: V, objects only: pairs whose value is not 1, which are read, too.
        blocks: B, packed only: blocks that are not in the merged index, of all pairs of a mapper and a reducer.
    """

    words: int
    layout: str = "objects"
    long_words: int = 0
    values: int = 0
    blocks: int = 0


@dataclass(frozen=True)
class Shape:
    """A run.

    Attributes:
        workflow: that it is one of.
        sizes: how many branches each of its fan-outs has, in the order of the flow.
        pairs: what is emitted; None where the workflow has no shuffle.
        waits: how long, in seconds, the last branch of each fan-out waited for the others; http_sync_s3 only.
        seconds: how long the client waited.
    """

    workflow: Workflow
    sizes: Sequence[int]
    pairs: Pairs | None = None
    waits: Sequence[float] = ()
    seconds: float = 0.0

    @property
    def branches(self) -> int:
        """All branches of all fan-outs."""
        return sum(self.sizes)

    @property
    def single(self) -> int:
        """How many functions run once, but for an entry before the first fan-out."""
        return sum(place.takes != "branch" for place in self.workflow.steps)

    @property
    def entries(self) -> int:
        """1, if a function stands before the first fan-out; else 0."""
        return len(self.workflow.places) - len(self.workflow.steps)

    @property
    def returned(self) -> list[int]:
        """The sizes of the fan-outs over what a function has returned."""
        return [size for size, fan_out in zip(self.sizes, self.workflow.fan_outs, strict=True) if fan_out.source is not None]

    @property
    def handed_on(self) -> int:
        """How many functions get the value of a single one."""
        return sum(place.edge == "Scalar" for place in self.workflow.steps)

    @property
    def given(self) -> int:
        """How many elements the client hands over."""
        return self.sizes[0] if self.workflow.begins_with_fan_out else 1


def exactly(number: int) -> Range:
    """The range of one number."""
    return number, number


def polls(seconds: float) -> int:
    """Most listings that http_sync_s3's waiting branch makes in that time: pauses grow from 20 ms by 1.2 to 1 s."""
    return _steps(seconds, 0.02, lambda pause, _: min(pause * 1.2, 1.0))


def client_polls(seconds: float) -> int:
    """How often the client at most looks for the result in that time: pauses are a twentieth of the time, 20 ms to 1 s."""
    return _steps(seconds, 0.02, lambda _, waited: max(0.02, min(1.0, waited / 20)))


def _steps(seconds: float, pause: float, following: Callable[[float, float], float]) -> int:
    waited, number = 0.0, 1
    while waited < seconds:
        waited += pause
        pause = following(pause, waited)
        number += 1
    return number


def by_client_of_an_entry(shape: Shape) -> dict[str, Range]:
    """Mark the run, store its input, invoke the entry; list and delete what lies in the returns bucket, and the mark."""
    return {
        "s3.PutObject": exactly(2),
        "lambda.Invoke": exactly(1),
        "s3.ListObjectsV2": exactly(2),
        "s3.DeleteObjects": (1, 2),
    }
