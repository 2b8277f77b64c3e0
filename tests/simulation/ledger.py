"""All that a simulated run without faults sends and stores, as lines of text that are the same each time.

The ledgers that are expected lie in `ledgers/`. Where a change of them is meant, `python -m tests.simulation.ledger` writes them
anew, and the difference is for the reviewer to read.
"""

import json
import re
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from scripts.orchestrations import ORCHESTRATIONS
from tests.simulation import jobs
from tests.simulation.faults import Fatal
from tests.simulation.observer import RUN
from tests.simulation.scenario import OUTPUT, Plain, Scenario
from tests.simulation.simulation import Simulation
from tests.simulation.test_resume import Resumed
from tests.simulation.workflows import CHAIN, TWO_FAN_OUTS
from tests.simulation.world import START_SECONDS

FOLDER = Path(__file__).parent / "ledgers"

_HALF_A_MINUTE = 30.0
_YEAR = 365 * 86400


class Ledger:
    """What happens in one simulation, as lines.

        square <- {envelope}          an envelope that reaches a function
        square -> {answer}            what an invocation answers
        bucket/key = {body}           what was last written there
        table[key] = {item}

    A time is written as the minutes from the run's beginning, and a request id without its number: neither is the same in each
    run. Events that AWS makes, and not the project's code, are left out.
    """

    def __init__(self, simulation: Simulation) -> None:
        self._said: set[str] = set()
        self._stored: dict[str, bytes | str] = {}
        self._run = simulation.service.run
        simulation.service.run = self._invoked  # type: ignore[method-assign]
        simulation.buckets.watchers.append(lambda told: self._store(f"{told.bucket}/{told.key}", told.body))
        simulation.tables.watchers.append(lambda told: self._store(f"{told.table}[{told.key}]", json.dumps(told.after)))

    def lines(self) -> list[str]:
        """Return the lines in the order of the alphabet."""
        return sorted(self._said | {_line(f"{where} =", body) for where, body in self._stored.items()})

    def _store(self, where: str, body: bytes | str) -> None:
        self._stored[where] = body

    def _invoked(self, function: str, payload: bytes, request_id: str, lineage: Any, ended: Any) -> None:
        event = json.loads(payload)
        if "Session" in event:
            self._said.add(_line(f"{function} <-", payload))

        def told(value: Any, error: Any) -> None:
            if "Scheduled Event" not in event.values():
                self._said.add(_line(f"{function} ->", json.dumps(value if error is None else error)))
            ended(value, error)

        self._run(function, payload, request_id, lineage, told)


def _line(what: str, body: bytes | str) -> str:
    said = _said(body)
    for pattern, instead in ((r"request-\d+", "request-N"), (r"\d\.json by ", "N.json by "), (RUN, "RUN")):
        said, what = re.sub(pattern, instead, said), re.sub(pattern, instead, what)
    return f"{re.sub(r'(?<=/)[0-9]{10}(?= )', lambda found: _timeless(found[0]), what)} {said}"


def _said(body: bytes | str) -> str:
    if not body:
        return "nothing"
    try:
        return json.dumps(_timeless(json.loads(body)), ensure_ascii=False, sort_keys=True)
    except UnicodeDecodeError:
        return "binary"  # compressed, which another version of the library does in another way
    except ValueError:
        return repr(body)


def _timeless(value: Any) -> Any:
    """Return a document whose times are minutes since the run began, and whose tracebacks are gone."""
    match value:
        case dict():
            return {name: _timeless(each) for name, each in value.items() if name not in ("traceback", "stackTrace")}
        case list():
            return [_timeless(each) for each in value]
        case float() | int() if abs(value - START_SECONDS) < _YEAR:
            return f"{(value - START_SECONDS + _HALF_A_MINUTE) // 60:+.0f} min"
        case str() if re.fullmatch(r"\d{10}", value):
            return _timeless(int(value))
        case str() if re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:]+\+00:00", value):
            return _timeless(datetime.fromisoformat(value).timestamp())
        case str() if value.startswith("{"):
            return json.dumps(_timeless(json.loads(value)), sort_keys=True)
    return value


_POISONED = Plain(of=CHAIN, document={"upto": 2}, severity="fatal", fatal=Fatal("square", 2, "raises"))
_SCENARIOS: dict[str, Scenario] = {
    "a chain of functions around a fan-out": Plain(of=CHAIN, document={"upto": 2}, severity="survivable"),
    "fan-outs whose values are too large for their carriers": Plain(
        of=TWO_FAN_OUTS, document=["ab", "abcd"], severity="survivable", small_carriers=True
    ),
    "fan-outs over nothing": Plain(of=TWO_FAN_OUTS, document=[], severity="survivable"),
    "a branch that fails for good": _POISONED,
}

_SHUFFLED = {
    "words, with the shuffle objects": Scenario(("to be é", "to be"), 2, "survivable", shuffle="objects", job=jobs.VARIOUS),
    "words, with the shuffle packed and parts in S3": Scenario(
        ("to be é", "to be"), 2, "survivable", shuffle="packed", job=jobs.COMBINED, output=OUTPUT
    ),
}
"""Of one orchestration: functions do the same under all."""


def ledgers(orchestration: str) -> dict[str, list[str]]:
    """Return what happens in each scenario, by its title."""

    def ledger(scenario: Scenario, begin: Callable[[Simulation], Any] = lambda _: None) -> list[str]:
        simulation = Simulation(orchestration, 1, scenario=scenario, forced={})
        made = Ledger(simulation)
        begin(simulation)
        report = simulation.run()
        assert report.violations == []
        return made.lines()

    scenarios = _SCENARIOS | (_SHUFFLED if orchestration == "sfn" else {})
    told = {title: ledger(scenario) for title, scenario in scenarios.items()}
    return told | ({"a failed run that is resumed": ledger(_POISONED, Resumed)} if orchestration == "http_only" else {})


def text(orchestration: str) -> str:
    """Return the ledgers of an orchestration as its file holds them."""
    return "\n".join("\n".join([f"# {title}", *lines, ""]) for title, lines in ledgers(orchestration).items())


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name in ORCHESTRATIONS:
        (FOLDER / f"{name}.txt").write_text(text(name), encoding="utf-8")
