"""All that a bench has measured, and its file bench.json."""

import os
import platform
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from scripts.bench.clocked import Clocked
from scripts.bench.statistic import Sample, sample
from scripts.compare.measuring import Measured


@dataclass
class Series:
    """The runs of one contender on one text; `failure` says why there are none, or not all.

    `cost` is a run that was measured as `make compare` does, and not clocked.
    """

    contender: str
    orchestration: str | None
    text: str
    megabytes: float
    words: int
    runs: list[Clocked] = field(default_factory=list)
    cost: Measured | None = None
    failure: str | None = None

    @property
    def title(self) -> str:
        """`packed, sfn`."""
        return f"{self.contender}, {self.orchestration}" if self.orchestration else self.contender

    @property
    def seconds(self) -> Sample | None:
        """From Enter to the counts."""
        return sample([run.seconds for run in self.runs])

    @property
    def whole_seconds(self) -> Sample | None:
        """To the end of the process."""
        return sample([run.whole_seconds for run in self.runs])

    @property
    def median(self) -> float:
        """Seconds to the counts; 0 if there are no runs."""
        return self.seconds.median if self.seconds else 0.0

    def peak_mb(self, *left_out: str) -> dict[str, float]:
        """The most memory of one process in any of the runs, by function."""
        found: dict[str, float] = {}
        for run in self.runs:
            for name, megabytes in run.peak_mb.items():
                if name not in left_out:
                    found[name] = max(found.get(name, 0.0), megabytes)
        return found

    def cpu_seconds(self) -> dict[str, float]:
        """Median CPU time of all processes together, by function."""
        names = {name for run in self.runs for name in run.cpu_seconds}
        return {name: Sample(tuple(run.cpu_seconds.get(name, 0.0) for run in self.runs)).median for name in sorted(names)}

    def as_json(self) -> dict[str, Any]:
        """All numbers."""
        plain = {"contender", "orchestration", "text", "words", "failure"}
        told = {name: value for name, value in vars(self).items() if name in plain}
        return {
            **told,
            "megabytes": round(self.megabytes, 6),
            "seconds": self.seconds and self.seconds.as_json(),
            "whole_seconds": self.whole_seconds and self.whole_seconds.as_json(),
            "cpu_seconds": {name: round(value, 3) for name, value in self.cpu_seconds().items()},
            "peak_mb": {name: round(value, 1) for name, value in self.peak_mb().items()},
            "cost": self.cost and _cost(self.cost),
        }


@dataclass
class FanOut:
    """One way to fan out, an orchestration or the bare invoke, over so many branches."""

    way: str
    branches: int
    runs: list[float] = field(default_factory=list)
    failure: str | None = None

    @property
    def seconds(self) -> Sample | None:
        """From its start to its result."""
        return sample(self.runs)

    def as_json(self) -> dict[str, Any]:
        """All numbers."""
        seconds = self.seconds and self.seconds.as_json()
        return {"way": self.way, "branches": self.branches, "seconds": seconds, "failure": self.failure}


@dataclass
class Results:
    """What was measured so far.

    Attributes:
        machine: see `machine`.
        options: what was asked for.
        cold_starts: seconds of the import, by function.
        cold_cpu: its CPU seconds.
        emit_microseconds: CPU time for each word: `{"emit": 0.3, "emit_all": 0.05}`.
        notes: what a reader has to know.
    """

    machine: dict[str, Any]
    options: dict[str, Any]
    series: list[Series] = field(default_factory=list)
    fan_outs: list[FanOut] = field(default_factory=list)
    cold_starts: dict[str, Sample] = field(default_factory=dict)
    cold_cpu: dict[str, Sample] = field(default_factory=dict)
    emit_microseconds: dict[str, float] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def of(self, contender: str, text: str, orchestrations: Collection[str] = ()) -> list[Series]:
        """The series of a contender on a text that were measured: under some orchestrations, or each."""
        found = [each for each in self.series if each.contender == contender and each.text == text and each.runs]
        return [each for each in found if not orchestrations or each.orchestration in orchestrations]

    @property
    def failures(self) -> list[str]:
        """What could not be measured, and why."""
        told = [f"{each.title} on {each.text}: {each.failure}" for each in self.series if each.failure]
        return told + [f"{each.way}, {each.branches} branches: {each.failure}" for each in self.fan_outs if each.failure]

    def as_json(self) -> dict[str, Any]:
        """All numbers."""
        return {
            "machine": self.machine,
            "options": self.options,
            "series": [each.as_json() for each in self.series],
            "fan_outs": [each.as_json() for each in self.fan_outs],
            "cold_starts": {name: seconds.as_json() for name, seconds in self.cold_starts.items()},
            "cold_cpu": {name: seconds.as_json() for name, seconds in self.cold_cpu.items()},
            "emit_microseconds": self.emit_microseconds,
            "notes": self.notes,
            "failures": self.failures,
        }


def _cost(run: Measured) -> dict[str, Any]:
    """What a run asked of AWS: requests (all, and the functions' to S3), list prices, and seconds by stage."""
    return {
        "chunks": run.chunks,
        "reducers": run.branches[-1],
        "requests": run.requests,
        "usd": round(sum(run.usd.values()), 9),
        "s3_requests": run.s3_requests,
        "s3_usd": round(run.s3_usd, 9),
        **{name: value for name, value in run.times.as_json().items() if name in ("stages", "hand_over", "start", "finish")},
    }


def machine() -> dict[str, Any]:
    """`{"cores": 2, "processor": ..., "memory_mb": ..., "system": ..., "python": "3.11.7"}`."""
    return {
        "cores": os.cpu_count(),
        "processor": _processor(),
        "memory_mb": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // (1 << 20),
        "system": platform.platform(terse=True),
        "python": platform.python_version(),
    }


def load() -> list[float]:
    """The load average of the last 1, 5 and 15 minutes: how many processes wanted a processor."""
    return [round(each, 2) for each in os.getloadavg()]


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())
