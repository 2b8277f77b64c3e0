"""The steps of the demo, one after the other, and tidying up after whatever happens."""

import argparse
import signal
import subprocess
import sys
import time
from pathlib import Path

from runtime.orchestration import ORCHESTRATIONS
from scripts import children, paths
from scripts.client.input.layout import LAYOUTS
from scripts.deploy import targets
from scripts.deploy.choice import choose
from scripts.deploy.errors import PrerequisiteError

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
    parser.add_argument("--job", default="", metavar="FOLDER", help="another job than the one in functions/")
    parser.add_argument("--input", required=True, metavar="INPUT", help="a file, a folder of text files, or - for standard input")
    parser.add_argument("--output", default="", metavar="FILE", help="write the counts there as JSON")
    parser.add_argument("--shuffle", choices=("", *LAYOUTS), default="", help="layout of the shuffle, if not the deployment's")
    options = parser.parse_args(arguments)
    try:
        chosen = choose(options.orchestration, options.prefix, options.region)
        targets.check_variables(targets.split_variables(options.vars))
        problem = _problem(options.input)
    except PrerequisiteError as error:
        problem = str(error)
    if problem:
        print(f"demo: {problem}", file=sys.stderr)
        return EXIT_USAGE
    started = False
    try:
        if status := _step("1/4 the zips", "scripts.package", "--job", options.job):
            return status
        if _run("scripts.embedded", "status", quiet=True) != 0:
            started = True
            if status := _step("2/4 the embedded AWS", "scripts.embedded", "up"):
                return status
        else:
            print("demo: 2/4 the embedded AWS runs already, and will go on running", flush=True)
        choice = ("--orchestration", chosen.orchestration, "--prefix", chosen.prefix, "--region", chosen.region)
        variables = f"--vars={options.vars}"
        if status := _step("3/4 terraform apply", "scripts.deploy", "apply", "--target", "embedded", *choice, variables):
            return status
        wishes = [f"--{name}={value}" for name in ("output", "shuffle") if (value := getattr(options, name))]
        return _step("4/4 the run", "scripts.client", "--target", "embedded", *choice, *wishes, "--", options.input)
    except KeyboardInterrupt:
        print("demo: interrupted", file=sys.stderr)
        return EXIT_INTERRUPTED
    finally:
        if started:
            _step("tidying up", "scripts.embedded", "down")


def _problem(name: str) -> str | None:
    """What can be known of a bad input before minutes are spent; the client checks the rest."""
    if name == "-" or Path(name).exists():
        return None
    return f"there is no file or folder {name!r}; name one: make demo INPUT=path/to/file"


def _step(title: str, module: str, *arguments: str) -> int:
    print(f"demo: {title}", flush=True)
    begin = time.monotonic()
    status = _run(module, *arguments)
    if status == 0:
        print(f"demo: {title}: done in {time.monotonic() - begin:.1f} s", flush=True)
    else:
        print(f"demo: {title}: exit code {status}", file=sys.stderr, flush=True)
    return status


def _run(module: str, *arguments: str, quiet: bool = False) -> int:
    """Run one of the project's commands and wait for it; on Ctrl-C it ends first, and tidies up after itself."""
    sink = subprocess.DEVNULL if quiet else None
    process = subprocess.Popen([*children.PYTHON, module, *arguments], cwd=paths.ROOT, stdout=sink, stderr=sink)
    try:
        return process.wait()
    except KeyboardInterrupt:
        process.send_signal(signal.SIGINT)
        process.wait()
        raise
