"""What the user gets of a run that is done: a table, JSON, a file, or where in S3 the result is."""

import argparse
from pathlib import Path
from typing import Any

from scripts import program
from scripts.client.errors import ClientError
from scripts.client.report.choice import Choice
from scripts.client.report.console import say
from scripts.client.report.formats import format_of
from scripts.client.report.output import print_json, print_table, summed_up, to_blocks, write_output
from scripts.client.running.runs import StartedRun
from scripts.client.stored.output import Parts

_MANY_WORDS = 10_000
"""From which on the user is told how to get those that the table leaves out."""


def _has_words(run: StartedRun, result: Any) -> bool:
    """Whether the result is a table of words: else it is whatever the workflow's last function returned."""
    return run.aws.deployment.workflow.input == "chunks" and isinstance(result, dict)


def _parts(run: StartedRun, result: Any) -> Parts | None:
    """The parts that the functions have written to S3; None if they have returned the result."""
    return Parts.of(result) if run.aws.deployment.workflow.input == "chunks" else None


def told_of(run: StartedRun, result: Any) -> str:
    """What a result consists of, in words."""
    if (parts := _parts(run, result)) is not None:
        return str(parts)
    return summed_up(result) if _has_words(run, result) else f"{run.aws.deployment.workflow.name} is done"


def give_out(options: argparse.Namespace, run: StartedRun, result: Any, output: Path | None) -> None:
    """Write and print the result of a run as the options say.

    Raises:
        ClientError: it could not be written or printed, and is kept; says how to get it.
        StorageError: parts of it could not be read.
    """
    choice, parts = Choice.of(options), _parts(run, result)
    if parts and output is not None:
        raise ClientError(f"--output {options.output}: the run has written its result to {parts.url} already; read it there")
    if output is not None:
        try:
            write_output(output, to_blocks(result, choice, format_of(options.output)))
        except ClientError as error:
            raise ClientError(f"{error}; the result is kept: {run.how_to_attach} --output FILE") from error
    if parts and not options.json and parts.are_small:
        counts = dict(parts.pairs(run.aws))
        print_table(counts, choice.for_table(counts, choice.matching(counts)))
    elif parts and not options.json:
        if choice.rows and not options.quiet:
            say(f"note: the result is too large for a table; read its parts: {parts.url}")
    elif options.json or not _has_words(run, result):
        print_json(result, choice)
    else:
        words = choice.matching(result)
        print_table(result, choice.for_table(result, words))
        if not options.quiet:
            if choice.filter is not None:
                say(f"note: {len(words):,} of {len(result):,} words match --filter")
            if note := _where_the_rest_is(options, run, len(words), choice.rows):
                say(f"note: {note}")
    if problem := program.output_error():
        raise ClientError(f"the result could not be printed: {problem.strerror}; it is kept: {run.how_to_attach}") from problem


def _where_the_rest_is(options: argparse.Namespace, run: StartedRun, words: int, rows: int) -> str | None:
    """Where the words are that the table leaves out, if somebody might miss them."""
    if words <= max(rows, _MANY_WORDS):
        return None
    shown = f"these are {min(rows, words)} of {words:,} words"
    if options.output:
        return None if options.sort and options.top is not None else f"{shown}; all of them are in {options.output}"
    return f"{shown}; all of them in a file: {run.how_to_attach} --output FILE"
