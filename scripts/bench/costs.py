"""What a run of the client asks of AWS, measured once for each text, layout and orchestration: requests, price, time by stage."""

from dataclasses import asdict, dataclass
from typing import Any

from scripts.bench.texts import Text
from scripts.client.deployment import Deployment
from scripts.client.input.reading import read_input
from scripts.client.input.sizing import Sizing
from scripts.compare import prices
from scripts.compare.measuring import Bench, LostLogError, Measured

_TRIES = 3


@dataclass(frozen=True)
class Cost:
    """Of one run.

    Attributes:
        chunks, reducers: mappers, and reducers that had something to do.
        requests: all that were made, by name, the client's included.
        usd: list prices of all that was used, GB-s on this machine included.
        s3_requests, s3_usd: what the functions asked of S3: the shuffle, and what an orchestration keeps in S3.
        stages, hand_over, start, finish: seconds, see `compare.timeline`.
    """

    chunks: int
    reducers: int
    requests: dict[str, int]
    usd: float
    s3_requests: dict[str, int]
    s3_usd: float
    stages: dict[str, float]
    hand_over: float
    start: float
    finish: float

    def as_json(self) -> dict[str, Any]:
        """The fields."""
        return {name: round(value, 9) if isinstance(value, float) else value for name, value in asdict(self).items()}


def measure(deployment: Deployment, layout: str, text: Text, architecture: str, timeout_seconds: float) -> Cost:
    """Run once, as `make compare` does, and gather what is known of it.

    Raises:
        ClientError: the run failed, or did not end in time.
        TelemetryError, IncompleteLogsError, LostLogError: it is not known.
    """
    elements = read_input(str(text.path), choose=Sizing.of(layout, deployment).chunk_bytes).elements
    bench = Bench(deployment, elements, architecture, timeout_seconds, shuffle=layout, lasting=False)
    for _ in range(_TRIES - 1):
        try:
            return cost_of(bench.run())
        except LostLogError:
            continue
    return cost_of(bench.run())


def cost_of(run: Measured) -> Cost:
    """What is told of a measured run."""
    s3 = {name: number for name, number in run.by_functions.items() if name.startswith("s3.")}
    price = prices.table()
    return Cost(
        chunks=run.chunks,
        reducers=run.branches[-1],
        requests=dict(run.requests),
        usd=sum(run.usd.values()),
        s3_requests=s3,
        s3_usd=prices.puts_and_lists(s3) * float(price["s3_put_list"]["usd"]) + prices.gets(s3) * float(price["s3_get"]["usd"]),
        stages=dict(run.times.stages),
        hand_over=run.times.hand_over,
        start=run.times.start,
        finish=run.times.finish,
    )
