"""What a run consists of, before anything is written of it: where it goes, what it is given, and what the user should know."""

import argparse
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from typing import Any

from runtime.mapreduce.keys import DEFAULT_NUM_REDUCER
from runtime.mapreduce.ranged.opening import Form
from runtime.record import replace
from scripts.client.aws.capacity import Capacity
from scripts.client.aws.clients import Aws
from scripts.client.deployment import Deployment, find_deployments
from scripts.client.errors import ClientError, UsageError
from scripts.client.input.chunks import Element, bytes_in, joined_in
from scripts.client.input.layout import OBJECTS, layout_of, told_to_mappers
from scripts.client.input.reading import Input, form_of, is_s3, read_input
from scripts.client.input.settling import Chunk, check_destination, made_of, settle
from scripts.client.input.sizing import Sizing
from scripts.client.orchestrations import ORCHESTRATIONS, Orchestration
from scripts.client.report.formats import format_of, json_blocks
from scripts.client.running.run_id import check_run_id, new_run_id
from scripts.client.running.runs import find_run
from scripts.client.stored.claim import Claim
from scripts.client.stored.output import S3Output, output_of


@dataclass(frozen=True)
class Prepared:
    """A run that can be started.

    Attributes:
        elements: what it is given, see `Orchestration`.
        claim: of its id, without a deadline.
        output: where in S3 its result goes; None if it is returned.
        notices: what the user should know of it.
        told: what it consists of, in words.
    """

    aws: Aws
    orchestration: Orchestration
    capacity: Capacity
    elements: Sequence[Any]
    notices: Sequence[str]
    told: str
    claim: Claim
    output: S3Output | None = None


def prepare(options: argparse.Namespace) -> Prepared:
    """A run of what the options say: choose where, read the input, settle what each mapper is given.

    Raises:
        UsageError, InputError: it can't be started so.
        NothingDeployedError: there is nowhere to start it.
        StorageError: a request finally failed.
    """
    choose = cache(lambda: _with_defaults(options, chosen(options)))
    takes_document = False
    with suppress(ClientError):  # where no deployment can be chosen, what is wrong with INPUT is told first, as for text
        takes_document = choose().workflow.input == "document"
    return (_prepare_document if takes_document else _prepare_chunks)(options, choose)


def chosen(options: argparse.Namespace) -> Deployment:
    """The deployment that the options choose, looked for once.

    Raises:
        NothingDeployedError, UsageError: there is none, or it can't be told which.
    """
    if options.chosen is None:
        options.chosen = _choose(options)
    deployment: Deployment = options.chosen
    return deployment


def _choose(options: argparse.Namespace) -> Deployment:
    found = find_deployments(options.target, options.orchestration, options.prefix, options.region, options.job)
    if len(found) > 1:
        told = ("orchestration", "prefix", "region")
        apart = " and ".join(f"--{name}" for name in told if len({getattr(deployment, name) for deployment in found}) > 1)
        if not apart:
            raise UsageError(f"two states hold {found[0].name}: {' and '.join(map(str, found))}; destroy one of them")
        apart += " or --job" if any(deployment.job for deployment in found) else ""
        listed = ", ".join(sorted(deployment.name for deployment in found))
        raise UsageError(f"several deployments are there; choose one with {apart}: {listed}")
    if found[0].orchestration not in ORCHESTRATIONS:
        raise UsageError(f"this client can't start {found[0].orchestration}; it knows {', '.join(ORCHESTRATIONS)}")
    return found[0]


def _with_defaults(options: argparse.Namespace, deployment: Deployment) -> Deployment:
    """The deployment, after what its job says of the run, or of the step that the run is, has gone into the options."""
    options.sent = {}
    if options.step is not None:
        step = options.step
        options.sent, options.num_reducer, options.shuffle = step.settings, step.num_reducer, step.shuffle
    elif deployment.job or options.param:
        from scripts.client.running.job import read_job, settings, take_defaults

        job = read_job(options.job, deployment)
        take_defaults(options, job)
        options.sent = settings(options.param, job)
    return deployment


def _open(options: argparse.Namespace, deployment: Deployment) -> tuple[Aws, Orchestration, Capacity]:
    aws = Aws.open(deployment)
    orchestration = ORCHESTRATIONS[deployment.orchestration](aws, options.run_id or new_run_id())
    if orchestration.service:
        aws.warm_up(orchestration.service)
    return aws, orchestration, Capacity(aws)


