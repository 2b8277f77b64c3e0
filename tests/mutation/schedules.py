"""Simulate until the first violation: `python -m tests.mutation.schedules 150 sfn http_only`. Exit code 1 where there is one."""

import sys

from tests.simulation.simulation import simulate


def main(schedules: str, *orchestrations: str) -> int:
    """Run so many schedules of each orchestration, in turns, so that a violation shows early."""
    for seed in range(int(schedules)):
        for orchestration in orchestrations:
            if simulate(orchestration, seed).violations:
                return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
