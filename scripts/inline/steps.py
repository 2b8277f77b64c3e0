"""The steps of a job, one after the other: each after the first maps what the one before it has made, as JSON lines."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from runtime.mapreduce.job import Job as Settings
from runtime.mapreduce.keys import DEFAULT_NUM_REDUCER
from runtime.mapreduce.ranged.opening import Form
from scripts.client.input.content import Content
from scripts.client.input.sizing import Sizing
from scripts.client.report.formats import format_of
from scripts.client.report.output import to_blocks
from scripts.inline.chunks import events, spread
from scripts.inline.engine import BUCKET, Outcome, Tell, run_components
from scripts.jobs.job import Step

Contents = Sequence[Mapping[str, Any]]


def run_steps(
    steps: Sequence[Step],
    contents: Contents,
    params_of: Callable[[Step], dict[str, Any]],
    shuffle: str,
    tell: Tell = lambda function, number, size: None,
) -> Outcome:
    """Run a job over what its first mappers are given to read.

    What comes of it is what comes of the last step, but for the counters, which are those of all steps.

    Raises:
        Exception: whatever a component raises.
    """
    counters: dict[str, int] = {}
    for number, step in enumerate(steps, 1):
        settings = Settings(params=params_of(step), modules=step.by_kind).checked()
        reducers = step.num_reducer or DEFAULT_NUM_REDUCER
        outcome = run_components(events(contents, BUCKET, reducers, shuffle, settings.json()), tell)
        for name, value in outcome.counters.items():
            counters[name] = counters.get(name, 0) + value
        if number < len(steps):
            contents = _next_contents(outcome.result, f"step {number}", shuffle)
    return replace(outcome, counters=dict(sorted(counters.items())))


def _next_contents(result: Mapping[str, Any], name: str, shuffle: str) -> Contents:
    lines = list(to_blocks(result, form=format_of("a.jsonl")))
    made = Content.open(name, name, lines, Form(format="jsonl"))
    return spread(list(made.cut(made.blocks, Sizing(shuffle).chunk_bytes(sum(map(len, lines))))))
