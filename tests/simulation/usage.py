"""Which actions a function really uses, on which resource, and how many requests all make.

Recorded where a simulation's requests reach its services.
"""

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import replace
from typing import Any, NamedTuple

from scripts.package.workflow.model import RECORDER
from tests.simulation.scenario import Scenario
from tests.simulation.simulation import Simulation

PLAIN = Scenario(("to be " + "x" * 600, "or"), 2, "survivable")
"""Two chunks that take two reducers, and one word too long for a key."""


class Use(NamedTuple):
    """One action of a function.

    Attributes:
        resource: `bucket/key`, a table, a function's name; `bucket/` of a listing, `bucket` where an object wasn't there.
    """

    function: str
    action: str
    resource: str


def plain(orchestration: str, shuffle: str = "objects") -> set[Use]:
    """What a small run without faults uses in a layout."""
    return _run(Simulation(orchestration, 1, scenario=replace(PLAIN, shuffle=shuffle), forced={}))


def anything(orchestration: str, seeds: Collection[int]) -> set[Use]:
    """What runs under faults use: duplicates, claim checks, failures, hand-ons."""
    return {use for seed in seeds for use in _run(Simulation(orchestration, seed))}


def requests(simulation: Simulation) -> Counter[str]:
    """How many requests the workflow's functions make: `{"s3.PutObject": 3, ..., "invocations": 7}`."""
    counted, run = _Counted(simulation), simulation.service.run

    def invoked(function: str, *given: Any) -> None:
        counted.numbers["invocations"] += function != RECORDER
        run(function, *given)

    simulation.service.run = invoked  # type: ignore[method-assign]
    _watched(simulation, counted).run()
    return counted.numbers


def _run(simulation: Simulation) -> set[Use]:
    seen: set[Use] = set()
    _watched(simulation, _Recorder(simulation, seen)).run()
    return seen


def _watched(simulation: Simulation, recorder: Any) -> Simulation:
    for service in ("obstore", "dynamodb", "lambda_client"):
        setattr(simulation, service, _Watched(getattr(simulation, service), recorder))
    return simulation


class _Recorder:
    def __init__(self, simulation: Simulation, seen: set[Use]) -> None:
        self._requests, self._seen = simulation.requests, seen

    def note(self, method: str, arguments: tuple[Any, ...], options: dict[str, Any]) -> None:
        """Note a request of a function; the client's own are none."""
        process = self._requests.process
        if process.lineage is not None:
            self._seen |= {Use(process.function, *use) for use in _uses(method, arguments, options)}

    def note_missing(self, bucket: str) -> None:
        """S3 says 404 to those who may list the bucket, and 403 to others."""
        process = self._requests.process
        if process.lineage is not None:
            self._seen.add(Use(process.function, "s3:ListBucket", bucket))


class _Counted:
    def __init__(self, simulation: Simulation) -> None:
        self._requests, self.numbers = simulation.requests, Counter[str]()

    def note(self, method: str, arguments: tuple[Any, ...], options: dict[str, Any]) -> None:
        """Count a request of a function that is no recorder."""
        process = self._requests.process
        if process.lineage is not None and process.function != RECORDER:
            for action, _ in _uses(method, arguments, options):
                self.numbers[_OPERATIONS.get(action, action.replace(":", "."))] += 1

    def note_missing(self, bucket: str) -> None:
        """It is a request that is counted already."""


_OPERATIONS = {"s3:ListBucket": "s3.ListObjectsV2", "lambda:InvokeFunction": "lambda.Invoke"}
"""Actions whose operations have other names."""


class _Watched:
    def __init__(self, service: Any, recorder: _Recorder) -> None:
        self._service, self._recorder = service, recorder

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._service, name)
        if not callable(method) or name == "exceptions":
            return method

        def watched(*arguments: Any, **options: Any) -> Any:
            self._recorder.note(name, arguments, options)
            try:
                return method(*arguments, **options)
            except FileNotFoundError:
                self._recorder.note_missing(arguments[0])
                raise

        return watched


def _uses(method: str, arguments: tuple[Any, ...], options: dict[str, Any]) -> Iterator[tuple[str, str]]:
    match method:
        case "put":
            yield "s3:PutObject", "/".join(arguments[:2])
        case "get" | "get_range":
            yield "s3:GetObject", "/".join(arguments[:2])
        case "delete":
            yield "s3:DeleteObject", "/".join(arguments[:2])
        case "list" | "list_with_delimiter":
            yield "s3:ListBucket", f"{arguments[0]}/"
        case "invoke":
            yield "lambda:InvokeFunction", arguments[0]
        case "request":
            operation, wanted = arguments
            for table in wanted.get("RequestItems") or [wanted["TableName"]]:
                yield f"dynamodb:{operation}", table
