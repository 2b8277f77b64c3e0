"""How long a run of the layout `objects` will emit, and what that costs, worked out before it starts: each emitted word is an
object, and a store takes so many a second. Packed pairs are an object for each mapper, so nothing has to be worked out for them.

With W words in all, w words in the chunk that has the most, c mappers at once, and R the store's puts a second::

    the run's mappers   W / min(R, c × r) seconds in all
    the slowest mapper  the larger of  w / r  and  the words of the c largest chunks / R

r is what one mapper reaches alone: it keeps 32 puts under way, each of which takes S3 some 45 ms. The second line says that the
c largest chunks are mapped at the same time and share the store evenly. An attempt that runs into its time limit begins anew,
so a mapper that needs longer than that ends in no attempt.

What a map emits can't be known. The default one emits each word that whitespace parts, and this is what is counted here.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from math import ceil

from runtime.mapreduce.objects.pace import S3_PUTS_PER_SECOND
from scripts.client.deployment import Deployment
from scripts.client.errors import UsageError
from scripts.client.orchestrations import ORCHESTRATIONS

AWS_MAPPER_PUTS_PER_SECOND = 700

EMBEDDED_PUTS_PER_SECOND = 1000
"""About, on two processors; one mapper alone reaches it, too."""

INLINE_MAP_CONCURRENCY = 40
"""Of a Map state that is not distributed: https://docs.aws.amazon.com/step-functions/latest/dg/state-map.html"""

PUT_USD = 0.000005
"""List price of a PUT request; scripts/compare/prices.json says where it is from."""

_TOLD_FROM_SECONDS = 60
_TOLD_FROM_USD = 0.05
_MARGIN = 0.8

_PACKED = "let each mapper store one object in place of one for each word (--shuffle packed)"


@dataclass(frozen=True)
class Estimate:
    """What is expected of a run.

    Attributes:
        words: how many the chunks have, from the most to the fewest.
        bound: how many mappers run at once at most, None if nothing is known that bounds them.
        store: puts a second that the store takes.
        alone: puts a second that one mapper reaches.
        limit_seconds: that a mapper may run.
        embedded: whether it is the embedded AWS that it runs on, and money is saved.
    """

    words: Sequence[int]
    bound: int | None
    store: int
    alone: int
    limit_seconds: int
    embedded: bool = False

    @property
    def at_once(self) -> int:
        """How many mappers run at the same time."""
        return min(len(self.words), self.bound or len(self.words))

    @property
    def seconds(self) -> float:
        """Until all mappers have ended."""
        return max(sum(self.words) / min(self.store, max(1, self.at_once) * self.alone), self.mapper_seconds)

    @property
    def mapper_seconds(self) -> float:
        """That the slowest mapper needs."""
        return max(sum(self.words[: self.at_once]) / self.store, max(self.words, default=0) / self.alone)

    @property
    def fits(self) -> bool:
        """Whether every mapper can end within its time limit."""
        return self.mapper_seconds <= self.limit_seconds

    @property
    def notice(self) -> str | None:
        """What the user is told of a run that takes long or costs much; None of one that doesn't."""
        if self.seconds <= _TOLD_FROM_SECONDS and self.usd <= _TOLD_FROM_USD:
            return None
        # Two digits say enough of an estimate.
        price = f"costs {self.usd:{'.2g' if self.usd < 10 else '.0f'}} USD{' on AWS' if self.embedded else ''}"
        return f"{self.objects}: emitting takes about {duration(self.seconds)} and {price}. For less of both, {_PACKED}"

    @property
    def usd(self) -> float:
        """What AWS asks for the puts."""
        return sum(self.words) * PUT_USD

    @property
    def objects(self) -> str:
        """What is emitted, and how fast the store takes it."""
        total = f"{sum(self.words):,}"
        return (
            f"the input has {total} words, each an object if the map emits it, and the store takes about {self.store:,} a second"
        )


def estimate(deployment: Deployment, texts: Iterable[str], account_concurrency: int | None = None) -> Estimate:
    """Estimate a run of these chunks; `account_concurrency` is how many functions the account runs at once, if that is known."""
    mapper = deployment.workflow.first.name
    inline = INLINE_MAP_CONCURRENCY if deployment.sfn_map_mode == "INLINE" else None
    bounds = [bound for bound in (inline, deployment.concurrency.get(mapper), account_concurrency) if bound]
    words = sorted((len(text.split()) for text in texts), reverse=True)
    rates = (EMBEDDED_PUTS_PER_SECOND,) * 2 if deployment.is_embedded else (int(S3_PUTS_PER_SECOND), AWS_MAPPER_PUTS_PER_SECOND)
    limit = deployment.timeout_of(mapper)
    return Estimate(words, min(bounds, default=None), *rates, limit, deployment.is_embedded)


def refuse_if_endless(deployment: Deployment, found: Estimate, largest_bytes: int) -> None:
    """Refuse a run whose mappers can't end, or can't all begin; `largest_bytes` is the size of the largest chunk.

    Raises:
        UsageError: says what to do.
    """
    kind = ORCHESTRATIONS[deployment.orchestration]
    if kind.kept_seconds is not None and found.seconds > kind.kept_seconds:
        raise UsageError(
            f"{found.objects}: the mappers need about {duration(found.seconds)} in all, and what waits for them is kept "
            f"for {duration(kind.kept_seconds)}. Nothing was started: {_PACKED}; or count the input in parts, one run after the "
            "other; or if the map emits fewer, start it all the same with --force"
        )
    if found.fits:
        return
    sharing = f", which {found.at_once} mappers share" if found.at_once > 1 else ""
    needs = f"a mapper needs about {duration(found.mapper_seconds)} and may run {duration(found.limit_seconds)}"
    forced = "if the map emits fewer, start it all the same with --force"
    ways = "; or ".join([_PACKED, *_ways(deployment, found, largest_bytes), forced])
    raise UsageError(f"{found.objects}{sharing}: {needs}. Nothing was started: {ways}")


def _ways(deployment: Deployment, found: Estimate, largest_bytes: int) -> list[str]:
    """What would make each mapper end in time, with something to spare."""
    ways = []
    needed = found.mapper_seconds / _MARGIN
    smaller = found.limit_seconds / needed
    each = max(1, int(max(found.words) * smaller))
    if replace(found, words=[each] * ceil(sum(found.words) / each)).fits:
        ways.append(f"use smaller chunks (--chunk-bytes {max(1, int(largest_bytes * smaller))})")
    if needed <= ORCHESTRATIONS[deployment.orchestration].longest_seconds:
        ways.append(f"deploy with timeout_seconds={ceil(needed)}")
    return ways or ["count the input in parts, one run after the other"]


def duration(seconds: float) -> str:
    """`45 s`, `3 min 20 s` or `2 h 5 min`."""
    whole = ceil(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"
