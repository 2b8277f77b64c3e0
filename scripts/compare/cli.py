"""The order of things: input, deployments, a run of each to warm up, then the measured runs by turns, the check, the table.

By turns (a b c d e, a b c d e, ...), so that whatever else the machine does in a minute falls on all of them.

Exit codes: 0 done; 1 a run failed, or results differ; 2 bad usage or input; 130 interrupted; else what the failed command gave.
"""

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from scripts import paths
from scripts.client.cli import whole
from scripts.client.deployment import find_deployments
from scripts.client.errors import ClientError, InputError, UsageError
from scripts.client.input.chunks import Element, texts_in
from scripts.client.input.layout import LAYOUTS, OBJECTS
from scripts.client.input.reading import Input, form_of, read_input
from scripts.client.input.sizing import Sizing
from scripts.client.running.job import settings
from scripts.compare import prices, table
from scripts.compare.measuring import STEPS, Bench, Measured, counted
from scripts.compare.timeline import TelemetryError
from scripts.deploy import targets
from scripts.deploy.choice import choose
from scripts.deploy.errors import PrerequisiteError
from scripts.jobs.job import Input as Said
from scripts.jobs.job import Job, JobError
from scripts.orchestrations import ORCHESTRATIONS, some
from scripts.steps import StepFailedError


class DifferError(Exception):
    """Two runs of the same input gave different results."""

    exit_code = 1


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the comparison; returns the exit code, and prints what went wrong."""
    options = _parser().parse_args(arguments)
    options.orchestration = _chosen(options)
    try:
        targets.check_variables(targets.split_variables(options.vars))
        job = _job(options.job) if options.job else None
        options.shuffle = options.shuffle or (job and job.shuffle) or ""
        # All get the same chunks, before anything is deployed that could say more of them.
        given = _read(options, job)
        if not any(text.strip() for element in given.elements for text in texts_in(element.content)):
            raise InputError(f"{options.input} has no words: there is nothing to compare")
        with _deployed(options.orchestration, options.job, options.vars, keep_up=options.keep_up) as lasting:
            warm_up, runs = _measure(options, given, job, lasting=lasting)
    except (ClientError, PrerequisiteError, StepFailedError, TelemetryError, DifferError) as error:
        print(f"compare: {error}", file=sys.stderr)
        return error.exit_code
    if options.json:
        json.dump(table.as_json(runs, {run.orchestration: run.times.end_to_end for run in warm_up}), sys.stdout, indent=1)
        print()
    else:
        table.show(runs)
    return 0


def _job(folder: str) -> Job:
    """The job in a folder. Raises UsageError: it can't be compared."""
    try:
        job = Job.read(Path(folder))
    except JobError as error:
        raise UsageError(str(error)) from None
    if len(job.steps) > 1:
        raise UsageError(f"the job {job.name} has {len(job.steps)} steps, and a run that is measured has one")
    return job


def _read(options: argparse.Namespace, job: Job | None) -> Input[Element]:
    said = job.input if job else Said()
    of_text = form_of(said.encoding, said.header, said.multiline)
    sizing = Sizing(options.shuffle or OBJECTS)
    return read_input(
        options.input, said.format or "auto", job.chunk_bytes if job else None, choose=sizing.chunk_bytes, of_text=of_text
    )


@contextmanager
def _deployed(orchestrations: Sequence[str], job: str = "", variables: str = "", *, keep_up: bool) -> Iterator[bool]:
    """The embedded AWS with these orchestrations on it, while the body runs, which is told whether it goes on after that.

    All get the same variables of Terraform, whatever they were deployed with before: else they could not be compared.

    Raises:
        StepFailedError: one of the commands did.
    """
    chosen = ("--job", job) if job else ()
    given = (f"--vars={variables}",) if variables else ()
    with STEPS.embedded(keep_up=keep_up, packaging=chosen) as lasting:
        for number, name in enumerate(orchestrations, 1):
            title = f"terraform apply {number}/{len(orchestrations)}: {name}"
            where = ("--target", "embedded", "--orchestration", name, *chosen, *given)
            STEPS.run(title, "scripts.deploy", "apply", "--unless-current", *where)
        yield lasting


