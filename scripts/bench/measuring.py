"""Measures one part after the other, and says how it goes."""

import json
import subprocess
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from scripts import paths
from scripts.bench import cold_start, fan_out, texts
from scripts.bench.as_lambda import as_lambda
from scripts.bench.clocked import CommandFailedError, clock
from scripts.bench.contenders import (
    COUNTER,
    EMIT_ALL,
    Ceiling,
    Client,
    Contender,
    Lithops,
    Program,
    Serial,
    WrongCountsError,
)
from scripts.bench.deployments import Deployed, say
from scripts.bench.plan import Plan
from scripts.bench.results import FanOut, Results, Series
from scripts.bench.texts import Text
from scripts.client.errors import ClientError, UsageError
from scripts.client.input.layout import OBJECTS, PACKED
from scripts.compare.prices import architecture
from scripts.compare.timeline import TelemetryError

_MICROSECONDS = 1_000_000
_COLD_STARTS = 9
_BARE_ORCHESTRATION = "sfn"


class Bench:
    """One bench; `python` is that of Lithops, `folder` one for what is needed meanwhile."""

    def __init__(self, plan: Plan, there: Deployed, python: Path | None, folder: Path, results: Results) -> None:
        self._plan, self._there, self._python, self._folder, self._results = plan, there, python, folder, results
        self._architecture = architecture(paths.BUILD)

    def run(self) -> None:
        """Measure all."""
        self._cold_starts()
        self._emit()
        for text in self._texts():
            say(f"{text.name}: {text.words:,} words, {len(text.counts):,} different ones")
            self.on(text)
            text.path.unlink()
        self.fan_outs()

    def _texts(self) -> Iterator[Text]:
        """Each is written when its turn comes."""
        plan, folder = self._plan, self._folder
        if plan.text is not None:
            yield texts.given(plan.text, folder)
        for size in plan.sizes:
            yield texts.of_size(size, folder, plan.seed)
        if plan.others:
            yield texts.one_word(folder)
            yield texts.distinct(folder)

    def _contenders(self, text: Text) -> Iterator[Contender]:
        plan, there, seconds = self._plan, self._there, self._plan.timeout
        size = text.megabytes
        first = next(iter(there.own.values()))
        yield Program(COUNTER, "counting", seconds)
        if self._python is not None:
            yield Lithops(self._python, self._folder, seconds)
        for name in plan.orchestrations_for(size):
            yield Client(PACKED, there.own[name], PACKED, self._folder, seconds)
        for name in plan.emit_all_for(size):
            yield Client(EMIT_ALL, there.emit_all[name], PACKED, self._folder, seconds)
        if size <= plan.objects:
            yield Ceiling(first, seconds)
            yield Serial(first, seconds)
            for name in plan.orchestrations:
                yield Client(OBJECTS, there.own[name], OBJECTS, self._folder, seconds)

    def on(self, text: Text) -> None:
        """Run every contender on a text."""
        entered: list[tuple[Contender, Series]] = []
        for contender in self._contenders(text):
            series = Series(contender.name, contender.orchestration, text.name, text.megabytes, text.words)
            self._results.series.append(series)
            self._warm_up(contender, series, text)
            if series.failure is None:
                entered.append((contender, series))
        for turn in range(1, self._plan.runs + 1):
            for contender, series in entered:
                if series.failure is None and self._once(contender, series, text):
                    say(f"{text.name}, run {turn}/{self._plan.runs} of {series.title}: {series.runs[-1].seconds:.2f} s")

    def _warm_up(self, contender: Contender, series: Series, text: Text) -> None:
        """A run that is not counted. Where the client is run, it is one whose requests and price are."""
        if isinstance(contender, Client):
            try:
                series.cost = contender.cost(text, self._architecture)
            except (ClientError, TelemetryError) as error:
                say(f"note: what a run of {series.title} on {text.name} costs is not known: {error}")
            else:
                say(f"{text.name}, {series.title}: warmed up")
                return
        if self._once(contender, series, text):
            say(f"{text.name}, {series.title}: warmed up in {series.runs.pop().seconds:.2f} s (not counted)")

    def _once(self, contender: Contender, series: Series, text: Text) -> bool:
        try:
            series.runs.append(contender.run(text))
        except (CommandFailedError, WrongCountsError) as error:
            series.failure = str(error)
            say(f"failed: {series.title} on {text.name}: {error}")
            return False
        return True

    def _cold_starts(self) -> None:
        deployment = next(iter(self._there.own.values()))
        try:
            measured = cold_start.measure(deployment, _COLD_STARTS)
        except subprocess.CalledProcessError as error:
            self._fail("import", error.stderr.decode(errors="replace").strip()[-500:])
            return
        for function, (took, used) in measured.items():
            self._results.cold_starts[function], self._results.cold_cpu[function] = took, used
            say(f"import of {function} in a fresh process: {took.median * 1000:.0f} ms, of CPU time {used.median * 1000:.0f} ms")

    def _fail(self, part: str, why: str) -> None:
        self._results.series.append(Series(part, None, "no text", 0.0, 0, failure=why))
        say(f"failed: {part}: {why}")

    def _emit(self) -> None:
        text = texts.of_size(1.0, self._folder, self._plan.seed)
        try:
            with as_lambda() as place:
                command = [str(place.python), "-m", "scripts.bench.emit_cost", PACKED, str(text.path)]
                told = json.loads(clock(command, self._plan.timeout, environment=place.environment(paths.ROOT)).output)
        except CommandFailedError as error:
            self._fail("emit alone", str(error))
            return
        finally:
            text.path.unlink()
        for name in ("emit", "emit_all"):
            microseconds = told[name] / told["words"] * _MICROSECONDS
            self._results.emit_microseconds[name] = round(microseconds, 4)
            say(f"{name} in packed: {microseconds:.3f} µs of CPU time for each word")

    def fan_outs(self) -> None:
        """Run fan-outs of all sizes by all ways. Note what a client refuses: an orchestration may take fewer."""
        given: dict[str, Any] = {"architecture": self._architecture, "timeout_seconds": self._plan.timeout}
        ways: dict[str, Callable[[int], float]] = {
            name: partial(fan_out.run, one, **given) for name, one in self._there.own.items()
        }
        if (bare := self._there.own.get(_BARE_ORCHESTRATION)) is not None:
            ways[fan_out.BARE] = partial(fan_out.invoke, bare, timeout_seconds=self._plan.timeout)
        for branches in self._plan.branches:
            measured = {name: FanOut(name, branches) for name in ways}
            for turn in range(self._plan.runs + 1):
                for name, one in [(name, one) for name, one in measured.items() if one.failure is None]:
                    try:
                        took = ways[name](branches)
                        one.runs += [took] if turn else []
                    except UsageError as error:
                        del measured[name]
                        self._results.notes.append(f"{branches} branches are not measured under {name}: {error}")
                    except (ClientError, RuntimeError) as error:
                        one.failure = str(error)
                        say(f"{branches} branches, {name}: {error}")
            self._results.fan_outs += measured.values()
            for name, one in measured.items():
                if one.seconds:
                    say(f"{branches} branches, {name}: {one.seconds.median:.2f} s")
