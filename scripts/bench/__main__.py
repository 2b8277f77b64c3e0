"""`python -m scripts.bench`."""

from scripts import program

program.run("scripts.bench.cli")
