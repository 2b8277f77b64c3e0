"""Runs schedules by hand.

python -m tests.simulation --orchestration sfn --seed 42 --trace     one schedule, with all that happens in it
python -m tests.simulation --schedules 100000                        a soak: so many of each orchestration, from --seed on
"""

import argparse
import sys
import time
from collections import Counter
from dataclasses import replace

from runtime.mapreduce.shuffle import DEFAULT_LAYOUT, LAYOUTS
from scripts.orchestrations import ORCHESTRATIONS
from tests.simulation.scenario import plain_of, scenario_of
from tests.simulation.simulation import shrink, simulate
from tests.simulation.workflows import OTHERS, WORDCOUNT, Workflow

WORKFLOWS = {workflow.name: workflow for workflow in (WORDCOUNT, *OTHERS)}


def main() -> int:
    """Return 1 if a schedule violated what must hold."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__.splitlines()[0])
    parser.add_argument("--orchestration", choices=ORCHESTRATIONS, help="only this one")
    parser.add_argument("--seed", type=int, default=0, help="of the first schedule (default 0)")
    parser.add_argument("--schedules", type=int, default=1, metavar="N", help="how many of each orchestration (default 1)")
    parser.add_argument("--shuffle", choices=LAYOUTS, help="all in this layout (default: as the seed has it)")
    parser.add_argument("--workflow", choices=WORKFLOWS, default=WORDCOUNT.name, help="whose functions run (default %(default)s)")
    parser.add_argument("--mute", default="", metavar="N,N", help="numbers of faults to leave out")
    parser.add_argument("--trace", action="store_true", help="print what happens")
    options = parser.parse_args()
    muted = {int(number) for number in options.mute.split(",") if number}
    failures = 0
    for orchestration in [options.orchestration] if options.orchestration else ORCHESTRATIONS:
        workflow = WORKFLOWS[options.workflow]
        failures += _soak(orchestration, workflow, options.shuffle, options.seed, options.schedules, muted, options.trace)
    return 1 if failures else 0


def _soak(
    orchestration: str, workflow: Workflow, shuffle: str | None, first: int, schedules: int, muted: set[int], trace: bool
) -> int:
    faults: Counter[str] = Counter()
    severities: Counter[str] = Counter()
    layouts: Counter[str] = Counter()
    jobs: Counter[str] = Counter()
    begin, failures, detection, given_up, longest, invocations = time.perf_counter(), 0, 0.0, 0, 0.0, 0
    for seed in range(first, first + schedules):
        own = workflow == WORDCOUNT
        scenario = scenario_of(orchestration, seed) if own else plain_of(orchestration, seed, workflow)
        if shuffle:
            scenario = replace(scenario, shuffle=shuffle)
        report = simulate(orchestration, seed, scenario=scenario, muted=muted, record=trace)
        faults += report.faults
        layouts[scenario.shuffle or DEFAULT_LAYOUT] += 1
        jobs[scenario.job.name] += 1
        severities[report.scenario.severity] += 1
        given_up, invocations = given_up + report.given_up, invocations + report.invocations
        longest = max(longest, report.seconds)
        if report.failed_after is not None and report.scenario.severity == "fatal":
            detection = max(detection, report.failed_after)
        if trace:
            print("\n".join(report.lines))
        if report.violations:
            failures += 1
            print(f"{orchestration} seed {seed}: {report.violations[0]}\n  {report.replay}")
            if not trace and failures <= 3:
                small = shrink(report)
                print(f"  with {len(small.numbers)} faults:", "\n    ".join(["", *small.lines[-60:]]))
    seconds = time.perf_counter() - begin
    print(
        f"{orchestration}: {schedules} schedules in {seconds:.1f} s ({seconds / schedules * 1000:.1f} ms each), "
        f"{failures} failed; {invocations} invocations; {dict(severities)}; "
        f"{dict(layouts)}; {dict(jobs)}; longest {longest:.0f} s, "
        f"failure recorded after at most {detection:.0f} s; given up by streams {given_up}; "
        f"faults {sum(faults.values())}: {dict(faults)}"
    )
    return failures


if __name__ == "__main__":
    sys.exit(main())
