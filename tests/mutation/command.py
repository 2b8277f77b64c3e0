"""Change runtime/ in small ways, one at a time, and tell which changes no test notices.

Each change is made in a copy of the repository, so that nothing of it is ever in yours. The unit tests that are nearest to the
changed module run, named after it or reaching it by imports. Where these notice nothing, so many schedules of each simulation
run, and then the nearest integration tests.

Exit code: 0 if more than 90 % of the changes were noticed, 1 if fewer were, 2 for a wrong option, 130 after Ctrl-C.
"""

import argparse
import random
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from queue import SimpleQueue

from scripts.paths import ROOT
from tests.mutation.judge import Judge, copy_of_the_repository
from tests.mutation.mutations import Mutation, mutations_of
from tests.mutation.nearest import sources

_TO_BE_NOTICED = 0.9


def main(arguments: list[str] | None = None) -> int:
    """Return the exit code."""
    options = _options(arguments)
    known = [each for path in options.only for each in mutations_of(ROOT, path)]
    chosen = random.Random(options.seed).sample(known, min(options.mutations, len(known)))
    print(
        f"{len(chosen)} of {len(known)} known changes, drawn with seed {options.seed}; each takes some 5 to 60 seconds",
        flush=True,
    )
    noticed, began = 0, time.monotonic()

    def tell(number: int, mutation: Mutation, was_noticed: bool) -> None:
        nonlocal noticed
        noticed += was_noticed
        word = "noticed" if was_noticed else "NOT NOTICED"
        print(f"{number:4}/{len(chosen)} {time.monotonic() - began:5.0f} s  {word:11}  {mutation}", flush=True)

    broken = _try_all(chosen, options.schedules, options.at_once, tell)
    if broken:
        print(f"these tests fail without any change, and judged none: {', '.join(sorted(broken))}")
    share = noticed / len(chosen)
    print(f"{noticed} of {len(chosen)} changes were noticed: {share:.0%}, and more than {_TO_BE_NOTICED:.0%} are asked for")
    return 0 if share > _TO_BE_NOTICED else 1


def _try_all(chosen: list[Mutation], schedules: int, at_once: int, tell: Callable[[int, Mutation, bool], None]) -> set[str]:
    """Try each change, `at_once` at a time, and tell what became of it. Return the tests that fail without any change."""
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(at_once) as pool:
        judges = [Judge(copy_of_the_repository(Path(folder) / str(number)), schedules) for number in range(at_once)]
        idle: SimpleQueue[Judge] = SimpleQueue()
        for judge in judges:
            idle.put(judge)

        def try_one(mutation: Mutation) -> bool:
            judge = idle.get()
            try:
                return judge.notices(mutation)
            finally:
                idle.put(judge)

        tried = {pool.submit(try_one, mutation): mutation for mutation in chosen}
        try:
            for number, done in enumerate(as_completed(tried), 1):
                tell(number, tried[done], done.result())
        finally:
            # After Ctrl-C nothing more is tried, and no test runs on.
            pool.shutdown(wait=False, cancel_futures=True)
            for judge in judges:
                judge.stop()
        return set().union(*(judge.broken for judge in judges))


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.mutation", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--mutations", type=_from(1), default=100, metavar="N", help="how many changes (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="of the draw (default: %(default)s)")
    parser.add_argument(
        "--only", type=_sources, default="runtime", metavar="PATH", help="a file or folder below runtime/ (default: all of it)"
    )
    parser.add_argument(
        "--schedules",
        type=_from(0),
        default=150,
        metavar="N",
        help="of each simulation, where the unit tests notice nothing (default: %(default)s)",
    )
    parser.add_argument("--at-once", type=_from(1), default=2, metavar="N", help="changes at a time (default: %(default)s)")
    return parser.parse_args(arguments)


def _from(least: int) -> Callable[[str], int]:
    def number(text: str) -> int:
        if not text.isdecimal() or int(text) < least:
            raise argparse.ArgumentTypeError(f"must be a whole number from {least}; got {text!r}")
        return int(text)

    return number


def _sources(text: str) -> list[str]:
    place = (ROOT / text).resolve()
    found = sources(text) if place.is_relative_to(ROOT / "runtime") and place.exists() else []
    if not any(mutations_of(ROOT, path) for path in found):
        raise argparse.ArgumentTypeError(f"must be Python code below runtime/; got {text!r}")
    return found
