"""The steps of the demo, one after the other, and tidying up after whatever happens."""

import argparse
import glob
import sys
from pathlib import Path

from scripts.client.input.layout import LAYOUTS
from scripts.client.input.reading import is_s3
from scripts.deploy import targets
from scripts.deploy.choice import choose
from scripts.deploy.errors import PrerequisiteError
from scripts.orchestrations import ORCHESTRATIONS
from scripts.package import source
from scripts.steps import StepFailedError, Steps

EXIT_USAGE = 2
EXIT_INTERRUPTED = 130


def main(arguments: list[str] | None = None) -> int:
    """Run the demo. The exit code is that of the first step that failed, else the client's."""
    parser = argparse.ArgumentParser(
        prog="make demo", description="Deploy onto the embedded AWS, run, print the counts, tidy up."
    )
    parser.add_argument("--orchestration", choices=ORCHESTRATIONS, default=ORCHESTRATIONS[0])
    parser.add_argument("--prefix", default="", metavar="NAME", help="first part of every name")
    parser.add_argument("--region", default="", metavar="NAME", help="region that the embedded AWS stands for")
    parser.add_argument(
        "--vars", default="", metavar="TEXT", help="variables of terraform/variables.tf, as NAME=VALUE NAME=VALUE ..."
    )
    source.add_arguments(parser)
    parser.add_argument(
        "--input",
        required=True,
        action="append",
        metavar="INPUT",
        help="a file, a folder of text files, a pattern such as 'logs/*.gz', or - for standard input; may be repeated",
    )
    parser.add_argument("--output", default="", metavar="FILE", help="write the counts there as JSON")
    parser.add_argument("--shuffle", choices=("", *LAYOUTS), default="", help="layout of the shuffle, if not the deployment's")
    parser.add_argument("--params", default="", metavar="TEXT", help="parameters of the job, as NAME=VALUE NAME=VALUE ...")
    options = parser.parse_args(arguments)
    try:
        chosen = choose(options.orchestration, options.prefix, options.region, options.job)
        targets.check_variables(targets.split_variables(options.vars))
        problem = next(filter(None, map(_problem, options.input)), None)
    except PrerequisiteError as error:
        problem = str(error)
    if problem:
        print(f"demo: {problem}", file=sys.stderr)
        return EXIT_USAGE
    steps = Steps("demo", has_results=False)
    where = ("--target", "embedded", "--prefix", chosen.prefix, "--region", chosen.region, "--job", options.job)
    choice = (*where, "--orchestration", chosen.orchestration)
    wishes = [f"--{name}={value}" for name in ("output", "shuffle") if (value := getattr(options, name))]
    wishes += [f"--param={each}" for each in options.params.split()]
    packaging = [*source.arguments_of(options), "--orchestration", chosen.orchestration]
    try:
        with steps.embedded(packaging=packaging, numbers=("1/4 ", "2/4 ")):
            steps.run("3/4 terraform apply", "scripts.deploy", "apply", *choice, f"--vars={options.vars}")
            steps.run("4/4 the run", "scripts.client", *choice, *wishes, "--", *options.input)
    except StepFailedError as error:
        print(f"demo: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("demo: interrupted", file=sys.stderr)
        return EXIT_INTERRUPTED
    return 0


def _problem(name: str) -> str | None:
    """What can be known of a bad input before minutes are spent; the client checks the rest."""
    if name == "-" or is_s3(name) or Path(name).exists() or glob.has_magic(name):
        return None
    return f"there is no file or folder {name!r}; name one: make demo INPUT=path/to/file"