def _measure(
    options: argparse.Namespace, given: Input[Element], job: Job | None = None, *, lasting: bool
) -> tuple[list[Measured], table.Runs]:
    """The runs to warm up, and the measured ones by orchestration. Raises DifferError."""
    architecture = prices.architecture(job.build if job else paths.BUILD)
    chosen = {name: choose(name, job=options.job) for name in options.orchestration}
    deployments = {name: find_deployments("embedded", name, choice.prefix, choice.region)[0] for name, choice in chosen.items()}
    benches = {
        name: Bench(
            deployment,
            given.elements,
            architecture,
            options.timeout,
            shuffle=options.shuffle or None,
            job=settings(None, job),
            num_reducer=job.steps[0].num_reducer if job else None,
            lasting=lasting,
        )
        for name, deployment in deployments.items()
    }
    warm_up: list[Measured] = []
    for name, bench in benches.items():
        warm_up.append(counted(name, bench))
        STEPS.say(f"{name}: warmed up in {warm_up[-1].times.end_to_end:.2f} s (not counted)")
        _check(warm_up[0], warm_up[-1])
    runs: dict[str, list[Measured]] = {name: [] for name in benches}
    for turn in range(1, options.runs + 1):
        for name, bench in benches.items():
            measured = counted(name, bench)
            runs[name].append(measured)
            STEPS.say(f"run {turn}/{options.runs} of {name}: {measured.times.end_to_end:.2f} s")
            _check(warm_up[0], measured)
    STEPS.say(f"all {len(benches) * (options.runs + 1)} results are the same {len(warm_up[0].counts)} bytes")
    return warm_up, runs


def _check(first: Measured, other: Measured) -> None:
    if first.counts == other.counts:
        return
    one, two = (json.loads(each.counts) for each in (first, other))
    words = sorted(word for word in one.keys() | two.keys() if one.get(word) != two.get(word))
    example = f"{words[0]!r} is {one.get(words[0])} and {two.get(words[0])}"
    raise DifferError(f"{first.orchestration} and {other.orchestration} differ in {len(words)} words: {example}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="make compare",
        description="Run one input through all orchestrations on the embedded AWS; compare times, requests and cost.",
        allow_abbrev=False,
    )
    parser.add_argument(
        "--input", default="samples/lighthouse.json", metavar="INPUT", help="a file or folder; default: %(default)s"
    )
    parser.add_argument("--runs", type=whole(1), default=5, metavar="N", help="measured runs of each; default: %(default)s")
    parser.add_argument(
        "--orchestration",
        action="extend",
        type=some,
        metavar="NAMES",
        help=f"some of {', '.join(ORCHESTRATIONS)}, separated by commas or spaces; may be given several times; default: all",
    )
    parser.add_argument(
        "--shuffle", choices=("", *LAYOUTS), default="", help="layout of the shuffle in all runs; default: the deployment's"
    )
    parser.add_argument("--job", default="", metavar="FOLDER", help="a job's folder; default: the user code in functions/")
    parser.add_argument("--vars", default="", metavar="TEXT", help="variables of terraform/variables.tf for all, NAME=VALUE ...")
    parser.add_argument("--json", action="store_true", help="all numbers of all runs, as JSON, in place of the table")
    parser.add_argument("--keep-up", action="store_true", help="let an embedded AWS that was started here go on running")
    parser.add_argument("--timeout", type=float, default=600.0, metavar="SECONDS", help="of one run; default: %(default)s")
    return parser


def _chosen(options: argparse.Namespace) -> list[str]:
    """Each once, in the order given."""
    return list(dict.fromkeys(options.orchestration or ORCHESTRATIONS))