def _prepare_document(options: argparse.Namespace, choose: Callable[[], Deployment]) -> Prepared:
    """A run of a workflow that takes a JSON document."""
    from scripts.client.input.document import read_document

    workflow = choose().workflow
    of_text = ("chunk_bytes", "chunks", "num_reducer", "destination", "shuffle", "param", "filter", "sort")
    if given := [f"--{name.replace('_', '-')}" for name in of_text if getattr(options, name) is not None]:
        raise UsageError(f"{', '.join(given)} can't be used: workflow {workflow.name} takes a JSON document, and cuts no text")
    if output_of(options):
        raise UsageError(f"--output {options.output}: workflow {workflow.name} returns its result; choose a file")
    if options.output and format_of(options.output) is not json_blocks:
        raise UsageError(f"--output {options.output}: what workflow {workflow.name} returns is no table of words; choose .json")
    if len(options.input) > 1:
        raise UsageError(f"workflow {workflow.name} takes one JSON document; give one INPUT")
    read = read_document(options.input[0], workflow)
    aws, orchestration, capacity = _open(options, choose())
    orchestration.check(read.elements)
    number = len(read.elements)
    told = f"{number} element{'s' * (number != 1)} for {workflow.first.name}" if workflow.begins_with_fan_out else "one document"
    claim = Claim(orchestration.run_id, aws.deployment.orchestration, number, None, None, options.keep)
    return Prepared(aws, orchestration, capacity, read.elements, read.notices, told, claim)


def _prepare_chunks(options: argparse.Namespace, choose: Callable[[], Deployment]) -> Prepared:
    """A run of a workflow that takes chunks of text."""
    given = _read(options, choose)
    aws, orchestration, capacity = _open(options, choose())
    deployment = aws.deployment
    output = output_of(options)
    elements: Sequence[Element] = given.elements
    if output:
        output.check_granted(deployment, orchestration.run_id)
        elements = elements or [Element("")]  # a mapper tells all others where the result goes
    asked = check_destination(aws, options.destination) if options.destination is not None else None
    sizing = _sizing(options, deployment)
    sent = options.sent
    if output:
        from scripts.client.running.job import checked

        sent = checked(sent | {"output": output.url})
    chunks, destination, num_reducer, notices = settle(
        elements,
        deployment.buckets,
        asked,
        options.num_reducer,
        {name: told for name, told in {"shuffle": told_to_mappers(sizing.layout, deployment), "job": sent}.items() if told},
        sizing.reducers(bytes_in(element.content) for element in given.elements),
    )
    orchestration.check(chunks)
    if sizing.layout == OBJECTS and (expected := _estimated(deployment, capacity, chunks, force=options.force)):
        notices = [*notices, expected]
    told = made_of(given, len(chunks), num_reducer or DEFAULT_NUM_REDUCER, sizing.layout)
    notices = [*given.notices, *notices]
    claim = Claim(
        orchestration.run_id,
        deployment.orchestration,
        len(chunks),
        num_reducer,
        destination,
        options.keep,
        shuffle=sizing.layout,
        output=output.url if output else None,
    )
    return Prepared(aws, orchestration, capacity, chunks, notices, told, claim, output)


def _read(options: argparse.Namespace, choose: Callable[[], Deployment]) -> Input[Element]:
    def chunk_bytes(text_bytes: int | None) -> int:
        return _sizing(options, choose()).chunk_bytes(text_bytes)

    cut = (options.chunk_bytes, options.chunks, chunk_bytes)
    of_runs = [name.removeprefix("run:") for name in options.input if name.startswith("run:")]
    if of_runs:
        from scripts.client.input.of_run import read_runs

        if len(of_runs) < len(options.input):
            raise UsageError("run:RUN can't be given beside files; a file of such a name is ./run:...")
        return read_runs([find_run(options, check_run_id(run)) for run in of_runs], choose(), *cut)
    of_text = form_of(options.encoding, options.header, options.multiline)
    remote, local = [name for name in options.input if is_s3(name)], [name for name in options.input if not is_s3(name)]
    given = read_input(local, options.format, *cut, of_text=of_text) if local else Input[Element]([])
    return given.followed_by(_read_s3(options, remote, Aws.open(choose()), of_text)) if remote else given


def _read_s3(options: argparse.Namespace, names: list[str], aws: Aws, of_text: Form) -> Input[Element]:
    """What mappers are to read in S3."""
    from scripts.client.input.s3 import read_s3

    if options.format == "json":
        raise UsageError(f"{names[0]}: chunks in a JSON document are read from a file; leave out --format json")
    of_text = replace(of_text, format="text" if options.format == "auto" else options.format)
    sizing = _sizing(options, aws.deployment)
    given = read_s3(names, aws, of_text, sizing, options.chunk_bytes, options.chunks)
    if sizing.layout == OBJECTS:
        given.notices.append(
            "words in S3 are not counted before the run, and each becomes an object; --shuffle packed makes fewer"
        )
    return given


def _sizing(options: argparse.Namespace, deployment: Deployment) -> Sizing:
    return Sizing.of(layout_of(options.shuffle, deployment), deployment)


def _estimated(deployment: Deployment, capacity: Capacity, chunks: Sequence[Chunk], *, force: bool) -> str | None:
    """What is told of a run with an object for each word. Raises UsageError: it can't end, and is not forced."""
    from scripts.client.input.estimate import estimate, refuse_if_endless

    expected = estimate(deployment, map(joined_in, chunks))
    if not expected.fits:
        # Fewer mappers at once may end in time, one after the other.
        expected = estimate(deployment, map(joined_in, chunks), capacity.limit(seconds=30))
    if not force:
        refuse_if_endless(deployment, expected, max(map(bytes_in, chunks), default=0))
    return expected.notice
