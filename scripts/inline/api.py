"""`run` and `run_job`: a job from Python, for notebooks and for tests of one's own functions."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any

from runtime.mapreduce.user_code import in_folder, using
from scripts.inline.chunks import spread
from scripts.inline.reading import content_of, read_contents
from scripts.inline.steps import Contents, run_steps
from scripts.jobs.job import Input, Job, Step

Text = str | Path | Iterable[str] | Iterable[Path]
"""A text; a file or a folder, as a Path, or several; or the texts of the mappers, one for each."""


class Result(dict[str, Any]):
    """A run's result, `{word: value}`.

    Attributes:
        counters: the sums of what the functions have counted, by name.
    """

    def __init__(self, values: Mapping[str, Any], counters: Mapping[str, int]) -> None:
        super().__init__(values)
        self.counters = dict(counters)


def run(
    user_map: Callable[..., Any],
    user_reduce: Callable[..., Any],
    input: Text,
    *,
    user_combine: Callable[..., Any] | None = None,
    params: Mapping[str, Any] | None = None,
    num_reducer: int = 3,
    shuffle: str = "packed",
) -> Result:
    """Run a map and a reduce over an input, as a run on Lambda would, but in this process and in memory.

    The text is cut at line ends for some mappers; where cuts matter, give a list of texts, one for each mapper. The words are
    spread over reducers, values pass through JSON, and a combiner is called, so that what goes wrong in a run goes wrong here.

    Args:
        user_map: takes a text, or a text and its source; see docs/jobs.md.
        user_reduce: takes a word and its values.
        input: a text; a file or a folder, as a Path, or a list of these; or a list of texts.
        user_combine: takes a word and some of its values. Only the layout `packed` calls it.
        params: what `param` hands out.
        num_reducer: how many reducers the words are spread over.
        shuffle: `packed` or `objects`.

    Raises:
        Exception: whatever these functions raise, or is wrong with what they emit or return.
    """
    functions = {"map": user_map, "reduce": user_reduce, "combine": user_combine}
    return _run(
        using(functions),
        (Step(num_reducer=num_reducer),),
        _contents(input, Input(), shuffle),
        lambda step: dict(params or {}),
        shuffle,
    )


def run_job(
    folder: str | os.PathLike[str],
    input: Text,
    *,
    params: Mapping[str, Any] | None = None,
    num_reducer: int | None = None,
    shuffle: str | None = None,
) -> Result:
    """Run the job in a folder over an input, all of its steps, as `run` does.

    Args:
        folder: with user_map.py, user_reduce.py and perhaps job.toml.
        input: as for `run`; each file and each text is read as job.toml says.
        params: in the place of the job's own of the same names.
        num_reducer: in the place of what job.toml says.
        shuffle: likewise.

    Raises:
        JobError: the folder holds no job.
        Exception: as `run`.
    """
    job = Job.read(Path(folder))
    layout = shuffle or job.shuffle or "packed"

    def params_of(step: Step) -> dict[str, Any]:
        return {**job.params, **step.params, **(params or {})}

    contents = _contents(input, job.input, layout, job.chunk_bytes)
    steps = [replace(step, num_reducer=num_reducer or step.num_reducer) for step in job.steps]
    return _run(in_folder(str(job.folder)), steps, contents, params_of, layout)


def _run(code: AbstractContextManager[None], *arguments: Any) -> Result:
    with code:
        outcome = run_steps(*arguments)
    return Result(outcome.result, outcome.counters)


def _contents(input: Text, form: Input, shuffle: str, chunk_bytes: int | None = None) -> Contents:
    if isinstance(input, str):
        return spread([content_of(input, form)])
    given = [input] if isinstance(input, Path) else list(input)
    if given and all(isinstance(each, Path) for each in given):
        return read_contents([str(each) for each in given], form, shuffle, chunk_bytes).contents
    return [content_of(str(text), form) for text in given]
