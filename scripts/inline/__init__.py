"""A job in one process: the true mapper, partition, reducer and summary, one after the other, over a store in memory.

It needs neither the embedded AWS nor Terraform. `scripts/try.sh --help` is the command. In Python, such as a notebook or a test
of your own job::

    from scripts.inline import run, run_job

    run(user_map, user_reduce, "to be or not to be")       {"be": 2, "not": 1, "or": 1, "to": 2}
    run_job("path/to/job", Path("input.txt"), params={"smallest": 2})
"""

from scripts.inline.api import Result, run, run_job

__all__ = ["Result", "run", "run_job"]
