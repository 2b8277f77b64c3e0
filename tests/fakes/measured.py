"""A measured run with made-up numbers."""

from scripts.compare.measuring import Measured
from scripts.compare.prices import Usage, cost
from scripts.compare.timeline import HandOver, Invocation, Times

COUNTS = b'{\n  "a": 2\n}\n'


def measured(orchestration: str = "sfn", seconds: float = 2.0, counts: bytes = COUNTS, notes: tuple[str, ...] = ()) -> Measured:
    requests = {"s3.PutObject": 1002, "s3.HeadObject": 10, "lambda.Invoke": 1}
    fields = {"function": "summary", "outcome": "ok", "cold": True, "started": 1.0, "component_ms": 10, "requests": {}}
    return Measured(
        orchestration=orchestration,
        run="r1",
        counts=counts,
        chunks=1,
        branches=[2, 1],
        words=1000,
        times=Times(seconds, 1.0, 0.1, (HandOver("mapper-partition", 0.25, 0.5),), 0.1, {"mapper": 1.0}),
        invocations=(Invocation.parse(fields, (100, 512)),),
        requests=requests,
        by_functions={"s3.PutObject": 1001},
        transitions=6,
        write_units=0.0,
        read_units=0.0,
        gb_seconds=0.05,
        usd=cost(Usage(requests, 1, 0.05, "x86_64", 6, 0.0, 0.0)),
        notes=notes,
    )
