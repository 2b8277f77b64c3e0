"""Who is run on each text, each as a process of its own; and that its counts are right."""

import json
import os
from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from uuid import uuid4

from scripts import children
from scripts.bench.clocked import Clocked, CommandFailedError, clock
from scripts.bench.texts import Text
from scripts.bench.workers import Watch
from scripts.client.deployment import Deployment
from scripts.client.input.reading import read_input
from scripts.client.input.sizing import Sizing
from scripts.compare.measuring import Bench, Measured, counted
from scripts.embedded import state
from scripts.paths import Embedded

EMIT_ALL = "packed, emit_all"
CEILING, SERIAL, COUNTER, LITHOPS = "bare S3 client", "serial uploads (scaled)", "one process, Counter", "Lithops, localhost"

_DEFAULT_REDUCERS = 3
"""As many as the layout `objects` has, and what is compared with it."""

_SERIAL_WORDS = 200


class WrongCountsError(Exception):
    """A contender's counts are not the text's."""


class Contender(ABC):
    """One who can be run on a text.

    Attributes:
        name: which one.
        orchestration: the orchestration under which it runs, if any.
    """

    name: str
    orchestration: str | None = None

    @abstractmethod
    def run(self, text: Text) -> Clocked:
        """Run once.

        Raises:
            CommandFailedError: it failed, or did not end in time.
            WrongCountsError: its counts are not the text's.
        """


class Client(Contender):
    """The project's own client, as scripts/invoke.sh starts it."""

    def __init__(self, name: str, deployment: Deployment, layout: str, folder: Path, timeout_seconds: float) -> None:
        self.name, self.orchestration = name, deployment.orchestration
        self.deployment, self.layout = deployment, layout
        self._output, self._timeout = folder / "counts.json", timeout_seconds

    def run(self, text: Text) -> Clocked:
        where = {"target": "embedded", "orchestration": self.deployment.orchestration, "prefix": self.deployment.prefix}
        wishes = where | {"region": self.deployment.region, "shuffle": self.layout, "output": str(self._output)}
        options = [f"--{name}={value}" for name, value in wishes.items()]
        command = [*children.PYTHON, "scripts.client", *options, "--force", "--", str(text.path)]
        clocked = clock(command, self._timeout, _watch(self.deployment))
        check(self, text, self._output)
        return clocked

    def cost(self, text: Text, architecture: str) -> Measured:
        """Run once, as `make compare` does, and gather what is known of it. Raises ClientError, TelemetryError."""
        elements = read_input(str(text.path), choose=Sizing.of(self.layout, self.deployment).chunk_bytes).elements
        bench = Bench(self.deployment, elements, architecture, self._timeout, shuffle=self.layout, lasting=False)
        return counted(self.name, bench)


class Program(Contender):
    """One of the programs in `beside`; `options` stand before the text's path."""

    def __init__(self, name: str, module: str, timeout_seconds: float, *options: str) -> None:
        self.name, self._module, self._timeout, self._options = name, module, timeout_seconds, options

    def run(self, text: Text) -> Clocked:
        clocked = self._clock(text)
        check_top(self, text, clocked.output)
        return clocked

    def _clock(self, text: Text) -> Clocked:
        return clock([*children.PYTHON, f"scripts.bench.beside.{self._module}", *self._options, text.path], self._timeout)


class Ceiling(Program):
    """Makes the requests of `objects` and nothing else."""

    def __init__(self, deployment: Deployment, timeout_seconds: float) -> None:
        super().__init__(CEILING, "ceiling", timeout_seconds, *_store(deployment))


class Serial(Program):
    """The author's method. Its first 200 words are measured, and all are said to take as long as they."""

    def __init__(self, deployment: Deployment, timeout_seconds: float) -> None:
        super().__init__(SERIAL, "serial", timeout_seconds, *_store(deployment), str(_SERIAL_WORDS))

    def run(self, text: Text) -> Clocked:
        clocked = self._clock(text)
        told = json.loads(clocked.output)
        seconds = told["seconds"] * told["of"] / told["words"]
        return Clocked(seconds, seconds, cpu_seconds=clocked.cpu_seconds, peak_mb=clocked.peak_mb)


class Lithops(Contender):
    """Lithops' map-reduce on this machine: one piece of the file for each processor, which is what it is fastest with."""

    name = LITHOPS

    def __init__(self, python: Path, folder: Path, timeout_seconds: float) -> None:
        self._python, self._folder, self._timeout = python, folder, timeout_seconds

    def run(self, text: Text) -> Clocked:
        output = self._folder / "lithops.json"
        home = self._folder / "lithops-home"
        home.mkdir(exist_ok=True)
        program = Path(__file__).parent / "beside" / "with_lithops.py"
        pieces = str(os.cpu_count() or 1)
        clocked = clock(
            [self._python, program, text.path, pieces, output], self._timeout, environment=lithops_environment(self._python, home)
        )
        check(self, text, output)
        return clocked


def lithops_environment(python: Path, home: Path) -> dict[str, str]:
    """Its workers are whatever `python` is first on PATH; it keeps its things in the home folder and in TMPDIR."""
    found = os.pathsep.join([str(python.parent), os.environ.get("PATH", os.defpath)])
    return {"PATH": found, "HOME": str(home), "TMPDIR": str(home), "LANG": "C.UTF-8"}


def check(contender: Contender, text: Text, output: Path) -> None:
    """Compare all counts in a JSON file with the text's, and remove the file. Raises WrongCountsError."""
    try:
        counts = json.loads(output.read_bytes())
    except (OSError, ValueError) as error:
        raise WrongCountsError(f"{contender.name}: no counts of {text.name}: {error}") from None
    finally:
        output.unlink(missing_ok=True)
    if not isinstance(counts, dict):
        raise WrongCountsError(f"{contender.name}: no counts of {text.name}: {counts!r:.100}")
    if counts != text.counts:
        raise WrongCountsError(f"{contender.name}: {difference(counts, text.counts)}")


def check_top(contender: Contender, text: Text, output: bytes) -> None:
    """Compare the printed lines `word number` with the text's counts. Raises WrongCountsError."""
    shown = {word: int(number) for word, number in (line.rsplit(" ", 1) for line in output.decode().splitlines())}
    right = {word: text.counts[word] for word in shown if word in text.counts}
    if shown != right or not shown:
        raise WrongCountsError(f"{contender.name}: {difference(shown, right)}")


def difference(counts: Mapping[str, object], right: Mapping[str, object]) -> str:
    """Which word is wrong, and how many are."""
    words = sorted(word for word in counts.keys() | right.keys() if counts.get(word) != right.get(word))
    if not words:
        return "there are no counts"
    example = f"{words[0]!r:.100} is {counts.get(words[0])!r:.100} in place of {right.get(words[0])}"
    return f"{len(words)} words have wrong counts: {example}"


def _watch(deployment: Deployment) -> Watch:
    known = state.read(Embedded().state)
    if known is None:
        raise CommandFailedError(f"the embedded AWS that holds {deployment.name} is gone")
    return Watch(known.pid)


def _store(deployment: Deployment) -> list[str]:
    """Where programs put their objects, below a prefix of their own beside the runs' ones; and for how many reducers."""
    store = [str(deployment.endpoint_url), deployment.region, deployment.bucket("shuffle"), f"bench-{uuid4()}/"]
    return [*store, str(_DEFAULT_REDUCERS)]
