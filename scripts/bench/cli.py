"""The order of things: texts, deployments, one run of each to warm up, the measured runs by turns, single parts, the report.

By turns (a b c a b c), so that whatever else the machine does in a minute falls on all contenders.

Exit codes: 0 done; 1 something could not be measured, or counts were wrong; 2 bad usage; 130 interrupted; else what a failed
command gave.
"""

import argparse
import json
import tempfile
from collections.abc import Sequence
from pathlib import Path

from scripts import paths
from scripts.bench import page, targets
from scripts.bench.deployments import deployed, say
from scripts.bench.measuring import Bench
from scripts.bench.plan import Plan, branches, file, plan, sizes
from scripts.bench.results import Results, load, machine
from scripts.client.cli import whole
from scripts.client.errors import ClientError
from scripts.embedded import environment
from scripts.embedded.errors import EnvironmentSetupError
from scripts.orchestrations import ORCHESTRATIONS, some
from scripts.program import EXIT_FAILED, EXIT_INTERRUPTED
from scripts.steps import StepFailedError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the bench; returns the exit code, and prints what went wrong."""
    chosen = plan(parser().parse_args(arguments))
    folder = paths.BUILD / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    results = Results(machine(), chosen.as_json())
    results.machine["load_before"] = load()
    status = _measure(chosen, folder, results)
    results.machine["load_after"] = load()
    if not results.series:
        return status
    if status:
        results.notes.append("the bench ended early: what it had measured by then is told, and the rest is missing")
    told = _report(folder, chosen, results)
    return status or told


def _measure(chosen: Plan, folder: Path, results: Results) -> int:
    """Measure all; the exit code, if that could not be done to its end."""
    try:
        python = environment.prepare(folder / "lithops", paths.REQUIREMENTS / "bench.txt") if chosen.rivals else None
        with (
            tempfile.TemporaryDirectory(dir=folder, prefix=".run-") as scratch,
            deployed(chosen.orchestrations, chosen.emit_all, chosen.variables, keep_up=chosen.keep_up) as there,
        ):
            Bench(chosen, there, python, Path(scratch), results).run()
    except (StepFailedError, ClientError, EnvironmentSetupError) as error:
        say(f"error: {error}")
        return error.exit_code
    except (OSError, UnicodeDecodeError) as error:
        say(f"error: {error}")
        return EXIT_FAILED
    except KeyboardInterrupt:
        say("interrupted")
        return EXIT_INTERRUPTED
    return 0


def _report(folder: Path, chosen: Plan, results: Results) -> int:
    results.notes += chosen.notes
    (folder / "bench.json").write_text(json.dumps(results.as_json(), indent=1) + "\n", encoding="utf-8")
    (folder / "bench.html").write_text(page.render(results), encoding="utf-8")
    for line in targets.lines(targets.rows(results)):
        print(line)
    state = results.machine
    print(f"\n{state['cores']} cores, load average {state['load_before'][0]} before and {state['load_after'][0]} after", end="")
    print(f"; medians of {chosen.runs} run(s) after one that is not counted")
    for note in results.notes:
        print(f"note: {note}")
    for failure in results.failures:
        print(f"failed: {failure}")
    print(f"all numbers: {folder / 'bench.json'}\nplots: {folder / 'bench.html'}")
    return EXIT_FAILED if results.failures else 0


def parser() -> argparse.ArgumentParser:
    """The options of `python -m scripts.bench`."""
    made = argparse.ArgumentParser(
        prog="make bench",
        description="Measure both layouts of the shuffle under each orchestration on the embedded AWS, beside others.",
        allow_abbrev=False,
    )
    several = "separated by blanks or commas; default:"
    made.add_argument("--sizes", type=sizes, default="", metavar="MB", help=f"sizes of the texts in MB, {several} 0.12 1 5")
    made.add_argument("--text", type=file, default="", metavar="FILE", help="a text of your own, measured beside the others")
    largest = "largest text to run in the layout objects; default: %(default)s"
    made.add_argument("--objects", type=float, default=0.12, metavar="MB", help=largest)
    made.add_argument("--runs", type=whole(0), default=0, metavar="N", help="measured runs of each; default: 3, with --quick 1")
    names = f"some of {', '.join(ORCHESTRATIONS)}, {several} all"
    made.add_argument("--orchestration", dest="orchestrations", type=some, default="", metavar="NAMES", help=names)
    made.add_argument("--branches", type=branches, default="", metavar="N", help=f"of the fan-outs, {several} 2 8 32 128 512")
    made.add_argument("--quick", action="store_true", help="take about three minutes: smaller texts, one run, fewer branches")
    made.add_argument(
        "--all", dest="others", action="store_true", help="every row of the table: 20 and 100 MB, one word, distinct words"
    )
    made.add_argument("--rivals", action="store_true", help="run Lithops, too, from PyPI in a virtual environment of its own")
    variables = "variables of terraform/variables.tf for the deployments"
    made.add_argument("--vars", dest="variables", default="", metavar="TEXT", help=variables)
    made.add_argument("--keep-up", action="store_true", help="leave the embedded AWS and what is deployed for the next bench")
    made.add_argument("--timeout", type=float, default=600.0, metavar="SECONDS", help="of one run; default: %(default)s")
    made.add_argument("--seed", type=int, default=0, metavar="N", help="of the texts; default: %(default)s")
    return made
