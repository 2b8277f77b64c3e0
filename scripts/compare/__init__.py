"""`make compare`: one input through all orchestrations, side by side on the embedded AWS: times, requests, cost.

Modules: `cli` is the order of things, `steps` runs the project's other commands, `measuring` makes one run and gathers what is
known of it, `telemetry` reads logs, counters and execution history, `timeline`, `capacity` and `prices` turn them into times,
DynamoDB units and US dollars, `table` prints, `formulas` says what the counts must be. See docs/costs.md.
"""
