"""What one schedule is about: the input, the job, the layout of its shuffle, the severity of its faults. All from the seed."""

import hashlib
import json
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import accumulate, pairwise
from random import Random
from typing import Any, get_args

from runtime.mapreduce.keys import reducer_id
from tests.one_process import Job
from tests.simulation import jobs
from tests.simulation.faults import Fatal, Severity
from tests.simulation.objects import e_tag
from tests.simulation.workflows import WORDCOUNT, Outputs, Workflow

SHUFFLE = "sim-shuffle"
INPUT = "run0/parts/part-00000.jsonl"
"""The object in the shuffle's bucket that ranged texts are read from, as if another run had written it."""

OUTPUT = f"s3://{SHUFFLE}/run1/parts/"

WORDS = ("a", "b", "to", "be", "not", "or", "é", "a/b", "%", ".", "..", "x" * 600, "名前")
_WIDE = tuple(f"w{number}" for number in range(40))


@dataclass(frozen=True)
class Scenario:
    """One schedule's givens.

    Attributes:
        texts: of the chunks.
        small_carriers: whether payloads, states and items hold so little that claim checks are needed.
        small_blocks: whether packed objects are uploaded in parts of several segments and frames, and read in ranges.
        page_size: keys on a page of a listing.
        attended: whether the client of http_only stays for the answer.
        shuffle: the layout that the chunks ask for; None if they don't say.
        output: where the result goes in S3; None if it is returned.
        ranged: whether the mappers read their texts in S3, as ranges of one object: each text is a line, and the ranges' edges
            lie anywhere in the lines.
    """

    texts: tuple[str, ...]
    num_reducer: int
    severity: Severity
    fatal: Fatal | None = None
    small_carriers: bool = False
    small_blocks: bool = False
    page_size: int = 1000
    attended: bool = True
    shuffle: str | None = None
    job: Job = jobs.WORDS
    output: str | None = None
    ranged: bool = False

    @property
    def workflow(self) -> Workflow:
        """Whose functions run."""
        return WORDCOUNT

    @cached_property
    def input(self) -> bytes:
        """The object of the mappers' texts, if they are ranged."""
        return "".join(self.texts).encode()

    @cached_property
    def result(self) -> Any:
        """The only right one."""
        if self.output is None:
            return self.job.result(self.texts)
        told = {name: {"words": body.count(b"\n"), "bytes": len(body)} for name, body in self.parts.items()}
        return [
            {"part": f"{self.output}{name}", **told[name], "sha256": hashlib.sha256(body).hexdigest()}
            for name, body in self.parts.items()
        ]

    @cached_property
    def parts(self) -> dict[str, bytes]:
        """What an output in S3 consists of, by name."""
        parts = {f"part-{number:05d}.jsonl": b"" for number in self.partitions or [0]}
        for word, value in sorted(self.job.result(self.texts).items()):
            line = json.dumps([word, value], ensure_ascii=False, separators=(",", ":")) + "\n"
            parts[f"part-{reducer_id(word, self.num_reducer):05d}.jsonl"] += line.encode()
        return parts

    @property
    def counters(self) -> dict[str, int]:
        """What they must say in the end."""
        return jobs.counted(self.job, self.texts)

    @cached_property
    def partitions(self) -> list[int]:
        """The reducers that have something to do."""
        return sorted({reducer_id(word, self.num_reducer) for text in self.texts for word, _ in self.job.pairs(text)})

    @property
    def elements(self) -> list[Any]:
        """What the client gives to the workflow's first function, one for each of its branches: here the mappers' chunks."""
        asked: dict[str, Any] = {} if self.shuffle is None else {"shuffle": self.shuffle}
        if self.output is not None:
            asked["job"] = {"output": self.output}
        given = self._ranges() if self.ranged else [{"text": text} for text in self.texts]
        return [{**content, "destination": SHUFFLE, "numReducer": self.num_reducer, **asked} for content in given]

    def _ranges(self) -> list[dict[str, Any]]:
        ends = list(accumulate(len(text.encode()) for text in self.texts))
        # A line belongs to the range in which it begins; so the edge before it may lie anywhere in the line before.
        edges = [0, *((begin + end + 1) // 2 for begin, end in pairwise([0, *ends[:-1]])), ends[-1]]
        common = {"url": f"s3://{SHUFFLE}/{INPUT}", "etag": e_tag(self.input), "size": ends[-1], "format": "lines"}
        return [{"pieces": [{**common, "start": start, "end": end}]} for start, end in pairwise(edges)]

    def complaint(self, function: str, value: Any) -> str | None:
        """What is wrong with a value that a function returned, if that can be told without the rest of the run."""
        if function != "partition":
            return None
        if self.output and not self.partitions:
            return None if [element["partition"] for element in value] == [None] else "nobody writes the empty result"
        numbers = [int(element["partition"].removeprefix("reducer").rstrip("/")) for element in value]
        return None if numbers == self.partitions else f"the partitions are {numbers}, not {self.partitions}"


@dataclass(frozen=True, kw_only=True)
class Plain(Scenario):
    """One schedule of a workflow whose functions know of nothing but their event. `document` is what the run is given."""

    texts: tuple[str, ...] = ()
    num_reducer: int = 1
    of: Workflow
    document: Any

    @property
    def workflow(self) -> Workflow:
        """Whose functions run."""
        return self.of

    @cached_property
    def outputs(self) -> Outputs:
        """What each invocation returns."""
        return self.of.outputs(self.document)

    @property
    def result(self) -> Any:  # type: ignore[override]
        """The only right one: what the last function returns."""
        return list(self.outputs.values())[-1]

    @property
    def elements(self) -> list[Any]:
        """What the client gives to the workflow's first function."""
        return list(self.document) if self.of.first.takes == "branch" else [self.document]

    def complaint(self, function: str, value: Any) -> str | None:
        """Nothing: the inputs of the next function tell."""
        return None


def scenario_of(orchestration: str, seed: int) -> Scenario:
    """The scenario of one schedule."""
    return draw(Random(f"{orchestration}/{seed}/scenario"))


def plain_of(orchestration: str, seed: int, workflow: Workflow) -> Plain:
    """The scenario of one schedule of another workflow."""
    random = Random(f"{orchestration}/{seed}/{workflow.name}")
    severity: Severity = random.choices(get_args(Severity), (65, 20, 15))[0]
    small_carriers, page_size, attended = random.random() < 0.3, random.choice((2, 3, 1000)), random.random() < 0.7
    document = workflow.draw(random)
    common = {"severity": severity, "small_carriers": small_carriers, "page_size": page_size, "attended": attended}
    scenario = Plain(of=workflow, document=document, **common)
    if severity == "survivable" or (severity == "any" and random.random() < 0.5):
        return scenario
    function, index = random.choice(list(scenario.outputs))
    how: Any = random.choice(("raises", "is killed", "never ends", "never begins"))
    return replace(scenario, fatal=Fatal(function, index, how))


def draw(random: Random) -> Scenario:
    """Draw a scenario."""
    scenario = _draw_words(random)
    shuffle, job, small_blocks = random.choice(_SHUFFLES), random.choice(_JOBS), random.random() < 0.4
    # The client gives at least one chunk where the result goes to S3.
    output = OUTPUT if random.random() < 0.3 and scenario.texts else None
    scenario = replace(scenario, shuffle=shuffle, job=job, small_blocks=small_blocks, output=output)
    if random.random() < 0.2 and scenario.texts:
        return replace(scenario, ranged=True, texts=tuple(f"{text}\n" for text in scenario.texts))
    return scenario


_SHUFFLES = (None, "objects", "packed", "packed")
_JOBS = (jobs.WORDS, jobs.WORDS, jobs.VARIOUS, jobs.COMBINED)


def _draw_words(random: Random) -> Scenario:
    """Mostly tiny; a few are wide, with more than ten branches, where orders by number and by text differ."""
    if random.random() < 0.03:
        many_chunks = random.random() < 0.5
        texts = [" ".join(random.choices(_WIDE, k=2 if many_chunks else 9)) for _ in range(11 if many_chunks else 4)]
        num_reducer = random.randint(12, 16)
    else:
        texts = [
            " ".join(random.choices(WORDS, k=random.randint(0, 5))) for _ in range(random.choice((0, 1, 1, 2, 2, 3, 3, 4, 5, 6)))
        ]
        num_reducer = random.randint(1, 4)
    severity: Severity = random.choices(get_args(Severity), (65, 20, 15))[0]
    small_carriers, page_size, attended = random.random() < 0.3, random.choice((2, 3, 1000)), random.random() < 0.7
    scenario = Scenario(
        tuple(texts), num_reducer, severity, small_carriers=small_carriers, page_size=page_size, attended=attended
    )
    if not (severity == "fatal" or (severity == "any" and random.random() < 0.5)):
        return scenario
    places = [("mapper", index) for index in range(1, len(texts) + 1)] + [("partition", 1), ("summary", 1)]
    places += [("reducer", number) for number in range(1, len(scenario.partitions) + 1)]
    function, index = random.choice(places)
    how: Any = random.choice(("raises", "is killed", "never ends", "never begins"))
    return replace(scenario, fatal=Fatal(function, index, how))
