"""`make bench`: how fast the shuffles are, beside what the machine, the author's method, one process and Lithops can do.

Everything is measured in one go on the embedded AWS, so that ratios hold although the machine's load differs from day to day.

    cli           the order of things, and what is told meanwhile
    text          the texts, made by a seeded generator; `texts` keeps them with their right counts
    deployments   the embedded AWS with deployments of the bench's own, removed in the end
    clocked       one command from Enter to its last output; `workers` what the functions' processes used meanwhile
    contenders    what is run on each text: the client with each layout and orchestration, and what stands beside it, `beside/`
    fan_out       the fan-out curve; `cold_start` and `emit_cost` measure single parts
    results       all that was measured, as JSON; `statistic` its medians
    targets       the table of what is to be reached
    page, plots   build/bench/bench.html
"""
